# SPDX-License-Identifier: ISC
"""What completes a command line: help --words, which the completions of the shells ask."""

import pytest


def offered(sockctl, *typed):
    proc = sockctl("help", "--words", *typed)
    proc.wait()
    return {line.split("\t")[0] for line in proc.out.decode().splitlines()}


@pytest.mark.parametrize("typed, word", [
    (["connect", "--send-flag", ""], "MSG_OOB"),
    (["connect", "--recv-flag", "MSG_W"], "MSG_WAITALL"),
    (["udp-send", "--send-flag", ""], "MSG_DONTROUTE"),
    (["udp-recv", "--recv-flag", ""], "MSG_PEEK"),
    (["resolve", "--flag", ""], "AI_CANONNAME"),
    (["resolve", "--flag", "NI_"], "NI_NAMEREQD"),
    (["sockets", "--state", ""], "established"),
    (["connect", "--set", "TCP_NO"], "TCP_NODELAY="),
    (["errors", "ECONN"], "ECONNREFUSED"),
    (["services", "htt"], "http"),
    (["protocols", ""], "tcp"),
    (["networks", ""], "link-local"),
    (["hosts", ""], "localhost"),
    (["con"], "connect"),
])
def test_words_of_a_kind(sockctl, typed, word):
    """Words of other kinds are not among them."""
    words = offered(sockctl, *typed)
    assert word in words
    assert not {"established", "ECONNREFUSED", "tcp", "localhost"} & words - {word}
