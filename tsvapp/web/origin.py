"""PURE: whether a page may connect, by its origin (RFC 6454): the one under which the browser reached this server.

The browser's host is in Host. The scheme is the one of the connection, or what trusted proxies say in
X-Forwarded-Proto.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

DEFAULT_PORTS = {"http": ":80", "https": ":443"}

OF_WEBSOCKETS = {"ws": "http", "wss": "https"}
"""Traefik names the scheme of a handshake so; an Origin never has these schemes."""

UNTRUSTED = (
    "X-Forwarded-Proto comes from a peer that TSVAPP_TRUSTED_PROXIES does not name. If that is your proxy, add its"
    " address."
)
MISSING_AND_UNTRUSTED = (
    "The browser used another scheme than this connection. Have the proxy send X-Forwarded-Proto, and add its address"
    " to TSVAPP_TRUSTED_PROXIES."
)
MISSING = "The proxy sends no X-Forwarded-Proto. Have it send the scheme that the browser used."
ANOTHER_SCHEME = (
    "X-Forwarded-Proto is not the scheme that the browser used. Have the outermost proxy send it, and add every proxy"
    " behind it to TSVAPP_TRUSTED_PROXIES."
)
ANOTHER_HOST = (
    "The page's host is not the one in Host. If the page is yours, have the proxy pass on the browser's Host with its"
    " port, or add the origin to TSVAPP_ALLOWED_ORIGINS. If it is not, the refusal is right."
)


@dataclass(frozen=True)
class Reached:
    """How a request reached this server.

    `host` is the Host header, empty if it is missing or invalid; `scheme` that of the connection. `trusted_hops` counts
    the trusted proxies in a row from the peer on, 0 if the peer itself is not trusted. `forwarded_proto` is the header
    X-Forwarded-Proto as it came, None if it is missing.
    """

    host: str
    scheme: str
    trusted_hops: int
    forwarded_proto: str | None

    @property
    def browser_scheme(self) -> str:
        """Return the scheme that the browser used, as far as trusted proxies say.

        Of a list, each proxy has added the scheme that it saw at the end. The element that counts is the one of the
        outermost trusted proxy: what stands before it was claimed by a stranger.
        """
        if self.trusted_hops == 0 or self.forwarded_proto is None:
            return self.scheme
        schemes = [each.strip().lower() for each in self.forwarded_proto.split(",")]
        scheme = schemes[-min(self.trusted_hops, len(schemes))]
        return OF_WEBSOCKETS.get(scheme, scheme)


def is_allowed(origin: str | None, reached: Reached, listed: Collection[str]) -> bool:
    """Return whether a page of this origin may connect: the same origin, or exactly a listed one.

    A program sends no Origin and is welcome: the check is for browsers, which always send it.
    """
    if origin is None or origin in listed:
        return True
    scheme = reached.browser_scheme
    return bool(reached.host) and _bare(origin, scheme) == _bare(f"{scheme}://{reached.host}", scheme)


def remedy(origin: str, reached: Reached) -> str:
    """Return what an operator can do about a refused origin: one of the texts above."""
    scheme, _, host = origin.partition("://")
    if not host or _bare(host, scheme) != _bare(reached.host, scheme):
        return ANOTHER_HOST
    if reached.trusted_hops == 0:
        return MISSING_AND_UNTRUSTED if reached.forwarded_proto is None else UNTRUSTED
    return MISSING if reached.forwarded_proto is None else ANOTHER_SCHEME


def _bare(text: str, scheme: str) -> str:
    """Return a host, or an origin, without the port if it is the scheme's default: browsers leave that out."""
    return text.removesuffix(DEFAULT_PORTS.get(scheme, ""))
