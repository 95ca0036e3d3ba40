# SPDX-License-Identifier: ISC
"""A terminal with somebody at it, and what somebody reads only for a while."""

import fcntl
import os
import re
import select
import signal
import subprocess
import termios

from harness import DEADLINE, Output, wait_for

BASH = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
LFLAG, CC = 3, 6
RAW = termios.ICANON | termios.ECHO | termios.ISIG


class Terminal:
    """fd is for the program. It is kept open, for a terminal that nobody has open is reset."""

    def __init__(self):
        self.master, self.fd = os.openpty()
        self.before = self.attributes()
        self.screen = Output(os.dup(self.master))
        self.shell = None

    def attributes(self):
        return termios.tcgetattr(self.fd)

    def change(self, flags, on):
        """Turns local flags, such as ECHO, on or off."""
        attributes = self.attributes()
        attributes[LFLAG] = attributes[LFLAG] | flags if on else attributes[LFLAG] & ~flags
        termios.tcsetattr(self.fd, termios.TCSANOW, attributes)

    def resize(self, rows, columns):
        termios.tcsetwinsize(self.fd, (rows, columns))

    def is_raw(self):
        return not self.attributes()[LFLAG] & RAW

    def wait_raw(self):
        wait_for(self.is_raw, "raw mode")

    def wait_changed(self):
        wait_for(lambda: self.attributes() != self.before, "another mode")

    def wait_restored(self):
        wait_for(lambda: self.attributes() == self.before, "the mode as it was")

    def type(self, keys):
        while keys:
            keys = keys[os.write(self.master, keys):]

    def wait_screen(self, text, count=1):
        self.screen.wait(lambda data: data.count(text) >= count, repr(text))

    def own(self):
        """For a new process: the terminal controls its session."""
        fcntl.ioctl(self.fd, termios.TIOCSCTTY, 0)

    def leave(self):
        """Lets the screen end with the last program that has the terminal open."""
        os.close(self.fd)
        self.fd = None

    def start_shell(self, cwd, words=BASH):
        """A shell that controls jobs, and leaves the editing to the terminal."""
        self.shell = subprocess.Popen(
            words, stdin=self.fd, stdout=self.fd,
            stderr=self.fd, cwd=cwd, start_new_session=True, preexec_fn=self.own,
            env={**os.environ, "PS1": "", "HISTFILE": "", "TERM": "vt100"})
        # Its own first look at the terminal is over when it does something.
        self.run("echo rea''dy")
        self.wait_screen(b"ready\r\n")
        self.before = self.attributes()

    def run(self, command):
        self.type(command.encode() + b"\n")

    def close(self):
        if self.shell:
            os.killpg(self.shell.pid, signal.SIGHUP)
        if self.fd is not None:
            os.close(self.fd)
        os.close(self.master)
        if self.shell:
            self.shell.wait(DEADLINE)
        self.screen.task.result()


class Unread:
    """A pipe or a terminal that somebody reads for a while, and then no more."""

    def __init__(self, is_terminal):
        self.reader, self.fd = os.openpty() if is_terminal else os.pipe()
        if not is_terminal:
            fcntl.fcntl(self.fd, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self.reader, False)
        self.filler = os.open(f"/proc/self/fd/{self.fd}", os.O_WRONLY | os.O_NONBLOCK)
        self.data = b""

    def read(self):
        """What there is now."""
        try:
            self.data += os.read(self.reader, 65536)
        except BlockingIOError:
            pass
        return self.data

    def wait(self, pattern):
        return wait_for(lambda: re.search(pattern, self.read()), pattern)

    def is_full(self):
        """A terminal that is full for a moment may find room by itself."""
        return not select.select([], [self.fd], [], 0.2)[1]

    def fill(self):
        try:
            while True:
                os.write(self.filler, b"x" * 100)
        except BlockingIOError:
            pass

    def close(self):
        for fd in (self.reader, self.filler, self.fd):
            os.close(fd)
