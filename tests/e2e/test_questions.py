# SPDX-License-Identifier: ISC
"""Questions of daily use, where somebody who does not know the program looks first, and the answer."""

import re

import pytest

QUESTIONS = [
    ("How is something typed to a server?", "--help", "connect"),
    ("How does a server find out who I am behind NAT, or how do I wait for a client?", "--help",
     "listen"),
    ("How long is a connection waited for?", "connect --help", "--timeout"),
    ("How does a script wait until a server is up?", "connect --help", "--retry"),
    ("Is a port open?", "connect --help", "--check"),
    ("How is TLS spoken?", "connect --help", "--tls"),
    ("How does it go through a proxy?", "connect --help", "--proxy"),
    ("How is UDP sent, as nc -u does?", "connect --help", "--udp"),
    ("How are the bytes on the wire seen?", "connect --help", "--hex"),
    ("How are line ends sent as CR LF?", "connect --help", "--crlf"),
    ("How are many clients served?", "listen --help", "--keep-open"),
    ("How is a port forwarded?", "listen --help", "--forward"),
    ("How is a program run for each client?", "listen --help", "--exec"),
    ("Who may connect?", "help listen all", "--allow"),
    ("How does a server speak TLS?", "help listen all", "--cert"),
    ("How does a server end once its clients have?", "help listen all", "--drain"),
    ("How is a socket option set?", "help connect sockopt", "--set"),
    ("How is one address given for IPv6 and its port?", "help endpoints", r"\[.*\]:"),
    ("What do the exit statuses mean?", "help status", r"\b5\b.*\n(.*\n)*.*\b7\b"),
    ("What is nc -lk 8080 here?", "help nc", "sockctl listen -k"),
    ("Which calls does it make?", "connect --help", "--trace"),
    ("What does a program that reads the messages get?", "help events", "--json"),
]


@pytest.mark.parametrize("where, answer", [q[1:] for q in QUESTIONS], ids=[q[0] for q in QUESTIONS])
def test_answer_is_there(sockctl, where, answer):
    proc = sockctl(*where.split())
    proc.wait()
    assert re.search(answer, proc.out.decode()), proc.out.decode()
