#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Look-up benchmarks: sockctl beside getent.

Short runs are made in pairs, in random order within each pair, so that whatever else the machine
does falls on both; the table shows medians and the median of the ratios of the pairs. Many names
are looked up in a network of their own against a name server that knows them (dnsmasq), by getent
once for each name and by one sockctl. Only the ratios mean something on another machine, so nothing
here fails for being slow: the exit status is 1 when the answers differ or somebody failed.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOLDER = Path(__file__).parent.parent / "e2e" / "names_host.py"

# What both do, and the words that make them do it.
PAIRS = [
    (["services", "http"], ["services", "http"]),
    (["services", "80/tcp"], ["services", "80/tcp"]),
    (["protocols", "tcp"], ["protocols", "tcp"]),
    (["networks", "loopback"], ["networks", "loopback"]),
    (["hosts", "localhost"], ["hosts", "localhost"]),
    (["resolve", "localhost"], ["ahosts", "localhost"]),
    (["services"], ["services"]),
]

FILES = {
    "nsswitch.conf": "hosts: files dns\n",
    "resolv.conf": "nameserver 127.0.0.1\n",
    "hosts": "127.0.0.1 localhost\n",
    "passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "group": "root:x:0:\n",
}


class Failure(Exception):
    """Somebody who failed, or answers that differ."""


def run_once(words):
    """Seconds from the start of a process to its end."""
    actions = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=actions)
    status = os.waitpid(pid, 0)[1]
    seconds = time.perf_counter() - start
    if status:
        raise Failure(f"{' '.join(words)}: status {os.waitstatus_to_exitcode(status)}")
    return seconds


def measure_pair(ours, theirs, rounds):
    times = {0: [], 1: []}
    for _ in range(rounds):
        for which in random.sample((0, 1), 2):
            times[which].append(run_once((ours, theirs)[which]))
    return times[0], times[1]


def start_up(sockctl, rounds):
    print(f"{'start to end':<24}{'sockctl':>12}{'getent':>12}{'sockctl / getent':>20}")
    for ours, theirs in PAIRS:
        mine, other = measure_pair([sockctl, *ours], ["getent", *theirs], rounds)
        ratio = statistics.median(a / b for a, b in zip(mine, other))
        print(f"{' '.join(ours):<24}{statistics.median(mine) * 1e6:>9.0f} us"
              f"{statistics.median(other) * 1e6:>9.0f} us{ratio:>20.2f}", flush=True)


class Network:
    """Name spaces with a name server that knows COUNT names."""

    def __init__(self, directory, count):
        etc = directory / "etc"
        etc.mkdir()
        for name, text in FILES.items():
            (etc / name).write_text(text)
        self.names = [f"n{n}.test" for n in range(count)]
        self.addresses = [f"198.{18 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}"
                          for n in range(count)]
        hosts = directory / "hosts"
        hosts.write_text("".join(f"{a} {n}\n" for a, n in zip(self.addresses, self.names)))
        config = directory / "dnsmasq"
        config.write_text(f"local=/test/\naddn-hosts={hosts}\n")
        self.holder = subprocess.Popen(
            [sys.executable, HOLDER, etc, f"127.0.0.1=dnsmasq:{config}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        pid = self.holder.stdout.readline().strip()
        self.wrap = ["nsenter", "-t", pid, "-m", "-n", "--"] if pid else None

    def close(self):
        self.holder.communicate()

    def seconds(self, words, names):
        """How long the words take for the names on their stdin, and what they print."""
        start = time.perf_counter()
        done = subprocess.run([*self.wrap, *words], input="\n".join(names) + "\n", text=True,
                              stdout=subprocess.PIPE, check=False)
        seconds = time.perf_counter() - start
        if done.returncode:
            raise Failure(f"{' '.join(words)}: status {done.returncode}")
        return seconds, done.stdout.splitlines()


def many_names(sockctl, count, loops):
    with tempfile.TemporaryDirectory() as directory:
        network = Network(Path(directory), count)
        if not network.wrap:
            print("many names: skipped, as the system does not allow name spaces")
            return
        try:
            compare_many(network, sockctl, count, loops)
        finally:
            network.close()


def compare_many(network, sockctl, count, loops):
    print(f"\n{'many names':<24}{'names':>12}{'seconds':>12}{'per name':>12}{'getent / this':>16}")
    loop = "while read -r name; do getent ahosts $name || exit; done"
    looped, printed = network.seconds(["sh", "-c", loop], network.names[:loops])
    if [line.split()[0] for line in printed[::3]] != network.addresses[:loops]:
        raise Failure("getent: other addresses than expected")
    print(f"{'getent in a loop':<24}{loops:>12}{looped:>12.2f}{looped / loops * 1e6:>9.0f} us"
          f"{1:>16.1f}", flush=True)
    for jobs in (1, 4, 16, 64):
        seconds, printed = network.seconds([sockctl, "resolve", "--jobs", str(jobs), "-"],
                                           network.names)
        if [line.split("\t")[1] for line in printed] != network.addresses:
            raise Failure("sockctl: other addresses than expected")
        print(f"{f'sockctl --jobs {jobs}':<24}{count:>12}{seconds:>12.2f}"
              f"{seconds / count * 1e6:>9.0f} us{looped / loops / (seconds / count):>16.1f}",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sockctl", default="sockctl", help="the program")
    parser.add_argument("--rounds", type=int, default=200, help="pairs of short runs (200)")
    parser.add_argument("--names", type=int, default=10000, help="names for sockctl (10000)")
    parser.add_argument("--loops", type=int, default=1000, help="names for getent (1000)")
    args = parser.parse_args()
    sockctl = shutil.which(os.path.abspath(args.sockctl)) or shutil.which(args.sockctl)
    try:
        if not sockctl:
            raise Failure(f"{args.sockctl}: not found")
        start_up(sockctl, args.rounds)
        if shutil.which("dnsmasq") and shutil.which("nsenter"):
            many_names(sockctl, args.names, args.loops)
        else:
            print("many names: skipped, for want of dnsmasq or nsenter")
    except Failure as failure:
        sys.exit(f"names.py: {failure}")


if __name__ == "__main__":
    main()
