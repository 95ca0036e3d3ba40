# SPDX-License-Identifier: ISC
"""Events stand in the catalogue, each is reported, and with no other fields than it has there.

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
    for name in events.keys() - used:
        findings.add(CATALOGUE, 0, f"{name} is never reported")
    findings.finish()


main()
