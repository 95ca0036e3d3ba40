# SPDX-License-Identifier: ISC
"""Starts the program with chosen descriptors and waits for what it does, never for time to pass."""

import hashlib
import json
import os
import re
import select
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path

BUILT = Path(__file__).parents[2] / "build" / "sockctl"
PROGRAM = os.environ.get("SOCKCTL", str(BUILT))
SANITIZED = os.environ.get("SOCKCTL_SANITIZED") == "1"
HAS_TLS = os.environ.get("SOCKCTL_TEST_TLS") != "0"
NO_LEAK_CHECK = "ASAN_OPTIONS=detect_leaks=0"  # it cannot run beside strace
# What runs the program, such as valgrind with its options.
WRAPPER = shlex.split(os.environ.get("SOCKCTL_WRAPPER", ""))
LARGE = os.environ.get("SOCKCTL_TEST_LARGE") == "1"

# What takes longer than this hangs.
DEADLINE = float(os.environ.get("SOCKCTL_TEST_DEADLINE", "30"))

PIPE = subprocess.PIPE  # the test holds the other end: proc.stdin, proc.stdout
DEVNULL = subprocess.DEVNULL
CAPTURE = object()  # collected in the background: proc.out, proc.err
CLOSED = object()  # as with <&- in a shell


class Task:
    """Runs a function in the background; result() waits for it and passes its exception on."""

    def __init__(self, function, *args):
        self.value = self.error = None
        self.thread = threading.Thread(target=self._run, args=(function, args), daemon=True)
        self.thread.start()

    def _run(self, function, args):
        try:
            self.value = function(*args)
        except BaseException as error:  # passed on by result()
            self.error = error

    def result(self, within=DEADLINE):
        self.thread.join(within)
        assert not self.thread.is_alive(), f"still running after {within} s"
        if self.error:
            raise self.error
        return self.value


class Output:
    """Collects what arrives on a descriptor, and owns it."""

    def __init__(self, fd):
        self.data = bytearray()
        self.changed = threading.Condition()
        self.ended = False
        self.task = Task(self._collect, fd)

    def _collect(self, fd):
        while True:
            try:
                piece = os.read(fd, 65536)
            except OSError:  # a terminal whose other end is closed
                piece = b""
            with self.changed:
                self.data += piece
                self.ended = not piece
                self.changed.notify_all()
            if not piece:
                break
        os.close(fd)

    def wait(self, condition, what, within=DEADLINE):
        """Returns the first true value of condition(data so far)."""
        end = time.monotonic() + within
        with self.changed:
            while True:
                value = condition(bytes(self.data))
                if value:
                    return value
                left = end - time.monotonic()
                assert not self.ended and left > 0, f"no {what} in {bytes(self.data)!r}"
                self.changed.wait(left)


def write_all(fd, data):
    """Writes and closes; a reader that goes away is not this side's fault."""
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
    except BrokenPipeError:
        pass
    finally:
        os.close(fd)


def read_all(fd):
    """Reads to the end and closes; returns the number of bytes and their digest."""
    total, digest = 0, hashlib.sha256()
    while piece := os.read(fd, 1 << 20):
        total += len(piece)
        digest.update(piece)
    os.close(fd)
    return total, digest.hexdigest()


def take(file):
    """The descriptor of a file object, which no longer has it."""
    fd = os.dup(file.fileno())
    file.close()
    return fd


def digest_of(data):
    return len(data), hashlib.sha256(data).hexdigest()


def digest_of_file(path):
    return read_all(os.open(path, os.O_RDONLY))


def cpu_seconds(proc):
    """Seconds of CPU that the process has used."""
    fields = Path(f"/proc/{proc.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(condition, what, within=DEADLINE):
    """For a state of the kernel that nothing announces."""
    end = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < end, f"not seen: {what}"
        time.sleep(0.01)
    return value


def soonest(run, limit):
    """The least of up to twelve times, as the machine may be busy with something else."""
    seconds = run()
    for _ in range(11):
        if seconds < limit:
            break
        seconds = min(seconds, run())
    return seconds


def refuses_more(proc, fd, feeding):
    """Waits until the program sleeps although its input is full, of which FD is the other end.

    False if FEEDING, which writes there, has come to its end first.
    """
    seen = 0

    def looks_full():
        nonlocal seen
        is_full = proc.sleeps() and not select.select([], [fd], [], 0)[1]
        seen = seen + 1 if is_full else 0  # what was written may be on its way to the program
        return seen == 20 or not feeding.thread.is_alive()

    wait_for(looks_full, "a program that takes no more")
    return feeding.thread.is_alive()


class Proc:
    """One run of the program, or of a helper with `program`.

    stdin: bytes to feed, PIPE, DEVNULL, CLOSED, a descriptor or a file.
    stdout, stderr: CAPTURE, PIPE, DEVNULL, CLOSED, a descriptor or a file.
    shell: commands run first in the same process (ulimit, trap); wrap: words before the program.
    """

    def __init__(self, *args, stdin=b"", stdout=CAPTURE, stderr=CAPTURE, shell="", wrap=(),
                 program=PROGRAM, fds=(), **popen):
        self.args = [program, *map(str, args)]
        closed = [f"{n}>&-" for n, kind in enumerate((stdin, stdout, stderr)) if kind is CLOSED]
        words = [*wrap, *(WRAPPER if program == PROGRAM else []), *self.args]
        if closed or shell:
            script = f"{shell}\n" f'exec "$@" {" ".join(closed)}'
            words = ["/bin/sh", "-c", script, "sh", *words]
        fed = stdin if isinstance(stdin, (bytes, bytearray, memoryview)) else None

        def kind(given):
            if given is CAPTURE or given is fed:
                return PIPE
            return DEVNULL if given is CLOSED else given

        self.started = time.monotonic()
        self.popen = subprocess.Popen(words, stdin=PIPE if fed is not None else kind(stdin),
                                      stdout=kind(stdout), stderr=kind(stderr), pass_fds=fds,
                                      bufsize=0, **popen)
        self.pid = self.popen.pid
        self.pidfd = os.pidfd_open(self.pid)
        self.stdin, self.stdout = self.popen.stdin, self.popen.stdout
        if fed is not None:
            Task(write_all, take(self.stdin), fed)
        self._out = Output(take(self.stdout)) if stdout is CAPTURE else None
        self._err = Output(take(self.popen.stderr)) if stderr is CAPTURE else None

    @property
    def out(self):
        return bytes(self._out.data)

    @property
    def err(self):
        return self._err.data.decode(errors="backslashreplace") if self._err else ""

    @property
    def lines(self):
        # Where coverage is measured, a program of another user cannot write down its share.
        return [line for line in self.err.splitlines() if not line.startswith("profiling:")]

    @property
    def complaints(self):
        """What stderr says beside where it listens."""
        return [line for line in self.lines if ": listening on " not in line]

    @property
    def has_output(self):
        """Whether what it writes to stdout is collected."""
        return self._out is not None

    @property
    def events(self):
        """What --json wrote to stderr."""
        return [json.loads(line) for line in self.lines]

    def describe(self):
        return f"$ {' '.join(self.args)}\n{self.err}[status {self.popen.poll()}]"

    def running(self):
        return not select.select([self.pidfd], [], [], 0)[0]

    def wait_err(self, pattern, within=DEADLINE):
        """Waits until a whole line of stderr matches and returns the match."""
        regex = re.compile(pattern)

        def found(data):
            whole = data.decode(errors="backslashreplace").split("\n")[:-1]
            return next(filter(None, map(regex.search, whole)), None)

        return self._err.wait(found, f"line like {pattern!r}", within)

    def wait_out(self, length, within=DEADLINE):
        """Waits until so many bytes came out, and returns all that did."""
        self._out.wait(lambda data: len(data) >= length, f"{length} bytes", within)
        return self.out

    @property
    def port(self):
        """The port that a listening command reports."""
        return int(self.wait_err(r'listening on \S*?:(\d+)$|"event": ?"listening".*"port": ?(\d+)')
                   .expand(r"\1\2"))

    def kill(self, number):
        os.kill(self.pid, number)

    def ended(self, within=DEADLINE):
        """Waits for the end and for all that was written, and returns the status."""
        ended = select.select([self.pidfd], [], [], within)[0]
        assert ended, f"still running after {within} s: {self.describe()}"
        self.popen.wait()
        for output in (self._out, self._err):
            if output:
                output.task.result()
        return self.popen.returncode

    def wait(self, status=0, within=DEADLINE):
        """Waits for the end, checks the status and returns the seconds since the start."""
        ended = select.select([self.pidfd], [], [], within)[0]
        seconds = time.monotonic() - self.started
        assert ended, f"still running after {within} s: {self.describe()}"
        assert self.ended() == status, self.describe()
        return seconds

    def fails(self, status, *words, within=DEADLINE):
        """Waits for a failure that is told in one line, which has the words."""
        seconds = self.wait(status, within)
        assert len(self.complaints) == 1, self.describe()
        assert self.complaints[0].startswith(f"sockctl: {self.args[1]}: "), self.describe()
        for word in words:
            assert str(word) in self.complaints[0], self.describe()
        return seconds

    def stop(self, number=signal.SIGTERM):
        """Ends it as a user does."""
        self.kill(number)
        self.wait(128 + number)

    def finish(self):
        """Cleans up, and returns what is wrong with how the process was left."""
        problems = []
        if self.popen.poll() is None:
            problems.append("left running")
            self.popen.kill()
            self.popen.wait()
        for stream in (self.stdin, self.stdout):
            if stream:
                stream.close()
        for output in (self._out, self._err):
            if output:
                output.task.result()
        os.close(self.pidfd)
        if re.search(r"Sanitizer|runtime error", self.err):
            problems.append("sanitizer report")
        return problems

    def status_field(self, name):
        """A number of /proc/PID/status; KiB for sizes."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{name}:\s+(\d+)", file.read(), re.M)[1])

    def sleeps(self):
        """Whether its main thread waits for something (proc_pid_stat(5), state)."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(") ")[2].startswith("S")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))
