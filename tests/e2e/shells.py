# SPDX-License-Identifier: ISC
"""The shells, with the completion of a command line as their users get it."""

import os
import re
import shlex
import signal
import subprocess

from harness import DEADLINE
from terminal import Terminal

PROMPT = "ready> "
WIDTH = 4000  # columns, so that no line is broken

# Shows its words in one line, which the shell's echo of a command cannot be taken for.
SHOW = r"show() { printf '\n<<'; printf '%s\037' $@; printf '>>\n'; }".replace("$@", '"$@"')


class OnTerminal:
    """A shell that edits lines. TAB completes; another key puts all possible words into the line."""

    def __init__(self, cwd, env, setup):
        self.terminal = Terminal()
        self.terminal.resize(24, WIDTH)
        self.popen = subprocess.Popen(
            self.words, cwd=cwd, env={**env, "PS1": PROMPT, "TERM": "dumb"}, stdin=self.terminal.fd,
            stdout=self.terminal.fd, stderr=self.terminal.fd, start_new_session=True,
            preexec_fn=self.terminal.own)
        self.seen = 0
        for line in (SHOW, *self.preparation, *setup):
            self.type(f"{line}\n")

    def find(self, pattern, what):
        match = self.terminal.screen.wait(
            lambda data: re.compile(pattern, re.S).search(data, self.seen), what)
        self.seen = match.end()
        return match

    def type(self, keys):
        """Types when the shell reads a line."""
        self.find(PROMPT.encode(), "prompt")
        self.terminal.type(keys.encode())

    def words_after(self, typed, key):
        """Replaces the command by one that shows its words."""
        self.type(f"{typed}{key}@\x01show \n")
        line = self.find(rb"\n<<(.*?)>>\r\n", "words")[1].decode()
        return line.split("\037")[:-1]

    def complete(self, typed):
        """The last word after TAB, and whether a blank follows."""
        words = self.words_after(typed, "\t")
        return (words[-2], True) if words[-1] == "@" else (words[-1][:-1], False)

    def offers(self, typed):
        """All words that can stand in the place of the last."""
        words = self.words_after(typed, self.all)[len(typed.split()[:-1]) + typed.endswith(" "):]
        return {word.rstrip("@") for word in words} - {""}

    def close(self):
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self.terminal.close()


class Bash(OnTerminal):
    words = ["bash", "--norc", "--noprofile", "-i"]
    preparation = ["bind 'set bell-style none'", "bind 'set enable-bracketed-paste off'"]
    all = "\x1b*"


class Zsh(OnTerminal):
    words = ["zsh", "-f", "-i"]
    all = "\x18a"
    preparation = [
        "bindkey -e; unsetopt beep zle_bracketed_paste prompt_sp prompt_cr; unset zle_bracketed_paste",
        "autoload -U compinit; compinit -u -D",
        "zle -C all-matches complete-word _generic; bindkey '^Xa' all-matches",
        "zstyle ':completion:all-matches:*' completer _all_matches _complete",
        "zstyle ':completion:all-matches:*' insert true",
    ]

    def __init__(self, cwd, env, setup):
        # Where functions are must be known before completion is set up.
        self.preparation = [*setup, *self.preparation]
        super().__init__(cwd, env, [])


class Fish:
    """Tells what it would offer; no terminal is needed."""

    def __init__(self, cwd, env, setup):
        self.cwd, self.env, self.setup = cwd, env, setup

    def offers(self, typed):
        script = "; ".join([*self.setup, f"complete -C {shlex.quote(typed)}"])
        done = subprocess.run(["fish", "-c", script], cwd=self.cwd, env=self.env,
                              capture_output=True, text=True, timeout=DEADLINE, check=True)
        assert done.stderr == ""
        return {line.split("\t")[0] for line in done.stdout.splitlines()}

    def complete(self, typed):
        """The only word that is offered, after which fish puts a blank unless it ends in '='."""
        (word,) = self.offers(typed)
        return word, not word.endswith("=")

    def close(self):
        pass


SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}
