# SPDX-License-Identifier: ISC
"""Clients that behave, and clients that do not, all driven by one thread."""

import collections
import heapq
import itertools
import random
import selectors
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from crowd import Talker  # noqa: E402
from harness import DEADLINE  # noqa: E402
from peers import dial, half_close, receive, reset  # noqa: E402

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
AT_ONCE = 400  # clients, beside those that are held

NOISE = random.Random(1).randbytes(1 << 18)
# All members of a broker hear it; who has too much to hear on a busy machine is cut off.
BROKER_NOISE = 1 << 14
# Of what is random these bytes are left to the members of a broker, see Member.
RUDE_NOISE = bytes(byte | 0x80 for byte in NOISE)


class Broken(Exception):
    """A client that behaves well was not served well."""


class Polite:
    """Sends its bytes, ends, and takes the same back."""

    kind = "polite"

    def __init__(self, conn, rng):
        self.conn = conn
        self.talker = Talker(conn, rng.randbytes(int(2 ** rng.uniform(0, 18))))
        self.due = time.monotonic() + 4 * DEADLINE

    @property
    def events(self):
        return self.talker.events

    @property
    def verified(self):
        return len(self.talker.received)

    def step(self):
        try:
            done = self.talker.step()
        except OSError as error:
            raise Broken(f"{error} after {self.progress()}") from error
        if done and self.talker.received != self.talker.data:
            raise Broken(f"wrong bytes: {self.progress()}")
        return done

    def progress(self):
        talker = self.talker
        return f"{len(talker.received)} of {len(talker.data)} bytes, {talker.sent} sent"

    def expire(self):
        raise Broken(f"not served in time: {self.progress()}")


class Rude:
    """Sends some noise, reads or does not, and leaves without a word when its time is over."""

    def __init__(self, conn, rng, kind, length, reads, half_closes, seconds, resets):
        self.conn, self.kind = conn, kind
        start = rng.randrange(len(NOISE) - length)
        self.data = memoryview(RUDE_NOISE)[start : start + length]
        self.reads, self.half_closes, self.resets = reads, half_closes, resets
        self.due = time.monotonic() + seconds
        conn.setblocking(False)
        if half_closes and not self.data:
            half_close(conn)

    @property
    def events(self):
        return (READ if self.reads else 0) | (WRITE if self.data else 0)

    verified = 0

    def step(self):
        """Returns True when the server has had enough of it."""
        try:
            if self.data:
                self.data = self.data[self.conn.send(self.data[: random.randint(1, 1 << 16)]) :]
                if self.half_closes and not self.data:
                    half_close(self.conn)
            return self.reads and not self.conn.recv(1 << 16)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def expire(self):
        if self.resets:
            reset(self.conn)


def stalling(conn, rng):
    seconds = rng.uniform(0, 20 if rng.random() < 0.05 else 2)
    return Rude(conn, rng, "stalling", len(NOISE) - 1, False, False, seconds, rng.random() < 0.5)


def silent(conn, rng):
    return Rude(conn, rng, "silent", 0, False, False, rng.uniform(0, 2), rng.random() < 0.2)


def resetting(conn, rng):
    return Rude(conn, rng, "resetting", rng.randrange(1 << 16), rng.random() < 0.5, False,
                rng.uniform(0, 0.2), True)


def half_closing(conn, rng):
    return Rude(conn, rng, "half-closing", rng.choice((0, 1000, 100_000)), rng.random() < 0.5, True,
                rng.uniform(0, 1), False)


def noisy(conn, rng):
    return Rude(conn, rng, "noisy", rng.randrange(1 << 14), rng.random() < 0.5, False,
                rng.uniform(0, 1), False)


RUDE = (stalling, silent, resetting, half_closing, noisy)


class Member:
    """One of up to four that talk through a broker for as long as it runs.

    The upper three bits of a byte tell who sent it, and those of noise from all of them.
    """

    kind = "member"
    COUNT = 4
    CYCLE = 65521  # bytes after which it repeats itself; a prime

    def __init__(self, conn, number):
        self.conn, self.number = conn, number
        conn.setblocking(False)
        own = range(number << 5, number + 1 << 5)
        self.others_bytes = bytes(set(range(256)) - set(own))
        self.stream = bytes(byte & 31 | number << 5 for byte in NOISE[: self.CYCLE])
        self.sent = 0
        self.left = memoryview(b"")
        self.heard = collections.Counter()  # bytes of each of the others
        self.due = time.monotonic()  # of the next that it has to say

    def __str__(self):
        return f"member {self.number} ({':'.join(map(str, self.conn.getsockname()))})"

    def piece(self, start, length):
        start %= self.CYCLE
        return (self.stream[start:] + self.stream)[:length]

    @property
    def events(self):
        return READ | (WRITE if self.left else 0)

    def say(self, length):
        self.left = memoryview(self.piece(self.sent, length))
        self.sent += length

    def step(self, members):
        try:
            if self.left:
                self.left = self.left[self.conn.send(self.left) :]
            heard = self.conn.recv(1 << 16)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise Broken(f"{self}: {error}") from error
        if not heard:
            raise Broken(f"{self} was sent away")
        return sum(self.check(other, heard) for other in members if other is not self)

    def check(self, other, heard):
        """Its bytes come whole and in order. Returns how many they are."""
        own = heard.translate(None, other.others_bytes)
        at = self.heard[other.number]
        if own != other.piece(at, len(own)):
            raise Broken(f"{self}: wrong bytes from {other} at {at}")
        self.heard[other.number] += len(own)
        return len(own)


class Held:
    """Connections that stay to the end, each of which says something now and then.

    In silence all would be probed in the same moment (SO_KEEPALIVE); loopback drops what does not
    fit net.core.netdev_max_backlog, until the kernel takes peers for dead that are not.
    """

    EVERY = 30  # seconds

    def __init__(self, server, number):
        self.server = server
        self.conns = [dial(server.port) for _ in range(number)]
        server.held += number
        self.asked = 0
        for _ in self.conns:
            self.ask()
        for _ in self.conns:
            self.go_round()
        self.start, self.first = time.monotonic(), self.asked

    def ask(self):
        self.conns[self.asked % len(self.conns)].sendall(b"%d\n" % self.asked)
        self.asked += 1

    def check(self, number):
        expected = b"%d\n" % number
        try:
            if receive(self.conns[number % len(self.conns)], len(expected)) != expected:
                raise Broken(f"held connection: wrong answer to {number}")
        except (OSError, AssertionError) as error:
            raise Broken(f"held connection: {error}, not the answer to {number}") from error
        self.server.verified += len(expected)

    def go_round(self):
        """The next has its answer, and asks again."""
        self.check(self.asked - len(self.conns))
        self.ask()

    def go_on(self, now):
        due = self.first + int((now - self.start) * len(self.conns) / self.EVERY)
        for _ in range(min(due - self.asked, 100)):
            self.go_round()

    def finish(self):
        """Everybody gets the last answer."""
        for number in range(self.asked - len(self.conns), self.asked):
            self.check(number)

    def close(self):
        for conn in self.conns:
            conn.close()


class Choir:
    """The members of one broker."""

    def __init__(self, server, rng):
        self.server, self.rng = server, rng
        self.members = [Member(dial(server.port), n) for n in range(Member.COUNT)]

    def all_heard(self, member):
        return not member.left and all(other.heard[member.number] == member.sent
                                       for other in self.members if other is not member)

    def go_on(self, now):
        """Lets those say more whose last was heard by all."""
        for member in self.members:
            if member.due <= now and self.all_heard(member):
                member.say(self.rng.randint(1, 8192))
                member.due = now + 0.02
                yield member

    def is_quiet(self):
        return all(map(self.all_heard, self.members))


class Crowd:
    """All clients of all servers."""

    def __init__(self, servers, seed):
        self.servers = servers
        self.rng = random.Random(seed)
        self.selector = selectors.DefaultSelector()
        self.open = set()
        self.dues = []  # a heap
        self.order = itertools.count()
        self.started = 0
        self.choirs = []
        self.held = None
        self.problems = []
        self.kinds = collections.Counter()

    def hold(self, server, number):
        self.held = Held(server, number)

    def join_choirs(self):
        """The members talk from now on."""
        for server in self.servers:
            if server.is_broker:
                choir = Choir(server, self.rng)
                self.choirs.append(choir)
                server.held += len(choir.members)
                for member in choir.members:
                    self.selector.register(member.conn, member.events, (choir, member))

    def start(self):
        server = self.rng.choices(self.servers, [server.share for server in self.servers])[0]
        conn = dial(server.port, rcvbuf=4096 if self.rng.random() < 0.1 else None)
        if server.is_broker or self.rng.random() < 0.4:
            client = self.rng.choice(RUDE)(conn, self.rng)
            if server.is_broker:
                client.data = client.data[:BROKER_NOISE]
        else:
            client = Polite(conn, self.rng)
        client.server, client.watched = server, 0
        self.open.add(client)
        heapq.heappush(self.dues, (client.due, next(self.order), client))
        self.watch(client)
        self.started += 1
        server.connections += 1
        self.kinds[client.kind] += 1

    def watch(self, client):
        events = client.events
        if events == client.watched:
            return
        if not client.watched:
            self.selector.register(client.conn, events, (None, client))
        elif not events:
            self.selector.unregister(client.conn)
        else:
            self.selector.modify(client.conn, events, (None, client))
        client.watched = events

    def end(self, client):
        self.open.discard(client)
        if client.watched:
            self.selector.unregister(client.conn)
        client.server.verified += client.verified
        client.conn.close()

    def broken(self, server, error):
        self.problems.append(f"{server.name}: {error}")

    def step(self, client):
        try:
            if not client.step():
                self.watch(client)
                return
        except Broken as error:
            self.broken(client.server, error)
        self.end(client)

    def step_member(self, choir, member):
        try:
            choir.server.verified += member.step(choir.members)
        except Broken as error:
            self.broken(choir.server, error)
            self.selector.unregister(member.conn)
            return
        self.selector.modify(member.conn, member.events, (choir, member))

    def expire(self, now):
        while self.dues and self.dues[0][0] <= now:
            client = heapq.heappop(self.dues)[2]
            if client not in self.open:
                continue
            watched, client.watched = client.watched, 0
            if watched:
                self.selector.unregister(client.conn)
            try:
                client.expire()
            except Broken as error:
                self.broken(client.server, error)
            self.end(client)

    def turn(self, talking=True):
        now = time.monotonic()
        try:
            self.held.go_on(now)
        except Broken as error:
            self.broken(self.held.server, error)
        for choir in self.choirs if talking else ():
            for member in choir.go_on(now):
                self.step_member(choir, member)
        for key, _ in self.selector.select(0.01):
            choir, client = key.data
            if choir:
                self.step_member(choir, client)
            elif client in self.open:
                self.step(client)
        self.expire(time.monotonic())

    def run(self, seconds, connections):
        """For so long and for so many connections, spread evenly."""
        start = time.monotonic()
        first = self.started
        while not self.problems:
            now = time.monotonic() - start
            wanted = min(connections, int(connections * now / seconds) + 1)
            while self.started - first < wanted and len(self.open) < AT_ONCE:
                self.start()
            if now >= seconds and self.started - first >= connections:
                break
            self.turn()

    def rest(self):
        """Until all have left but the members, who fall silent once the servers know."""
        end = time.monotonic() + 4 * DEADLINE
        while not self.problems and time.monotonic() < end:
            # A broker learns that somebody has left when it sends something.
            self.turn(talking=True)
            if not self.open and all(server.is_alone() for server in self.servers):
                break
        while not self.problems and not all(choir.is_quiet() for choir in self.choirs):
            self.turn(talking=False)
            if time.monotonic() > end + DEADLINE:
                self.problems.append("broker: not all members heard all")

    def finish(self):
        """Those who stayed have been served to the end."""
        try:
            self.held.finish()
        except Broken as error:
            self.broken(self.held.server, error)

    def close(self):
        for client in list(self.open):
            self.end(client)
        if self.held:
            self.held.close()
        for choir in self.choirs:
            for member in choir.members:
                member.conn.close()
        self.selector.close()
