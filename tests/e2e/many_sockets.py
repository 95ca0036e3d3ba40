# SPDX-License-Identifier: ISC
"""many_sockets.py COUNT COMMANDS: opens so many sockets of all kinds, runs each of the commands
(a JSON list of lists of words) while they are open and prints what came out as a JSON list."""

import json
import resource
import socket
import subprocess
import sys


def open_sockets(count):
    """Sockets of every state that stays: TCP over both families, UDP, Unix with and without name."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * count, resource.getrlimit(7)[1]))
    held = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        server = socket.create_server((host, 0), family=family, backlog=4096)
        held.append(server)
        for _ in range(count // 8):
            client = socket.create_connection(server.getsockname()[:2])
            held += client, server.accept()[0]
    held.append(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True))
    for i in range(count // 8):
        datagram = socket.socket(socket.AF_INET if i % 2 else socket.AF_INET6, socket.SOCK_DGRAM)
        datagram.bind(("127.0.0.1" if i % 2 else "::1", 0))
        if i % 3 == 0:
            datagram.connect(datagram.getsockname())
        held.append(datagram)
    for i in range(count // 8):
        held += socket.socketpair(socket.AF_UNIX, (socket.SOCK_STREAM, socket.SOCK_DGRAM,
                                                   socket.SOCK_SEQPACKET)[i % 3])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0sockctl-test-many")
    listener.listen()
    held.append(listener)
    while len(held) < count:
        client = socket.socket(socket.AF_UNIX)
        client.connect("\0sockctl-test-many")
        held += client, listener.accept()[0]
    # Bytes that wait to be read, and one side that has ended.
    held[1].sendall(b"x" * 1000)
    held[3].shutdown(socket.SHUT_WR)
    held[-1].sendall(b"y" * 10)
    return held


def main():
    held = open_sockets(int(sys.argv[1]))
    results = [subprocess.run(command, check=True, capture_output=True, text=True).stdout
               for command in json.loads(sys.argv[2])]
    json.dump(results, sys.stdout)
    del held


if __name__ == "__main__":
    main()
