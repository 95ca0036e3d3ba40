# SPDX-License-Identifier: ISC
"""A new kind of endpoint, or of what a channel reads and writes, asks few files what to do with it.

The sources are compiled as if there were one more, in a copy of the header that lists them. The
compiler names each switch that does not know it; one with a default would take it in silence.

Usage: newkind.py SOURCE_ROOT BUILD_ROOT
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compiler import project_command
from tree import Findings, c_files, code_only

# The header, its list, and how many files may have to change.
KINDS = [
    ("net/addr/endpoint.h", "endpoint_kind", 3),
    ("io/fd.h", "fd_kind", 5),
]
NEW = "KIND_THAT_IS_NEW"
WARNING = re.compile(rf"^(\S+?):(\d+):.*{NEW}.*\[-Wswitch(-enum)?\]", re.M)


def enumerators(code, name):
    """The words of an enum, and where its list ends."""
    match = re.search(rf"\benum {name} \{{([^}}]*)\}}", code)
    return set(re.findall(r"\b([A-Z]\w+)", match[1])), match.end(1)


def switches(root, path, words):
    code = code_only((root / path).read_text())
    return re.search(r"\bswitch\b", code) and words & set(re.findall(r"\w+", code))


def unaware(root, build, header, name):
    """The switches that do not know the new kind: (file, line, whether it has a default)."""
    text = (root / "src" / header).read_text()
    words, end = enumerators(code_only(text), name)
    sources = [path for path in c_files(root, "src") if switches(root, path, words)]
    command = project_command(root, build)
    first = command.index("-iquote")

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, header)
        copy.parent.mkdir(parents=True)
        copy.write_text(f"{text[:end]}\t{NEW},\n{text[end:]}")
        command[first:first] = ["-iquote", folder]
        command += ["-Wswitch", "-Wswitch-enum", "-Wno-error", "-fsyntax-only",
                    "-fdiagnostics-color=never", "-x", "c"]

        def compile_it(path):
            done = subprocess.run([*command, str(root / path)], cwd=build,
                                  stderr=subprocess.PIPE, text=True)
            if done.returncode:
                sys.exit(f"{path} does not compile:\n{done.stderr}")
            return WARNING.findall(done.stderr)

        with ThreadPoolExecutor(2) as pool:
            found = {switch for switches in pool.map(compile_it, sources) for switch in switches}
    return sorted((Path(file).relative_to(root), int(line), bool(enum))
                  for file, line, enum in found)


def main():
    root, build = (Path(word).resolve() for word in sys.argv[1:])
    findings = Findings()
    for header, name, most in KINDS:
        found = unaware(root, build, header, name)
        files = sorted({str(path) for path, _, _ in found})
        for path, line, has_default in found:
            findings.checked += 1
            if has_default:
                findings.add(path, line, f"the default takes every new {name} in silence")
        if not files:
            findings.add(f"src/{header}", 1, f"no switch asks for the {name}")
        if len(files) > most:
            findings.add(f"src/{header}", 1, f"a new {name} changes {len(files)} files, "
                                             f"{most} at most: {' '.join(files)}")
    findings.finish()


main()
