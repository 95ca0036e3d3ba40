# SPDX-License-Identifier: ISC
"""The tools that are compared, and the words that make each of them do the same thing."""

import os
import shutil
import subprocess
import tempfile

HOST = "127.0.0.1"


class Contestant:
    """Command lines of one tool; an address is a port (int) or the path of a Unix socket (str)."""

    def __init__(self, name, program, listen, connect, talk):
        self.name = name
        self.program = program
        self.forms = {"listen": listen, "connect": connect, "talk": talk}

    def command(self, role, address):
        """The words that receive ("listen"), send ("connect") or do both ("talk")."""
        return [self.program] + self.forms[role](address)


def is_path(address):
    return isinstance(address, str)


def reference(program):
    return Contestant(
        "reference",
        program,
        lambda a: ["listen", str(a)],
        lambda a: ["connect", str(a)],
        lambda a: ["relay", str(a)],
    )


def sockctl(program):
    def endpoint(a):
        return ["unix:" + a] if is_path(a) else [HOST, str(a)]

    return Contestant(
        "sockctl",
        program,
        lambda a: ["listen", "-q"] + endpoint(a),
        lambda a: ["connect"] + endpoint(a),
        lambda a: ["connect"] + endpoint(a),
    )


def netcat(program):
    def endpoint(a):
        return ["-U", a] if is_path(a) else [HOST, str(a)]

    return Contestant(
        "nc",
        program,
        lambda a: ["-l"] + endpoint(a),
        lambda a: ["-N"] + endpoint(a),
        lambda a: ["-N"] + endpoint(a),
    )


def ncat(program):
    def endpoint(a):
        return ["-U", a] if is_path(a) else [HOST, str(a)]

    return Contestant("ncat", program, lambda a: ["-l"] + endpoint(a), endpoint, endpoint)


def socat(program):
    def listener(a):
        return "UNIX-LISTEN:" + a if is_path(a) else f"TCP-LISTEN:{a},bind={HOST},reuseaddr"

    def target(a):
        return "UNIX-CONNECT:" + a if is_path(a) else f"TCP:{HOST}:{a}"

    return Contestant(
        "socat",
        program,
        lambda a: ["-u", listener(a), "STDOUT"],
        lambda a: ["-u", "STDIN", target(a)],
        lambda a: ["STDIO", target(a)],
    )


def find_contestants(sockctl_program, reference_program, wanted=None):
    """The contestants that exist, and lines that say which are left out."""
    found, absent = [], []
    candidates = [
        ("sockctl", sockctl_program, sockctl),
        ("reference", reference_program, reference),
        ("nc", shutil.which("nc.openbsd") or shutil.which("nc"), netcat),
        ("ncat", shutil.which("ncat"), ncat),
        ("socat", shutil.which("socat"), socat),
    ]
    for name, program, make in candidates:
        if not program or not os.access(program, os.X_OK):
            absent.append(f"{name}: left out: not installed")
        elif name == "nc" and "OpenBSD" not in first_line([program, "-h"]):
            absent.append(f"nc: left out: {program} is not netcat-openbsd")
        elif wanted and name not in wanted:
            absent.append(f"{name}: left out: not asked for")
        else:
            found.append(make(os.path.abspath(program)))
    return found, absent


def first_line(command):
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout.partition("\n")[0]


def installed(program, folder):
    """A copy of PROGRAM in FOLDER, as an installation makes one. What a linker writes piece by piece
    stays in the kernel's cache in small pieces, and each start pays for mapping them: a tenth and
    more of a short run."""
    return shutil.copy(program, tempfile.mkdtemp(dir=folder))
