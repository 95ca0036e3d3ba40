#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Echo benchmarks: the server of sockctl beside a reference program, ncat and socat, and its client
beside a load generator.

All contestants of a job run in turn, A B C D A B C D ..., so that whatever else the machine does
falls on all of them; the tables show medians and the ratios between them. Only the ratios mean
something on another machine, so nothing here fails for being slow: the exit status is 1 when
sockctl or the reference failed, lost bytes or hung.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time

from contestants import HOST
from datagrams import await_bound
from streams import Failure, Processes, free_port

SIZE = 64
WATCHED = 2  # seconds without a request
LEGEND = """\
requests: round trips of {size} bytes per second by the clock of the load generator, which compares
  every byte; p50: its median latency. CPU: user + system of the server and its children, for each
  request. spread: (most - least) / median over the rounds. lost: of the datagrams.
requests       50 connections with one request under way on each
connections    50 clients, a new connection for each request
datagrams      8 sockets with 16 datagrams under way on each
idle           memory (RSS) that each of many silent connections takes, and how often the server
               ran in {watched} s of silence
agreement      what echo --client says of a server, by what the load generator says of the same
Flags: ncat -l -k -e /bin/cat; socat TCP-LISTEN:...,fork PIPE. socat lets 5 clients wait unless it is
told otherwise; others try again after a second. "socat -" has a backlog as long as that of the
others. Neither serves datagrams like that: they keep a process for each sender for ever."""


class Server:
    def __init__(self, name, stream, datagram=None):
        self.name = name
        self.commands = {"stream": stream, "datagram": datagram}  # port -> words


def servers_of(sockctl, reference):
    """The servers that exist, and lines that say which are left out."""
    ncat, socat = shutil.which("ncat"), shutil.which("socat")
    absent = [f"{name}: left out: not installed"
              for name, path in (("ncat", ncat), ("socat", socat)) if not path]
    found = [
        Server("sockctl", lambda port: [sockctl, "echo", "-q", "--tcp", HOST, str(port)],
               lambda port: [sockctl, "echo", "-q", "--udp", HOST, str(port)]),
        Server("reference", lambda port: [reference, "stream", str(port)],
               lambda port: [reference, "datagram", str(port)]),
    ]
    if ncat:
        found.append(Server("ncat", lambda port: [ncat, "-l", "-k", "-e", "/bin/cat", HOST,
                                                  str(port)]))
    if socat:
        for name, backlog in (("socat", ""), ("socat -", ",backlog=4096")):
            found.append(Server(name, lambda port, backlog=backlog: [
                socat, f"TCP-LISTEN:{port},bind={HOST},reuseaddr,fork{backlog}", "PIPE"]))
    return found, absent


def start(processes, server, kind):
    """Starts a server; returns its process and port."""
    port = free_port()
    process = processes.start(server.commands[kind](port))
    if kind == "stream":
        processes.await_listener(process, port)
    else:
        await_bound(process, port)
    return process, port


def children_of(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        return file.read()


def end(processes, process):
    """Ends a server once its clients have left; returns the CPU seconds it has used, with those of
    its children."""
    until = time.monotonic() + 5
    while children_of(process) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    process.stderr.close()
    processes.running.remove(process)
    return usage.ru_utime + usage.ru_stime


class Bench:
    """What the jobs share: the load generator, and for how long it runs."""

    def __init__(self, load, seconds):
        self.program = load
        self.seconds = seconds

    def load(self, processes, kind, port, *words):
        """Returns requests, seconds, lost, and the median latency in seconds."""
        generator = processes.start(
            [self.program, kind, str(port), str(self.seconds), *map(str, words)],
            stdout=subprocess.PIPE)
        with generator.stdout:
            line = generator.stdout.read()
        processes.finish(generator)
        requests, elapsed, lost, p50, _ = map(int, line.split())
        return requests, elapsed / 1e9, lost, p50 / 1e9


class Requests:
    """One job of the load generator."""

    def __init__(self, title, bench, kind, *words):
        self.title = title
        self.bench = bench
        self.kind = kind
        self.words = words

    def run(self, server):
        """Returns requests per second, CPU seconds for each, the median latency, and the part that
        was lost."""
        with Processes() as processes:
            process, port = start(processes, server,
                                  "datagram" if self.kind == "datagram" else "stream")
            requests, seconds, lost, p50 = self.bench.load(processes, self.kind, port, *self.words)
            cpu = end(processes, process)
        return requests / seconds, cpu / requests, p50, lost / (requests + lost)


def in_turn(title, contestants, run, rounds):
    """Calls run(contestant) for each in turn; returns {name: [sample]} and [(name, failure)]."""
    samples = {c.name: [] for c in contestants}
    failures = []
    for _ in range(rounds):
        for contestant in contestants:
            if contestant.name not in samples:
                continue
            try:
                samples[contestant.name].append(run(contestant))
            except (Failure, OSError, ValueError) as failure:
                failures.append((contestant.name, f"{title}: {contestant.name}: {failure}"))
                del samples[contestant.name]
    return samples, failures


def medians(samples):
    return [statistics.median(column) for column in zip(*samples)]


def spread(values):
    return (max(values) - min(values)) / statistics.median(values)


def print_requests(title, samples):
    ours = medians(samples["sockctl"]) if samples.get("sockctl") else None
    for name, rows in samples.items():
        rate, cpu, p50, lost = theirs = medians(rows)
        line = (f"{title:14}{name:12}{rate:>10,.0f}/s{cpu * 1e6:>9.2f} us{p50 * 1e6:>10.1f} us"
                f"{lost:>8.1%}{spread([row[0] for row in rows]):>8.0%}")
        if ours and name != "sockctl":
            line += f"{ours[0] / theirs[0]:>14.2f}{ours[1] / theirs[1]:>10.2f}"
        print(line)
        title = ""
    print()


def status_of(process):
    """Bytes of memory, and how often the process was given a processor."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        fields = dict(re.findall(r"^(\w+):\s+(\d+)", file.read(), re.M))
    return (int(fields["VmRSS"]) * 1024,
            int(fields["voluntary_ctxt_switches"]) + int(fields["nonvoluntary_ctxt_switches"]))


def idle(bench, server, count):
    """Returns bytes for each connection, and wake-ups."""
    with Processes() as processes:
        process, port = start(processes, server, "stream")
        bench.load(processes, "stream", port, 100, 1, SIZE)  # what it needs by itself
        before, _ = status_of(process)
        holder = processes.start([bench.program, "idle", str(port), str(count)], subprocess.PIPE,
                                 subprocess.PIPE)
        with holder.stdout, holder.stdin:
            if holder.stdout.readline() != b"idle\n":
                raise Failure("not all were served")
            after, runs = status_of(process)
            time.sleep(WATCHED)
            _, runs_after = status_of(process)
        processes.finish(holder)
        end(processes, process)
    return (after - before) / count, runs_after - runs


def print_idle(bench, servers, limit):
    """The row of each server that is one process; returns [(name, failure)]."""
    count = min(limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100)
    samples, failures = in_turn("idle", servers[:2], lambda s: idle(bench, s, count), 1)
    title = "idle"
    for name, rows in samples.items():
        each, runs = rows[0]
        print(f"{title:14}{name:12}{count:>10,} connections{each:>8.0f} bytes each"
              f"{runs:>6} wake-ups")
        title = ""
    print()
    return failures


class Agreement:
    """A measurement of the same server by both clients."""

    def __init__(self, title, kind, words, options):
        self.name = title
        self.kind = kind
        self.words = words
        self.options = options


AGREEMENTS = [
    Agreement("1 connection", "stream", (1, 1, SIZE), ["--connections", "1"]),
    Agreement("50 connections", "stream", (50, 1, SIZE), ["--connections", "50"]),
    Agreement("pipelined", "stream", (1, 16, SIZE), ["--pipeline", "16"]),
    Agreement("reconnecting", "churn", (1, SIZE), ["--reconnect"]),
    Agreement("datagrams", "datagram", (8, 16, SIZE),
              ["--udp", "--connections", "8", "--pipeline", "16"]),
]


def client_figures(processes, sockctl, port, seconds, options):
    """Requests per second and the median latency, as the client says."""
    client = processes.start([sockctl, "echo", "--client", HOST, str(port), "--interval", "0",
                              "--duration", str(seconds), "--size", str(SIZE), "--json", "-q",
                              *options], stdout=subprocess.PIPE)
    with client.stdout:
        summary = json.loads(client.stdout.read().splitlines()[-1])
    processes.finish(client)
    return summary["rate"], summary["p50"]


def compare(bench, sockctl, server, job):
    """Returns what the client says by what the load generator says: of the rate and of p50."""
    with Processes() as processes:
        process, port = start(processes, server,
                              "datagram" if job.kind == "datagram" else "stream")
        requests, seconds, _, p50 = bench.load(processes, job.kind, port, *job.words)
        rate, median = client_figures(processes, sockctl, port, bench.seconds, job.options)
        end(processes, process)
    return requests / seconds, rate, p50, median


def print_agreement(bench, sockctl, server, rounds):
    samples, failures = in_turn("agreement", AGREEMENTS,
                                lambda job: compare(bench, sockctl, server, job), rounds)
    title = "agreement"
    for name, rows in samples.items():
        load_rate, rate, load_p50, p50 = medians(rows)
        print(f"{title:14}{name:16}{rate:>10,.0f}/s by {load_rate:>9,.0f}/s ="
              f"{rate / load_rate:>6.2f}{p50 * 1e6:>10.1f} us by {load_p50 * 1e6:>8.1f} us ={p50 / load_p50:>6.2f}")
        title = ""
    print()
    return [("sockctl", failure) for _, failure in failures]


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare echo servers and clients.")
    parser.add_argument("--sockctl", required=True, help="the program under test")
    parser.add_argument("--reference", required=True, help="the reference program")
    parser.add_argument("--load", required=True, help="the load generator")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.6, help="of a round")
    parser.add_argument("--idle", type=int, default=10000, help="silent connections")
    parser.add_argument("--job", default="", help="only jobs whose title contains this")
    parser.add_argument("--only", help="only these servers (a,b,...)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    sockctl = os.path.abspath(arguments.sockctl)
    servers, absent = servers_of(sockctl, os.path.abspath(arguments.reference))
    if arguments.only:
        servers = [s for s in servers if s.name in arguments.only.split(",")]
    bench = Bench(os.path.abspath(arguments.load), arguments.seconds)
    print(f"{os.cpu_count()} processors, Linux {os.uname().release}; {arguments.rounds} rounds")
    for line in absent:
        print(line)
    print(f"{'':26}{'':12}{'':12}{'':13}{'':16}   sockctl by this one:")
    print(f"{'job':14}{'server':12}{'requests':>12}{'CPU':>12}{'p50':>13}{'lost':>8}{'spread':>8}"
          f"{'requests':>14}{'CPU':>10}")
    failures = []
    for job in (Requests("requests", bench, "stream", 50, 1, SIZE),
                Requests("connections", bench, "churn", 50, SIZE),
                Requests("datagrams", bench, "datagram", 8, 16, SIZE)):
        if arguments.job not in job.title:
            continue
        able = [s for s in servers if job.kind != "datagram" or s.commands["datagram"]]
        samples, failed = in_turn(job.title, able, job.run, arguments.rounds)
        print_requests(job.title, samples)
        failures += failed
    if arguments.job in "idle":
        failures += print_idle(bench, servers, arguments.idle)
    if arguments.job in "agreement":
        failures += print_agreement(bench, sockctl, servers[0], arguments.rounds)
    print(LEGEND.format(size=SIZE, watched=WATCHED))
    for _, failure in failures:
        print(f"FAILED: {failure}")
    return any(name in ("sockctl", "reference") for name, _ in failures)


if __name__ == "__main__":
    sys.exit(main())
