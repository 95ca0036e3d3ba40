# SPDX-License-Identifier: ISC
"""Every example of the manual, of --help and of the README is run as it is written.

An example is a block of what is seen on a terminal: commands after a prompt, and what they print.
In a page of the manual it is a display in the section EXAMPLES,

    .Bd -literal -offset indent
    $ sockctl services http
    http    80/tcp  well-known  www
    .Ed

(without the offset where lines are long) and in the README a block marked "console". Prompts are "$", and where there are more terminals
than one "client$" and "server$", which are two hosts; a word may follow the name ("client-2$").
Lines that end with a backslash or with "|", or within quotes, go on in the next one. "^C" and "^D" on lines of their
own are typed once all other commands have ended and what stands above has been printed. What is
printed need not be shown; a line "..." stands for any lines and "..." at the end of one for the rest of
it, and what a command that listens reports about that can be left out.

Each command must end with status 0, or with 130 after ^C. The hosts, services and files that
examples find are those of world.py: give it what a new example needs.
"""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import wait_for
from network import Network
from world import Command, World

ROOT = Path(__file__).resolve().parents[2]
SOCKCTL = os.environ["SOCKCTL"]
PAGES = sorted((ROOT / "man").glob("*.[17]"))

DISPLAYS = (".Bd -literal -offset indent", ".Bd -literal")
PROMPT = re.compile(r"((?:(client|server)(?:-\w+)?)?\$) (.+)")
KEYS = {"^C": b"\x03", "^D": b"\x04"}
CHARACTERS = {r"\e": "\\", r"\(aq": "'", r"\(dq": '"', r"\(ha": "^", r"\(ti": "~", r"\(ga": "`",
              r"\-": "-", r"\&": ""}

# What differs from run to run: times, rates, ports that the kernel chose, processes, inodes,
# descriptors.
VARYING = re.compile(
    r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-][\d:]+)?|\d\d:\d\d:\d\d(?:\.\d+)?|\d+\.\d{3,}"
    r"|\b\d+(?:\.\d+)? ?(?:ns|us|ms|s|[KMG]i?B/s|B/s)\b|(?<=:)[3-6]\d{4}\b"
    r"|(?<=pid=)\d+|(?<=inode=)\d+|(?<=\w\()\d+(?=,)")

# What is left out of what is printed, unless the example shows it.
REPORT = re.compile(
    r"^(?:sockctl: [^\n]*: listening on [^\n]*|\{\"event\":\"(?:listening|stats)\".*)(?:\n|$)", re.M)

def text_of(line):
    """A line of a display in mdoc as its readers see it."""
    return re.sub(r"\\(?:\(..|.)", lambda m: CHARACTERS[m[0]], line)


def section(page):
    """The lines of the section EXAMPLES of a page of the manual."""
    text = page.read_text(encoding="utf-8").partition(".Sh EXAMPLES\n")[2]
    return re.split(r"^\.Sh ", text, flags=re.M)[0].splitlines()


def displays(page):
    """The blocks in the section EXAMPLES of a page of the manual."""
    block = None
    for line in section(page):
        if line in DISPLAYS:
            block = []
        elif line == ".Ed":
            yield block
            block = None
        elif block is not None:
            block.append(text_of(line))


def fences(path):
    return [block.splitlines() for block in
            re.findall(r"^```console\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S)]


def helps():
    """The examples at the end of --help, with names."""
    def ask(*words):
        return subprocess.run([SOCKCTL, *words], check=True, capture_output=True, text=True).stdout

    for line in ask("help", "--words").splitlines():
        command = line.split("\t")[0]
        if command == "help":
            continue
        examples = ask(command, "--help").partition("\nExamples:\n")[2].splitlines()
        for number, example in enumerate(examples, 1):
            yield f"{command}-{number}", example.strip()


def goes_on(command):
    try:
        shlex.split(command)
    except ValueError:  # no closing quotation, or no escaped character
        return True
    return command.endswith("|")


def steps(block):
    """The commands of a block with their terminals, what they print, and the keys at the end."""
    found = []
    for line in block:
        prompt = PROMPT.fullmatch(line)
        if found and not found[-1].printed and goes_on(found[-1].command):
            found[-1].command += "\n" + line
        elif prompt:
            found.append(SimpleNamespace(prompt=prompt[1], host=prompt[2] or "client",
                                         command=prompt[3], printed=[], key=None))
        elif line in KEYS:
            found[-1].key = KEYS[line]
        else:
            assert found, f"no prompt before {line!r}"
            found[-1].printed.append(line)
    return found


def pattern(lines):
    """What a terminal shows when the lines are printed, without what varies and how it is aligned."""
    parts = []
    for line in lines:
        if line == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        elif line.endswith("..."):
            parts.append(re.escape(plain(line.removesuffix("..."))) + r"[^\n]*\n")
        else:
            parts.append(re.escape(plain(line)) + r"\n")
    return re.compile("".join(parts))


def plain(text):
    return re.sub(r"[ \t]+", " ", VARYING.sub("~", text))


def shown(terminal, lines):
    """What a terminal shows, as pattern() has it."""
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", terminal.text)
    if not any(map(REPORT.match, lines)):
        text = REPORT.sub("", text)
    return plain(text)


class Run:
    """One example, from its first command to the end of its last."""

    def __init__(self, world, name, block):
        self.world, self.name = world, name
        self.homes = {host: world.home(host, name) for host in world.hosts}
        self.terminals = []
        self.steps = steps(block)

    def perform(self):
        try:
            for step in self.steps:
                self.start(step)
            for step in self.steps:
                if not step.key:
                    self.end(step)
            for step in self.steps:
                if step.key:
                    wait_for(lambda s=step: self.printed(s), f"{step.printed} after\n{step.command}\n"
                             f"which shows\n{step.terminal.text}")
                    step.terminal.type(step.key)
                    self.end(step)
        finally:
            for terminal in self.terminals:
                terminal.close()

    def start(self, step):
        """Starts a command when the ones before it have ended or listen."""
        for earlier in self.steps[:self.steps.index(step)]:
            if earlier.prompt == step.prompt:
                self.end(earlier)
            else:
                earlier.terminal.settle()
        step.ended = False
        step.terminal = Command(step.command, self.world.hosts[step.host], self.homes[step.host],
                                 self.world.path)
        self.terminals.append(step.terminal)

    def printed(self, step):
        if not step.printed:
            return step.terminal.settle() or True
        return pattern(step.printed).fullmatch(shown(step.terminal, step.printed))

    def end(self, step):
        if step.ended:
            return
        step.ended = True
        status = step.terminal.wait()
        text = step.terminal.text
        expected = 130 if step.key == KEYS["^C"] else 0
        assert status == expected, (
            f"{self.name}: this ended with status {status}:\n{step.prompt} {step.command}\n{text}"
            "If it needs a host, a service or a file, add it to world.py.")
        assert not re.search(r"Sanitizer|runtime error", text), text
        if step.printed:
            assert self.printed(step), (
                f"{self.name}: this is not what was printed:\n{step.prompt} {step.command}\n"
                + "\n".join(step.printed) + f"\nbut:\n{text}")


def collect():
    for page in PAGES:
        for number, block in enumerate(displays(page), 1):
            yield pytest.param(block, id=f"{page.name}-{number}")
    for number, block in enumerate(fences(ROOT / "README.md"), 1):
        yield pytest.param(block, id=f"README-{number}")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    obstacle = Network.obstacle()
    if obstacle:
        pytest.skip(obstacle)
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.mark.parametrize("block", collect())
def test_example_does_what_it_says(world, request, block):
    Run(world, request.node.callspec.id, block).perform()


def run_alone(world, name, command):
    """Runs a command that has no other party: one that listens is only started."""
    terminal = Command(command, world.hosts["client"], world.home("client", name), world.path)
    try:
        terminal.type(KEYS["^D"])
        terminal.settle()
        running = not terminal.ended()
        if running:
            terminal.type(KEYS["^C"])
        assert terminal.wait() in ([0, 130] if running else [0]), terminal.text
    finally:
        terminal.close()


@pytest.mark.parametrize("example", [pytest.param(e, id=c) for c, e in helps()])
def test_example_of_help_runs(world, request, example):
    run_alone(world, request.node.callspec.id, example)


def translations():
    """What people from other tools type, from the tables of the manual: theirs and ours."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8").partition(".Sh COMING FROM OTHER TOOLS\n")[2]
        text = re.split(r"^\.Sh ", text, flags=re.M)[0]
        for theirs, ours in re.findall(r"^\.It Li (.*)\n\.Li (.*)$", text, re.M):
            yield pytest.param(text_of(ours), id=f"{page.name}-{text_of(theirs)}")


@pytest.mark.parametrize("command", translations())
def test_what_stands_for_a_command_of_another_tool(world, request, command):
    run_alone(world, re.sub(r"\W+", "-", request.node.callspec.id), command)


@pytest.mark.parametrize("tool", ["nc", "ncat", "socat", "getent", "ss"])
def test_people_of_other_tools_are_told(tool):
    assert sum(param.id.partition(".1-")[2].startswith(f"{tool} ") for param in translations()) >= 7


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_has_examples_of_its_command(page):
    for line in section(page):
        assert line in DISPLAYS or not re.match(r"\.(Bd|D[l1])\b", line), (
            f"{page.name}: {line}: examples are displays as {Path(__file__).name} describes them")
    command = page.stem.replace("-", " ", 1) if page.suffix == ".1" else "sockctl"
    found = [step.command for block in displays(page) for step in steps(block)]
    assert any(command in line for line in found), f"no example of {command!r} in {page.name}"


def test_course_shows_what_every_command_prints():
    """So that the whole of it is compared; a server that ^C ends has its clients for that."""
    course = [step for block in displays(ROOT / "man" / "sockctl-course.7") for step in steps(block)]
    assert len(course) >= 30
    assert [step.command for step in course if not step.printed and not step.key] == []


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_example_can_be_copied_from_the_page(page):
    """Quotes, dashes and backslashes come out as they have to be typed."""
    text = subprocess.run(["mandoc", "-T", "utf8", page], check=True, capture_output=True,
                          text=True).stdout
    text = re.sub(r".\x08", "", text)
    for block in displays(page):
        for line in block:
            assert line in text
