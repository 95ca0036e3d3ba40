# SPDX-License-Identifier: ISC
"""Turns of phrase that make readers guess, in the manual, the README, what the program prints about
itself, and its messages.

Usage: words.py SOURCE_ROOT SOCKCTL
"""

import re
import subprocess
import sys
from pathlib import Path

from tree import Findings, c_files

# What each leaves open, and what stands in its place.
BANNED = {
    "whose? say local": "of ours|no .{1,20} of ours",
    "name the place: the remaining arguments": "from here on",
    "name the number: SIZE bytes": "so many",
    "say it without a negation: only": "say nothing but|says nothing but|nothing but errors",
    "name the subject: no process, no client, other users": "nobody|anybody|somebody|everybody",
    "name the subject: the process that, any": "whoever|whatever|whichever",
    "events are reported": "say what happens|says what happens",
    "it is reported, printed, sent or received": "(?:is|are|was|were) (?:said|told)|tell what|tells what",
    "name the subject: the sender, the client that": "(?:of|to|and|for|is) who|who (?:says|has|sent|shows|comes)",
    "say what is given up: confine the process": "once set up|give up what is not needed",
    "say where to look": "is about that|looking things up",
    "the option prints or writes": "say it as",
}


def outputs(program):
    """What the program says about itself, by command line."""
    def ask(*words):
        done = subprocess.run([program, *words], check=True, capture_output=True, text=True,
                              timeout=10)
        return done.stdout

    def words(*before):
        return [line.split("\t")[0] for line in ask("help", "--words", *before).splitlines()]

    lines = [[], ["help"], *(["help", word] for word in words("help", ""))]
    lines += [["help", word, "all"] for word in words() if word != "help"]
    return {" ".join(["sockctl", *line]): ask(*line) for line in lines}


STRINGS = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')


def messages(text):
    """The strings of a source, line for line, and nothing else."""
    text = re.sub(r"//[^\n]*", "", text)
    lines, at = [], 0
    for match in STRINGS.finditer(text):
        lines.append("\n" * text.count("\n", at, match.start()))
        lines.append(re.sub(r'"(\s*)"', r"\1", match[0]))
        at = match.end()
    return "".join(lines)


def check(findings, name, text):
    """Turns may go over the end of a line."""
    findings.checked += 1
    for reason, turns in BANNED.items():
        pattern = rf"\b(?:{turns})\b".replace(" ", r"\s+")
        for match in re.finditer(pattern, text, re.I):
            line = text.count("\n", 0, match.start()) + 1
            findings.add(name, line, f"'{' '.join(match[0].split())}': {reason}")


def main():
    root, program = Path(sys.argv[1]), sys.argv[2]
    findings = Findings()

    for page in [*sorted(root.glob("man/*.[17]")), root / "README.md"]:
        check(findings, page.relative_to(root), page.read_text(encoding="utf-8"))
    for path in [*c_files(root, "src"), Path("src/out/events.def")]:
        check(findings, path, messages((root / path).read_text(encoding="utf-8")))
    for name, text in outputs(program).items():
        check(findings, name, text)
    findings.finish()


main()
