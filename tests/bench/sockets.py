# SPDX-License-Identifier: ISC
"""Lists 5,000 sockets with sockctl and with ss, in turn, and compares the time they take.

Usage: sockets.py --sockctl PROGRAM [--count N] [--rounds N]
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

E2E = Path(__file__).resolve().parent.parent / "e2e"
INSIDE = "SOCKCTL_BENCH_INSIDE"

sys.path.insert(0, str(E2E))
from many_sockets import open_sockets  # noqa: E402


def seconds(command):
    """Time on the clock, and time of the processor, of one run."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: status {child.returncode}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def measure(pairs, rounds):
    print(f"{'':24} {'ss':>10} {'sockctl':>10} {'ratio':>7} {'of CPU':>7}")
    for name, theirs, ours in pairs:
        # In turn, so that what else the machine does meets both alike.
        times = [(seconds(theirs), seconds(ours)) for _ in range(rounds)]
        ss, own = ([statistics.median(run[tool][kind] for run in times) for kind in (0, 1)]
                   for tool in (0, 1))
        print(f"{name:24} {ss[0] * 1e3:7.1f} ms {own[0] * 1e3:7.1f} ms {own[0] / ss[0]:7.2f} "
              f"{own[1] / ss[1]:7.2f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockctl", required=True)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=31)
    options = parser.parse_args()
    if not shutil.which("ss"):
        sys.exit("ss is not installed")
    if INSIDE not in os.environ:
        # Other sockets of the machine come and go.
        words = [sys.executable, str(E2E / "namespace.py"), "none", sys.executable, *sys.argv]
        sys.exit(subprocess.run(words, env=os.environ | {INSIDE: "1"}, check=False).returncode)
    held = open_sockets(options.count)
    own = [options.sockctl, "sockets"]
    print(f"{len(held)} sockets, median of {options.rounds} runs each, in turn")
    measure([
        ("numbers", ["ss", "-tunax"], [*own, "-n"]),
        ("names of services", ["ss", "-tuax"], own),
        ("with processes", ["ss", "-tunaxp"], [*own, "-np"]),
        ("with measurements", ["ss", "-tunaxi"], [*own, "-nL"]),
    ], options.rounds)


main()
