#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Port checks: sockctl beside nc and nmap, on loopback in a network of its own.

All contestants run in turn, so that whatever else the machine does falls on all of them; the table
shows medians and the ratios between them. Nothing here fails for being slow: the exit status is 1
when sockctl missed a port or took a closed one for open. Without the right to make a network the
system's loopback serves, where ports of other programs may be among the open ones.
"""

import argparse
import contextlib
import os
import random
import re
import resource
import shutil
import socket
import subprocess
import sys
import time

from contestants import HOST
from streams import Failure, measure, print_table

LEGEND = """\
speed relative to: how many times as fast the row's contestant is as the column's, by median time;
  more than 1 means that the row is faster.
CPU: user + system of the contestant, from wait4. spread: (slowest - fastest) / median.
refused   every port but 50 open ones refuses
silent    8 of the ports drop what comes, and a second is the limit for each
nc is measured without -v, when it names no port; what it finds is checked with -v.
Flags: nc -z, nmap -sT -n -Pn; for silent ports nc -w 1, sockctl --connect-timeout 1."""

SILENT = range(20001, 20009)


class Scanner:
    """One tool: its command lines, and how to read which ports it calls open."""

    def __init__(self, name, program, quiet, limited, verbose, pattern):
        self.name = name
        self.program = program
        self.quiet, self.limited, self.verbose = quiet, limited, verbose
        self.pattern = re.compile(pattern, re.M)

    def command(self, ports, limited, verbose=False):
        words = (self.verbose if verbose else self.quiet) + (self.limited if limited else [])
        operands = ["-p", ports, HOST] if self.name == "nmap" else [HOST, ports]
        return [self.program, *words, *operands]

    def found(self, output):
        return {int(port) for port in self.pattern.findall(output)}


def find_scanners(sockctl):
    """Those that are installed, and lines that say which are left out."""
    check = ["connect", "--check", "--numeric", "--quiet"]
    connect_scan = ["-sT", "-n", "-Pn"]
    candidates = [
        Scanner("sockctl", sockctl, check, ["--connect-timeout", "1"], check, r"^(\d+)$"),
        Scanner("nc", shutil.which("nc.openbsd") or shutil.which("nc"), ["-n", "-z"], ["-w", "1"],
                ["-n", "-z", "-v"], r" (\d+) port .* succeeded!"),
        Scanner("nmap", shutil.which("nmap"), connect_scan, [], connect_scan, r"^(\d+)/tcp +open "),
    ]
    absent = [f"{c.name}: left out: not installed" for c in candidates if not c.program]
    return [c for c in candidates if c.program], absent


class Scan:
    """A job: the ports from FIRST to LAST, of which some are open."""

    unit, scale = "s", 1
    LIMIT = 120  # seconds, for one run

    def __init__(self, title, first, last, open_ports, limited=False):
        self.title = title
        self.ports = f"{first}-{last}"
        self.open_ports = {port for port in open_ports if first <= port <= last}
        self.limited = limited

    def scan(self, contestant, verbose=False):
        """Returns wall and processor time, and what the contestant said."""
        command = contestant.command(self.ports, self.limited, verbose)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=self.LIMIT)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"not done after {self.LIMIT} s") from error
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode < 0:
            raise Failure(f"ended by signal {-done.returncode}: {done.stdout}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return wall, cpu, done.stdout

    def run(self, contestant):
        return self.scan(contestant)[:2]

    def verify(self, contestant):
        found = contestant.found(self.scan(contestant, verbose=True)[2])
        missed, made_up = self.open_ports - found, found - self.open_ports
        if missed or made_up:
            raise Failure(f"missed {sorted(missed)}, made up {sorted(made_up)}")


def enter_network():
    """Starts this program again in a network of its own, if that is allowed."""
    words = ["unshare", "--net", "--"]
    if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        return
    os.execvp("unshare", [*words, sys.executable, *sys.argv, "--inside"])


def silence_ports():
    """True if the silent ports are so from now on."""
    drop = ["iptables", "-A", "INPUT", "-p", "tcp", "--dport", f"{SILENT[0]}:{SILENT[-1]}", "-j",
            "DROP"]
    return bool(shutil.which("iptables")) and not subprocess.run(drop, check=False).returncode


def open_some(stack, count):
    ports = random.Random(1).sample([p for p in range(1, 30001) if p not in SILENT], count)
    for port in ports:
        sock = stack.enter_context(socket.socket())
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        sock.listen(socket.SOMAXCONN)
    return ports


def ports_of_others():
    """The open ports of the system's loopback."""
    ports = []
    for port in range(1, 30001):
        with socket.socket() as sock:
            if sock.connect_ex((HOST, port)) == 0:
                ports.append(port)
    return ports


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare the speed of port checks.")
    parser.add_argument("--sockctl", required=True, help="the program under test")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if not arguments.inside:
        enter_network()
    scanners, absent = find_scanners(os.path.abspath(arguments.sockctl))
    print(f"{os.cpu_count()} processors, Linux {os.uname().release}; {arguments.rounds} rounds")
    table, failures = [], []
    with contextlib.ExitStack() as stack:
        if arguments.inside:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            open_ports = open_some(stack, 50)
        else:
            open_ports = ports_of_others()
        jobs = [Scan("30,000 refused", 1, 30000, open_ports)]
        if arguments.inside:
            jobs.append(Scan("1,000, 8 silent", 20001, 21000, open_ports, limited=True))
        for job in jobs:
            if job.limited and not silence_ports():
                absent.append(f"{job.title}: left out: iptables is not installed")
                continue
            results, failed = measure(job, scanners, arguments.rounds)
            table.append((job, results))
            failures += failed
    for line in absent:
        print(line)
    print_table(table, [scanner.name for scanner in scanners if scanner.name != "sockctl"])
    print(LEGEND)
    for _, failure in failures:
        print(f"FAILED: {failure}")
    return any(name == "sockctl" for name, _ in failures)


if __name__ == "__main__":
    sys.exit(main())
