# SPDX-License-Identifier: ISC
"""What the text of the sources must have and must not have.

Licence lines, what a file says it is for, include guards, sizes of files, functions and folders,
functions that are banned; and the paths that README.md and CONTRIBUTING.md name.

Usage: text.py SOURCE_ROOT
"""

import itertools
import re
import sys
from collections import Counter
from pathlib import Path

from tree import Findings, c_files, code_only, files

MAX_FILE = 520
MAP = Path("src/main.c")
MAX_FUNCTION = 60
MAX_SOURCES = 22  # in a folder of src

# Why each is banned, and what serves instead.
BANNED = {
    "bounds nothing; use struct str": (
        "gets sprintf vsprintf strcpy strcat stpcpy strncpy strncat stpncpy alloca strdupa "
        "strndupa"
    ),
    "takes anything for a number; use base/value.h": "atoi atol atoll atof sscanf scanf fscanf",
    "keeps hidden state": "strtok rand srand ctime asctime localtime gmtime strerror_r setjmp",
    "is open to races": "tmpnam tempnam mktemp tmpfile",
    "runs a shell": "system popen",
}
# In the program itself; tests have cmocka's own ways.
BANNED_IN_PROGRAM = {
    "may return NULL; use base/mem.h": (
        "malloc calloc realloc reallocarray aligned_alloc strdup strndup asprintf vasprintf"
    ),
    "prints past the reporter": "printf vprintf fprintf vfprintf puts fputs putchar putc fputc "
    "dprintf vdprintf perror psignal fwrite",
}
EXEMPT = {Path("src/base/mem.c"): "malloc calloc realloc aligned_alloc strdup strndup"}

LICENCE = "SPDX-License-Identifier: ISC"
LICENSED_SUFFIXES = {".c", ".h", ".def", ".py", ".sh", ".bash", ".zsh", ".fish", ".build", ".options"}
TOPS = ["src", "tests", "completions", ".ci"]

IN_COMMENT = re.compile(r"//|/\*| \*")
# In a document, but for a stand-in such as src/cmd/NAME.c.
PATH = re.compile(r"`((?:src|tests|man|completions|\.ci)/[a-z0-9_/.-]+)`")

CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


def ban(table):
    return {name: reason for reason, names in table.items() for name in names.split()}


def check_licence(root, path, findings):
    head = (root / path).read_text().splitlines()[:3]
    if not any(LICENCE in line for line in head):
        findings.add(path, 1, f"lacks '{LICENCE}'")


def check_purpose(root, path, text, findings):
    """A file of src says first what it is for; a source with a header leaves that to the header."""
    if path.parts[0] != "src" or (path.suffix == ".c" and (root / path.with_suffix(".h")).exists()):
        return
    comment = itertools.takewhile(IN_COMMENT.match, text.splitlines()[1:])
    if not any(re.search(r"\w.*[.:]$", line) for line in comment):
        findings.add(path, 2, "does not open with a sentence that says what it is for")


def check_folders(paths, findings):
    for folder, count in Counter(path.parent for path in paths).items():
        if folder.parts[0] == "src" and count > MAX_SOURCES:
            findings.add(folder, 0, f"holds {count} sources, which is more than {MAX_SOURCES}")


def check_banned(path, code, findings):
    banned = ban(BANNED)
    if path.parts[0] == "src":
        banned |= ban(BANNED_IN_PROGRAM)
    for name in EXEMPT.get(path, "").split():
        del banned[name]
    for number, line in enumerate(code.splitlines(), 1):
        for name in CALL.findall(line):
            if name in banned:
                findings.add(path, number, f"{name}() {banned[name]}")


def check_sizes(path, code, findings):
    lines = code.splitlines()
    # The map at the top of main.c has a line for each file, and is no code.
    counted = [line for line in lines if line.strip()] if path == MAP else lines
    if len(counted) > MAX_FILE:
        findings.add(path, len(lines), f"is longer than {MAX_FILE} lines")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.rstrip() == "}" and start:
            if number - start - 1 > MAX_FUNCTION:
                findings.add(path, start, f"a function of more than {MAX_FUNCTION} lines")
            start = None


def check_guard(path, code, findings):
    if path.suffix != ".h":
        return
    words = path.relative_to("src") if path.parts[0] == "src" else path
    guard = "SOCKCTL_" + re.sub(r"\W", "_", str(words)).upper()
    if f"#ifndef {guard}\n#define {guard}\n" not in code:
        findings.add(path, 1, f"its guard is not {guard}")


def check_notes(path, text, findings):
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            findings.add(path, number, "leaves something for later")


def check_paths(root, findings):
    """Each path of the source that the documents name is there."""
    for path in sorted(root.glob("*.md")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name in PATH.findall(line):
                if not (root / name).exists():
                    findings.add(path.relative_to(root), number, f"there is no {name}")


def main():
    root = Path(sys.argv[1])
    findings = Findings()

    for path in files(root, TOPS, lambda path: path.suffix in LICENSED_SUFFIXES):
        check_licence(root, path, findings)
    for name in ("meson.build", "meson.options"):
        check_licence(root, Path(name), findings)
    check_paths(root, findings)
    sources = c_files(root, "src", "tests")
    check_folders([path for path in sources if path.suffix == ".c"], findings)
    for path in sources:
        text = (root / path).read_text()
        code = code_only(text)
        findings.checked += 1
        check_purpose(root, path, text, findings)
        check_banned(path, code, findings)
        check_sizes(path, code, findings)
        check_guard(path, code, findings)
        check_notes(path, text, findings)
    findings.finish()


main()
