#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Datagram benchmarks: sockctl beside nc, ncat, socat, iperf3 and a reference program.

All contestants of a job run in turn, A B C D A B C D ..., so that whatever else the machine does
falls on all of them; the table shows medians and the ratios between them. Only the ratios mean
something on another machine, so nothing here fails for being slow: the exit status is 1 when
sockctl or the reference failed or hung.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from contestants import HOST, first_line
from streams import Failure, Processes, free_port, take_turns

SIZES = [64, 1200, 8192]
COUNTS = {64: 300000, 1200: 300000, 8192: 60000}
PACE = 50000
LEGEND = """\
per second: datagrams that were sent, or that came out at stdout, by the wall clock; ratios are of
  that. CPU: user + system of the contestant, for each of these datagrams. arrived: how many of the
  datagrams sent came through. dropped: by the kernel, for the forwarder did not receive them in
  time; lost: of those that neither the kernel dropped, there or at the end, nor arrived, in all
  rounds; where sockctl has lost one the run fails. spread: (most - least) / median over the rounds.
send SIZE      a file in blocks of SIZE to a program that counts; iperf3 has its own server
receive SIZE   to /dev/null, of a flood with segmentation offload from the reference program, which
  sends from all processors: more comes than anybody can receive
paced SIZE     the same, of {pace} a second, one by one unless they are late
forward SIZE   from one port to another, of a file that the reference program sends as fast as it
  can, to the one that counts; forward paced of {pace} a second, as above
segments is the reference program with UDP_SEGMENT, reference the one without. Flags: nc -u -l,
ncat -u -l, socat -u and -b SIZE. Left out where a tool cannot do it: nc sends blocks of 16384 bytes
and ncat of 8192 only; iperf3 writes nothing to stdout."""


class Contestant:
    def __init__(self, name, send=None, receive=None, pace=1, forward=None):
        self.name = name
        self.send = send  # (size, port) -> words, or None where it cannot
        self.receive = receive  # (port) -> words
        self.forward = forward  # (port, target) -> words
        self.pace = pace  # how many times the usual number it can be given in the same time


def contestants_of(sockctl, reference):
    """The contestants that exist, and lines that say which are left out."""
    def words(*fixed):
        return lambda *values: [*fixed, *map(str, values)]

    nc = shutil.which("nc.openbsd") or shutil.which("nc")
    ncat, socat, iperf3 = map(shutil.which, ("ncat", "socat", "iperf3"))
    absent = [f"{name}: left out: not installed" for name, path in (
        ("nc", nc), ("ncat", ncat), ("socat", socat), ("iperf3", iperf3)) if not path]
    if nc and "OpenBSD" not in first_line([nc, "-h"]):
        absent.append(f"nc: left out: {nc} is not netcat-openbsd")
        nc = None
    found = [
        Contestant("sockctl",
                   lambda size, port: [sockctl, "udp-send", "--block", str(size), HOST, str(port)],
                   lambda port: [sockctl, "udp-recv", "-q", "--block", HOST, str(port)], 4,
                   lambda port, target: [sockctl, "listen", "-ukq", HOST, str(port), "--forward",
                                         f"{HOST}:{target}"]),
        Contestant("reference", words(reference, "send"), words(reference, "recv")),
        Contestant("segments", words(reference, "segment"), None, 4),
        Contestant("nc", None, nc and (lambda port: [nc, "-u", "-l", HOST, str(port)])),
        Contestant("ncat",
                   ncat and (lambda size, port: size == 8192 and
                             [ncat, "-u", "--send-only", HOST, str(port)]),
                   ncat and (lambda port: [ncat, "-u", "-l", "--recv-only", HOST, str(port)])),
        Contestant("socat",
                   socat and (lambda size, port: [socat, "-u", "-b", str(size), "STDIN",
                                                  f"UDP-SENDTO:{HOST}:{port}"]),
                   socat and (lambda port: [socat, "-u", f"UDP-RECV:{port},bind={HOST}",
                                            "STDOUT"]),
                   forward=socat and (lambda port, target: [
                       socat, "-b", "65536", f"UDP-LISTEN:{port},bind={HOST}",
                       f"UDP:{HOST}:{target}"])),
        Contestant("iperf3", iperf3 and (lambda size, port: [iperf3])),
    ]
    return found, absent


def sockets_on(port):
    """The rows of /proc/net/udp, as words, of that local port."""
    with open("/proc/net/udp", encoding="ascii") as table:
        rows = [line.split() for line in list(table)[1:]]
    return [row for row in rows if int(row[1].rpartition(":")[2], 16) == port]


def dropped_on(port):
    """Datagrams that the kernel dropped, for the socket's buffer was full."""
    return sum(int(row[-1]) for row in sockets_on(port))


def await_bound(process, port):
    while True:
        if sockets_on(port):
            return
        if process.poll() is not None:
            raise Failure(f"{' '.join(process.args)}: ended before it received")
        time.sleep(0.002)


class Send:
    def __init__(self, size, bench):
        self.title = f"send {size}"
        self.size = size
        self.bench = bench

    def takes(self, contestant):
        return contestant.send and contestant.send(self.size, 1)

    def run(self, contestant):
        """Returns datagrams per second, CPU seconds per datagram, and the part that arrived."""
        count = COUNTS[self.size] * contestant.pace
        if contestant.name == "iperf3":
            return self.run_iperf(contestant.send(self.size, 1)[0], count)
        with Processes() as processes, self.bench.file(self.size * count) as data:
            port = free_port()
            sink = processes.start([self.bench.reference, "sink", str(port)],
                                   stdout=subprocess.PIPE)
            await_bound(sink, port)
            begin = time.monotonic()
            sender = processes.start(contestant.send(self.size, port), data)
            cpu = processes.finish(sender)
            seconds = time.monotonic() - begin
            if os.lseek(data.fileno(), 0, os.SEEK_CUR) != self.size * count:
                raise Failure("not all of the input was read")
            settle(sink, port)
            sink.send_signal(signal.SIGTERM)
            arrived = int(sink.stdout.read())
            sink.stdout.close()
            processes.finish(sink)
        return count / seconds, cpu / count, arrived / count

    def run_iperf(self, program, count):
        with Processes() as processes:
            port = free_port()
            server = processes.start([program, "-s", "-1", "-B", HOST, "-p", str(port)],
                                     stdout=subprocess.DEVNULL)
            processes.await_listener(server, port)
            client = processes.start(
                [program, "-c", HOST, "-p", str(port), "-u", "-b", "0", "-l", str(self.size), "-k",
                 str(count), "-J"], stdout=subprocess.PIPE)
            with client.stdout:
                end = json.loads(client.stdout.read())["end"]["sum"]
            cpu = processes.finish(client)
            processes.finish(server)
        return (end["packets"] / end["seconds"], cpu / end["packets"],
                1 - end["lost_percent"] / 100)


def written(process):
    """Bytes that a process has written, wherever to."""
    with open(f"/proc/{process.pid}/io", encoding="ascii") as file:
        return int(dict(line.split(": ") for line in file)["wchar"])


def cpu_of(process):
    with open(f"/proc/{process.pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def is_drained(port):
    """Whether nothing waits in a socket of that local port."""
    return all(row[4].endswith(":00000000") for row in sockets_on(port))


def settle(process, port):
    """Waits until a receiver has nothing left to do, however seldom it gets the processor."""
    before = None
    while (now := cpu_of(process)) != before or not is_drained(port):
        before = now
        time.sleep(0.05)


class Receive:
    def __init__(self, size, bench, rate=None):
        self.title = f"{'paced' if rate else 'receive'} {size}"
        self.size = size
        self.bench = bench
        self.rate = rate

    def takes(self, contestant):
        return contestant.receive

    def feed(self, count, port):
        words = ["pace", self.size, count, self.rate] if self.rate else ["flood", self.size, count]
        done = subprocess.run([self.bench.reference, *map(str, words), str(port)], check=True,
                              stdout=subprocess.PIPE)
        return int(done.stdout) / 1e9

    def run(self, contestant):
        count = self.rate or COUNTS[self.size] * 4
        with Processes() as processes:
            port = free_port()
            receiver = processes.start(contestant.receive(port))
            await_bound(receiver, port)
            settle(receiver, port)
            bytes_before, cpu_before = written(receiver), cpu_of(receiver)
            seconds = self.feed(count, port)
            settle(receiver, port)
            arrived = (written(receiver) - bytes_before) // self.size
            cpu = cpu_of(receiver) - cpu_before
        if not arrived:
            raise Failure("nothing arrived")
        return arrived / seconds, cpu / arrived, arrived / count


class Forward:
    def __init__(self, size, bench, rate=None):
        self.title = f"forward {'paced ' if rate else ''}{size}"
        self.size = size
        self.bench = bench
        self.rate = rate

    def takes(self, contestant):
        return contestant.forward

    def feed(self, processes, count, port):
        if self.rate:
            return Receive.feed(self, count, port)
        with self.bench.file(self.size * count) as data:
            begin = time.monotonic()
            processes.finish(processes.start(
                [self.bench.reference, "send", str(self.size), str(port)], data))
            return time.monotonic() - begin

    def run(self, contestant):
        count = 2 * self.rate if self.rate else COUNTS[self.size]
        with Processes() as processes:
            port, target = free_port(), free_port()
            sink = processes.start([self.bench.reference, "sink", str(target)],
                                   stdout=subprocess.PIPE)
            await_bound(sink, target)
            forwarder = processes.start(contestant.forward(port, target))
            await_bound(forwarder, port)
            settle(forwarder, port)
            before = cpu_of(forwarder)
            seconds = self.feed(processes, count, port)
            settle(forwarder, port)
            cpu = cpu_of(forwarder) - before
            settle(sink, target)
            dropped = dropped_on(port), dropped_on(target)
            sink.send_signal(signal.SIGTERM)
            arrived = int(sink.stdout.read())
            sink.stdout.close()
            processes.finish(sink)
        if not arrived:
            raise Failure("nothing arrived")
        # What came to the end in one piece is counted once where it is dropped.
        lost = 0 if dropped[1] else count - arrived - dropped[0]
        if lost and contestant.name == "sockctl":
            raise Failure(f"{lost} of {count} lost, besides what the kernel dropped: {dropped}")
        return arrived / seconds, cpu / arrived, arrived / count, dropped[0], lost


class Bench:
    """What the jobs share: the directory for the input, the reference program."""

    def __init__(self, directory, reference):
        self.directory = directory
        self.reference = reference

    def file(self, size):
        data = tempfile.TemporaryFile(dir=self.directory)
        block = os.urandom(1 << 20)
        for start in range(0, size, len(block)):
            data.write(block[:size - start])
        data.flush()
        data.seek(0)
        return data

    def jobs(self):
        return ([Send(size, self) for size in SIZES] + [Receive(size, self) for size in SIZES] +
                [Receive(size, self, PACE) for size in SIZES] +
                [Forward(1200, self), Forward(1200, self, PACE)])


def measure(job, contestants, rounds):
    """Runs one job; returns {name: [sample]} of those who can do it and [(name, failure)]."""
    return take_turns(job, [c for c in contestants if job.takes(c)], rounds)


def print_table(table, columns):
    ratios = "".join(f"{name:>11}" for name in columns)
    print(f"{'':32}{'per second':>12}{'CPU':>11}{'arrived':>9}{'dropped':>9}{'lost':>6}{'spread':>8}"
          "   rate relative to:")
    print(f"{'job':20}{'contestant':12}{'':55}{ratios}")
    for job, results in table:
        medians = {name: statistics.median(s[0] for s in samples)
                   for name, samples in results.items()}
        title = job.title
        for name, samples in results.items():
            rates = [s[0] for s in samples]
            cpu = statistics.median(s[1] for s in samples) * 1e6
            arrived = statistics.median(s[2] for s in samples)
            losses = "".join(f"{sum(parts):>{width}}" for parts, width in
                             zip(list(zip(*samples))[3:], (9, 6))) or f"{'-':>9}{'-':>6}"
            spread = (max(rates) - min(rates)) / medians[name]
            ratios = "".join(
                f"{medians[name] / medians[column]:>11.2f}" if column in medians else f"{'-':>11}"
                for column in columns)
            print(f"{title:20}{name:12}{medians[name]:>12,.0f}{cpu:>8.2f} us{arrived:>9.1%}"
                  f"{losses}{spread:>8.0%}{ratios}")
            title = ""
        print()


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare the speed of datagram tools.")
    parser.add_argument("--sockctl", required=True, help="the program under test")
    parser.add_argument("--reference", required=True, help="the reference program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--job", help="only jobs whose title contains this")
    parser.add_argument("--only", help="only these contestants (a,b,...)")
    parser.add_argument("--directory", default="/dev/shm", help="where the input goes")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    contestants, absent = contestants_of(*map(os.path.abspath,
                                              (arguments.sockctl, arguments.reference)))
    if arguments.only:
        contestants = [c for c in contestants if c.name in arguments.only.split(",")]
    print(f"{os.cpu_count()} processors, Linux {os.uname().release}; {arguments.rounds} rounds")
    for line in absent:
        print(line)
    table, failures = [], []
    bench = Bench(arguments.directory, os.path.abspath(arguments.reference))
    for job in bench.jobs():
        if arguments.job and arguments.job not in job.title:
            continue
        results, failed = measure(job, contestants, arguments.rounds)
        table.append((job, results))
        failures += failed
    print_table(table, [c.name for c in contestants if c.name != "sockctl"])
    print(LEGEND.format(pace=PACE))
    for _, failure in failures:
        print(f"FAILED: {failure}")
    return any(name in ("sockctl", "reference", "segments") for name, _ in failures)


if __name__ == "__main__":
    sys.exit(main())
