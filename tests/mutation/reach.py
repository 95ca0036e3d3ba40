# SPDX-License-Identifier: ISC
"""Which lines of src each unit test and each end-to-end file reaches, as gcov counts them."""

import json
import os
import time
from pathlib import Path

from workshop import digest, run


def ranges(lines):
    """[1, 2, 3, 7] -> [[1, 3], [7, 7]], which is shorter to keep."""
    found = []
    for line in sorted(lines):
        if found and found[-1][1] == line - 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return found


class Reach:
    """The map, kept in a file, so that only what has changed is measured again."""

    def __init__(self, workshop):
        self.workshop = workshop
        self.build = workshop.folder / "reach"
        self.file = workshop.folder / "reach.json"
        self.known = {"sources": None, "code": {}, "tests": {}}

    def load(self):
        state = digest(*(text.encode() for text in self.workshop.sources().values()))
        if self.file.exists():
            self.known = json.loads(self.file.read_text())
        if self.known["sources"] != state:
            self.known = {"sources": state, "code": {}, "tests": {}}

    def missing(self):
        """Unit tests and end-to-end files that were not measured as they are now."""
        tests = self.known["tests"]
        return [name for name in self.workshop.unit_tests() + self.workshop.e2e_files()
                if tests.get(name, {}).get("digest") != self.workshop.test_digest(name)]

    def prepare(self):
        self.workshop.setup(self.build, "-Db_coverage=true")
        self.workshop.make_whole(self.build)

    def measure(self, name):
        for data in self.counts():
            data.unlink()
        start = time.monotonic()
        if name.endswith(".py"):
            self.workshop.run_e2e(self.build, [name], None, fail_fast=False)
        else:
            self.workshop.run_unit(self.build, name)
        seconds = time.monotonic() - start
        self.known["tests"][name] = {"digest": self.workshop.test_digest(name),
                                     "lines": self.read_counts(), "seconds": seconds}
        self.file.write_text(json.dumps(self.known))

    def counts(self):
        """What the program and the unit tests have written about the objects of src."""
        return [data for data in self.build.rglob("*.gcda")
                if not data.is_relative_to(self.build / "tests")]

    def read_counts(self):
        """{file: ranges of lines that were reached}; notes which lines hold code."""
        files = self.counts()
        if not files:
            return {}
        _, text = run(["gcov", "--stdout", "--json-format", *files], cwd=self.build)
        reached = {}
        for report in filter(lambda line: line.startswith("{"), text.splitlines()):
            for file in json.loads(report)["files"]:
                path = os.path.normpath(self.build / file["file"])
                if not path.startswith(str(self.workshop.source / "src")):
                    continue
                path = os.path.relpath(path, self.workshop.source)
                code = {line["line_number"] for line in file["lines"]}
                self.known["code"].setdefault(path, ranges(code))
                reached.setdefault(path, set()).update(
                    line["line_number"] for line in file["lines"] if line["count"])
        return {path: ranges(lines) for path, lines in reached.items()}

    def line_with_code(self, path, line):
        """The last line up to this one that gcov counts: that of the statement's part."""
        starts = [min(last, line) for first, last in self.known["code"].get(path, [])
                  if first <= line]
        return max(starts, default=line)

    def tests_of(self, path, line):
        """The tests that reach a line, and those that are called like the file or its folder."""
        line = self.line_with_code(path, line)
        named = {"test_" + part for part in Path(path).with_suffix("").parts}

        def is_wanted(name):
            lines = self.known["tests"][name]["lines"].get(path, [])
            return name.removesuffix(".py") in named or any(
                first <= line <= last for first, last in lines)

        def rank(name):
            """The closest and shortest first."""
            test = self.known["tests"][name]
            share = len(test["lines"].get(path, [])) / (1 + len(test["lines"]))
            return name.removesuffix(".py") not in named, -share, test["seconds"]

        present = self.workshop.unit_tests() + self.workshop.e2e_files()
        return sorted(filter(is_wanted, present), key=rank)

    def seconds(self, names):
        return sum(self.known["tests"][name]["seconds"] for name in names)
