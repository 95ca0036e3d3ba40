#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Forwarding: sockctl beside socat and haproxy, each from a port to a server on loopback.

bytes         a file through the forwarder into a program that drops it: GiB per second, and the
              processor time of the forwarder per GiB
connections   short connections, a byte there and back, 16 at once: how many per second
idle          memory of the forwarder for each connection that does nothing

socat lets 5 clients wait unless it is told otherwise; others try again after a second. Connections
are measured both with that and with a backlog as long as that of the others ("socat -").

All contestants run in turn; medians of the rounds. Only the ratios mean something elsewhere. The
exit status is 1 when sockctl failed; nothing fails for being slow.
"""

import argparse
import contextlib
import os
import random
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOST = "127.0.0.1"
GIB = 1 << 30
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    """Not one that the kernel gives to clients, of which there are many here."""
    while True:
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind((HOST, random.randrange(10000, 30000)))
                return probe.getsockname()[1]


def allow_descriptors(number):
    """For this process and all that it starts; returns how many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, max(hard, number)))
        return number
    return min(number, hard)


def wait_until_listening(port):
    for _ in range(1000):
        with open("/proc/net/tcp", encoding="ascii") as table:
            if any(row.split()[1] == f"0100007F:{port:04X}" and row.split()[3] == "0A"
                   for row in table):
                return
        time.sleep(0.01)
    sys.exit(f"nobody listens on port {port}")


@contextlib.contextmanager
def running(words, **how):
    process = subprocess.Popen([str(word) for word in words], **how)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def processes_of(pid):
    """The process and all that it has started."""
    pids = [pid]
    for parent in pids:
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                pids += map(int, children.read_text(encoding="ascii").split())
    return pids


def processor_time(pid):
    """Of the process, of its children, and of those it has waited for."""
    total = 0
    for one in processes_of(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii").rpartition(")")[2]
            words = fields.split()
            total += sum(map(int, words[11:13] if one != pid else words[11:15]))
    return total / TICK


def memory(pid):
    """Bytes that the processes have for themselves."""
    total = 0
    for one in processes_of(pid):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
            total += int(re.search(r"Pss:\s+(\d+)", text)[1]) * 1024
    return total


class Bench:
    def __init__(self, args, folder):
        self.args = args
        self.folder = Path(folder)
        self.file = self.folder / "data"
        with open(self.file, "wb") as file:
            file.truncate(args.size << 20)

    def forwarder(self, name, port, target):
        if name == "sockctl":
            return [self.args.sockctl, "listen", "-qk", f"{HOST}:{port}", "--forward",
                    f"{HOST}:{target}"]
        if name.startswith("socat"):
            backlog = ",backlog=4096" if name == "socat -" else ""
            return ["socat", f"TCP-LISTEN:{port},bind={HOST},reuseaddr,fork{backlog}",
                    f"TCP:{HOST}:{target}"]
        text = Path(__file__).with_name("haproxy.cfg").read_text(encoding="ascii")
        config = self.folder / "haproxy.cfg"
        for name, value in (("LISTEN", port), ("TARGET", target), ("MOST", self.args.idle + 50)):
            text = text.replace(f"@{name}@", str(value))
        config.write_text(text)
        return ["haproxy", "-db", "-q", "-f", config]

    @contextlib.contextmanager
    def forwarding(self, name, target):
        port = free_port()
        # The ends go in a hurry, which a forwarder may complain of.
        with running(self.forwarder(name, port, target), stdin=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL) as process:
            wait_until_listening(port)
            yield port, process.pid

    def bytes(self, name):
        """Returns (GiB per second, processor seconds per GiB)."""
        target = free_port()
        with open("/dev/null", "wb") as null, open(self.file, "rb") as file:
            with running([self.args.reference, "listen", target], stdout=null) as sink:
                wait_until_listening(target)
                with self.forwarding(name, target) as (port, pid):
                    before = processor_time(pid)
                    started = time.monotonic()
                    subprocess.run([self.args.reference, "connect", str(port)], stdin=file,
                                   check=True)
                    sink.wait(60)
                    seconds = time.monotonic() - started
                    used = processor_time(pid) - before
        amount = self.args.size / 1024
        return amount / seconds, used / amount

    @contextlib.contextmanager
    def answering(self):
        with running([self.args.knock, "serve"], stdout=subprocess.PIPE) as server:
            yield int(server.stdout.readline())

    def connections(self, name):
        """Returns (connections per second, processor milliseconds for each)."""
        count = self.args.connections // {"socat": 400, "socat -": 10}.get(name, 1)
        with self.answering() as target, self.forwarding(name, target) as (port, pid):
            before = processor_time(pid)
            done = subprocess.run([self.args.knock, "run", str(port), str(count), "16"],
                                  check=True, stdout=subprocess.PIPE)
            return count / float(done.stdout), 1000 * (processor_time(pid) - before) / count

    def idle(self, name):
        """Returns (bytes for each connection, how many)."""
        count = 200 if name == "socat" else self.args.idle
        with self.answering() as target, self.forwarding(name, target) as (port, pid):
            before = memory(pid)
            holder = subprocess.Popen([self.args.knock, "hold", str(port), str(count)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            if holder.stdout.readline() != b"holding\n":
                raise subprocess.CalledProcessError(1, "knock hold")
            used = memory(pid) - before
            holder.communicate()
        return used / count, count


def table(title, units, results):
    print(f"\n{title}")
    ours = results.get("sockctl")
    for name, rounds in results.items():
        values = [statistics.median(column) for column in zip(*rounds)]
        line = f"  {name:8}" + "".join(f"{v:14.4g} {u}" for v, u in zip(values, units))
        if ours and name != "sockctl":
            mine = [statistics.median(column) for column in zip(*ours)]
            line += "   sockctl is " + ", ".join(
                f"{a / b:.2f} x" for a, b in zip(mine, values) if b)
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sockctl", required=True)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--knock", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=2048, help="MiB")
    parser.add_argument("--connections", type=int, default=20000)
    parser.add_argument("--idle", type=int, default=10000)
    args = parser.parse_args()
    names = ["sockctl", *(name for name in ("haproxy", "socat") if shutil.which(name))]
    failed = False
    args.idle = min(args.idle, (allow_descriptors(2 * args.idle + 1000) - 1000) // 2)
    with tempfile.TemporaryDirectory(prefix="sockctl-bench-", dir="/dev/shm") as folder:
        bench = Bench(args, folder)
        for job, units in ((bench.bytes, ("GiB/s", "s CPU/GiB")),
                           (bench.connections, ("/s", "ms CPU each")),
                           (bench.idle, ("B each", "connections"))):
            results = {name: [] for name in names}
            if job == bench.connections and "socat" in names:
                results["socat -"] = []
            for _ in range(args.rounds if job != bench.idle else 1):
                for name in results:
                    try:
                        results[name].append(job(name))
                    except (subprocess.SubprocessError, ValueError) as error:
                        print(f"{name} failed: {error}")
                        failed |= name == "sockctl"
            table(job.__name__, units, {n: r for n, r in results.items() if r})
    sys.exit(failed)


if __name__ == "__main__":
    main()
