"""How many connections one address may have and open, so that nobody takes the server from all others.

Counts are kept only for addresses that are connected, or were within the last minute.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address, ip_address
from time import monotonic

MINUTE_SECONDS = 60.0


class Addresses:
    """Count the connections of each address: those that are open, and those that came within a minute."""

    def __init__(self, most_open: int, most_a_minute: int) -> None:
        self._most_open = most_open
        self._most_a_minute = most_a_minute
        self._open: Counter[str] = Counter()
        self._came: Counter[str] = Counter()
        self._since = monotonic()

    def refusal(self, address: str) -> str | None:
        """Say in words why this address may not connect now; None if it may."""
        self._begin_minute()
        if self._open[address] >= self._most_open:
            return f"Your address has {self._most_open:,} connections open already. Close some, or try again later."
        if self._came[address] >= self._most_a_minute:
            return f"Your address has connected {self._most_a_minute:,} times within a minute. Try again in a minute."
        return None

    def enter(self, address: str) -> None:
        """Count a connection that opens."""
        self._open[address] += 1
        self._came[address] += 1

    def leave(self, address: str) -> None:
        """Count it no more."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]

    def _begin_minute(self) -> None:
        if monotonic() - self._since > MINUTE_SECONDS:
            self._came.clear()
            self._since = monotonic()


def client_address(peer: str, forwarded: str, trusted: tuple[str, ...]) -> str:
    """Return whom a connection is counted for: what a trusted proxy says (X-Forwarded-For), else who connected.

    Of several the last is what the proxy itself has seen. An IPv6 network of 64 bits is one address: the
    least that anybody is given (RFC 6177).
    """
    claimed = forwarded.rpartition(",")[2].strip()
    address = claimed if claimed and peer in trusted else peer
    try:
        parsed = ip_address(address)
    except ValueError:
        return peer
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
