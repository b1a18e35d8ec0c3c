"""The opening handshake, header by header, as clients may spell it (RFC 6455, section 4.2).

Which handshakes the gate refuses, and in which words, is in tests/web/test_socket.py.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.support.raw import request
from tests.support.server import Server

KEYS = ("dGhlIHNhbXBsZSBub25jZQ==", "AAAAAAAAAAAAAAAAAAAAAA==", "/////////////////////w==", "AQIDBAUGBwgJCgsMDQ4PEA==")
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
GET = "GET /parser/ws HTTP/1.1"
HOST = "Host: 127.0.0.1"
CONNECTION = "Connection: Upgrade"
UPGRADE = "Upgrade: websocket"
VERSION = "Sec-WebSocket-Version: 13"
KEY = f"Sec-WebSocket-Key: {KEYS[0]}"
USUAL = (GET, HOST, CONNECTION, UPGRADE, VERSION, KEY)


def instead(*lines: str) -> tuple[str, ...]:
    """Return the usual handshake with these lines in the place of those that begin alike, or behind all."""
    names = {line.split(":")[0].lower() for line in lines}
    return (*(line for line in USUAL if line.split(":")[0].lower() not in names), *lines)


def respelled(spell: Callable[[str], str]) -> Iterator[str]:
    """Spell the names of the usual headers otherwise."""
    for line in USUAL[1:]:
        name, colon, text = line.partition(":")
        yield spell(name) + colon + text


ACCEPTED = {
    "H.1 the usual": USUAL,
    "H.1 names of headers in lower case": (GET, *respelled(str.lower)),
    "H.1 names of headers in upper case": (GET, *respelled(str.upper)),
    "H.1 headers in another order": (GET, *reversed(USUAL[1:])),
    "H.1 white space around values": (GET, *(line.replace(": ", ":   ") + "  " for line in USUAL[1:])),
    "H.1 no white space": (GET, *(line.replace(": ", ":") for line in USUAL[1:])),
    "H.1 headers of a browser": (*USUAL, "Pragma: no-cache", "Cache-Control: no-cache", "User-Agent: a", "Accept: */*"),
    "H.1 a query": ("GET /parser/ws?any=thing HTTP/1.1", *USUAL[1:]),
    "H.2 upgrade in upper case": instead("Upgrade: WEBSOCKET"),
    "H.2 upgrade in mixed case": instead("Upgrade: WebSocket"),
    "H.3 connection in lower case": instead("Connection: upgrade"),
    "H.3 connection as Firefox spells it": instead("Connection: keep-alive, Upgrade"),
    "H.3 connection the other way round": instead("Connection: Upgrade,keep-alive"),
    "H.3 connection with white space and empty words": instead("Connection: , keep-alive ,, UPGRADE ,"),
    "H.3 connection in two headers": instead("Connection: keep-alive", "Connection: Upgrade"),
    "H.4 extensions that nobody knows": instead("Sec-WebSocket-Extensions: x-odd; a=1, x-other"),
    "H.4 compression, offered twice": instead(
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, permessage-deflate"
    ),
    "H.4 extensions that are none": instead("Sec-WebSocket-Extensions: ;;,=,"),
}

REFUSED = {
    "H.5 no Upgrade": (426, (GET, HOST, CONNECTION, VERSION, KEY)),
    "H.5 another Upgrade": (426, instead("Upgrade: h2c")),
    "H.5 a list of Upgrades, which would be a tunnel past the proxy": (426, instead("Upgrade: websocket, h2c")),
    "H.5 two Upgrades": (426, instead("Upgrade: h2c", "Upgrade: websocket")),
    "H.6 version 12": (426, instead("Sec-WebSocket-Version: 12")),
    "H.6 version 14": (426, instead("Sec-WebSocket-Version: 14")),
    "H.6 version 013": (426, instead("Sec-WebSocket-Version: 013")),
    "H.6 two versions": (426, instead("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8")),
    "H.6 no version": (426, (GET, HOST, CONNECTION, UPGRADE, KEY)),
    "H.7 no key": (400, (GET, HOST, CONNECTION, UPGRADE, VERSION)),
    "H.7 two keys": (400, (*USUAL, KEY)),
    "H.7 a key of 15 bytes": (400, instead("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA")),
    "H.7 a key of 17 bytes": (400, instead("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=")),
    "H.7 a key that is no base64": (400, instead("Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==")),
    "H.8 no host": (400, (GET, *USUAL[2:])),
    "H.8 two hosts": (400, (*USUAL, "Host: elsewhere.example")),
    "H.9 another method": (405, ("POST /parser/ws HTTP/1.1", *USUAL[1:], "Content-Length: 0")),
}

PROTOCOLS = {
    "H.10 none": ((), None),
    "H.10 ours": (("tsvapp.v1",), "tsvapp.v1"),
    "H.10 ours behind another": (("chat, tsvapp.v1",), "tsvapp.v1"),
    "H.10 ours before another": (("tsvapp.v1, chat",), "tsvapp.v1"),
    "H.10 ours twice": (("tsvapp.v1, tsvapp.v1",), "tsvapp.v1"),
    "H.10 ours in the second of two headers": (("chat", "tsvapp.v1"), "tsvapp.v1"),
    "H.10 ours with white space and empty words": ((" ,, tsvapp.v1 ,",), "tsvapp.v1"),
    "H.10 ours without white space": (("chat,tsvapp.v1,other",), "tsvapp.v1"),
    "H.10 another": (("chat",), None),
    "H.10 one that begins like ours": (("tsvapp.v10",), None),
    "H.10 ours in upper case": (("TSVAPP.V1",), None),
    "H.10 nothing": (("",), None),
}


def accept(key: str) -> str:
    """Return what a key is answered (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


@pytest.mark.parametrize("lines", ACCEPTED.values(), ids=ACCEPTED)
def test_a_handshake_is_accepted_as_clients_may_spell_it(door: int, lines: Iterable[str]) -> None:
    answer = request(door, lines)
    assert answer.status == 101
    assert answer.headers["Upgrade"].lower() == "websocket"
    assert answer.headers["Connection"].lower() == "upgrade"
    assert answer.headers.get_all("Sec-WebSocket-Accept") == [accept(KEYS[0])]
    assert answer.headers["Sec-WebSocket-Extensions"] is None
    assert answer.headers["Sec-WebSocket-Protocol"] is None


@pytest.mark.parametrize(("status", "lines"), REFUSED.values(), ids=REFUSED)
def test_a_handshake_is_refused(door: int, status: int, lines: Iterable[str]) -> None:
    answer = request(door, lines)
    assert answer.status == status
    assert answer.headers["Sec-WebSocket-Accept"] is None
    if status == 426:
        assert answer.headers["Sec-WebSocket-Version"] == "13"


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_answered_as_the_rfc_says(door: int, key: str) -> None:
    assert request(door, instead(f"Sec-WebSocket-Key: {key}")).headers["Sec-WebSocket-Accept"] == accept(key)


@pytest.mark.parametrize(("offered", "chosen"), PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_subprotocol_is_chosen_of_those_that_are_offered(
    door: int, offered: Iterable[str], chosen: str | None
) -> None:
    answer = request(door, (*USUAL, *(f"Sec-WebSocket-Protocol: {names}" for names in offered)))
    assert (answer.status, answer.headers.get_all("Sec-WebSocket-Protocol")) == (101, chosen and [chosen])


def test_tabs_are_white_space(house: Server) -> None:
    # Directly: nginx takes a tab for a part of the value.
    answer = request(house.port, (GET, *(line.replace(": ", ":\t") + "\t" for line in USUAL[1:])))
    assert (answer.status, answer.headers["Sec-WebSocket-Accept"]) == (101, accept(KEYS[0]))
