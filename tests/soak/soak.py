# SPDX-License-Identifier: ISC
"""Serves clients that behave and clients that do not for a long time, and looks what it costs.

Usage: soak.py [--seconds N] [--connections N] [--held N] [--seed N]

Four servers run from the start to the end, and an echo server holds connections all the while. Fails
unless each well-behaved client got every byte, and the servers have at the end the descriptors and,
but for a tolerance, the memory that they had after the first minute.
"""

import argparse
import os
import re
import signal
import sys
import time

from clients import Crowd  # puts tests/e2e on the path
from crowd import allow_descriptors
from harness import DEVNULL, SANITIZED, Proc

TOLERANCE = 512  # KiB; an allocator does not give every page back
SPARE = 16  # descriptors of empty pipes, which a server may keep for those who come next
CHURN = 200_000  # connections in ten minutes


class Server:
    def __init__(self, name, share, *words):
        self.name, self.share = name, share
        self.is_broker = "--broker" in words
        self.proc = Proc(*words, "127.0.0.1", "0", stdin=DEVNULL)
        self.port = self.proc.port
        self.first_sockets = self.sockets()
        self.connections = self.verified = self.held = 0

    def sockets(self):
        """How many it has."""
        directory = f"/proc/{self.proc.pid}/fd"
        count = 0
        for name in os.listdir(directory):
            try:
                count += os.readlink(f"{directory}/{name}").startswith("socket:")
            except FileNotFoundError:
                pass  # closed meanwhile
        return count

    def memory(self):
        """KiB that are its own."""
        with open(f"/proc/{self.proc.pid}/smaps_rollup", encoding="ascii") as file:
            return int(re.search(r"Private_Dirty: +(\d+)", file.read())[1])

    def memory_at_rest(self):
        """The least within a second, as what a burst took is not given back at once."""
        end = time.monotonic() + 1
        least = self.memory()
        while time.monotonic() < end:
            time.sleep(0.05)
            least = min(least, self.memory())
        return least

    def children(self):
        with open(f"/proc/{self.proc.pid}/task/{self.proc.pid}/children", encoding="ascii") as file:
            return len(file.read().split())

    def processor_seconds(self):
        with open(f"/proc/{self.proc.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_alone(self):
        """Nothing is left of those who left."""
        return self.sockets() == self.first_sockets + self.held and self.children() == 0

    def stop(self):
        """Returns what is wrong with its end."""
        problems = []
        try:
            self.proc.stop()
        except AssertionError as error:
            problems.append(str(error)[-2000:])
        return problems + self.proc.finish()


class Soak:
    def __init__(self, options):
        self.options = options
        self.problems = []
        echo = Server("echo", 50, "echo", "--tcp")
        forward = Server("forward", 30, "listen", "-k", "--forward", f"127.0.0.1:{echo.port}")
        self.servers = [
            echo,
            forward,
            Server("exec", 10, "listen", "-k", "--exec", "cat"),
            Server("broker", 10, "listen", "-k", "--broker"),
        ]
        self.crowd = Crowd(self.servers, options.seed)

    def hold(self):
        """Connections that stay from here on."""
        echo = self.servers[0]
        before, start = echo.memory(), time.monotonic()
        self.crowd.hold(echo, self.options.held)
        print(f"held: {echo.held} connections, served after {time.monotonic() - start:.1f} s, "
              f"{(echo.memory() - before) * 1024 // max(1, echo.held)} bytes for each", flush=True)

    def sample(self):
        """Waits until all who left are forgotten; the descriptors and memory of each server."""
        self.crowd.rest()
        self.problems += [
            f"{server.name}: {server.sockets()} sockets instead of "
            f"{server.first_sockets + server.held}, {server.children()} children"
            for server in self.servers if not server.is_alone()]
        return [(server.proc.descriptors(), server.memory_at_rest()) for server in self.servers]

    def mix(self, seconds, connections):
        """Runs the clients, and tells every minute how it goes."""
        parts = max(1, round(seconds / 60))
        for part in range(parts):
            done = connections * part // parts
            self.crowd.run(seconds / parts, connections * (part + 1) // parts - done)
            state = "; ".join(f"{s.name} {s.memory()} KiB {s.proc.descriptors()} fds"
                              for s in self.servers)
            print(f"{time.monotonic() - self.started:5.0f} s: {self.crowd.started} connections, "
                  f"{len(self.crowd.open)} open; {state}", flush=True)
            if self.crowd.problems:
                break

    def run(self):
        self.started = time.monotonic()
        seconds, connections = self.options.seconds, self.options.connections
        self.hold()
        self.crowd.join_choirs()
        warm_up = min(60, seconds / 3)
        early = int(connections * warm_up / seconds)
        self.mix(warm_up, early)
        first = self.sample()
        print(f"measured after {time.monotonic() - self.started:.0f} s", flush=True)
        self.mix(seconds - warm_up, connections - early)
        last = self.sample()
        self.crowd.finish()
        return first, last

    def judge(self, first, last):
        for server, (fds, memory), (last_fds, last_memory) in zip(self.servers, first, last):
            if abs(last_fds - fds) > SPARE:
                self.problems.append(f"{server.name}: {fds} descriptors became {last_fds}")
            if last_memory - memory > TOLERANCE and not SANITIZED:
                self.problems.append(f"{server.name}: memory grew by {last_memory - memory} KiB")

    def table(self, first, last):
        rows = [("server", "connections", "MiB verified", "descriptors", "at the end",
                 "memory KiB", "at the end", "CPU s")]
        for server, (fds, memory), (last_fds, last_memory) in zip(self.servers, first, last):
            rows.append((server.name, server.connections + server.held, server.verified >> 20, fds,
                         last_fds, memory, last_memory, f"{server.processor_seconds():.1f}"))
        widths = [max(len(str(row[n])) for row in rows) for n in range(len(rows[0]))]
        for row in rows:
            print("  ".join(str(cell).rjust(width) for cell, width in zip(row, widths)))

    def close(self):
        self.crowd.close()
        for server in self.servers:
            self.problems += [f"{server.name}: {problem}" for problem in server.stop()]

    def report(self):
        problems = self.crowd.problems + self.problems
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.crowd.kinds.most_common())
        print(f"{self.crowd.started} connections came and went in "
              f"{time.monotonic() - self.started:.0f} s ({kinds}), {self.options.held} stayed")
        for problem in problems:
            print(f"failed: {problem}")
        for server in self.servers if problems else ():
            print(f"the last that {server.name} said:", *server.proc.lines[-10:], sep="\n  ")
        print("failed" if problems else "passed")
        return not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, help="so long (SOCKCTL_SOAK_SECONDS, or 60)",
                        default=float(os.environ.get("SOCKCTL_SOAK_SECONDS", "60")))
    parser.add_argument("--connections", type=int,
                        help=f"so many come and go ({CHURN} in ten minutes and more, else as fast)")
    parser.add_argument("--held", type=int, default=10_000, help="so many stay")
    parser.add_argument("--seed", type=int, default=1, help="of what clients do")
    options = parser.parse_args()
    if options.connections is None:
        options.connections = int(CHURN * max(1, options.seconds) // 600)
    if not allow_descriptors(options.held + 4096):
        sys.exit(f"soak: no {options.held + 4096} descriptors: raise the hard limit, or --held less")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    soak = Soak(options)
    try:
        first, last = soak.run()
        soak.judge(first, last)
        soak.table(first, last)
    finally:
        soak.close()
    sys.exit(not soak.report())


if __name__ == "__main__":
    main()
