# SPDX-License-Identifier: ISC
"""The catalogue of events as the program tells it, and as sockctl-events(7) must have it.

SOCKCTL=build/sockctl python3 tests/e2e/catalogue.py man/sockctl-events.7 brings the lists of the page
up to date.
"""

import functools
import itertools
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from harness import PROGRAM


@functools.cache
def events():
    """The rows, each with its name, level, meaning and fields."""
    done = subprocess.run([PROGRAM, "help", "--dump", "events"], check=True, capture_output=True,
                          text=True, timeout=10)
    return [json.loads(line) for line in done.stdout.splitlines()]


def wrapped(text):
    """Lines of mdoc(7), in which each sentence begins one."""
    sentences = re.split(r"(?<=\.) (?=[A-Z])", text.replace("--", r"\-\-"))
    return [line for sentence in sentences for line in textwrap.wrap(
        sentence, 79, break_on_hyphens=False, break_long_words=False)]


def field_lines(field):
    return [f".It Va {field['name']} Pq {field['type']}", *wrapped(field["meaning"])]


def keys(row):
    return [field["name"] + "?" * field.get("optional", False) for field in row["fields"]]


def in_manual():
    """The lists of sockctl-events(7), by the title of their section: what they must be."""
    usual, lists = {}, {"EVENTS": [], "FIELDS": []}
    for row in events():
        for field in row["fields"]:
            if not field.get("special"):
                usual[field["name"]] = field
        lists["EVENTS"] += [f".It Sy {row['name']} Pq {row['level'].replace('-', chr(92) + '-')}",
                            *wrapped(row["meaning"]), ".br", ".Va " + " ".join(keys(row))]
        special = [field for field in row["fields"] if field.get("special")]
        if special:
            lists["EVENTS"] += [".Bl -tag -width Ds -compact",
                                *itertools.chain(*map(field_lines, special)), ".El"]
    for _, field in sorted(usual.items()):
        lists["FIELDS"] += field_lines(field)
    return {title: "\n".join([".Bl -tag -width Ds", *lines, ".El", ""])
            for title, lines in lists.items()}


def of_manual(text):
    """The same as they are in the text of the page."""
    return {title: re.search(rf"^\.Sh {title}\n(?:(?!\.Bl).*\n)*((?:(?!\.Sh).*\n)*)", text, re.M)[1]
            for title in ("EVENTS", "FIELDS")}


def main():
    page = Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    wanted = in_manual()
    for title, found in of_manual(text).items():
        text = text.replace(f"\n{found}", f"\n{wanted[title]}", 1)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
