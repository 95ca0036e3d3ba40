# SPDX-License-Identifier: ISC
"""What the program says about itself: in ten lines, in a list, by command, option and topic."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import catalogue

MAN = Path(__file__).resolve().parents[2] / "man"
TOPICS = ["endpoints", "values", "status", "servers", "byte-order", "events", "examples"]


@pytest.fixture
def say(sockctl):
    """What a run of the program prints, which fits a terminal."""
    def run(*words, width=80):
        proc = sockctl(*words)
        proc.wait()
        assert proc.err == ""
        text = proc.out.decode()
        assert width is None or max(map(len, text.splitlines())) <= width
        return text

    return run


@pytest.fixture
def commands(say):
    words = [line.split("\t")[0] for line in say("help", "--words").splitlines()]
    return [word for word in words if word != "help"]


def test_alone_it_says_in_ten_lines_what_it_can_do(say, commands):
    text = say()
    assert len(text.splitlines()) <= 10
    assert set(commands) <= set(re.findall(r"[\w-]+", text))


def test_help_lists_commands_and_topics(say, commands):
    text = say("help")
    assert re.findall(r"^  ([\w-]+) ", text.partition("\ntranslations")[0], re.M) == commands + TOPICS
    assert say("--help") == say("-h") == text


@pytest.mark.parametrize("topic", TOPICS)
def test_topic(say, topic):
    first, empty, *rest = say("help", topic).splitlines()
    assert first.rstrip(".") in say("help") and empty == "" and rest


def test_help_of_a_command_is_its_help(say, commands):
    for command in commands:
        assert say("help", command) == say(command, "--help") == say(command, "-h")
        assert say("help", command, "all") == say(command, "--help=all")
        assert len(say(command, "--help").splitlines()) <= 40


def options_of(text):
    return re.findall(r"^  (?:-\w, |    )--([\w-]+)", text, re.M)


def dumped(say, command):
    return [json.loads(line) for line in say("help", "--dump", command, width=None).splitlines()]


def test_help_has_the_options_of_everyday_use_or_all(say, commands):
    for command in commands:
        rows = dumped(say, command)
        names = [row["name"] for row in rows] + ["help"]
        assert options_of(say(command, "--help=all")) == names
        shown = options_of(say(command, "--help"))
        assert shown in (names, [row["name"] for row in rows if "everyday" in row] + ["help"])


def test_help_names_groups_that_hold_all_options(say, commands):
    """What a reader of --help can ask for: each group by the name that stands there."""
    longer = 0
    for command in commands:
        text = say(command, "--help")
        listed = re.search(r"^All groups of options \('sockctl help (\S+) GROUP'.*:\n((?:  .*\n)+)",
                           text, re.M)
        if not listed:
            assert text == say(command, "--help=all")
            continue
        longer += 1
        assert listed[1] == command
        found = [name for group in listed[2].replace(",", " ").split()
                 for name in options_of(say("help", command, group))]
        assert found == [row["name"] for row in dumped(say, command)]
        assert say(command, f"--help={group_of(listed)}") == say("help", command, group_of(listed))
    assert longer >= 6


def group_of(listed):
    """The last group that is listed."""
    return listed[2].split()[-1]


@pytest.mark.parametrize("word", ["--timeout", "-w"])
def test_help_of_an_option(say, word):
    text = say("help", "connect", word)
    assert text.startswith("  -w, --timeout TIME ") and text in say("help", "connect", "all")
    assert "--until" not in text


@pytest.mark.parametrize("word", ["Socket options", "socket", "sockopt", "SOCKOPT"])
def test_help_of_a_group(say, word):
    text = say("help", "connect", word)
    assert text.startswith("\nSocket options:\n  -o, --set ") and text in say("connect", "--help=all")
    assert text == say("connect", f"--help={word}", "--nosuch")
    assert "--timeout" not in text


def field_lines(text):
    """The lines of fields with their type, by key."""
    return {key: line for line, key in re.findall(r"^(  (\S+?)\??  +[a-z]+  .*)$", text, re.M)}


def test_events(say):
    """The list has each event and each field, and the word after it one event with its fields."""
    everything = say("help", "events")
    assert len(catalogue.events()) > 40
    for event in catalogue.events():
        heading = f"\n{event['name']} ({event['level']}):\n"
        text = say("help", "events", event["name"])
        part, = (part for part in re.split(r"(?=\n\S.*:\n)", text)
                 if part.startswith(heading) and event["meaning"] in plain(part))
        assert heading in everything and event["meaning"] in plain(everything)
        assert list(field_lines(part)) == [field["name"] for field in event["fields"]]
        for field in event["fields"]:
            mark = "?" if field.get("optional") else ""
            row = f"{field['name']}{mark} {field['type']} {field['meaning']}"
            assert row in plain(part)
            assert field["name"] in field_lines(everything)
            assert f"{field['name']}{mark}" in plain(everything).split()


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_of_help(say, word):
    assert say("help", word) == say("help")


def test_an_unknown_group(sockctl):
    proc = sockctl("connect", "--help=nosuch")
    proc.wait(2)
    assert proc.lines == ["sockctl: connect: no option or group of options 'nosuch'; "
                          "'sockctl help connect all' lists them"]


@pytest.mark.parametrize("words, complaint", [
    (["nosuch"], "no command 'nosuch'"),
    (["conect"], "did you mean 'connect'?"),
    (["connect", "--tiemout"], "sockctl: connect: no option or group of options '--tiemout'; "
                               "did you mean '--timeout'?"),
    (["connect", "\x1b[2J"], "'\\x1b[2J'"),
    (["connect", ""], "''"),
    (["connect", "-"], "'-'"),
    (["connect", "--timeout", "x"], "x: one word too many"),
    (["status", "x"], "x: one word too many"),
    (["events", "nosuch"], "no event 'nosuch'"),
    (["events", ""], "no event ''"),
    (["events", "closed", "x"], "x: one word too many"),
    (["--nosuch"], "no option '--nosuch'"),
    (["--dump"], "no option '--dump'"),
    (["--dump", "nosuch"], "no command 'nosuch'"),
])
def test_help_of_what_does_not_exist(sockctl, words, complaint):
    proc = sockctl("help", *words)
    proc.wait(2)
    assert proc.out == b"" and len(proc.lines) == 1
    assert complaint in proc.err


def plain(text):
    return " ".join(text.split())


@pytest.mark.needs("mandoc")
def test_statuses_are_those_of_the_manual(say):
    page = subprocess.run(["mandoc", "-T", "utf8", MAN / "sockctl.1"], check=True,
                          capture_output=True, text=True).stdout
    page = re.sub(r".\x08", "", page)
    section = re.search(r"^EXIT STATUS\n(.*?)^\S", page, re.M | re.S)[1]
    assert plain(section) == plain(say("help", "status").split("\n\n", 1)[1])


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_no_command(sockctl, topic):
    proc = sockctl(topic)
    proc.wait(2)
    assert proc.lines == [f"sockctl: '{topic}' is a help topic, not a command; "
                          f"use 'sockctl help {topic}'"]


def translations_of_the_manual():
    """From the sections "Coming from other ..." of all pages: {tool: [(theirs, ours)]}."""
    found = {}
    for page in MAN.glob("*.[17]"):
        for section in re.split(r"^\.Sh ", page.read_text(encoding="utf-8"), flags=re.M):
            if section.startswith("COMING FROM OTHER"):
                for row in re.findall(r"^\.It Li (.*)\n\.Li (.*)$", section, re.M):
                    theirs, ours = (cell.replace(r"\(ha", "^") for cell in row)
                    found.setdefault(theirs.split()[0], []).append((theirs, ours))
    return found


@pytest.fixture
def tools(say):
    return re.search(r"^translations from other tools:\n  (.*)", say("help"), re.M)[1].split()


def test_translations_are_those_of_the_manual(say, tools):
    manual = translations_of_the_manual()
    assert set(tools) == set(manual)
    assert {"nc", "ncat", "socat", "ss", "netstat", "dig", "telnet", "curl"} <= set(tools)
    for tool in tools:
        first, empty, *lines = say("help", tool).splitlines()
        assert first == f"What to type instead of {tool}." and empty == ""
        rows = re.findall(r"^  (\S.*?)(?:  +|\n      )(sockctl .*)$", "\n".join(lines), re.M)
        assert sorted(rows) == sorted(manual[tool])


def test_translations_can_be_typed(sockctl, tools):
    """Commands and options exist; the tests of the examples run those that need no special host."""
    for rows in translations_of_the_manual().values():
        for _, ours in rows:
            program, *words = shlex.split(ours.split(" <")[0].split(" 2>")[0])
            assert program == "sockctl"
            proc = sockctl(words[0], "--help", *words[1:])
            proc.wait(0)


def test_tools_are_completed(say, tools):
    words = [line.split("\t")[0] for line in say("help", "--words", "help", "").splitlines()]
    assert words[-len(tools):] == tools


def test_full_disk_is_noticed(sockctl):
    with open("/dev/full", "wb") as full:
        sockctl(stdout=full).wait(1)
