# SPDX-License-Identifier: ISC
"""A copy of the source tree outside of it, builds of the copy, and runs of its tests."""

import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PR_SET_CHILD_SUBREAPER = 36
PROGRAM = "sockctl"
OBSERVER = "tests/observer/libobserver.so"
UNIT, E2E = "tests/unit", "tests/e2e"

UNIT_LIMIT = 60  # seconds
# What takes longer hangs. Less than usual: many mutants do.
PATIENCE = {"SOCKCTL_TEST_DEADLINE": "12"}


def adopt_orphans():
    """What the tests leave behind becomes a child of this process, which can end it then."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children():
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                after_name = (entry / "stat").read_text().rpartition(") ")[2].split()
                if int(after_name[1]) == os.getpid():
                    found.append(int(entry.name))
        except OSError:  # it has ended
            pass
    return found


def end_children():
    while pids := children():
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


def run(words, limit=None, **how):
    """Runs a command with what it starts. Returns its status, or None if it took too long, and what
    it wrote."""
    proc = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, text=True,
                            errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            start_new_session=True, **how)
    try:
        text, _ = proc.communicate(timeout=limit)
        return proc.returncode, text
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        if proc.poll() is None:
            os.killpg(proc.pid, signal.SIGKILL)
            proc.wait()
        proc.stdout.close()
        end_children()


def stop(what, text):
    print(f"mutants: {what}\n{text}", file=sys.stderr)
    sys.exit(2)


def digest(*contents):
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


class Workshop:
    """FOLDER/source is the copy; each build has a folder beside it."""

    def __init__(self, folder, jobs):
        self.folder, self.jobs = Path(folder).resolve(), jobs
        if self.folder.is_relative_to(ROOT):
            stop("the work folder is in the source tree", self.folder)
        self.lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stop("another run uses the work folder", self.folder)
        self.source = self.folder / "source"
        self.build = self.folder / "build"
        self.original = self.folder / "original"

    def copy(self):
        """Takes over what is new or has changed, so that a build need not begin again."""
        listed = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
        wanted = {name for name in listed if name and (ROOT / name).is_file()}
        for name in wanted:
            there, here = ROOT / name, self.source / name
            here.parent.mkdir(parents=True, exist_ok=True)
            if there.is_symlink():
                here.unlink(missing_ok=True)
                here.symlink_to(os.readlink(there))
            elif not here.exists() or here.read_bytes() != there.read_bytes():
                shutil.copy(there, here)
        for here in self.source.rglob("*"):
            if here.is_file() and str(here.relative_to(self.source)) not in wanted:
                here.unlink()

    def setup(self, build, *options):
        if (build / "build.ninja").exists():
            return
        # Lines would make the code of every mutant differ.
        status, text = run(["meson", "setup", build, self.source, "-Doptimization=2",
                            "-Ddebug=false", *options])
        if status != 0:
            stop("the build cannot be set up", text)

    def make(self, build, *targets):
        """Returns None, or what is wrong."""
        status, text = run(["ninja", "-C", build, f"-j{self.jobs}", *targets])
        return None if status == 0 else text

    def make_whole(self, build):
        """What a mutant may be put to."""
        targets = self.targets(self.unit_tests())
        problem = self.make(build, *targets)
        if problem:
            stop("the tree does not build", problem)
        return targets

    def sources(self):
        """The files that bugs are seeded into: texts by path."""
        return {str(path.relative_to(self.source)): path.read_text()
                for path in sorted((self.source / "src").rglob("*.c"))}

    def unit_tests(self):
        """Those of this build: it has tests of TLS or of what is said without."""
        self.setup(self.build, "-Dwerror=true")  # what a compiler warns about needs no test
        tests = json.loads((self.build / "meson-info/intro-tests.json").read_text())
        programs = {Path(test["cmd"][0]) for test in tests}
        return sorted(path.name for path in programs if path.parent == self.build / UNIT)

    def e2e_files(self):
        return sorted(path.name for path in (self.source / E2E).glob("test_*.py"))

    def test_digest(self, name):
        folder, suffix = (E2E, "") if name.endswith(".py") else (UNIT, ".c")
        return digest((self.source / folder / (name + suffix)).read_bytes())

    def targets(self, unit_tests):
        return [PROGRAM, OBSERVER, *(f"{UNIT}/{name}" for name in unit_tests)]

    def prepare(self):
        """Builds the tree as it is, and keeps what came out of it."""
        for name in self.make_whole(self.build):
            (self.original / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.build / name, self.original / name)
        self.code = self.code_digest()

    def code_digest(self):
        return digest(*(path.read_bytes() for path in sorted(self.build.glob("**/*.p/*.o"))
                        if not path.is_relative_to(self.build / "tests")))

    def run_unit(self, build, name):
        """Whether it passes."""
        status, _ = run([build / UNIT / name], UNIT_LIMIT, cwd=self.folder)
        return status == 0

    def run_e2e(self, build, words, limit, fail_fast=True):
        """Runs files or cases of them. Returns what has failed, or None if it took too long."""
        log = self.folder / "e2e.xml"
        log.unlink(missing_ok=True)
        status, text = run(
            [sys.executable, "-m", "pytest", "-q", "-n", 2 * self.jobs, f"--junitxml={log}",
             f"--basetemp={self.folder / 't'}", "-o", "timeout=60", *(["-x"] if fail_fast else []),
             *(self.source / E2E / word for word in words)],
            limit, cwd=self.source,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "SOCKCTL": str(build / PROGRAM),
                 "SOCKCTL_SANITIZED": "0", **PATIENCE})
        if status is None:
            return None
        if not log.exists():
            stop("pytest does not run", text)
        return [case_name(case) for case in xml.parse(log).iter("testcase")
                if case.find("failure") is not None or case.find("error") is not None]


def case_name(case):
    """What pytest takes: FILE::FUNCTION, or FILE where it could not be read."""
    names = [*case.get("classname").split("."), case.get("name").partition("[")[0]]
    return "::".join([f"{names[-2]}.py", names[-1]]) if names[-2] else f"{names[-1]}.py"
