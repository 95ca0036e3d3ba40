# SPDX-License-Identifier: ISC
"""Command lines that are wrong: status 2, and a line or two that name the word and the remedy."""

import os
import shlex

import pytest

from harness import DEVNULL

LONG_HOST = ".".join(["h" * 60] * 5)
LONG_PATH = "/tmp/" + "p" * 120

# Each is a command line and what its message has to name. {T} is a directory of the test.
WRONG = [
    # commands
    ("conect 127.0.0.1 80", "conect"),
    ("conect 127.0.0.1 80", "'connect'"),
    ("listn 80", "'listen'"),
    ("-x", "-x"),
    ("--tiemout 1 connect h 80", "--tiemout"),
    ("help nosuchcommand", "nosuchcommand"),
    ("CONNECT 127.0.0.1 80", "CONNECT"),
    ("127.0.0.1 80", "127.0.0.1"),
    ("ss -tlnp", "no command 'ss'; use 'sockctl sockets'"),
    ("ping example.org", "'sockctl echo --client HOST'"),
    ("-V", "no option '-V'; use 'sockctl --version'"),
    ("-lvnp 80", "'sockctl listen PORT'"),
    ("example.org 80", "no command 'example.org'; use 'sockctl connect HOST PORT'"),
    # options that do not exist
    ("listen -lvnp 80", "no option '-l'; 'sockctl listen' listens without it"),
    ("listen -p 80", "no option '-p'; write the port as the last argument"),
    ("connect --ssl=x h 80", "no option '--ssl'; use '--tls'"),
    ("sockets -a", "no option '-a'; sockets of all states"),
    ("connect -V", "'sockctl --version'"),
    ("resolve +short example.org", "'+short': an address a line"),
    ("connect TCP:h:80", "'TCP:h:80': write the endpoint as HOST PORT"),
    ("connect --tiemout 1 127.0.0.1 80", "did you mean '--timeout'"),
    ("connect --timeot=1 127.0.0.1 80", "'--timeout'"),
    ("connect --nosuchoption 127.0.0.1 80", "--nosuchoption"),
    ("connect -Y 127.0.0.1 80", "-Y"),
    ("connect -vY 127.0.0.1 80", "-Y"),
    ("listen --keep-opne 80", "'--keep-open'"),
    ("listen --telent 80", "'--telnet'"),
    ("connect --keep-open 127.0.0.1 80", "--keep-open"),
    ("connect --backlog 5 127.0.0.1 80", "--backlog"),
    ("listen --source-port 5 80", "--source-port"),
    ("connect --Timeout 1 127.0.0.1 80", "--Timeout"),
    # values that are missing or that were not asked for
    ("connect 127.0.0.1 80 --timeout", "--timeout"),
    ("connect 127.0.0.1 80 -w", "timeout"),
    ("connect --bind", "--bind"),
    ("listen 80 --mode", "--mode"),
    ("connect --crlf=yes 127.0.0.1 80", "--crlf"),
    ("connect --verbose=3 127.0.0.1 80", "--verbose"),
    ("listen --keep-open=1 80", "--keep-open"),
    # operands
    ("connect", "HOST"),
    ("listen", "PORT"),
    ("connect 127.0.0.1", "127.0.0.1"),
    ("connect localhost", "localhost"),
    ("connect 80", "80"),
    ("connect 127.0.0.1 80 extra", "extra"),
    ("connect 127.0.0.1:80 90", "127.0.0.1:80"),
    ("connect 127.0.0.1:80 90 100", "100"),
    ("listen 127.0.0.1 80 extra", "extra"),
    ("connect unix:/tmp/x 80", "80"),
    ("connect fd:3 80", "80"),
    ("connect 127.0.0.1:80 90", "write HOST PORT or HOST:PORT"),
    ("connect http://example.org/ 80", "'http://example.org/' is a URL"),
    ("connect unix:///tmp/x 80", "after a socket"),
    ("connect http://example.org:80/path", "write its HOST and PORT"),
    ("listen --exec-file cat 80", "before --exec-file"),
    ("connect --exec-file cat localhost 80", "before --exec-file"),
    ("sockets tcp", "'sockctl sockets --help'"),
    ("connect '' 80", "host"),
    ("connect ''", "''"),
    ("connect 127.0.0.1 ''", "''"),
    ("listen ''", "''"),
    ("listen 127.0.0.1 ''", "''"),
    # ports
    ("connect 127.0.0.1 65536", "65536"),
    ("connect 127.0.0.1 65536", "65535"),
    ("connect 127.0.0.1 65617", "65617"),
    ("connect 127.0.0.1 99999", "99999"),
    ("connect 127.0.0.1 99999999999999999999", "99999999999999999999"),
    ("connect 127.0.0.1 -1", "-1"),
    ("connect 127.0.0.1 -- -1", "-1"),
    ("connect 127.0.0.1 +80", "+80"),
    ("connect 127.0.0.1 ' 80'", "' 80'"),
    ("connect 127.0.0.1 '80 '", "'80 '"),
    ("connect 127.0.0.1 80abc", "80abc"),
    ("connect 127.0.0.1 0x50", "0x50"),
    ("connect 127.0.0.1 80.0", "80.0"),
    ("connect 127.0.0.1 1e3", "1e3"),
    ("connect 127.0.0.1 8,080", "8,080"),
    ("connect 127.0.0.1 0", "0"),
    ("connect 127.0.0.1:65617", "65617"),
    ("connect 127.0.0.1:80abc", "80abc"),
    ("connect 127.0.0.1:", "127.0.0.1:"),
    ("connect [::1]:65536", "65536"),
    ("connect [::1]:+1", "+1"),
    ("connect :80abc", "80abc"),
    ("listen 65536", "65536"),
    ("listen 80abc", "80abc"),
    ("listen +80", "+80"),
    ("listen -- -80", "-80"),
    ("listen 127.0.0.1 65617", "65617"),
    ("listen 127.0.0.1:65617", "65617"),
    ("listen 80-90", "80-90"),
    ("connect --source-port 65536 127.0.0.1 80", "65536"),
    ("connect --source-port 80abc 127.0.0.1 80", "80abc"),
    ("connect -p -1 127.0.0.1 80", "-1"),
    ("connect -p '' 127.0.0.1 80", "''"),
    # addresses
    ("connect ::1:80", "::1:80"),
    ("connect [::1", "[::1"),
    ("connect [::1]", "[::1]"),
    ("connect [::1]80", "[::1]80"),
    ("connect [::1]x:80", "[::1]x:80"),
    ("connect []:80", "[]"),
    ("connect [127.0.0.1]:80", "127.0.0.1"),
    ("connect [localhost]:80", "localhost"),
    ("connect [nonsense]:80", "nonsense"),
    ("connect [::g]:80", "::g"),
    ("connect ::1%nosuch0 80", "nosuch0"),
    ("connect --retry=0 localhost 80", "1 or more"),
    ("udp-send --hex localhost:1 abc", "abc: "),
    (f"connect {LONG_HOST} 80", "253"),
    (f"connect {LONG_HOST}:80", "253"),
    (f"listen {LONG_HOST} 80", "253"),
    ("connect --bind 127.0.0.1:65536 127.0.0.1 80", "65536"),
    ("connect --bind 127.0.0.1:x 127.0.0.1 80", "x"),
    ("connect --bind '' 127.0.0.1 80", "--bind"),
    ("connect --bind 127.0.0.1:1000 --source-port 2000 127.0.0.1 80", "--source-port"),
    ("connect -4 ::1 80", "::1"),
    ("connect -6 127.0.0.1 80", "127.0.0.1"),
    ("listen -4 ::1 0", "::1"),
    ("listen -6 127.0.0.1 0", "127.0.0.1"),
    ("connect -4 -6 localhost 80", "--ipv6"),
    ("listen -4 -6 0", "--ipv6"),
    ("connect unix:", "unix:"),
    ("connect unix:@", "unix:@"),
    ("listen unix:", "unix:"),
    (f"connect unix:{LONG_PATH}", "107"),
    (f"connect {LONG_PATH}", "107"),
    (f"listen {LONG_PATH}", "107"),
    (f"connect unix:@{'a' * 120}", "unix:@"),
    ("connect fd:", "fd:"),
    ("connect fd:x", "fd:x"),
    ("connect fd:-1", "fd:-1"),
    ("connect fd:3x", "fd:3x"),
    ("connect fd:99999999999", "fd:99999999999"),
    ("listen fd:x", "fd:x"),
    # times
    ("connect --timeout abc 127.0.0.1 80", "abc"),
    ("connect --timeout '' 127.0.0.1 80", "--timeout"),
    ("connect --timeout -1 127.0.0.1 80", "-1"),
    ("connect --timeout=-1 127.0.0.1 80", "-1"),
    ("connect --timeout 1x 127.0.0.1 80", "1x"),
    ("connect --timeout 1s2 127.0.0.1 80", "1s2"),
    ("connect --timeout '1 s' 127.0.0.1 80", "1 s"),
    ("connect --timeout 1.2.3 127.0.0.1 80", "1.2.3"),
    ("connect --timeout 0x10 127.0.0.1 80", "0x10"),
    ("connect --timeout nan 127.0.0.1 80", "nan"),
    ("connect --timeout 0.5ms 127.0.0.1 80", "'0.5ms' is less than 1ms"),
    ("connect --retry --retry-delay 0.0001 127.0.0.1 80", "'0.0001' is less than 1ms"),
    ("connect --set SO_RCVTIMEO=0.5ms 127.0.0.1 80", "0.5ms"),
    ("echo --client --interval 0.5ms 127.0.0.1", "'0.5ms' is less than 1ms"),
    ("connect --timeout inf 127.0.0.1 80", "inf"),
    ("connect --timeout 1e3 127.0.0.1 80", "1e3"),
    ("connect --timeout 99999999999999999999 127.0.0.1 80", "99999999999999999999"),
    ("connect -w ms 127.0.0.1 80", "ms"),
    ("connect --idle-timeout 5q 127.0.0.1 80", "5q"),
    ("connect --connect-timeout ,5 127.0.0.1 80", ",5"),
    ("listen --timeout +1 80", "+1"),
    ("listen --idle-timeout one 80", "one"),
    # counts and modes
    ("listen --backlog x 80", "x"),
    ("listen --backlog -1 80", "-1"),
    ("listen --backlog 99999999999 80", "99999999999"),
    ("listen --count 0 80", "0"),
    ("listen --count x 80", "x"),
    ("listen --count -2 80", "-2"),
    ("listen --max-connections 0 80", "0"),
    ("listen --max-connections many 80", "many"),
    ("listen --mode 999 {T}/s", "999"),
    ("listen --mode rw {T}/s", "rw"),
    ("listen --mode 10000 {T}/s", "10000"),
    ("listen --mode 600 127.0.0.1 0", "--mode"),
    ("listen --mode 600 unix:@sockctl-mode", "--mode"),
    # choices
    ("connect --until never 127.0.0.1 80", "never"),
    ("connect --until '' 127.0.0.1 80", "--until"),
    ("connect --shutdown all 127.0.0.1 80", "all"),
    ("connect --shutdown-delay x 127.0.0.1 80", "x"),
    ("connect --shutdown-delay 25h 127.0.0.1 80", "25h"),
    ("connect --shutdown never --shutdown-delay 2 127.0.0.1 80", "--shutdown-delay"),
    ("connect --until input --shutdown-delay 2 127.0.0.1 80", "--shutdown-delay"),
    ("connect --exec cat --shutdown-delay 2 127.0.0.1 80", "--shutdown-delay"),
    ("connect --reset --shutdown-delay 2 127.0.0.1 80", "--shutdown-delay"),
    ("connect --check --shutdown-delay 2 127.0.0.1 80", "--shutdown-delay"),
    ("listen --shutdown both --shutdown-delay 2 80", "--shutdown-delay"),
    ("listen --until peers 80", "peers"),
    ("listen --shutdown now 80", "now"),
    # socket options
    ("connect --set SO_RCVBUF=abc 127.0.0.1 80", "abc"),
    ("connect --set SO_RCVBUF= 127.0.0.1 80", "SO_RCVBUF"),
    ("connect --set SO_TYPE=1 127.0.0.1 80", "SO_TYPE"),
    ("listen --set SO_REUSEADDR=maybe 0", "maybe"),
    ("connect --set SO_RCVBUF=99999999999 127.0.0.1 80", "99999999999"),
    # what excludes each other
    ("connect --quiet --verbose 127.0.0.1 80", "--verbose"),
    ("connect -q -v 127.0.0.1 80", "--verbose"),
    ("listen -k --count 0 80", "0"),
]


def test_there_are_enough():
    assert len(WRONG) >= 100


@pytest.mark.parametrize("line, named", WRONG, ids=[line for line, _ in WRONG])
def test_wrong_command_line(sockctl, tmp_path, line, named):
    words = shlex.split(line.replace("{T}", str(tmp_path)))
    proc = sockctl(*words, stdin=DEVNULL)
    proc.wait(2)
    assert proc.out == b""
    assert 1 <= len(proc.lines) <= 2, proc.describe()
    assert proc.lines[0].startswith("sockctl: "), proc.describe()
    assert named in proc.err, proc.describe()
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("command", ["services", "protocols", "networks", "errors", "raw-recv"])
def test_empty_word_is_named(sockctl, command):
    sockctl(command, "").fails(3, f"{command}: '': no such")


@pytest.mark.parametrize("word", ["a\x1bb", "a\nb", "a\x07b", "a\x9bb", "a\x7fb", "\u202eabc",
                                  "\udcff"], ids=ascii)
@pytest.mark.parametrize("line", ["{}", "connect {} 80", "connect 127.0.0.1 {}",
                                  "connect --{} h 80", "connect --timeout {} h 80",
                                  "connect --until {} h 80", "connect --set {}=1 h 80",
                                  "connect fd:{}"])
def test_words_are_made_safe_for_the_terminal(sockctl, line, word):
    proc = sockctl(*(part.replace("{}", word) for part in line.split(" ")), stdin=DEVNULL)
    proc.popen.wait(10)
    proc.wait(proc.popen.returncode)
    assert proc.popen.returncode in (2, 3, 4)
    assert 1 <= len(proc.lines) <= 2, proc.describe()
    assert not [char for char in proc.err if char != "\n" and not char.isprintable()], proc.err


def test_end_of_options(sockctl):
    proc = sockctl("connect", "--", "--timeout", "80abc")
    proc.wait(2)
    assert "80abc" in proc.err


def test_very_long_word(sockctl):
    for words in (["x" * 100000], ["connect", "h" * 100000, "80"], ["connect", "h", "8" * 100000],
                  ["connect", "--" + "o" * 100000, "h", "80"], ["connect", "/" + "p" * 100000],
                  ["connect", "--timeout", "1" * 100000, "h", "80"]):
        proc = sockctl(*words)
        proc.wait(2)
        assert 1 <= len(proc.lines) <= 2
