# SPDX-License-Identifier: ISC
"""The table of documents.py: each row runs, the observer sees its calls, and what is written has the
values of the documents."""

import os
import re
import shlex
import signal

import pytest

from documents import DOCUMENTS, TABLE, calls
from harness import SANITIZED
from test_calls import OBSERVER, Place, has_call

ROWS = [(kind, row) for kind, rows in TABLE.items() for row in rows]


def observed(path):
    """How to start a command whose calls are written to a file."""
    return {**os.environ, "LD_PRELOAD": str(OBSERVER), "OBSERVER_FILE": str(path)}


def words_of(place, command):
    return [place.text(word) for word in shlex.split(command)]


def missing(path, wanted, place):
    made = path.read_text().splitlines() if path.exists() else []
    return [call for call in wanted if not has_call(made, call, place)]


@pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be loaded first")
@pytest.mark.skipif(not OBSERVER.exists(), reason="the observer was not built")
@pytest.mark.parametrize(("kind", "row"), [
    pytest.param(kind, row, id=f"{kind}-{row.who}-{row.name}") for kind, row in ROWS])
def test_row(sockctl, tmp_path, kind, row):
    assert kind and (row.shows or row.made)
    place = Place(row.command, tmp_path)
    made, server_made = tmp_path / "made", tmp_path / "server"
    server = None
    if row.server:
        server = sockctl(*words_of(place, row.server), env=observed(server_made))
        if place.is_unix:
            server.wait_err("listening")
        else:
            place.port = server.port
    proc = sockctl(*words_of(place, row.command), stdin=row.stdin, env=observed(made))
    proc.ended()
    written = [" ".join(line.split()) for line in [*proc.out.decode().splitlines(), *proc.lines]]
    for pattern in row.shows:
        assert any(re.fullmatch(pattern, line) for line in written), (pattern, written)
    if server:
        server.kill(signal.SIGTERM)  # unless it has served its client and ended
        assert server.ended() in (0, 128 + signal.SIGTERM)
    assert missing(made, row.made, place) == []
    assert missing(server_made, row.server_made, place) == []


@pytest.mark.parametrize("letter", DOCUMENTS)
def test_every_document_has_calls_programs_and_values(letter):
    assert any(letter in who for who in calls().values())
    for kind in TABLE:
        rows = [row for row in TABLE[kind] if letter in row.who]
        assert rows or kind == "table", (kind, DOCUMENTS[letter])
