#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""TLS as a server: sockctl beside ncat, socat, s_server, stunnel and the least there is to do.

handshakes    processor time of the server for each connection that is secured and ends: new ones
              and resumed ones, 1 and 50 at a time
idle          memory of the server for each connection that is secured and does nothing
forward       TLS ended and passed on in plain: processor time of the forwarder per GiB

All have the same certificate and cipher, and one ticket where that can be said. socat starts a
process for each connection and has no tickets that the next could read: it resumes nothing. All
contestants run in turn; medians of the rounds, and only the ratios mean something elsewhere. The
exit status is 1 when sockctl failed; nothing fails for being slow.
"""

import argparse
import contextlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from serving import (HOST, allow_descriptors, free_port, memory, processor_time, running,
                     wait_until_listening)

DROP = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
CIPHER = "TLS_AES_128_GCM_SHA256"
STUNNEL = """\
foreground = yes
pid =
debug = 0
[bench]
accept = {host}:{port}
connect = {host}:{target}
cert = {pem}
ciphersuites = {cipher}
sessionCacheSize = 0
"""


def make_identity(folder):
    """A certificate with its key, in one file."""
    key, cert, pem = (folder / name for name in ("key", "cert", "pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", key, "-out", cert],
        check=True, **DROP)
    pem.write_text(key.read_text() + cert.read_text())
    pem.chmod(0o600)
    return pem


class Bench:
    def __init__(self, args, folder):
        self.args = args
        self.folder = folder
        self.pem = make_identity(folder)

    def stunnel(self, port, target):
        config = self.folder / "stunnel.conf"
        config.write_text(STUNNEL.format(host=HOST, port=port, target=target, pem=self.pem,
                                         cipher=CIPHER))
        return ["stunnel4", config]

    def server(self, name, port):
        """The words that end TLS and drop what comes."""
        pem = self.pem
        return {
            "sockctl": lambda: [self.args.sockctl, "listen", "-qk", "--tls", "--cert", pem,
                                "--tls-set", f"Ciphersuites={CIPHER}", f"{HOST}:{port}"],
            "ncat": lambda: ["ncat", "-lk", "-m", "5000", "--ssl", "--ssl-cert", pem, "--ssl-key",
                             pem, HOST, str(port)],
            "s_server": lambda: ["openssl", "s_server", "-quiet", "-accept", f"{HOST}:{port}",
                                 "-cert", pem, "-key", pem, "-num_tickets", "1", "-ciphersuites",
                                 CIPHER],
            "socat": lambda: ["socat", "-u", f"OPENSSL-LISTEN:{port},bind={HOST},reuseaddr,fork,"
                              f"backlog=4096,cert={pem},verify=0", "OPEN:/dev/null"],
        }[name]()

    @contextlib.contextmanager
    def serving(self, name, ends_at_once=True):
        """(port, pid) of a server, which has nothing to say, or not yet."""
        quiet = {"stdin": subprocess.DEVNULL if ends_at_once and name != "s_server"
                 else subprocess.PIPE, **DROP}
        if name == "reference":
            quiet["stdout"] = subprocess.PIPE
            with running([self.args.ends, "serve", self.pem], **quiet) as process:
                yield int(process.stdout.readline()), process.pid
        elif name == "stunnel":
            with self.sink() as target, self.forwarding(name, target) as (port, pid):
                yield port, pid
        else:
            port = free_port()
            with running(self.server(name, port), **quiet) as process:
                wait_until_listening(port)
                yield port, process.pid

    @contextlib.contextmanager
    def sink(self):
        """The port of a server without TLS, for a forwarder."""
        with running([self.args.knock, "serve"], stdout=subprocess.PIPE) as server:
            yield int(server.stdout.readline())

    @contextlib.contextmanager
    def forwarding(self, name, target):
        port = free_port()
        words = {
            "sockctl": lambda: self.server("sockctl", port) + ["--forward", f"{HOST}:{target}"],
            "stunnel": lambda: self.stunnel(port, target),
            "socat": lambda: ["socat", f"OPENSSL-LISTEN:{port},bind={HOST},reuseaddr,fork,"
                              f"cert={self.pem},verify=0", f"TCP:{HOST}:{target}"],
        }[name]()
        with running(words, stdin=subprocess.DEVNULL, **DROP) as process:
            wait_until_listening(port)
            yield port, process.pid

    def handshakes(self, kind, at_once):
        """A job: processor milliseconds of the server for each."""
        def job(name):
            count = self.args.handshakes // (10 if name == "socat" else 1)
            with self.serving(name) as (port, pid):
                self.knock(port, at_once, at_once, "new")  # what is done once only
                before = processor_time(pid)
                self.knock(port, count, at_once, kind)
                return 1000 * (processor_time(pid) - before) / count
        return job

    def knock(self, port, count, at_once, kind):
        subprocess.run([self.args.ends, "run", str(port), str(count), str(at_once), kind],
                       check=True, timeout=300, stderr=subprocess.PIPE)

    def idle(self, name):
        """KiB for each connection."""
        count = 50 if name == "socat" else self.args.idle
        with self.serving(name, ends_at_once=False) as (port, pid):
            self.knock_and_wait(port, 1)
            before = memory(pid)
            with self.holding(port, count):
                return (memory(pid) - before) / count / 1024

    def knock_and_wait(self, port, count):
        with self.holding(port, count):
            pass

    @contextlib.contextmanager
    def holding(self, port, count):
        with subprocess.Popen([self.args.ends, "hold", str(port), str(count)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            if holder.stdout.readline() != b"holding\n":
                raise subprocess.CalledProcessError(1, "tls_ends hold")
            yield
            holder.stdin.close()

    def forward(self, name):
        """Processor seconds of the forwarder per GiB."""
        target = free_port()
        with open("/dev/null", "wb") as null, \
                running([self.args.reference, "listen", target], stdout=null) as sink:
            wait_until_listening(target)
            with self.forwarding(name, target) as (port, pid):
                before = processor_time(pid)
                subprocess.run([self.args.ends, "send", str(port), str(self.args.size)],
                               check=True, timeout=300)
                sink.wait(60)
                return (processor_time(pid) - before) / (self.args.size / 1024)


def table(title, unit, results):
    print(f"\n{title}", flush=True)
    ours = results.get("sockctl")
    for name, rounds in results.items():
        median = statistics.median(rounds)
        line = f"  {name:10}{median:10.3f} {unit}"
        if ours and name != "sockctl" and median:
            line += f"   sockctl is {statistics.median(ours) / median:.2f} x"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sockctl", required=True)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--knock", required=True)
    parser.add_argument("--ends", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--handshakes", type=int, default=500)
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--size", type=int, default=1024, help="MiB")
    args = parser.parse_args()
    programs = {"ncat": "ncat", "s_server": "openssl", "stunnel": "stunnel4", "socat": "socat"}
    present = [name for name, program in programs.items() if shutil.which(program)]
    allow_descriptors(2 * args.idle + 1000)
    failed = False
    with tempfile.TemporaryDirectory(prefix="sockctl-bench-") as folder:
        bench = Bench(args, Path(folder))
        servers = ["sockctl", "reference", *present]
        jobs = [(f"handshakes, {kind}, {at_once} at a time", "ms CPU each",
                 bench.handshakes(kind, at_once),
                 [name for name in servers if kind == "new" or name != "socat"], args.rounds)
                for kind in ("new", "resumed") for at_once in (1, 50)]
        jobs += [
            ("idle", "KiB each", bench.idle,
             [name for name in servers if name != "s_server"], 1),  # which serves one at a time
            ("forward to plain TCP", "s CPU/GiB", bench.forward,
             [name for name in ("sockctl", "stunnel", "socat") if name in servers], args.rounds)]
        for title, unit, job, names, rounds in jobs:
            results = {name: [] for name in names}
            for _ in range(rounds):
                for name in results:
                    try:
                        results[name].append(job(name))
                    except (subprocess.SubprocessError, ValueError) as error:
                        print(f"{name} failed: {error}")
                        failed |= name == "sockctl"
            table(title, unit, {n: r for n, r in results.items() if r})
    sys.exit(failed)


if __name__ == "__main__":
    main()
