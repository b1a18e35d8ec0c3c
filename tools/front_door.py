"""Say at which addresses this server can be opened, before it starts: `python -m tools.front_door`, for `make run`.

Ends with status 1, and one line that says why, when another program listens there.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import closing, suppress

EVERYWHERE = ("0.0.0.0", "::", "*", "")
LOOPBACK = ("127.0.0.1", "::1", "localhost")

# Reserved for documentation (RFC 5737, RFC 3849): they tell by which address this machine reaches others, and nothing
# is sent to them.
ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


class Taken(Exception):
    """Say why nothing can listen at an address."""


def asked() -> tuple[str, int]:
    """Return the host and the port that HOST and PORT ask for; raise Taken if no server can listen there."""
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise Taken(f"PORT is {port!r}; it must be a number from 1 to 65535")
    _require_free(host, int(port))
    return host, int(port)


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as listener:
        # As gunicorn and nginx listen: connections of a server that has just ended are of no matter.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("0.0.0.0" if host in ("*", "") else host, port))
        except OSError as error:
            raise Taken(_why(error, host, port)) from error


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program. End that one, or choose another port: make run PORT={port + 1}"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is for root alone. Choose one from 1024 on: make run PORT=8000"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine has no address {host}. HOST=0.0.0.0 listens at all that it has"
    return f"Nothing can listen at {host}:{port}: {error.strerror}"


def addresses(host: str, port: int) -> list[str]:
    """Return the addresses for a browser: that for this computer first, then those for others."""
    if host not in EVERYWHERE:
        return [_url("127.0.0.1" if host in LOOPBACK else host, port)]
    return [_url(each, port) for each in ("127.0.0.1", *own_addresses(both=host in ("::", "*")))]


def own_addresses(both: bool) -> list[str]:
    """Return the addresses by which other machines reach this one; those of IPv6 too if `both`."""
    found: list[str] = []
    for family, elsewhere in ELSEWHERE if both else ELSEWHERE[:1]:
        with suppress(OSError), closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((elsewhere, 9))
            found.append(probe.getsockname()[0])
    return [each for each in dict.fromkeys(found) if not each.startswith("127.")]


def greeting(host: str, port: int) -> str:
    """Return the lines that say where to go, and how others get here."""
    first, *others = addresses(host, port)
    lines = [f"tsvapp: open {first} (Ctrl+C stops)"]
    lines += [f"        on other computers: {each}" for each in others]
    if not others and host in LOOPBACK:
        lines.append("        only this computer can open it; for others: make run HOST=0.0.0.0")
    return "\n".join(lines)


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def main() -> int:
    """Look, greet, and return the exit status."""
    try:
        host, port = asked()
    except Taken as error:
        print(f"tsvapp cannot start. {error}", file=sys.stderr)
        return 1
    print(greeting(host, port), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
