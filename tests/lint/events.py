# SPDX-License-Identifier: ISC
"""Events stand in the catalogue, each is reported, and with no other fields than it has there; a
name of a field in JSON, of events and of tables, has one type.

Usage: events.py SOURCE_ROOT

What a call does not spell out is checked as the program runs.
"""

import re
import sys
from pathlib import Path

from tree import Findings, c_files, code_only

CATALOGUE = Path("src/out/events.def")
STRING = r'(?:NULL|(?:"(?:\\.|[^"\\])*"\s*)+)'
EVENT = re.compile(rf'^EVENT\((\w+), "[a-z-]+", \w+,\s*{STRING},\s*({STRING}),', re.M)
WORDING = re.compile(r"^WORDING\((\w+), (\w+),", re.M)
TEXT = re.compile(r"^TEXT\((\w+),", re.M)
OWN = re.compile(r"\bstruct event (\w+) = \{")
REPORT = re.compile(r"\breport(?:_line)?\(")
FIELD = re.compile(r'\b(?:F_(?!SHOWN|ENDPOINT)[A-Z]+|field_[a-z]+_if)\("([^"]+)"')
TYPED = re.compile(r'^FIELD\((?P<row>[\w.]+), (?P<declared>[A-Z]+),'
                   r'|\b(?:F|field)_(?P<macro>[A-Za-z]+?)(?:_if)?\(\s*"(?P<field>[^"]+)"(?!, NULL\))'
                   r'|\bjson_object_set_new\(\w+, "(?P<member>[^"]+)", json_(?P<function>[a-z]+)\(', re.M)
# What JSON has, and the words that stand for it in the catalogue and in the calls.
TYPES = {
    "a string": "STRING STR SAFE BYTES SIGNAL string text",
    "an integer": "INTEGER UINT INT uint integer",
    "a number": "SECONDS TIME REAL seconds real",
    "a boolean": "BOOLEAN BOOL true",
    "an address": "ADDRESS REMOTE ADDR HOST",
    "strings": "STRINGS LIST",
    "objects": "OBJECTS",
    "an object": "OBJECT",
    "ranges": "RANGES JSON",
}
TYPE_OF = {word: name for name, words in TYPES.items() for word in words.split()}


def catalogue(text):
    """{event: set of its keys, or None where any will do}."""
    events = {name: set(re.sub(r'["?]', " ", keys).split()) for name, keys in EVENT.findall(text)}
    events |= {name: events[of] for name, of in WORDING.findall(text)}
    return events | {name: None for name in TEXT.findall(text)}


def calls(text):
    """Yields (line, call) for each report(...) and report_line(...)."""
    for match in REPORT.finditer(text):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield text.count("\n", 0, match.start()) + 1, text[match.start():end]


def typed(text):
    """Yields (line, key, type in JSON) for each field that is declared or written in a file."""
    for match in TYPED.finditer(text):
        row, declared, macro, key, member, function = match.groups()
        word = declared or macro or function
        if word not in ("SHOWN", "ENDPOINT"):  # no field, several fields
            yield text.count("\n", 0, match.start()) + 1, row or key or member, TYPE_OF[word]


def check_types(findings, root):
    """A field has one type, in whatever it is written."""
    known = {}
    for path in [CATALOGUE, *c_files(root, "src")]:
        for line, key, kind in typed((root / path).read_text()):
            findings.checked += 1
            first = known.setdefault(key.rpartition(".")[2], (kind, path, line))
            if first[0] != kind:
                findings.add(path, line, f"{key} is {kind}, but {first[0]} in {first[1]}:{first[2]}")


def main():
    root = Path(sys.argv[1])
    findings = Findings()
    rows = (root / CATALOGUE).read_text()
    events = catalogue(rows)
    if len(events) != len(re.findall(r"^(?:EVENT|WORDING|TEXT)\(", rows, re.M)):
        findings.add(CATALOGUE, 0, "has a row of an unknown form, or two of one name")
    used = set()
    for path in c_files(root, "src"):
        if path.stem == CATALOGUE.stem:
            continue
        text = (root / path).read_text()
        code = code_only(text)
        used.update(re.findall(r"\bev_(\w+)", code))
        for match in OWN.finditer(code):
            findings.add(path, code.count("\n", 0, match.start()) + 1,
                         f"{match[1]} belongs into {CATALOGUE}")
        for line, call in calls(text):
            findings.checked += 1
            for name in re.findall(r"&ev_(\w+)", call):
                for key in FIELD.findall(call):
                    if events.get(name) is not None and key not in events[name]:
                        findings.add(path, line, f"{CATALOGUE} has no field {key} in {name}")
    check_types(findings, root)
    for name in events.keys() - used:
        findings.add(CATALOGUE, 0, f"{name} is never reported")
    findings.finish()


main()
