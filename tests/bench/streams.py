#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Stream benchmarks: sockctl beside nc, ncat, socat and a minimal reference program.

All contestants of a job run in turn, A B C D A B C D ..., so that whatever else the machine does
falls on all of them; the table shows medians and the ratios between them. Only the ratios mean
something on another machine, so nothing here fails for being slow: the exit status is 1 when
sockctl or the reference lost data, failed or hung.
"""

import argparse
import contextlib
import hashlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from contestants import HOST, find_contestants

GIB = 1 << 30
VERIFY_SIZE = 64 << 20
LEGEND = """\
speed relative to: how many times as fast the row's contestant is as the column's, by median time;
  more than 1 means that the row is faster.
CPU: user + system of the contestant's own processes (both sides of a transfer), from wait4.
spread: (slowest - fastest) / median over the rounds.
file -> TCP -> null      listen > /dev/null; connect < file that is in the page cache
pipe -> TCP -> pipe      cat file | connect; listen | a program that counts
file -> Unix -> null     as the first, over a Unix domain stream socket
round trip               64 bytes through connect's stdin, an echo server and connect's stdout
first byte               from exec of connect to the first byte of the server's greeting on stdout
start and end            from exec of connect to its exit, with a server that closes at once
Every listener and every connect that sends nothing has stdin < /dev/null. Flags: nc -N (else it
does not end), socat -u for the one-way transfers (else it waits 0.5 s); otherwise the defaults."""


class Failure(Exception):
    """A contestant that failed, hung or lost data."""


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def is_listening(address):
    if isinstance(address, str):
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
            # Num RefCount Protocol Flags Type St Inode Path; the flag is __SO_ACCEPTCON
            rows = (line.split() for line in table)
            return any(row[-1] == address and row[3] == "00010000" for row in rows)
    local = f"0100007F:{address:04X}"
    if sys.byteorder == "big":
        local = f"7F000001:{address:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = (line.split() for line in table)
        return any(row[1] == local and row[3] == "0A" for row in rows)


class Processes:
    """The processes of one run: started, waited for within a limit, killed if the run fails."""

    LIMIT = 60

    def __enter__(self):
        self.running = []
        signal.signal(signal.SIGALRM, self.on_alarm)
        signal.alarm(self.LIMIT)
        return self

    def __exit__(self, *_):
        signal.alarm(0)
        for process in self.running:
            process.kill()
            process.wait()

    def on_alarm(self, *_):
        names = ", ".join(os.path.basename(process.args[0]) for process in self.running)
        raise Failure(f"not done after {self.LIMIT} s (still running: {names})")

    def start(self, command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
        process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
        self.running.append(process)
        return process

    def finish(self, process):
        """Waits for a success; returns the processor time that the process used, in seconds."""
        complaint = process.stderr.read().decode(errors="replace").strip()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        self.running.remove(process)
        if process.returncode:
            raise Failure(f"{' '.join(process.args)}: status {process.returncode}: {complaint}")
        return usage.ru_utime + usage.ru_stime

    def await_listener(self, process, address):
        while not is_listening(address):
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self.finish(process)
                raise Failure(f"{' '.join(process.args)}: ended before it listened")
            time.sleep(0.001)

    @contextlib.contextmanager
    def server(self, command):
        """A server of the probe program, for one contestant; its port."""
        process = self.start(command, stdout=subprocess.PIPE)
        with process.stdout:
            yield int(process.stdout.readline())
        process.kill()
        process.wait()
        process.stderr.close()
        self.running.remove(process)


class Transfer:
    """A one-way job: a file to /dev/null, or cat of a file to a program that counts."""

    unit, scale = "s/GiB", 1

    def __init__(self, title, bench, domain="tcp", pipes=False):
        self.title = title
        self.bench = bench
        self.domain = domain
        self.pipes = pipes

    def run(self, contestant):
        """Moves the big file; returns seconds and seconds of processor time, per GiB."""
        gibs = os.path.getsize(self.bench.big) / GIB
        wall, cpu = self.move(contestant, self.bench.big)
        return wall / gibs, cpu / gibs

    def verify(self, contestant):
        """Moves the small file and compares what arrived."""
        with tempfile.TemporaryFile(dir=self.bench.directory) as copy:
            self.move(contestant, self.bench.small, copy)
            copy.seek(0)
            if hashlib.sha256(copy.read()).digest() != self.bench.digest:
                raise Failure("what arrived differs from what was sent")

    def move(self, contestant, path, copy=None):
        """Moves the file PATH, into the file COPY if there is one; returns wall and CPU seconds."""
        with Processes() as processes, open(path, "rb") as source:
            address = self.fresh_address()
            sink, output = self.start_sink(processes, copy)
            listen = processes.start(contestant.command("listen", address), stdout=output)
            if sink:
                sink.stdin.close()
            processes.await_listener(listen, address)
            begin = time.monotonic()
            feed = processes.start(["cat"], source, subprocess.PIPE) if self.pipes else None
            connect = processes.start(
                contestant.command("connect", address), feed.stdout if feed else source
            )
            if feed:
                feed.stdout.close()
            cpu = processes.finish(connect) + processes.finish(listen)
            count = int(sink.stdout.readline()) if sink and not copy else None
            for end in filter(None, (feed, sink)):
                processes.finish(end)
            wall = time.monotonic() - begin
            check_counts(os.path.getsize(path), source, count)
        return wall, cpu

    def fresh_address(self):
        if self.domain == "tcp":
            return free_port()
        path = os.path.join(self.bench.directory, "socket")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # not every tool removes its own
        return path

    def start_sink(self, processes, copy):
        """What takes the receiver's output: a process or None, and the output to give it."""
        if not self.pipes:
            return None, copy or subprocess.DEVNULL
        command = ["cat"] if copy else [self.bench.probe, "drain"]
        sink = processes.start(command, subprocess.PIPE, copy or subprocess.PIPE)
        return sink, sink.stdin


def check_counts(size, source, received):
    """The sender shares the position of its input with us; RECEIVED is None if nobody counted."""
    sent = os.lseek(source.fileno(), 0, os.SEEK_CUR)
    if sent != size:
        raise Failure(f"{sent} of {size} bytes were read")
    if received not in (None, size):
        raise Failure(f"{received} of {size} bytes arrived")


class Sampled:
    """A job that the probe program times itself, many samples in a round."""

    unit, scale = "us", 1e-3

    def __init__(self, title, bench, server, action, role, column, count):
        self.title = title
        self.bench = bench
        self.server = server
        self.action = action
        self.role = role
        self.column = column
        self.count = count

    def run(self, contestant):
        """The median of the samples and the processor time per sample, in nanoseconds."""
        with Processes() as processes, processes.server([self.bench.probe] + self.server) as port:
            timer = processes.start(
                [self.bench.probe, self.action, str(self.count)]
                + contestant.command(self.role, port),
                stdout=subprocess.PIPE,
            )
            with timer.stdout:
                *samples, cpu = timer.stdout.read().decode().splitlines() or ["0"]
            processes.finish(timer)
        return (
            statistics.median(int(sample.split()[self.column]) for sample in samples),
            int(cpu) / self.count,
        )

    def verify(self, contestant):
        """The probe compares every answer as it arrives."""


class Bench:
    """What the jobs share: the directory, the files to move, the probe program."""

    def __init__(self, directory, size, probe):
        self.directory = directory
        self.probe = probe
        self.small = os.path.join(directory, "small")
        self.big = os.path.join(directory, "big")
        data = os.urandom(min(size, VERIFY_SIZE))
        self.digest = hashlib.sha256(data).digest()
        with open(self.small, "wb") as file:
            file.write(data)
        with open(self.big, "wb") as file:
            for start in range(0, size, len(data)):
                file.write(data[: size - start])

    def jobs(self, pings, starts):
        return [
            Transfer("file -> TCP -> null", self),
            Transfer("pipe -> TCP -> pipe", self, pipes=True),
            Transfer("file -> Unix -> null", self, domain="unix"),
            Sampled("round trip", self, ["echo"], "ping", "talk", 0, pings),
            Sampled("first byte", self, ["greet", "1"], "start", "talk", 0, starts),
            Sampled("start and end", self, ["greet", "0"], "start", "talk", 1, starts),
        ]


def measure(job, contestants, rounds):
    """Runs one job; returns {name: [(wall, cpu)]} of those who passed and [(name, failure)]."""
    results, failures = {}, []

    def attempt(contestant, action):
        try:
            return action(contestant)
        except Failure as failure:
            failures.append((contestant.name, f"{job.title}: {contestant.name}: {failure}"))
            results.pop(contestant.name, None)
            return None

    for contestant in contestants:
        results[contestant.name] = []
        attempt(contestant, job.verify)
    for _ in range(rounds):
        for contestant in contestants:
            if contestant.name in results:
                sample = attempt(contestant, job.run)
                if sample:
                    results[contestant.name].append(sample)
    return results, failures


def print_table(table, columns):
    """TABLE: [(job, {name: [(wall, cpu)]})]; a ratio to each of COLUMNS stands in each row."""
    ratios = "".join(f"{name:>11}" for name in columns)
    print(f"{'':32}{'wall':>16}{'CPU':>14}{'spread':>8}   speed relative to:")
    print(f"{'job':22}{'contestant':10}{'':38}{ratios}")
    for job, results in table:
        medians = {
            name: statistics.median(wall for wall, _ in samples)
            for name, samples in results.items()
        }
        title = job.title
        for name, samples in results.items():
            walls = [wall for wall, _ in samples]
            cpu = statistics.median(cpu for _, cpu in samples) * job.scale
            spread = (max(walls) - min(walls)) / medians[name]
            ratios = "".join(
                f"{medians[column] / medians[name]:>11.2f}" if column in medians else f"{'-':>11}"
                for column in columns
            )
            digits = 3 if job.scale == 1 else 1
            print(
                f"{title:22}{name:10}{medians[name] * job.scale:>10.{digits}f} {job.unit:5}"
                f"{cpu:>8.{digits}f} {job.unit:5}{spread:>7.0%} {ratios}"
            )
            title = ""
        print()


def parse_size(word):
    units = {"k": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    try:
        size = int(word[:-1]) * units[word[-1]] if word[-1:] in units else int(word)
    except ValueError:
        size = 0
    if size <= 0:
        raise argparse.ArgumentTypeError(f"'{word}' is no size such as 512M or 4G")
    return size


def take_turns(job, contestants, rounds):
    """Runs one job; returns {name: [sample]}, with one for each round, and [(name, failure)]. Who has
    failed takes part no more."""
    results, failures = {c.name: [] for c in contestants}, []
    for _ in range(rounds):
        for contestant in contestants:
            if contestant.name not in results:
                continue
            try:
                results[contestant.name].append(job.run(contestant))
            except Failure as failure:
                failures.append((contestant.name, f"{job.title}: {contestant.name}: {failure}"))
                del results[contestant.name]
    return results, failures


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare the speed of stream tools.")
    parser.add_argument("--sockctl", help="the program under test")
    parser.add_argument("--reference", required=True, help="the reference program")
    parser.add_argument("--probe", required=True, help="the program at the far ends")
    parser.add_argument("--size", type=parse_size, default="512M", help="bytes of one transfer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pings", type=int, default=10000, help="round trips of one round")
    parser.add_argument("--starts", type=int, default=20, help="starts of one round")
    parser.add_argument("--job", help="only jobs whose title contains this")
    parser.add_argument("--only", help="only these contestants (a,b,...)")
    parser.add_argument("--directory", help="where the files go (a file system with splice)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    contestants, absent = find_contestants(
        arguments.sockctl, arguments.reference, arguments.only and arguments.only.split(",")
    )
    print(f"{os.cpu_count()} processors, Linux {os.uname().release}; {arguments.rounds} rounds of")
    print(f"{arguments.size / GIB:g} GiB, {arguments.pings} round trips, {arguments.starts} starts")
    for line in absent:
        print(line)
    table, failures = [], []
    with tempfile.TemporaryDirectory(dir=arguments.directory, prefix="streams.") as directory:
        bench = Bench(directory, arguments.size, os.path.abspath(arguments.probe))
        for job in bench.jobs(arguments.pings, arguments.starts):
            if arguments.job and arguments.job not in job.title:
                continue
            results, failed = measure(job, contestants, arguments.rounds)
            table.append((job, results))
            failures += failed
    columns = [c.name for c in contestants if c.name != "sockctl"]
    print_table(table, columns)
    print(LEGEND)
    for _, failure in failures:
        print(f"FAILED: {failure}")
    return any(name in ("sockctl", "reference") for name, _ in failures)


if __name__ == "__main__":
    sys.exit(main())
