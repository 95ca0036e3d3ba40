# SPDX-License-Identifier: ISC
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import catalogue
import peers
import proxies
from authority import Authority
from harness import HAS_TLS, LARGE, SANITIZED, Proc
from network import Network
from terminal import Terminal
from tls_server import Server, echo


def pytest_configure():
    """Signals that a shell ignores for its background jobs are at work in what is tested."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("memory") and SANITIZED:
            item.add_marker(pytest.mark.skip(reason="sanitizers change the use of memory"))
        if not HAS_TLS and (item.get_closest_marker("tls") or "tls" in item.name):
            item.add_marker(pytest.mark.skip(reason="a build without TLS"))
        if item.get_closest_marker("large") and not LARGE:
            item.add_marker(pytest.mark.skip(reason="only with SOCKCTL_TEST_LARGE=1"))
        for marker in item.iter_markers("needs"):
            for tool in marker.args:
                if not shutil.which(tool):
                    item.add_marker(pytest.mark.skip(reason=f"{tool} is not installed"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.failed = report.failed
    started = getattr(item, "started", [])
    if report.failed and started:
        report.sections.append(("processes", "\n".join(p.describe() for p in started)))


@pytest.fixture
def sockctl(request):
    """Starts the program; what it starts is checked, with its events, and cleaned up afterwards."""
    request.node.started = started = []

    def start(*args, **how):
        proc = Proc(*args, **how)
        started.append(proc)
        return proc

    yield start
    problems = [f"{what}: {proc.describe()}" for proc in started
                for what in proc.finish() + catalogue.faults(proc)]
    assert not problems or request.node.failed, "\n".join(problems)


@pytest.fixture(params=["connect", "listen"])
def role(request):
    return request.param


@pytest.fixture
def join(sockctl, role):
    """Starts the program in either role and returns it with the peer's end of its connection."""
    conns = []

    def start(*options, rcvbuf=None, **how):
        if role == "connect":
            with peers.listener(rcvbuf=rcvbuf) as server:
                port = peers.port_of(server)
                proc = sockctl("connect", *options, "127.0.0.1", port, **how)
                conn = peers.accept(server)
        else:
            proc = sockctl("listen", *options, "127.0.0.1", 0, **how)
            conn = peers.dial(proc.port, rcvbuf=rcvbuf)
        conns.append(conn)
        return proc, conn

    yield start
    for conn in conns:
        conn.close()


@pytest.fixture
def server():
    with peers.listener() as sock:
        yield sock


@pytest.fixture
def real(tmp_path):
    """real(NAME, ...) starts a server of others, see proxies.py."""
    started = []

    def start(name, **how):
        cwd = tmp_path / f"{name}{len(started)}"
        cwd.mkdir()
        started.append(getattr(proxies, name)(cwd, **how))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(sockctl, authority):
    """secure(SERVE, OPTION...) joins the program to a server that speaks TLS."""
    def start(serve=echo, *words, identity=None, trust=True, host="localhost", options=None,
              **streams):
        server = Server(identity or authority.server, serve, **(options or {}))
        trusted = ["--ca", authority.root.cert] if trust else []
        proc = sockctl("connect", "--tls", *trusted, *words, host, server.port, **streams)
        return proc, server
    return start


@pytest.fixture
def clients():
    """clients(PORT, N) connects N of them."""
    conns = []

    def connect(port, number, **how):
        conns.extend(peers.dial(port, **how) for _ in range(number))
        return conns[-number:]

    yield connect
    for conn in conns:
        conn.close()


@pytest.fixture
def unresponsive():
    """A port on which connecting takes for ever: its queue is full."""
    with peers.listener(backlog=0) as sock, peers.dial(peers.port_of(sock)), socket.socket() as waiting:
        waiting.setblocking(False)
        waiting.connect_ex(sock.getsockname())
        yield peers.port_of(sock)


@pytest.fixture(scope="session")
def random_file(tmp_path_factory):
    """64 MiB that cannot be compressed, guessed or repeated."""
    path = tmp_path_factory.mktemp("random") / "data"
    path.write_bytes(os.urandom(64 * peers.MIB))
    return path


@pytest.fixture(scope="session")
def namespaces():
    """namespaces(NAMES): the words that run a command where names are known like that."""
    words = [sys.executable, Path(__file__).with_name("namespace.py")]
    if subprocess.run([*words, "none", "true"], check=False).returncode == 77:
        pytest.skip("the system does not allow namespaces")
    return lambda names: [*words, names]


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


@pytest.fixture
def network(tmp_path):
    """Two hosts on a wire, see network.py."""
    obstacle = Network.obstacle()
    if obstacle:
        pytest.skip(obstacle)
    net = Network(tmp_path)
    yield net
    net.close()


@pytest.fixture
def proxy():
    """proxy(SCHEME, ANSWER...) plays one."""
    made = []

    def start(scheme, *answers, **how):
        made.append(proxies.Scripted(scheme, *answers, **how))
        return made[-1]

    yield start
    for one in made:
        one.close()
