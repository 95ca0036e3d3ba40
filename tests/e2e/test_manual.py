# SPDX-License-Identifier: ISC
"""The manual says what the option tables say, and mandoc finds nothing to mend in it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import catalogue

SOCKCTL = os.environ["SOCKCTL"]
MAN = Path(__file__).resolve().parents[2] / "man"


def ask(*words):
    return subprocess.run([SOCKCTL, "help", *words], check=True, capture_output=True, text=True,
                          timeout=10).stdout


COMMANDS = [line.split("\t")[0] for line in ask("--words").splitlines()]
COMMANDS.remove("help")
# What every command has is described once, in sockctl(1).
COMMON = {"verbose", "quiet", "json", "color", "trace", "trace-all", "trace-format"}


def documented(page):
    """The long options that have an entry of their own in a page."""
    names = set()
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith(".It Fl "):
            names.update(re.findall(r"(?:Fl|,) -([a-z0-9-]+)", line))
    return names - {"help"}


@pytest.mark.parametrize("command", [*COMMANDS, "nc", "ncat", "socat"])
def test_page_has_the_options_of_the_command(command):
    options = {json.loads(line)["name"] for line in ask("--dump", command).splitlines()}
    page = MAN / f"sockctl-{command}.1"
    assert documented(page) - COMMON == options - COMMON


def test_common_options_are_described_once():
    assert documented(MAN / "sockctl.1") == COMMON


@pytest.mark.parametrize("title", catalogue.in_manual())
def test_events_are_those_of_the_catalogue(title):
    """catalogue.py says how to bring the page up to date."""
    found = catalogue.of_manual((MAN / "sockctl-events.7").read_text(encoding="utf-8"))[title]
    assert found.splitlines() == catalogue.in_manual()[title].splitlines()


def test_every_page_is_installed():
    listed = set(re.findall(r"'(.+\.[17])'", (MAN / "meson.build").read_text(encoding="utf-8")))
    assert listed == {page.name for page in MAN.glob("*.[17]")}


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
@pytest.mark.parametrize("page", sorted(MAN.glob("*.[17]")), ids=lambda page: page.name)
def test_mandoc_is_content(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True,
                          text=True, timeout=30, check=False)
    assert done.stdout == "" and done.returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_terminal(command):
    text = ask(command, "all")
    assert max(map(len, text.splitlines())) <= 80
    assert "\nExamples:\n" in text


@pytest.mark.parametrize("page", sorted(MAN.glob("*.[17]")), ids=lambda page: page.name)
def test_page_has_its_sections(page):
    """What a reader looks for, in the order that mdoc(7) wants; references lead somewhere."""
    text = page.read_text(encoding="utf-8")
    sections = re.findall(r"^\.Sh (.*)", text, re.M)
    wanted = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
    if page.suffix == ".1":
        assert [name for name in sections if name in wanted] == wanted
    for name, section in re.findall(r"\bXr (sockctl\S*) ([17])", text):
        assert (MAN / f"{name}.{section}").exists()
    related = text.partition("\n.Sh SEE ALSO\n")[2].partition("\n.Sh ")[0]
    assert page.stem == "sockctl" or ".Xr sockctl 1" in related
