#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""TLS benchmarks: sockctl beside ncat, socat, openssl s_client and a minimal program over OpenSSL.

All contestants run in turn, A B C D A B C D ...; the tables show medians, and medians of the ratios
within a round. The other end is the minimal program, whoever is measured: TLS 1.3 with TLS_AES_128_GCM_SHA256. Only the ratios mean something on another machine, so nothing here fails for
being slow: the exit status is 1 when sockctl or the reference lost data, failed or hung.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))

from authority import Authority, openssl
from contestants import HOST, installed
from streams import GIB, Failure, Processes, check_counts, free_port, parse_size, take_turns

COMMANDS = b"QRkKBC"  # of s_client, which it also finds in data
SYSTEM = Path("/etc/ssl/certs")
LEGEND = """\
CPU: user + system of the contestant's own process, from wait4 or by the probe.
send           connect < file in the page cache; the reference receives
receive        connect > /dev/null; the reference sends the file
first byte     from exec to the first byte of a server's greeting, verified with the authorities of
               the system, by a directory with names made of hashes, and one of our own
without TLS    processor time from exec to exit, of the program and of one that was built without
               OpenSSL, twice"""


class Contestant:
    """NAME and the words of a client that connects to a port, verifying by the file CA or the
    directory TRUST."""

    def __init__(self, name, program, words):
        self.name, self.program, self.words = name, program, words

    def command(self, port, ca=None, trust=None, sends=False):
        words = self.words(port, ca, trust)
        if sends and self.name == "s_client":  # else it does not end with its input
            words.append("-no_ign_eof")
        return [self.program, *map(str, words)]


def sockctl_words(port, ca, trust):
    return ["connect", "--tls", *(["--ca", ca] if ca else []), HOST, port]


def ncat_words(port, ca, trust):
    # It takes no address for a name that may be verified.
    return ["-4", "--ssl-verify", *(["--ssl-trustfile", ca] if ca else []), "localhost", port]


def socat_words(port, ca, trust, *block):
    return [*block, "STDIO", f"OPENSSL:{HOST}:{port},commonname=localhost,"
            + (f"cafile={ca}" if ca else f"capath={trust}")]


def s_client_words(port, ca, trust):
    return ["s_client", "-quiet", "-verify_return_error", *(["-CAfile", ca] if ca else ["-CApath", trust]), "-connect", f"{HOST}:{port}"]


def contestants(sockctl, reference):
    candidates = [
        ("reference", reference, lambda port, ca, trust: ["connect", port, ca or trust]),
        ("sockctl", sockctl, sockctl_words),
        ("ncat", "ncat", ncat_words),
        ("socat -b 128k", "socat", lambda *a: socat_words(*a, "-b", "131072")),
        ("socat", "socat", socat_words),
        ("s_client", "openssl", s_client_words),
    ]
    found = []
    for name, program, words in candidates:
        if program and subprocess.run(["which", program], stdout=subprocess.DEVNULL,
                                      check=False).returncode == 0:
            found.append(Contestant(name, program, words))
        else:
            print(f"{name}: left out: not installed")
    return found


class Bulk:
    """One direction of a client; the reference is the server."""

    def __init__(self, title, bench):
        self.title, self.bench = title, bench

    def run(self, contestant):
        """Returns seconds, and seconds of processor time, per GiB."""
        bench, sends = self.bench, self.title == "send"
        with Processes() as processes, open(bench.big, "rb") as source:
            port = free_port()
            role = "listen" if sends else "give"
            server = processes.start([bench.reference, role, str(port), bench.cert],
                                     subprocess.DEVNULL if sends else source)
            processes.await_listener(server, port)
            begin = time.monotonic()
            client = processes.start(contestant.command(port, ca=bench.ca, sends=sends),
                                     source if sends else subprocess.DEVNULL)
            cpu = processes.finish(client)
            processes.finish(server)
            wall = time.monotonic() - begin
            check_counts(os.path.getsize(bench.big), source, None)
        gibs = os.path.getsize(bench.big) / GIB
        return wall / gibs, cpu / gibs


class FirstByte:
    title = "first byte"

    def __init__(self, bench, count):
        self.bench, self.count = bench, count

    def run(self, contestant):
        """The median of the samples and the processor time of each, in seconds."""
        bench = self.bench
        with Processes() as processes, \
                processes.server([bench.reference, "greet", "1", bench.cert]) as port:
            timer = processes.start([bench.probe, "start", str(self.count),
                                     *contestant.command(port, trust=bench.trust)],
                                    stdout=subprocess.PIPE)
            with timer.stdout:
                *samples, cpu = timer.stdout.read().decode().splitlines() or ["0"]
            processes.finish(timer)
        return (statistics.median(int(sample.split()[0]) for sample in samples) / 1e9,
                int(cpu) / self.count / 1e9)


class Bench:
    def __init__(self, directory, size, probe, reference):
        self.probe, self.reference = os.path.abspath(probe), os.path.abspath(reference)
        self.big = directory / "big"
        block = os.urandom(min(size, 64 << 20)).translate(None, COMMANDS)
        with open(self.big, "wb") as file:
            for start in range(0, size, len(block)):
                file.write(block[: size - start])
        pki = directory / "pki"
        pki.mkdir()
        authority = Authority(pki)
        self.cert, self.ca = str(authority.server.both), str(authority.root.cert)
        self.trust = directory / "trust"
        self.trust.mkdir()
        for path in SYSTEM.iterdir() if SYSTEM.is_dir() else []:
            (self.trust / path.name).symlink_to(path.resolve())
        name = openssl("x509", "-in", self.ca, "-noout", "-hash").decode().strip()
        (self.trust / f"{name}.9").symlink_to(self.ca)
        for n in range(9):  # names are tried from 0 on, without a gap
            if not (self.trust / f"{name}.{n}").exists():
                (self.trust / f"{name}.{n}").symlink_to(self.ca)
                break
        # What a client takes for the system's.
        os.environ["SSL_CERT_DIR"] = str(self.trust)
        os.environ["SSL_CERT_FILE"] = str(directory / "none")

    @staticmethod
    def now():
            return time.monotonic()


def median_ratio(samples, base, which):
    return statistics.median(a[which] / b[which] for a, b in zip(samples, base))


def print_results(job, results, unit, scale):
    base = results.get("reference")
    for name, samples in results.items():
        walls = statistics.median(s[0] for s in samples) * scale
        cpus = statistics.median(s[1] for s in samples) * scale
        ratios = "".join(f"{median_ratio(samples, base, n):>10.2f}" for n in (0, 1)) if base else ""
        print(f"{job.title:14}{name:16}{walls:>9.3f} {unit:6}{cpus:>9.3f} {unit:6}{ratios}",
              flush=True)
    print()


def run_once(words):
    """Seconds of processor time of one process, and its page faults."""
    files = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
             (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(words[0], words, os.environ, file_actions=files)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise Failure(f"{' '.join(words)}: status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_minflt


def without_tls(bench, sockctl, other, rounds):
    """The program beside a build without OpenSSL, and that beside itself: how far to trust it."""
    print(f"{'without TLS':22}{'this build':>12}{'other':>12}{'this/other':>12}{'other/other':>13}"
          f"{'page faults':>18}")
    with Processes() as processes, processes.server([bench.probe, "greet", "0"]) as port:
        for words in (["--version"], ["services", "http"], ["connect", HOST, str(port)]):
            runs = {"old": [], "again": [], "new": []}
            for _ in range(rounds):
                for name, program in (("old", other), ("again", other), ("new", sockctl)):
                    runs[name].append(run_once([program, *words]))
            cpu = {name: statistics.median(r[0] for r in each) for name, each in runs.items()}
            faults = {name: statistics.median(r[1] for r in each) for name, each in runs.items()}
            print(f"{words[0]:22}{cpu['new'] * 1e6:>9.0f} us{cpu['old'] * 1e6:>9.0f} us"
                  f"{cpu['new'] / cpu['old']:>12.3f}{cpu['again'] / cpu['old']:>13.3f}"
                  f"{faults['new']:>10.0f} :{faults['old']:>6.0f}", flush=True)
    print()


def build_without(source, folder, arguments):
    """The program without OpenSSL, built as the other was."""
    folder = Path(folder)
    quiet = {"stdout": subprocess.DEVNULL, "check": True}
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", "-Dtls=disabled", "-Dtests=false", "-Dman=disabled",
                        "-Dcompletions=disabled", f"-Dbuildtype={arguments.buildtype}",
                        f"-Doptimization={arguments.optimization}", folder, source], **quiet)
    subprocess.run(["ninja", "-C", folder, "sockctl"], **quiet)
    return str(folder / "sockctl")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sockctl", required=True, help="the program under test")
    parser.add_argument("--reference", required=True, help="the minimal program")
    parser.add_argument("--probe", required=True, help="the program that times starts")
    parser.add_argument("--size", type=parse_size, default="512M", help="bytes of one transfer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--starts", type=int, default=20, help="starts of one round")
    parser.add_argument("--runs", type=int, default=300, help="runs without TLS")
    parser.add_argument("--job", help="only jobs whose title contains this")
    parser.add_argument("--only", help="only these contestants (a,b,...)")
    parser.add_argument("--without", help="a program that was built without OpenSSL, to compare")
    parser.add_argument("--build", nargs=2, metavar=("SOURCE", "FOLDER"),
                        help="or the source to build it from, and in which folder")
    parser.add_argument("--buildtype", default="debugoptimized", help="of that, as Meson has it")
    parser.add_argument("--optimization", default="2", help="of that")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    found = contestants(os.path.abspath(arguments.sockctl), os.path.abspath(arguments.reference))
    if arguments.only:
        found = [c for c in found if c.name in arguments.only.split(",")]
    other = arguments.without
    failures = []
    print(f"{os.cpu_count()} processors, Linux {os.uname().release}, {openssl('version').decode()}"
          f"{arguments.rounds} rounds of {arguments.size / GIB:g} GiB and {arguments.starts} starts\n")
    with tempfile.TemporaryDirectory(prefix="tls.") as directory:
        bench = Bench(Path(directory), arguments.size, arguments.probe, arguments.reference)
        print(f"{'':30}{'wall':>16}{'CPU':>16}{'/reference: wall':>12}{'CPU':>5}")
        for job, unit, scale in ((Bulk("send", bench), "s/GiB", 1),
                                 (Bulk("receive", bench), "s/GiB", 1),
                                 (FirstByte(bench, arguments.starts), "ms", 1e3)):
            if arguments.job and arguments.job not in job.title:
                continue
            results, failed = take_turns(job, found, arguments.rounds)
            print_results(job, results, unit, scale)
            failures += failed
        if not arguments.job or arguments.job in "without TLS":
            if arguments.build:
                other = build_without(*arguments.build, arguments)
            if other:
                without_tls(bench, installed(arguments.sockctl, directory),
                            installed(other, directory), arguments.runs)
            else:
                print("without TLS: left out: no program without OpenSSL was given (--without)")
    print(LEGEND)
    for _, failure in failures:
        print(f"FAILED: {failure}")
    return any(name in ("sockctl", "reference") for name, _ in failures)


if __name__ == "__main__":
    sys.exit(main())
