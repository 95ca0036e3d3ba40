# SPDX-License-Identifier: ISC
"""TAB in bash, zsh and fish."""

import os
import socket
from pathlib import Path

import pytest

from harness import PROGRAM
from shells import SHELLS

COMPLETIONS = Path(__file__).resolve().parents[2] / "completions"

# How each shell gets to know the completion that is in the source tree.
SETUP = {
    "bash": ["source /usr/share/bash-completion/bash_completion",
             f"source {COMPLETIONS}/sockctl.bash"],
    "zsh": [f"fpath=({COMPLETIONS} $fpath)"],
    "fish": [f"source {COMPLETIONS}/sockctl.fish"],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home directory with the files that are to be found."""
    path = tmp_path_factory.mktemp("home")
    (path / "folder").mkdir()
    (path / "folder" / "request").touch()
    (path / ".ssh").mkdir()
    (path / ".ssh" / "known_hosts").write_text(
        "known.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGrkAkIqdVsO1rTkrSSU4ZhQIq2UOqVjX0x5\n")
    (path / "bin").mkdir()
    (path / "bin" / "sockctl").symlink_to(PROGRAM)
    return path


def environment_of(home):
    return {"PATH": f"{home}/bin:{os.environ['PATH']}", "HOME": str(home), "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="module", params=[
    pytest.param(name, marks=pytest.mark.needs(name)) for name in SHELLS])
def shell(request, home):
    shell = SHELLS[request.param](home, environment_of(home), SETUP[request.param])
    yield shell
    shell.close()


@pytest.mark.parametrize("typed, last", [
    ("sockctl conn", "connect"),
    ("sockctl help endp", "endpoints"),
    ("sockctl help listen --keep", "--keep-open"),
    ("sockctl help connect sockop", "sockopt"),
    ("sockctl help connect al", "all"),
    ("sockctl connect --help=al", "--help=all"),
    ("sockctl help events acc", "accepted"),
    ("sockctl connect --verb", "--verbose"),
    ("sockctl connect example.org 80 --verb", "--verbose"),
    ("sockctl connect --until p", "peer"),
    ("sockctl connect --until=p", "--until=peer"),
    ("sockctl connect --input fol", "folder/"),
    ("sockctl connect --input=folder/r", "--input=folder/request"),
    ("sockctl connect --interface=l", "--interface=lo"),
    ("sockctl connect --get SO_KEEPA", "SO_KEEPALIVE"),
    ("sockctl connect --set SO_KEEPALIVE=of", "SO_KEEPALIVE=off"),
    ("sockctl connect --set=IP_MTU_DISCOVER=IP_PMTUDISC_PR", "--set=IP_MTU_DISCOVER=IP_PMTUDISC_PROBE"),
    ("sockctl resolve --flag AI_PASS", "AI_PASSIVE"),
    ("sockctl connect known.ex", "known.example.org"),
    ("sockctl listen --forward=known.ex", "--forward=known.example.org"),
    ("sockctl connect localhost openvp", "openvpn"),
    ("sockctl listen 127.0.0", "127.0.0.1"),
    ("sockctl listen -k local", "localhost"),
    ("sockctl udp-recv local", "localhost"),
    ("sockctl --ver", "--version"),
    ("sockctl --version --", "--json"),
    ("sockctl raw-recv icm", "icmp"),
    ("sockctl errors ECONNREF", "ECONNREFUSED"),
    ("sockctl sockets --user roo", "root"),
    ("sockctl sockets --state establ", "established"),
    ("sockctl descriptor ud", "udp"),
])
def test_word_is_completed(shell, typed, last):
    word, blank = shell.complete(typed)
    assert word == last
    assert blank or word.endswith("/")


@pytest.mark.needs("zsh")
def test_words_without_a_description_are_shown_alone(home):
    """Not with the dashes that would come before one."""
    shell = SHELLS["zsh"](home, environment_of(home), SETUP["zsh"])
    shell.type("sockctl connect --until \t")
    shown = shell.find(rb"both.*\binput\b.*\bpeer\b", "the list")[0]
    shell.close()
    assert b"--" not in shown


def test_host_of_the_system_is_completed(shell):
    """The blank behind it is up to the shell: zsh adds none where the system has the name twice."""
    word, _ = shell.complete("sockctl connect localh")
    assert word == "localhost"


@pytest.mark.parametrize("typed, last", [
    ("sockctl connect --timeo", "--timeout="),
    ("sockctl connect --set SO_KEEPA", "SO_KEEPALIVE="),
])
def test_no_blank_where_a_value_is_wanted(shell, typed, last):
    assert shell.complete(typed) == (last, False)


@pytest.mark.parametrize("typed, words", [
    ("sockctl udp-", {"udp-send", "udp-recv"}),
    ("sockctl --", {"--help", "--version"}),
    ("sockctl connect --until ", {"both", "peer", "input", "idle", "idle-or-peer"}),
    ("sockctl connect --ti", {"--timeout="}),
    ("sockctl descriptor u", {"udp", "unix"}),
    ("sockctl services --range ", {"well-known", "registered", "dynamic"}),
])
def test_all_words_are_offered(shell, typed, words):
    assert shell.offers(typed) == words


@pytest.mark.parametrize("typed", [
    "sockctl connect --timeout ",
    "sockctl nosuch ",
    "sockctl connect --nosuch=",
    "sockctl descriptor -- tcp ",
])
def test_nothing_is_offered_where_nothing_is_known(shell, typed):
    assert shell.offers(typed) <= {typed.split()[-1]}


@pytest.mark.parametrize("typed, kind", [("unix:{}/service.s", socket.SOCK_STREAM),
                                         ("{}/service.s", socket.SOCK_STREAM),
                                         ("seqpacket:{}/service.s", socket.SOCK_SEQPACKET)])
def test_unix_sockets_that_listen(shell, tmp_path, typed, kind):
    with socket.socket(socket.AF_UNIX, kind) as sock:
        sock.bind(f"{tmp_path}/service.sock")
        sock.listen()
        last = typed.format(tmp_path) + "ock"
        assert shell.complete(f"sockctl connect {last[:-3]}") == (last, True)
        assert shell.complete(f"sockctl listen 80 --forward {last[:-3]}") == (last, True)


def test_names_are_quoted(shell, home, tmp_path):
    """Whoever can make a socket must not get his commands run by pressing TAB and Return."""
    name = f"{tmp_path}/$(touch hurt).sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(name)
        sock.listen()
        word, _ = shell.complete(f"sockctl connect unix:{tmp_path}/")
    assert word == f"unix:{name}" and not (home / "hurt").exists()


def test_in_the_middle_of_a_line(shell, home):
    """What stands before another command does not count."""
    word, _ = shell.complete("sockctl connect 2> /dev/null --until=inp")
    assert word == "--until=input"
