# SPDX-License-Identifier: ISC
"""Which system calls of a run are made to fail, with what, and where."""

import collections
import os
import re
from dataclasses import dataclass

# CALL[:ARGUMENTS] ERRORS: what a call can return by its manual page, where its arguments match.
# Not here: poll without memory, which it needs for more than a few descriptors only; what the C
# library is silent about, such as that nsswitch.conf cannot be read; close, whose descriptor is gone
# whatever it returns, so that a call that is left out instead tells nothing about the program (the
# shim fails it properly); futex and brk, where the C library itself gives up; and what the loader
# and the exit of a process do.
CAN_FAIL = """
accept4          EINTR EAGAIN EMFILE ENFILE ENOBUFS ENOMEM ECONNABORTED EPROTO
access           EIO ENOMEM
bind             EADDRINUSE ENOMEM ENOBUFS
chmod            EIO ENOMEM
clone            EAGAIN ENOMEM
clone3           EAGAIN ENOMEM
close_range      ENOMEM
connect          EAGAIN ENOBUFS ENOMEM
connect:_UNIX    ECONNREFUSED
connect:PROGRESS ECONNREFUSED ENETUNREACH
dup              EMFILE
dup2             EINTR EMFILE
dup3             EINTR EMFILE
epoll_create1    EMFILE ENFILE ENOMEM
epoll_ctl:_ADD   ENOMEM ENOSPC
epoll_ctl:_MOD   ENOMEM
epoll_pwait      EINTR
epoll_wait       EINTR
eventfd2         EMFILE ENFILE ENOMEM
fchmod           EIO
fcntl:DUPFD      EMFILE
fcntl:SETPIPE    EBUSY EPERM ENOMEM
fork             EAGAIN ENOMEM
getdents64       EIO ENOMEM
getpeername      ENOBUFS ENOTCONN
getrandom        EINTR EAGAIN
getsockname      ENOBUFS
getsockopt       ENOBUFS ENOMEM
ioctl:FIONBIO    ENOMEM
ioctl:FIONREAD   EIO
ioctl:OUTQ       EIO
ioctl:SIOCG      ENOBUFS ENOMEM
kill             EPERM
listen           EADDRINUSE ENOBUFS
memfd_create     EMFILE ENOMEM
mmap             ENOMEM
mprotect         ENOMEM
newfstatat       EIO ENOMEM
openat           EINTR EIO EMFILE ENFILE ENOMEM
pidfd_open       EMFILE ENOMEM
pipe2            EMFILE ENFILE
poll             EINTR
ppoll            EINTR
prctl            EPERM
prlimit64        EPERM
pwrite64         EINTR EIO
read             EINTR EAGAIN EIO
readlink         EIO ENOMEM
readv            EINTR EAGAIN EIO
recvfrom         EINTR EAGAIN ENOMEM ECONNRESET
recvmmsg         EINTR EAGAIN ENOMEM ENOBUFS
recvmsg          EINTR EAGAIN ENOMEM ENOBUFS ECONNRESET
sendfile         EINTR EAGAIN EIO ENOMEM EPIPE ECONNRESET
sendmmsg         EINTR EAGAIN ENOMEM ENOBUFS EPERM
sendmsg          EINTR EAGAIN ENOMEM ENOBUFS EPIPE ECONNRESET
sendto           EINTR EAGAIN ENOMEM ENOBUFS EPIPE ECONNRESET
setpgid          EPERM
setsockopt       ENOBUFS ENOMEM EPERM
shutdown         ENOBUFS ENOTCONN
signalfd4        EMFILE ENOMEM
socket           EMFILE ENFILE ENOBUFS ENOMEM
socketpair       EMFILE ENOMEM
splice           EINTR EAGAIN ENOMEM EPIPE ECONNRESET EIO
statfs           EIO ENOMEM
statx            EIO ENOMEM
timerfd_create   EMFILE ENOMEM
unlink           EIO EBUSY
unlinkat         EIO EBUSY
vfork            EAGAIN ENOMEM
wait4:, 0, NULL  EINTR
waitid           EINTR
write            EINTR EAGAIN EIO EPIPE ENOSPC
writev           EINTR EAGAIN EIO EPIPE ENOSPC
"""

# A call that is interrupted again for ever, or never ready although poll() says so, or for ever hands
# out connections that are broken, has no end that a program could find. Nor has a queue that stays
# full, for which a sender of datagrams waits, and libuv reads and writes pipes of its own.
NEVER_STICKY = {"EINTR", "EAGAIN", "ECONNABORTED", "EPROTO"}
STICKY_ALL_THE_SAME = {("clone", "EAGAIN"), ("clone3", "EAGAIN"), ("fork", "EAGAIN")}
NEVER_STICKY_CALLS = {("sendmmsg", "ENOBUFS"), ("read", "EIO"), ("write", "EIO"),
                      ("write", "EPIPE"), ("write", "ENOSPC")}

ENTRY = re.compile(r"(\w+)(?::(.*?))? +([A-Z ]+)")
FIRST = 5  # calls of each name after the start, and after the connection
LAST = 2

SANITIZED = os.environ.get("SOCKCTL_SANITIZED") == "1"

SHIM = {"alloc", "close", "short", "count"}  # what shim.c makes fail
MOST_ALLOCATIONS = 150  # that fail in turn; of more, these are spread over all

MAIN = "SIGPIPE, {sa_handler=SIG_IGN"  # the first call of main()
LINE = re.compile(r"(?:(\d+) +)?(\w+)\((.*)")


@dataclass(frozen=True)
class Fault:
    """CALL fails with ERROR the TIMEth time, or from then on."""

    call: str
    error: str
    time: int
    sticky: bool = False

    def __str__(self):
        return f"{self.call}:{self.error}:{self.time}{'+' if self.sticky else ''}"

    @classmethod
    def parse(cls, text):
        call, error, time = text.split(":")
        return cls(call, error, int(time.rstrip("+")), time.endswith("+"))

    @property
    def waits_for_a_queue(self):
        """As with sendmmsg(), where what is sent is a datagram."""
        return self.sticky and (self.call, self.error) == ("sendto", "ENOBUFS")

    @property
    def shim(self):
        """What to tell the shim, or None for strace."""
        error = f":{self.error}" if self.call == "close" else ""
        return f"{self.call}:{self.when}{error}" if self.call in SHIM else None

    @property
    def when(self):
        return f"{self.time}{'+' if self.sticky else ''}"

    @property
    def strace(self):
        when = self.when
        return ["-e", f"trace={self.call}",
                "-e", f"inject={self.call}:error={self.error}:when={when}"]


def parse_table():
    table = {}
    for line in CAN_FAIL.split("\n"):
        if line:
            call, arguments, errors = ENTRY.fullmatch(line).groups()
            table.setdefault(call, []).append((arguments or "", errors.split()))
    return table


TABLE = parse_table()


def errors_of(call, arguments):
    if call in ("mmap", "mprotect") and SANITIZED:
        return []  # they give up without memory
    if re.search(r'nsswitch\.conf|, "/", ', arguments):
        return []
    if call == "read" and "</" in arguments.split(",")[0]:
        return ["EINTR", "EIO"]  # a file does not make wait
    return [error for wanted, errors in TABLE.get(call, []) if wanted in arguments
            for error in errors]


@dataclass(frozen=True)
class Call:
    name: str
    arguments: str
    number: int  # how many of that name the process has made so far, with this one

    @property
    def fd(self):
        return re.match(r"\d*", self.arguments)[0]


def calls_of(log):
    """The calls of each process or thread, the program's first."""
    tracees = {}
    for line in log.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        tracee, name, arguments = match.groups(default="0")
        calls, numbers = tracees.setdefault(tracee, ([], collections.Counter()))
        numbers[name] += 1
        calls.append(Call(name, arguments, numbers[name]))
    return [calls for calls, _ in tracees.values()]


def index_of(calls, condition):
    return next((n for n, call in enumerate(calls) if condition(call)), len(calls))


def start_of(calls):
    return index_of(calls, lambda c: c.name == "rt_sigaction" and c.arguments.startswith(MAIN))


def positions(calls, joins):
    """The calls that fail: of each name the first, those after the connection, the last."""
    joined = index_of(calls, lambda c: c.name == joins and "= -1 EAGAIN" not in c.arguments)
    for name in sorted({call.name for call in calls}):
        early = [c for c in calls if c.name == name]
        late = [c for c in calls[joined:] if c.name == name]
        yield from dict.fromkeys(early[:FIRST] + late[:FIRST] + late[-LAST:])


def is_of_libuv(call, calls):
    """Words that it writes to itself. Nothing but a signal ever disturbs these."""
    pipes = " ".join(c.arguments for c in calls if c.name == "pipe2").split("O_CLOEXEC")[:2]
    return call.name in ("read", "write") and (
        "eventfd" in call.arguments or f"{call.fd}<pipe" in " ".join(pipes))


def faults_of(log, joins, of_children):
    """Every fault that a run is put through, or its children are, in a fixed order."""
    main, *others = calls_of(log)
    start = start_of(main)
    loaded = collections.Counter(call.name for call in main[:start])
    once, sticky = {}, {}
    for calls in others if of_children else [main[start:], *others]:
        calls = calls[:index_of(calls, lambda c: c.name == "execve")]  # another program
        seen = set()
        for call in positions(calls, joins):
            if call.number <= loaded[call.name]:
                continue  # would hit the loader
            for error in errors_of(call.name, call.arguments):
                if error != "EINTR" and is_of_libuv(call, main[start:]):
                    continue
                once[Fault(call.name, error, call.number)] = None
                pair = (call.name, error)
                lasts = pair in STICKY_ALL_THE_SAME or (
                    error not in NEVER_STICKY and pair not in NEVER_STICKY_CALLS)
                if lasts and (call.name, error) not in seen:
                    seen.add((call.name, error))
                    sticky[Fault(call.name, error, call.number, sticky=True)] = None
    return [*once, *sticky]


def shim_faults_of(report):
    """The same for what the shim has counted: allocations and closes."""
    counts = {name: int(number) for name, number in re.findall(r"(\w+) (\d+)", report)}
    allocs, closes = counts["alloc"], counts["close"]
    step = max(1, -(-allocs // MOST_ALLOCATIONS))
    for time in range(1, allocs + 1, step):
        yield Fault("alloc", "ENOMEM", time)
        if time % 3 == 1:
            yield Fault("alloc", "ENOMEM", time, sticky=True)
    for time in range(1, closes + 1):
        yield Fault("close", "EIO", time)
        yield Fault("close", "EINTR", time)


def short_faults(seeds):
    return [Fault("short", "-", seed) for seed in range(1, seeds + 1)]


COUNT = Fault("count", "-", 0)
