# SPDX-License-Identifier: ISC
"""The catalogue of events as the program tells it, and whether runs and sockctl-events(7) keep to it.

SOCKCTL=build/sockctl python3 tests/e2e/catalogue.py man/sockctl-events.7 brings the lists of the page
up to date.
"""

import functools
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from harness import PROGRAM

ALWAYS = [{"name": "event", "type": "string"}, {"name": "command", "type": "string"},
          {"name": "time", "type": "time"}]


@functools.cache
def events():
    """The rows, each with its name, level, meaning and fields."""
    done = subprocess.run([PROGRAM, "help", "--dump", "events"], check=True, capture_output=True,
                          text=True, timeout=10)
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value):
    return isinstance(value, float)


def is_object(value, **members):
    """MEMBERS are all members, with the check of each."""
    return (isinstance(value, dict) and value.keys() == members.keys()
            and all(check(value[name]) for name, check in members.items()))


def is_string(value):
    return isinstance(value, str)


def is_address(value):
    return (is_object(value, family=is_string, address=is_string, port=is_integer)
            or is_object(value, family=is_string, path=is_string)
            or value == {"family": "unspec"})


def is_remote(value):
    return (is_address(value) or is_object(value, name=is_string, port=is_integer)
            or is_object(value, name=is_string, service=is_string))


def is_range(value):
    start, end, count = value
    return is_number(start) and is_number(end) and is_integer(count)


def is_list(check):
    return lambda value: isinstance(value, list) and all(map(check, value))


TYPES = {
    "string": is_string, "integer": is_integer, "real": is_number,
    "boolean": lambda value: isinstance(value, bool), "seconds": is_number, "time": is_number,
    "address": is_address, "remote": is_remote, "strings": is_list(is_string),
    "objects": is_list(lambda value: isinstance(value, dict)), "ranges": is_list(is_range),
}


def members(fields, of):
    """The fields of the objects in the field OF, without its name."""
    return [field | {"name": field["name"].removeprefix(of + ".")} for field in fields
            if field["name"].startswith(of + ".")]


def mismatches(value, fields):
    """What in an object is not as its fields are declared."""
    names = {field["name"] for field in fields}
    objects = {field["name"] for field in fields if field["type"] == "objects"}
    inner = {name for name in names if name.rpartition(".")[0] in objects}
    found = [f"{key} is not declared" for key in value if key not in names - inner]
    for field in fields:
        name = field["name"]
        if name in inner:
            continue
        if name not in value:
            if not field.get("optional"):
                found.append(f"{name} is missing")
        elif not TYPES[field["type"]](value[name]):
            found.append(f"{name} is no {field['type']}")
        elif name in objects:
            for one in value[name]:
                found += [f"{name}: {what}" for what in mismatches(one, members(fields, name))]
    return found


def fault(event):
    """What is wrong with an event, or None; where several have its name, by the nearest of them."""
    forms = [row for row in events() if row["name"] == event["event"]]
    if not forms:
        return f"no event of the catalogue: {event}"
    found = min((mismatches(event, ALWAYS + row["fields"]) for row in forms), key=len)
    return f"not as in the catalogue: {'; '.join(found)}: {event}" if found else None


def reported(proc):
    """The events that a run has written with --json, results to stdout, the others to stderr."""
    if "--json" not in proc.args:
        return []
    has_results = proc.has_output and proc.args[1] in ("echo", "udp-send", "udp-recv")
    lines = [*proc.lines, *(proc.out.decode().splitlines() if has_results else [])]
    return [json.loads(line) for line in lines
            if line.startswith('{"event":') and line.endswith("}")]  # else it was cut off


def faults(proc):
    """What is wrong with the events of a run."""
    return [found for found in map(fault, reported(proc)) if found]


def is_row(row, event):
    """Whether an event is of a row of the catalogue: several rows may have its name."""
    return event["event"] == row["name"] and not mismatches(event, ALWAYS + row["fields"])


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
    fields, lists = {}, {"EVENTS": [], "FIELDS": []}
    for row in events():
        for field in row["fields"]:
            fields[field["name"]] = field
        lists["EVENTS"] += [f".It Sy {row['name']} Pq {row['level'].replace('-', chr(92) + '-')}",
                            *wrapped(row["meaning"]), ".br", ".Va " + " ".join(keys(row))]
    for _, field in sorted(fields.items()):
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
