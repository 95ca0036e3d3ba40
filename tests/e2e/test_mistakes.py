# SPDX-License-Identifier: ISC
"""What people type wrong is answered in one line, with the word and what to type instead."""

import pytest

from harness import DEVNULL

LONG = "x" * 100_000


@pytest.mark.parametrize("words", [
    (LONG,), ("-" + LONG,), ("help", LONG), ("help", "connect", LONG),
    ("connect", LONG), ("connect", LONG, 80), ("connect", "a", LONG), ("connect", "--" + LONG),
    ("connect", "/" + LONG), ("connect", "fd:" + LONG), ("connect", "--timeout", LONG, "a", 1),
    ("connect", "-o", LONG, "a", 1), ("connect", "-o", "SO_RCVBUF=" + LONG, "a", 1),
    ("connect", "--input", LONG, "a", 1), ("connect", "--proxy", LONG, "a", 1),
    ("connect", "--bind", LONG, "a", 1), ("connect", "--interface", LONG, "a", 1),
    ("connect", "--send-flag", LONG, "a", 1), ("connect", "-p", LONG, "a", 1),
    ("listen", LONG), ("listen", "--allow", LONG, 0), ("listen", "--mode", LONG, "./u"),
    ("udp-send", "--hex", "127.0.0.1", 9, LONG), ("udp-recv", "--join", LONG, 0),
    ("raw-send", "a", LONG), ("resolve", LONG), ("resolve", "--type", LONG, "a"),
    ("errors", LONG), ("services", LONG), ("protocols", LONG), ("hosts", LONG), ("networks", LONG),
    ("options", LONG), ("descriptor", LONG), ("address", LONG), ("sockets", "-P", LONG),
    ("sockets", "--state", LONG), ("sockets", LONG),
])
def test_a_long_word_is_cut(sockctl, words):
    proc = sockctl(*words, stdin=DEVNULL)
    proc.ended()
    assert proc.popen.returncode in (1, 2, 3)
    assert len(proc.lines) == 1 and len(proc.lines[0]) <= 500
    assert "… (10000" in proc.lines[0] or "of 100000 bytes is too long" in proc.lines[0]
    assert "x" * 65 not in proc.lines[0]
