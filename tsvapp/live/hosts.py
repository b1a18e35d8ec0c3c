"""The names under which this server may be asked for: a defence against DNS rebinding.

A page of evil.example can have that name resolve to an address of this machine or of an intranet, and then connects
here from its own origin. Such a request names evil.example as its host.
"""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address

ANY = "*"

MAX_CHARS = 255 + len(":65535")

PATTERN = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?)(?::[0-9]{0,5})?")
"""RFC 9112, section 3.2, without percent-encoding; the lengths are those of DNS (RFC 1035, section 2.3.4)."""


def is_valid(host: str) -> bool:
    """Say whether a Host header can name a server; its length is looked at before any work.

    Flask and wsproto fail over a name that IDNA cannot decode, in parts where no error handler reaches.
    """
    if len(host) > MAX_CHARS or not PATTERN.fullmatch(host):
        return False
    try:
        host.encode("ascii").decode("idna").encode("idna")
    except UnicodeError:
        return False
    return True


class Hosts:
    """Know the names that are allowed: those given, this machine's, loopback names, and every address."""

    def __init__(self, names: tuple[str, ...]) -> None:
        machine = socket.gethostname()
        self._names = {name.lower().rstrip(".") for name in (*names, machine, "localhost")}

    def allows(self, host: str) -> bool:
        """Say whether a valid Host header names this server; its port does not count.

        An address is no name that anybody could have resolved otherwise, and browsers resolve *.localhost themselves
        (RFC 6761, section 6.3). A request without a host comes from no browser.
        """
        if not host or host.startswith("[") or ANY in self._names:
            return True
        name = host.partition(":")[0].lower().rstrip(".")
        return name in self._names or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
