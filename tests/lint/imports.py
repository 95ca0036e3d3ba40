# SPDX-License-Identifier: ISC
"""Only objects of src/sys import system calls and calls of databases, so --trace-all shows them all.

Usage: imports.py NM OBJECT_OR_ARCHIVE...
"""

import os
import re
import sys

from objects import source, symbols
from rooms import WITHOUT_LIBUV
from tree import Findings

# Calls on sockets, on names and databases, of processes, and those of libuv that make them on its own. A leading
# __ and the endings of checked, large-file and re-entrant variants are taken off before.
CALLS = re.compile(
    r"""
    accept4? | bind | connect | listen | shutdown | socket | socketpair | sockatmark | isfdtype
    | send | sendto | sendmsg | sendmmsg | recv | recvfrom | recvmsg | recvmmsg
    | getsockname | getpeername | getsockopt | setsockopt
    | [gs]etsourcefilter | [gs]etipv4sourcefilter
    | ioctl | sendfile | splice | vmsplice | tee
    | fork | exec[lv]\w* | waitpid | kill | setpgid | initgroups | set[gu]id | prctl | unlink
    | bindresvport | rcmd\w* | rexec\w* | rresvport\w* | i?ruserok\w*
    | getaddrinfo(_a)? | getnameinfo | gai_(suspend|cancel|error|strerror) | hstrerror
    | (get|set|end)(host|net|serv|proto|rpc|netgr)ent
    | gethostby(name2?|addr) | getnetby(name|addr) | getservby(name|port)
    | getprotoby(name|number) | getrpcby(name|number) | getrpcport | innetgr
    | ether_(ntohost|hostton) | getifaddrs | if_name(index|toindex)
    | res_\w+ | dn_\w+ | ns_\w+
    | uv_(tcp|udp|pipe|poll_init_socket|getaddrinfo|getnameinfo|socketpair)\w*
    | uv_(listen|accept|shutdown|read_start|write2?|try_write2?|fs_sendfile|interface_addresses)
    """,
    re.X,
)

# All other system calls, by the names of the C library, with what starts and ends threads. Those of
# memory, of the clock and of locks are nobody's concern.
SYSTEM_CALLS = re.compile(
    r"""
    open | open_2 | openat | creat | close | close_range | dup[23]? | fcntl | pipe2? | memfd_create
    | read | readv | pread | preadv2? | write | writev | pwrite | pwritev2? | lseek | copy_file_range
    | l?stat | fstat | fstatat | statx | f?statfs | f?access(at)? | faccessat | fch(own|mod|dir)(at)? | chmod | l?chown
    | rename(at2?)? | link(at)? | symlink(at)? | readlink(at)? | unlinkat | mkdir(at)? | rmdir | mknod(at)?
    | umask | realpath | getcwd | chdir | truncate | ftruncate | fallocate | fsync | fdatasync | utimensat
    | opendir | fdopendir | readdir | closedir | fopen | fdopen | fclose | getline | getdelim | fgets | fread
    | get(p|pp|pg|s|t)id | getpgrp | getr?e?s?[ug]id | gete[ug]id | [gs]etgroups | set(e|re|res|fs)[ug]id | setsid
    | [gs]etrlimit | prlimit | getrusage | [gs]etpriority | sched_\w+ | getrandom | uname | gethostname | sysinfo
    | getpw\w+ | getgr(nam|gid|ent|oup\w*)
    | sigaction | signal | sigprocmask | sigpending | sigsuspend | sigtimedwait | sigwait(info)? | sigqueue
    | raise | killpg | pause | alarm | pthread_(sigmask|kill|create|join) | signalfd
    | timer_(create|delete|settime|gettime) | [gs]etitimer | timerfd_\w+ | eventfd | epoll_\w+ | p?poll | p?select | nanosleep | usleep | sleep
    | tc[gs]etattr | tc[gs]etpgrp | tcflush | tcdrain | isatty | ttyname | syscall | inotify_\w+ | wait[34]? | waitid
    | posix_spawnp? | vfork | clone | mmap | munmap | mprotect | madvise
    """,
    re.X,
)

# What is left to call them for itself.
MAY = {
    "main": "the descriptors and signals of a start, before anything can be traced",
    "cli": "whether a file that an option names can be written, before the trace is",
    "base": "the message that there is no memory",
    "out": "what the program reports, the trace itself among it",
}


def plain(symbol):
    return re.sub(r"(_chk|64|_r)+$", "", symbol.removeprefix("__"))


def main():
    nm, *paths = sys.argv[1:]
    findings = Findings()
    layers = set()
    for path in paths:
        for name, symbol, kind in symbols(nm, path):
            layer = re.split(r"[_.]", source(name))[0]
            layers.add(layer)
            if kind not in "Uw":
                continue
            findings.checked += 1
            if layer != "sys" and CALLS.fullmatch(plain(symbol)):
                findings.add(name, 0, f"calls {symbol}() past src/sys")
            if layer != "sys" and layer not in MAY and SYSTEM_CALLS.fullmatch(plain(symbol)):
                findings.add(name, 0, f"calls {symbol}() past src/sys")
            if layer in WITHOUT_LIBUV and symbol.startswith("uv_"):
                findings.add(name, 0, f"{layer} does without libuv but calls {symbol}()")
            if layer == "cmd" and symbol.startswith("sys_"):
                findings.add(name, 0, f"a command must not call {symbol}() itself")
    for layer in {"main", "sys", "io", "net", "cmd"} - layers:
        findings.add(os.path.basename(paths[0]), 0, f"holds no object of {layer}")
    findings.finish()


main()
