# SPDX-License-Identifier: ISC
"""The rooms of src: which there are, from the top to the ground, and what each may include."""

NAMES = {"net/names", "net/addr"}
NET = {"net"} | NAMES

# A room is a folder with the folders in it that are no rooms of their own, or a file of src itself
# by its name. Besides what is said here each may include itself and base. Whatever a room may
# include stands below it, so that no two rooms need each other.
ALLOWED = {
    "main": {"app", "cli", "compat", "cmd", "help", "io", "out"},
    "help": {"cmd", "cli", "opts", "tls", "net/inspect", "sys/sandbox", "sys", "out"} | NET,
    "compat": {"app", "io", "sys", "out", "cli"} | NET,
    "cmd": {
        "session", "datagram", "reference", "opts", "app", "proxy", "tls", "net/echo", "net/inspect", "io", "sys",
        "out", "cli",
    } | NET,
    "session": {
        "opts", "app", "relay", "proxy", "tls", "net/dgram", "net/echo", "net/scan", "net/inspect", "io", "sys/sandbox",
        "sys",
        "out", "cli",
    } | NET,
    "datagram": {"opts", "app", "net/dgram", "io", "sys/sandbox", "sys", "out", "cli"} | NET,
    "reference": {"app", "net/inspect", "io", "sys", "out", "cli"} | NET,
    "opts": {"app", "proxy", "tls", "net/dgram", "io", "sys/sandbox", "sys", "out", "cli"} | NET,
    "app": {"tracing", "io", "sys", "out", "cli"},
    "tracing": {"sys", "out"},
    "relay": {"io", "sys"},
    "proxy": {"net", "io", "sys"} | NAMES,
    "tls": {"net", "io", "sys"},
    "net/echo": {"net/dgram", "net/inspect", "io", "sys"} | NET,
    "net/scan": {"io", "sys"} | NET,
    "net/inspect": {"io", "sys"} | NET,
    "net/dgram": {"io", "sys"} | NET,
    "net": {"io", "sys"} | NAMES,
    "net/names": {"net/addr", "io", "sys"},
    "net/addr": {"sys"},
    "io": {"sys"},
    "sys/sandbox": {"sys"},
    "sys": set(),
    "out": set(),
    "cli": set(),
    "base": set(),
}
ORDER = list(ALLOWED)
WITHOUT_LIBUV = {"base", "cli", "out", "sys", "sys/sandbox"}


def room(path):
    """The room of a file in src/, or None if it has none."""
    inside = path.relative_to("src")
    if len(inside.parts) == 1:
        return inside.stem if inside.stem in ALLOWED else None
    return next((str(up) for up in inside.parents if str(up) in ALLOWED), None)
