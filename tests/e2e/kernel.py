# SPDX-License-Identifier: ISC
"""What strace saw, and what --trace-all told, call by call for each thread.

Both come down to pairs (system call, result) in the names of the kernel. From strace's report are
left out the start of the program, until it opens the file of the trace, and what sockctl(1) says
that strace alone shows.
"""

import re

from harness import wait_for

STRACE = ["strace", "-D", "-f", "-e", "signal=none"]

# How the kernel calls what the C library calls otherwise.
SYSTEM_CALLS = {
    "accept": "accept4", "close_range": "close_range", "eventfd": "eventfd2", "fork": "clone",
    "fstat": "newfstatat", "fstatat": "newfstatat", "gethostname": "uname",
    "getrlimit": "prlimit64", "isatty": "ioctl", "lstat": "newfstatat", "open": "openat",
    "pread": "pread64", "pselect": "pselect6",
    "pthread_sigmask": "rt_sigprocmask", "pwrite": "pwrite64", "raise": "tgkill", "recv": "recvfrom",
    "select": "pselect6", "send": "sendto", "setrlimit": "prlimit64", "sigaction": "rt_sigaction",
    "sigpending": "rt_sigpending", "sigprocmask": "rt_sigprocmask",
    "sigtimedwait": "rt_sigtimedwait", "sockatmark": "ioctl", "stat": "newfstatat",
    "tcgetattr": "ioctl", "tcgetpgrp": "ioctl", "tcsetattr": "ioctl", "waitpid": "wait4",
}

# Functions that are shown as a whole: any system calls, or none, may stand for one.
FUNCTIONS = set("""
getaddrinfo getnameinfo gai_strerror getpwuid getpwnam getgrnam getifaddrs opendir readdir closedir fdopendir
fopen getline fclose realpath if_nametoindex if_indextoname pthread_join gethostbyname gethostbyname2
gethostbyaddr gethostent sethostent endhostent getservbyname getservbyport getservent setservent endservent
getprotobyname getprotobynumber getprotoent setprotoent endprotoent getnetbyname getnetbyaddr getnetent
setnetent endnetent pthread_create
""".split())

# Those that make none.
CONVERSIONS = set("inet_pton inet_ntop inet_addr inet_ntoa htons htonl ntohs ntohl".split())

# Memory, locks, time and the ends of processes and threads; sigreturn is how a handler ends; and whose
# call it is that a message or the trace tells.
LIBRARIES = set("""
brk mmap munmap mremap mprotect madvise futex rt_sigreturn restart_syscall exit exit_group gettid getpid
set_robust_list rseq clock_gettime clock_nanosleep sched_getaffinity sched_yield
""".split())

# Read by the C library for the time of day, and by jansson to seed its tables.
FILES = ("/etc/localtime", "/dev/urandom")

# What tells by a value what the kernel tells by another.
OTHER_RESULTS = set("sockatmark isatty umask fork fcntl".split())

# Interrupted by a signal, after which strace says only that they are to be made again.
WAITS = ("pselect6", "epoll_pwait", "poll", "read", "accept4")

TOLD = re.compile(r"^\S+ (\w+)\((.*)\) = (\S+(?: E\w+)?).*?(?: \[(?:pid|tid) (\d+)\])?$")
SEEN = re.compile(r"^(\d+) +(\w+)\((.*?)\)? += (0x[0-9a-f]+|\?|-?\d+(?: E[A-Z]+)?)(?: .*)?$")
MINE = re.compile(r"\[?\{?(?:fd=)?(\d+)")


def whole(lines):
    """The lines of strace's report, with those that it had to interrupt as one."""
    begun = {}
    for line in lines:
        pid = line.partition(" ")[0]
        if line.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>").rstrip()
            continue
        yield re.sub(r"<\.\.\. \w+ resumed>", lambda _: begun.pop(pid).partition(" ")[2].strip(), line)


def told(lines, first):
    """{thread: [(call, result)]} of a trace; a call of FUNCTIONS has no result."""
    found = {}
    for line in lines:
        match = TOLD.match(line)
        assert match, line
        name, args, result, thread = match.groups()
        if name in CONVERSIONS or name in LIBRARIES:
            continue
        if name == "ioctl" and "FIONBIO" in args:
            continue
        if name == "sigaction" and re.match("3[23],", args):
            continue  # signals of the C library's own, of which it asks nobody
        if name in OTHER_RESULTS:
            result = "-1" if result.startswith("-1") and name == "fcntl" else ""
        call = (name, None) if name in FUNCTIONS else (SYSTEM_CALLS.get(name, name), result)
        mine = found.setdefault(int(thread or first), [])
        if call[1] is not None or not mine or mine[-1][1] is not None:
            mine.append(call)  # several functions in a row are as good as one
    return found


def own_descriptors(calls, pipes):
    """Those of libuv: its pipes, which the trace does not have, eventfds and the loops between them."""
    own, last = set(), None
    for _, name, args, result in calls:
        if name == "pipe2" and args.partition("]")[0] not in pipes:
            own |= {*re.findall(r"\d+", args.partition("]")[0]), last}
        elif name == "eventfd2":
            own |= {result}
        last = result if name == "epoll_create1" else last
    return own


def is_left_out(name, args, own, silent):
    """What strace alone shows. SILENT: descriptors that the program writes messages or tables to."""
    fd = MINE.match(args)
    fd = fd[1] if fd else None
    return (name in LIBRARIES or (name in ("read", "write", "close") and fd in own)
            or (name in ("poll", "write") and fd in silent)
            or (name == "ioctl" and "FIONBIO" in args) or any(name in args for name in FILES))


def seen(report, trace, prints):
    """{thread: [(call, result)]} of what strace saw, like told()."""
    calls = [match.groups() for match in map(SEEN.match, whole(report.splitlines())) if match]
    start = next(at for at, call in enumerate(calls) if call[1] == "openat" and str(trace) in call[2])
    silent = {calls[start][3], "2", *(["1"] if prints else [])}
    calls = calls[start + 1:]
    pipes = set(re.findall(r"pipe2\((\[\d+, \d+)", trace.read_text()))
    own = own_descriptors(calls, pipes)
    found = {}
    for thread, name, args, result in calls:
        if name == "pipe2" and args.partition("]")[0] not in pipes:
            continue
        if not is_left_out(name, args, own, silent):
            result = "-1 EINTR" if result == "?" and name in WAITS else result
            found.setdefault(int(thread), []).append((name, result))
    return found


def agrees(seen_call, told_call):
    (name, result), (told_name, told_result) = seen_call, told_call
    if name != told_name:
        return False
    if told_result in ("", "-1") and name in ("ioctl", "umask", "clone", "fcntl"):
        return (told_result == "-1") == result.startswith("-1") or told_result == ""
    return result == told_result


def closed(places, calls):
    """The places, and those behind the functions that begin there, which may make no call at all."""
    found = set()
    for at in places:
        found.add(at)
        while at < len(calls) and calls[at][1] is None:
            at += 1
            found.add(at)
    return found


def first_difference(made, calls):
    """Where what the kernel saw departs from what the trace tells, or None."""
    places = closed({0}, calls)
    for number, call in enumerate(made):
        inside = {at for at in places if at < len(calls) and calls[at][1] is None}
        behind = {at + 1 for at in places - inside if at < len(calls) and agrees(call, calls[at])}
        if not inside | behind:
            at = min(places)
            return f"{made[max(number - 3, 0):number]}, then {call}, but {calls[at:at + 2]} was told"
        places = closed(inside | behind, calls)
    return None if len(calls) in places else f"nobody saw {calls[max(places):][:3]}"


def own_calls(made):
    """Those of another process, until it becomes another program, or of another thread, without what the
    C library does at its start and end."""
    names = [name for name, _ in made]
    if "execve" in names:
        return made[:names.index("execve")]
    return made[names[:1] == ["rt_sigprocmask"]:len(names) - (names[-1:] == ["rt_sigprocmask"])]


def compare(proc, report, trace, prints=False):
    """Asserts that both agree, for each process and thread of PROC."""
    wait_for(lambda: re.search(rf"^{proc.pid} +\+\+\+ ", report.read_text(), re.M),
             "the end of strace's report")
    made = seen(report.read_text(), trace, prints)
    calls = told(trace.read_text().splitlines(), proc.pid)
    assert calls.keys() <= made.keys()
    for thread in calls:
        if thread != proc.pid:
            made[thread] = own_calls(made[thread])
            calls[thread] = [call for call in calls[thread] if call[0] != "execve"]
        difference = first_difference(made[thread], calls[thread])
        assert difference is None, f"{thread}: {difference}"
    return calls
