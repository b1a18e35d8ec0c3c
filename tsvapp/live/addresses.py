"""How much one address may have and do, so that nobody takes the server from all others.

An IPv6 network of 64 bits counts as one address, and the wider networks around it have shares of their own.
Counts are kept only for addresses that are connected, or were within the last minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from time import monotonic
from typing import NamedTuple

from tsvapp.errors import LimitReached, StartupError
from tsvapp.live.pace import BURST_SECONDS, Pace
from tsvapp.settings import Settings

MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3600.0
ASKING_BURST_SECONDS = 1.0
"""What one address may ask at once after a rest, as seconds of its rate: the viewer has nearly as many files."""

WIDER = ((56, 4), (48, 16))
"""IPv6 networks that providers hand out to one customer (RFC 6177), and the shares of a /64 that each has in all."""


class Group(NamedTuple):
    """Name whom something is counted for, and how many shares that has."""

    name: str
    shares: int
    whose: str


@lru_cache(4096)
def groups_of(address: str) -> tuple[Group, ...]:
    """Return an address and the wider networks that it is counted for, the narrowest first."""
    own = Group(address, 1, "Your address")
    if not address.endswith("/64"):
        return (own,)
    bits = int(IPv6Address(address.removesuffix("/64")))
    names = ((f"{IPv6Address(bits >> 128 - length << 128 - length)}/{length}", shares) for length, shares in WIDER)
    return (own, *(Group(name, shares, f"Your network ({name})") for name, shares in names))


class Addresses:
    """Count what each address has and does: its open connections, those that came within a minute, its messages."""

    def __init__(self, settings: Settings, most_sockets: int = 1 << 20) -> None:
        """Take the limits from `settings`, but no address has more than `most_sockets` of both kinds open."""
        self._most_open = min(settings.sockets_per_address, most_sockets)
        self._most_asking = min(settings.asking_per_address, most_sockets)
        """Connections of one address that are no WebSocket."""
        self._most_sockets = most_sockets
        self._most_a_minute = settings.connects_per_address
        self._messages = settings.messages_per_address
        self._requests = settings.requests_per_address
        self._open: Counter[str] = Counter()
        self._came: Counter[str] = Counter()
        self._paces: dict[tuple[str, str], Pace] = {}
        self._since = monotonic()
        self._most_rooms = settings.rooms_per_address
        self._rooms: Counter[str] = Counter()
        self._hour_since = monotonic()

    @staticmethod
    def groups(address: str) -> tuple[Group, ...]:
        """Return whom this address is counted for."""
        return groups_of(address)

    def refusal(self, address: str) -> str | None:
        """Say in words why this address may not connect now; None if it may."""
        self._begin_minute()
        for name, shares, whose in groups_of(address):
            if self._open[name] >= (most := self._most_open * shares):
                return f"{whose} has {most:,} connections open already. Close some, or try again later."
            if self._came[name] >= (most := self._most_a_minute * shares):
                return f"{whose} has connected {most:,} times within a minute. Try again in a minute."
        return None

    def asking_refusal(self, address: str, asking: Mapping[str, int]) -> str | None:
        """Say why one more connection of this address may not ask; None if it may.

        `asking` counts the connections that ask already, by the names of their groups.
        """
        for name, shares, whose in groups_of(address):
            most = self._most_asking * shares
            if asking.get(name, 0) >= most or asking.get(name, 0) + self._open[name] >= self._most_sockets * shares:
                return f"{whose} has too many requests open already (at most {most:,}). Try again in a moment."
        return None

    def enter(self, address: str) -> None:
        """Count a connection that opens."""
        for group in groups_of(address):
            self._open[group.name] += 1
            self._came[group.name] += 1

    def leave(self, address: str) -> None:
        """Count it no more."""
        for group in groups_of(address):
            self._open[group.name] -= 1
            if self._open[group.name] <= 0:
                del self._open[group.name]

    def expect_room(self, address: str) -> None:
        """Raise LimitReached if this address has begun as many rooms within an hour as it may."""
        if monotonic() - self._hour_since > HOUR_SECONDS:
            self._rooms.clear()
            self._hour_since = monotonic()
        for name, shares, whose in groups_of(address):
            most = self._most_rooms * shares
            if self._rooms[name] >= most:
                raise LimitReached(
                    f"{whose} has brought {most:,} new tables within an hour. Try again in an hour, or bring the file"
                    " into a room that has a table.",
                    limit=most,
                )

    def count_room(self, address: str) -> None:
        """Count a room that is kept from now on."""
        for group in groups_of(address):
            self._rooms[group.name] += 1

    def messages(self, address: str) -> Pace:
        """Return the pace that all connections of this address share for their messages."""
        return self._pace("messages", address, self._messages)

    def requests(self, address: str) -> Pace:
        """Return the pace of this address's plain requests."""
        self._begin_minute()
        return self._pace("requests", address, self._requests, ASKING_BURST_SECONDS)

    def connects(self, address: str) -> Pace:
        """Return the pace at which connections of this address are looked at, whatever they want."""
        self._begin_minute()
        return self._pace("connects", address, self._requests, ASKING_BURST_SECONDS)

    def _pace(self, of: str, address: str, rate: float, burst_seconds: float = BURST_SECONDS) -> Pace:
        wider: Pace | None = None
        for name, shares, _ in reversed(groups_of(address)):
            if (pace := self._paces.get((of, name))) is None:
                pace = self._paces[of, name] = Pace(rate * shares, burst_seconds, wider)
            wider = pace
        assert wider is not None
        return wider

    def _begin_minute(self) -> None:
        if monotonic() - self._since > MINUTE_SECONDS:
            self._came.clear()
            # Not of one who is here: a new pace begins with what may come at once after a rest.
            self._paces = {key: pace for key, pace in self._paces.items() if key[1] in self._open or pace.busy}
            self._since = monotonic()


class Proxies:
    """Know the proxies that are trusted: only what they say of a request is believed.

    Each is an address or a network, such as 10.0.0.0/8; raise StartupError for one that is neither.
    """

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._trusted = [_network(text) for text in trusted]

    def trusts(self, peer: str) -> bool:
        """Say whether this address is a trusted proxy."""
        address = _parsed(peer)
        return address is not None and any(address in network for network in self._trusted)

    def client_address(self, peer: str, forwarded: str) -> str:
        """Return whom a connection is counted for: what trusted proxies say (X-Forwarded-For), else who connected.

        Each proxy adds at the end whom it has seen, so the list is read from there, and only for as long as it is
        trusted proxies that speak. An IPv6 network of 64 bits is one address: the least that anybody is given
        (RFC 6177).
        """
        client = self._chain(peer, forwarded)[-1]
        address = _parsed(client)
        if isinstance(address, IPv6Address):
            return f"{IPv6Address(int(address) >> 64 << 64)}/64"
        return client if address is None else str(address)

    def trusted_hops(self, peer: str, forwarded: str) -> int:
        """Return how many trusted proxies in a row passed a request on, from the peer towards the client.

        0 means that the peer is not trusted, and then nothing that is forwarded may be believed.
        """
        chain = self._chain(peer, forwarded)
        return len(chain) if self.trusts(chain[-1]) else len(chain) - 1

    def _chain(self, peer: str, forwarded: str) -> list[str]:
        """Return the peer and the addresses before it, up to the first that is not a trusted proxy."""
        chain = [peer]
        for claimed in reversed(forwarded.split(",")):
            if not self.trusts(chain[-1]) or _parsed(claimed.strip()) is None:
                break
            chain.append(claimed.strip())
        return chain


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise StartupError(
            f"TSVAPP_TRUSTED_PROXIES has {text!r}; it must name addresses or networks, for example"
            " 127.0.0.1 10.0.0.0/8."
        ) from error


@lru_cache(4096)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # What a socket that hears both kinds calls an address of the old kind.
    return getattr(address, "ipv4_mapped", None) or address
