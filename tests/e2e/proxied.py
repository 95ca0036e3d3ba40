# SPDX-License-Identifier: ISC
"""proxied.py SCHEME WORD...: runs a command, in which URL stands for a proxy of the scheme that grants
what it is asked for; where the command listens on port 4711, connects to it once. For a network name
space, into which a test cannot reach. Passes the command's exit status on."""

import socket
import subprocess
import sys
import time

from harness import DEADLINE, wait_for
from proxies import Scripted, granting, listening

PORT = 4711


def main():
    scheme, *words = sys.argv[1:]
    one = Scripted(scheme, *granting(scheme))
    with subprocess.Popen([one.url if word == "URL" else word for word in words]) as proc:
        if str(PORT) in words:
            wait_for(lambda: listening(PORT) or proc.poll() is not None, "it listens")
            socket.create_connection(("127.0.0.1", PORT), DEADLINE).close()
        while proc.poll() is None:
            if not one.task.thread.is_alive():
                one.conn().close()
            time.sleep(0.01)
        sys.exit(proc.wait())


main()
