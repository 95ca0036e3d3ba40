#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What starting costs: short runs of sockctl beside programs that make only the calls that are asked
for, nc and getent.

In each round all contestants of a row run in turn, a few runs at a time; the table shows the medians
over the rounds and the medians of their ratios. Only the ratios mean something on
another machine, so nothing here fails for being slow: the exit status is 1 when somebody failed.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile

from contestants import first_line, installed
from streams import Failure, Processes

TURNS = 10  # that each contestant has in a round
LEGEND = """\
wall, CPU: of one run, from exec to its end, or to its first byte of output where the row says so;
  user + system. Over the rounds, the medians of what a run of the row took and of its ratio to a
  run of the least program (least.c) or peer in the same round. All inputs are /dev/null, or a file."""


class Row:
    """A job, the server that it needs, and the words of each contestant; {} is the server's port."""

    def __init__(self, title, words, server=None, input_file=False, until="end"):
        self.title = title
        self.words = words
        self.server = server
        self.input_file = input_file
        self.column = ["first", "end"].index(until)


def rows(sockctl, as_nc, least, reference, others):
    """AS_NC: sockctl by the name of nc. OTHERS: programs by name, those that there are: nc, getent and
    another build of sockctl."""

    def beside(ours, yardstick, **peers):
        """The words of all: PEERS by name, for nc and getent those after the program."""
        words = {"sockctl": [sockctl, *ours]}
        if yardstick:
            words["least"] = yardstick
        for name, its in peers.items():
            if name in others:
                words[name] = [others[name], *its]
        if "other build" in others:
            words["other build"] = [others["other build"], *ours]
        return words

    def check_as_nc():
        """The same job by the command line of nc, which the name asks for."""
        words = ["-z", "127.0.0.1", "{}"]
        check = {"sockctl": [as_nc, *words], "native": [sockctl, "connect", *words]}
        if "nc" in others:
            check["nc"] = [others["nc"], *words]
        return check

    def least_of(*words):
        return [least, *words]

    return [
        Row("--version", beside(["--version"], least_of("nothing"))),
        Row("connect -z", beside(["connect", "-z", "127.0.0.1", "{}"], least_of("check", "{}"),
                                 nc=["-z", "127.0.0.1", "{}"]), ["greet", "0"]),
        Row("nc -z, by its name", check_as_nc(), ["greet", "0"]),
        Row("connect, first byte", beside(["connect", "127.0.0.1", "{}"], least_of("greeting", "{}"),
                                          nc=["127.0.0.1", "{}"]), ["greet", "1"], until="first"),
        Row("by name, first byte", beside(["connect", "localhost", "{}"], None,
                                          nc=["localhost", "{}"]), ["greet", "1"], until="first"),
        Row("a line and its echo", beside(["connect", "127.0.0.1", "{}"],
                                          [reference, "connect", "{}"],
                                          nc=["-N", "127.0.0.1", "{}"]), ["echo"], input_file=True),
        Row("services http", beside(["services", "http"], least_of("service", "http"),
                                    getent=["services", "http"])),
        Row("protocols tcp", beside(["protocols", "tcp"], least_of("protocol", "tcp"),
                                    getent=["protocols", "tcp"])),
        Row("resolve localhost", beside(["resolve", "localhost"], least_of("address", "localhost"),
                                        getent=["ahosts", "localhost"])),
    ]


def run(row, words, probe, starts, line):
    """Seconds of wall (the median) and of processor time for one run, in microseconds."""
    with Processes() as processes:
        job = ["ask", str(starts), line] if row.input_file else ["start", str(starts)]

        def timed(port):
            return processes.start([probe, *job, *(word.format(port) for word in words)],
                                   stdout=-1)

        def read(timer):
            with timer.stdout:
                *samples, cpu = timer.stdout.read().decode().splitlines() or ["0"]
            processes.finish(timer)
            wall = statistics.median(int(sample.split()[row.column]) for sample in samples)
            return wall / 1e3, int(cpu) / starts / 1e3

        if not row.server:
            return read(timed(""))
        with processes.server([probe, *row.server]) as port:
            return read(timed(port))


def measure(row, probe, rounds, starts, line):
    """{name: [(wall, cpu)]}, one pair for each round; all take turns, a few runs at a time."""
    taken = {name: [] for name in row.words}
    for _ in range(rounds):
        turns = {name: [] for name in row.words}
        for number in range(TURNS):
            for name in list(turns) if number % 2 else reversed(turns):
                turns[name].append(run(row, row.words[name], probe, starts // TURNS, line))
        for name, samples in turns.items():
            taken[name].append(tuple(map(statistics.median, zip(*samples))))
    return taken


def print_row(row, taken):
    title = row.title
    for name, samples in taken.items():
        ratios = ""
        for column in (0, 1):
            pairs = zip(taken["sockctl"], samples)
            ratios += f"{statistics.median(a[column] / b[column] for a, b in pairs):>9.2f}"
        wall, cpu = (statistics.median(sample[column] for sample in samples) for column in (0, 1))
        print(f"{title:22}{name:14}{wall:>8.0f} us{cpu:>8.0f} us"
              f"{ratios if name != 'sockctl' else ''}", flush=True)
        title = ""


def find_others(other):
    found = {"nc": shutil.which("nc.openbsd") or shutil.which("nc"),
             "getent": shutil.which("getent"), "other build": other}
    if found["nc"] and "OpenBSD" not in first_line([found["nc"], "-h"]):
        del found["nc"]
    return {name: os.path.abspath(path) for name, path in found.items() if path}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sockctl", required=True, help="the program")
    parser.add_argument("--least", required=True, help="the programs that do no more than asked")
    parser.add_argument("--reference", required=True, help="the reference of streams")
    parser.add_argument("--probe", required=True, help="the program at the far ends")
    parser.add_argument("--other", help="another build of the program, such as one without TLS")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--starts", type=int, default=100, help="runs of one round, a multiple of 10 (100)")
    parser.add_argument("--row", default="", help="only rows whose title contains this")
    args = parser.parse_args()
    probe = os.path.abspath(args.probe)
    failed = False
    print(f"{args.rounds} rounds of {args.starts} runs; sockctl / the row's:")
    print(f"{'':36}{'wall':>11}{'CPU':>11}{'wall':>9}{'CPU':>9}")
    with tempfile.TemporaryDirectory() as folder:
        sockctl, least, reference = (
            installed(program, folder) for program in (args.sockctl, args.least, args.reference))
        other = installed(args.other, folder) if args.other else None
        line, as_nc = os.path.join(folder, "line"), os.path.join(folder, "nc")
        with open(line, "wb") as file:
            file.write(b"a line\n")
        os.symlink(sockctl, as_nc)
        for row in rows(sockctl, as_nc, least, reference, find_others(other)):
            if args.row not in row.title:
                continue
            try:
                print_row(row, measure(row, probe, args.rounds, args.starts, line))
            except Failure as failure:
                failed = True
                print(f"FAILED: {row.title}: {failure}")
    print(LEGEND)
    return failed


if __name__ == "__main__":
    sys.exit(main())
