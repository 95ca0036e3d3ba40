# SPDX-License-Identifier: ISC
"""Makes each system call and allocation of typical runs fail in turn, and says what became of them.

Usage: campaign.py [OPTION]... [RUN]...

A run is whole when all its data arrived and its status is 0, and told when it ended with a message
and another status, or when a server lost no more than the client that met the fault. Anything else
is a finding, for which this fails.
"""

import argparse
import collections
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rig as rigs
from calls import COUNT, Fault, faults_of, shim_faults_of, short_faults
from rig import BAD, LIBC, TOLD, UNREACHED, WHOLE, Hangs, Rig
from harness import HAS_TLS
from runs import RUNS

if HAS_TLS:
    import runs_tls  # noqa: F401, adds its runs

SKIPPED = 77  # how a test says so to Meson
SCALE = float(os.environ.get("SOCKCTL_TEST_DEADLINE", "30")) / 30

# Other programs, put through faults of the same kind: handled, and all of them.
PEERS = {"socat 1.7.4.4": (261, 273), "ncat 7.93": (269, 342), "nc 1.219 (OpenBSD)": (128, 187)}


def play(run, fault, options, base):
    """Plays one run. Returns the rig, which knows the details, and the verdict."""
    directory = Path(tempfile.mkdtemp(dir=base))
    rig = Rig(fault, options.limit, directory, options.shim)
    rig.usual_descriptors = run.descriptors.get(COUNT if fault and fault.shim else None)
    try:
        check = run.play(rig)
        return rig, rig.finish(check)
    except (Hangs, TimeoutError):
        return rig, rig.finish(None) if rig.proc else rigs.HANG
    finally:
        rig.clean_up()
        rig.last_log = rig.log
        shutil.rmtree(directory)


def describe(run, fault, rig, verdict):
    said = rig.proc.describe() if rig.proc else "not started"
    hit = next((line for line in rig.last_log.splitlines() if "(INJECTED)" in line), "")
    out = f"{len(rig.proc.out)} bytes: {rig.proc.out[:80]}" if rig.proc and rig.proc.has_output else ""
    return f"{verdict}: {run.name}, {fault}\n  {hit}\n  {said}\n  {out}\n  served: {rig.served}"


class Campaign:
    def __init__(self, options):
        self.options = options
        self.counts = collections.defaultdict(collections.Counter)
        self.findings = []

    def plan(self, base):
        """The faults of each run, from one without any under each of the tools."""
        plan = []
        for name in self.options.runs or RUNS:
            run = RUNS[name]
            log = self.normal(run, None, base)
            run.faults = faults_of(log, run.joins, run.of_children) if log else []
            if run.datagrams:
                run.faults = [fault for fault in run.faults if not fault.waits_for_a_queue]
            if self.options.shim and not run.of_children and log:
                run.faults += self.shim_faults(run, base)
            plan += [(run, fault) for fault in run.faults]
        if self.options.fault:
            chosen = Fault.parse(self.options.fault)
            return list(dict((run.name, (run, chosen)) for run, _ in plan).values())
        if self.options.sample:
            step = max(1, len(plan) // self.options.sample)
            plan = plan[::step]
        return plan

    def shim_faults(self, run, base):
        """None where not even counting leaves the run whole: that is a finding."""
        counted = self.normal(run, COUNT, base)
        if not counted:
            return []
        return [*shim_faults_of(counted), *(short_faults(self.options.seeds) if run.streams else [])]

    def normal(self, run, fault, base):
        rig, verdict = play(run, fault, self.options, base)
        if verdict == WHOLE:
            run.descriptors[fault] = rig.descriptors
            return rig.last_log
        self.findings.append("without a fault " + describe(run, fault, rig, verdict))
        return ""

    def one(self, item, base):
        run, fault = item
        rig, verdict = play(run, fault, self.options, base)
        self.counts[run.name][verdict] += 1
        if rigs.ABORTED in (rig.proc.err if rig.proc else ""):
            self.counts[run.name]["aborted"] += 1
        if verdict in BAD:
            text = describe(run, fault, rig, verdict)
            self.findings.append(text)
        if self.options.verbose:
            print(describe(run, fault, rig, verdict), flush=True)

    def run(self):
        with tempfile.TemporaryDirectory(prefix="sockctl-faults.") as base:
            plan = self.plan(base)
            with ThreadPoolExecutor(self.options.jobs) as pool:
                for _ in pool.map(lambda item: self.one(item, base), plan):
                    pass

    def table(self):
        columns = [WHOLE, TOLD, *BAD]
        rows = [["run", "faults", *columns]]
        for name in [name for name in RUNS if name in self.counts]:
            counts = self.counts[name]
            rows.append([name, sum(counts[c] for c in columns), *(counts[c] for c in columns)])
        rows.append(["all", *(sum(row[n] for row in rows[1:]) for n in range(1, len(rows[0])))])
        widths = [max(len(str(row[n])) for row in rows) for n in range(len(rows[0]))]
        for row in rows:
            cells = [str(row[0]).ljust(widths[0])]
            cells += [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])]
            print("  ".join(cells))
        return rows[-1]

    def report(self):
        for finding in self.findings:
            print(finding + "\n")
        total = self.table()
        faults, handled = total[1], total[2] + total[3]
        print(f"\nhandled: sockctl {handled} of {faults}")
        for name, (well, tried) in PEERS.items():
            print(f"         {name} {well} of {tried} ({100 * well / tried:.0f} %)")
        aborted = sum(counts["aborted"] for counts in self.counts.values())
        unreached = sum(counts[UNREACHED] for counts in self.counts.values())
        libc = sum(counts[LIBC] for counts in self.counts.values())
        print(f"{libc} met by a C library that cannot do without the memory it was refused")
        print(f"{aborted} told by the handler of SIGABRT, {unreached} that no run met")
        return not self.findings and faults > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sample", type=int, help="no more than about so many faults")
    parser.add_argument("--jobs", type=int, default=4, help="so many runs at once")
    parser.add_argument("--limit", type=float, default=10 * SCALE, help="seconds: what is a hang")
    parser.add_argument("--shim", help="what is preloaded for allocations and short results")
    parser.add_argument("--seeds", type=int, default=100, help="of short results for each run")
    parser.add_argument("--fault", help="only this one, CALL:ERROR:TIME[+]")
    parser.add_argument("--verbose", action="store_true", help="tell about each run")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="only these")
    campaign = Campaign(parser.parse_args())
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored under nohup(1), by the server, too
    if subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode:
        print("the system does not let strace look at processes")
        sys.exit(SKIPPED)
    started = time.monotonic()
    campaign.run()
    passed = campaign.report()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(not passed)


if __name__ == "__main__":
    main()
