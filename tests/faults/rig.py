# SPDX-License-Identifier: ISC
"""One run of the program in which something fails, and what is made of it."""

import itertools
import os
import re
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from harness import Proc, Task  # noqa: E402

PORT = 4000
CLIENTS = 5  # that come after the one that met the fault

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C",
               "ASAN_OPTIONS": "detect_leaks=0"}  # it cannot look for leaks beside strace

# What a run may come to.
WHOLE, TOLD = "whole", "told"
LOST, MUTE, CRASH, HANG, SPIN, LEAK = "lost", "mute", "crash", "hang", "spin", "leak"
UNREACHED = "unreached"
LIBC = "libc"  # the C library crashed or locked itself up for want of memory for its own use
BAD = (LOST, MUTE, CRASH, HANG, SPIN, LEAK)

WORDS_OF_LIBUV = re.compile(r'write\(\d+, "(\*", 1|.*, 16|\\1(\\0){7}", 8)\)|read\(\d+, 0x\w+, 1\)')

FUTEX, WAIT = "202", "0x80"  # as /proc/PID/syscall shows FUTEX_WAIT_PRIVATE on x86-64

ABORTED = "the event loop got no resources"

addresses = itertools.count()


def own_address():
    """A loopback address that no other run has."""
    number = next(addresses) % (1 << 16) + (os.getpid() % 200 << 16)
    return f"127.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


class Hangs(Exception):
    """What is waited for does not come."""


class Rig:
    """What one run needs, and what it leaves."""

    def __init__(self, fault, limit, directory, shim):
        self.fault, self.limit, self.directory, self.shim = fault, limit, directory, shim
        self.address = own_address()
        self.proc = None
        self.peers = []
        self.served = []
        self.spins = False
        self.descriptors = self.usual_descriptors = None

    # --- what the runs are made of

    def start(self, *args, follow=True, **how):
        """Starts the program, traced, and its children where FOLLOW says so."""
        if self.fault and self.fault.shim:
            preload = {"LD_PRELOAD": self.shim, "SOCKCTL_FAULT": self.fault.shim,
                       "SOCKCTL_FAULT_REPORT": str(self.directory / "log")}
            self.proc = Proc(*args, env={**ENVIRONMENT, **preload}, **how)
            return self.proc
        words = ["strace", *(["-f", "--seccomp-bpf"] if follow else []), "-e", "signal=none",
                 "-o", self.directory / "log", *(self.fault.strace if self.fault else ["-y"])]
        self.proc = Proc(*args, wrap=words, env=ENVIRONMENT, **how)
        return self.proc

    def file(self, data):
        path = self.directory / "input"
        path.write_bytes(data)
        return path

    def tcp_peer(self, serve, address=None, port=PORT):
        """A server for the program: SERVE has each connection; result() is that of the first."""
        return self.add_peer(socket.create_server((address or self.address, port)), serve)

    def unix_peer(self, serve, kind=socket.SOCK_STREAM):
        sock = socket.socket(socket.AF_UNIX, kind)
        sock.bind(str(self.directory / "peer"))
        sock.listen()
        return self.add_peer(sock, serve)

    def add_peer(self, sock, serve):
        peer = Peer(sock, serve, self.limit)
        self.peers.append(peer)
        return peer

    def udp_socket(self, port=PORT):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(self.limit)
        sock.bind((self.address, port))
        self.peers.append(sock)
        return sock

    def dial(self, address, kind=socket.SOCK_STREAM):
        """A connection to the program as soon as it listens, or None when it ends first."""
        end = time.monotonic() + self.limit
        while time.monotonic() < end:
            sock = socket.socket(
                socket.AF_UNIX if isinstance(address, str) else socket.AF_INET, kind)
            try:
                sock.settimeout(self.limit)
                sock.connect(address)
                return sock
            except OSError:
                sock.close()
            if self.ends_within(0.003):
                return None
        raise Hangs(f"nobody listens on {address}")

    @property
    def protocol(self):
        """One that nobody uses, and no other run beside this: raw sockets hear all until bound."""
        return 150 + int(self.address.rsplit(".", 1)[1]) % 100

    def udp_client(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(self.limit)
        return sock

    def raw_socket(self, own=True):
        """Needs a privilege. Where it is to live as long as the run it is bound."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, self.protocol)
        sock.settimeout(self.limit)
        if own:
            sock.bind((self.address, 0))
            self.peers.append(sock)
        return sock

    def background(self, function):
        return Task(function)

    def bound(self, table="udp", port=f"{PORT:04X}"):
        """Waits until the program has bound its address. False when it ends first."""
        octets = socket.inet_aton(self.address)[::-1].hex().upper()
        end = time.monotonic() + self.limit
        while time.monotonic() < end:
            if f"{octets}:{port} " in Path(f"/proc/net/{table}").read_text(encoding="ascii"):
                return True
            if self.ends_within(0.003):
                return False
        raise Hangs("nothing is bound")

    def serve(self, client):
        """Clients one after the other: the first may meet the fault, the others may not suffer."""
        for _ in range(1 + CLIENTS):
            if not self.proc.running():
                return
            try:
                self.served.append(client())
            except TimeoutError:
                self.served.append(None)
                if self.served.count(None) > 1:
                    break
            except OSError:
                self.served.append(False)
        self.descriptors = self.settled_descriptors()
        seconds = time.monotonic() - self.proc.started
        self.spins = seconds > 1 and self.cpu_seconds() > 0.5 * seconds
        self.signal(signal.SIGTERM)

    # --- the process

    def tracee(self):
        """The program itself, a child of strace."""
        if self.fault and self.fault.shim:
            return self.proc.pid
        path = Path(f"/proc/{self.proc.pid}/task/{self.proc.pid}/children")
        try:
            return next(iter(map(int, path.read_text(encoding="ascii").split())), None)
        except OSError:
            return None

    def signal(self, number):
        try:
            os.kill(self.tracee() or 0, number) if self.tracee() else None
        except ProcessLookupError:
            pass

    def tell(self, number, answers):
        """Sends a signal and returns the words of ANSWERS that the program says then, or None."""
        seen = len(re.findall(answers, self.proc.err))
        self.signal(number)
        end = time.monotonic() + self.limit
        while time.monotonic() < end:
            found = re.findall(answers, self.proc.err)
            if len(found) > seen:
                return found[-1]
            if self.ends_within(0.003):
                return None
        raise TimeoutError

    def settled_descriptors(self):
        """How many are open once those of the clients have gone."""
        def count():
            try:
                return len(os.listdir(f"/proc/{self.tracee()}/fd"))
            except OSError:
                return None

        last, since = count(), time.monotonic()
        end = since + 1
        while time.monotonic() < end and time.monotonic() < since + 0.05:
            time.sleep(0.005)
            if (now := count()) != last:
                last, since = now, time.monotonic()
        # On a busy machine those of the last client may take their time; what is lost stays.
        end = time.monotonic() + self.limit / 4
        while self.usual_descriptors and last and last > self.usual_descriptors:
            if time.monotonic() > end:
                break
            time.sleep(0.01)
            last = count()
        return last

    def ends_within(self, seconds):
        return bool(select.select([self.proc.pidfd], [], [], seconds)[0])

    def cpu_seconds(self):
        try:
            stat = Path(f"/proc/{self.tracee()}/stat").read_text(encoding="ascii")
        except OSError:
            return 0
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    # --- the verdict

    @property
    def accepts_nothing(self):
        return self.fault and self.fault.sticky and self.fault.call in ("accept4", "recvmmsg")

    @property
    def patience(self):
        return self.limit / 4 if self.accepts_nothing else self.limit

    def is_locked_up(self):
        """A thread waits for a lock of the C library, which one that got no memory has kept."""
        if not self.fault or self.fault.call != "alloc":
            return False
        proc = Path(f"/proc/{self.proc.pid}")
        lines = [line.split() for line in (proc / "maps").read_text(encoding="ascii").splitlines()]
        library = [line[0].split("-") for line in lines if "/libc." in line[-1]]
        # Data that need no file follow the last part of it.
        start, end = int(library[0][0], 16), int(library[-1][1], 16) + (1 << 16)
        calls = [task.read_text(encoding="ascii").split() for task in proc.glob("task/*/syscall")]
        return any(call[0] == FUTEX and call[2] == WAIT and start <= int(call[1], 16) < end
                   for call in calls)

    def waits_for_clients(self):
        """Who can accept or receive nothing says so and waits, at rest, until somebody ends it."""
        if not self.accepts_nothing or not self.spoke or self.cpu_seconds() > 0.1 * self.patience:
            return False
        self.signal(signal.SIGTERM)
        return self.ends_within(self.limit)

    def finish(self, check):
        """Waits for the end and returns the verdict. CHECK tells whether all data is whole."""
        if not self.ends_within(self.patience):
            if self.fault and self.hit and not self.hit_the_program:
                return UNREACHED
            if self.waits_for_clients():
                return TOLD
            started = time.monotonic()
            before = self.cpu_seconds()
            self.ends_within(0.3)
            if self.is_locked_up():
                return LIBC
            busy = self.cpu_seconds() - before > 0.5 * (time.monotonic() - started)
            return SPIN if busy else HANG
        self.proc.popen.wait()
        for output in (self.proc._out, self.proc._err):
            if output:
                output.task.result()
        return self.judge(check)

    def clean_up(self):
        if self.proc and self.proc.running():
            self.signal(signal.SIGKILL)
            if not self.ends_within(2):
                self.proc.popen.kill()
        for peer in self.peers:
            peer.close()
        if self.proc:
            self.proc.finish()

    @property
    def status(self):
        return self.proc.popen.returncode

    @property
    def hit(self):
        """The calls that were made to fail, as strace saw them, or what the shim says."""
        return [line for line in self.log.splitlines() if "(INJECTED)" in line or line == "hit"]

    @property
    def hit_the_program(self):
        """Not the words that libuv writes to itself, which nothing but a signal ever disturbs."""
        return any(not WORDS_OF_LIBUV.search(line) or "EINTR" in line for line in self.hit)

    @property
    def log(self):
        path = self.directory / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def spoke(self):
        # What an echo server says of its clients it says only when asked, among other things.
        words = (r"\(E[A-Z]+\)|broken|no resources|out of memory|[1-9]\d* failed|TLS needs|, left$"
                 if "-v" in self.proc.args else "^sockctl")
        return any(re.search(words, line) or re.match(r'{"event":"(error|paused)"', line)
                   for line in self.proc.complaints)

    @property
    def may_be_mute(self):
        """It could not speak, or has nothing to say: the reader of its output went away."""
        return any(re.search(r"write(v|)\(2,", line) for line in self.hit) or self.status == 141

    def judge(self, check):
        if self.fault and self.fault.call != "count" and not self.hit_the_program:
            return UNREACHED
        if re.search(r"Sanitizer|runtime error", self.proc.err):
            return CRASH
        if "/libc." in self.log and "crash in" in self.log:
            return LIBC
        if self.status < 0 or self.status in (134, 139):
            return CRASH
        if self.fault and self.fault.call == "short":  # it is no failure
            whole = all(self.served) if self.served else self.status == 0 and check()
            return WHOLE if whole else LOST
        if self.served:
            return self.judge_server()
        if self.status:
            return TOLD if self.spoke or self.may_be_mute else MUTE
        try:
            return WHOLE if check() else LOST
        except (OSError, AssertionError):
            return LOST

    @property
    def leaks(self):
        """More is open than without the fault. Fewer are where a pool of pipes was not filled."""
        usual = self.usual_descriptors
        if None in self.served:  # who still waits for an answer
            return False
        return usual and self.descriptors and self.descriptors > usual

    def judge_server(self):
        if self.status != 128 + signal.SIGTERM:
            if self.status == 0:
                return LOST
            return TOLD if self.spoke or self.may_be_mute else MUTE
        if self.leaks:
            return LEAK
        if self.spins:
            return SPIN
        if all(self.served):
            return WHOLE
        if self.served.count(True) < CLIENTS and self.fault and not self.fault.sticky and len(self.hit) == 1:
            return LOST
        return TOLD if self.spoke or self.may_be_mute else MUTE


class Peer:
    """A server in the background."""

    def __init__(self, sock, serve, limit):
        self.sock, self.limit = sock, limit
        self.value = None
        self.has_served = threading.Event()
        self.task = Task(self.run, serve)

    def run(self, serve):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            conn.settimeout(self.limit)
            with conn:
                try:
                    self.value = serve(conn)
                except (OSError, AssertionError):  # one client was cut off: others are to come
                    pass
            self.has_served.set()

    @property
    def port(self):
        return self.sock.getsockname()[1]

    def result(self):
        """What SERVE made of the last connection."""
        self.has_served.wait(self.limit)
        return self.value

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)  # ends the accept()
        except OSError:
            pass
        self.task.thread.join(self.limit)
        self.sock.close()
