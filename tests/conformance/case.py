"""A case: what one client sends and what it has to hear, as data, and how that is played.

tsvapp is no echo server, so what would come back otherwise is told by what does: a binary message of the article's
protocol is a file, whose cells are answered; a text message is a page number; and `tsvapp.v1` quotes the type of a
command that it does not know.
"""

from __future__ import annotations

import json
import random
import socket
import string
import struct
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Protocol

import pytest

from tests.support.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawClient, frame
from tsvapp.room.protocol import SUBPROTOCOL

KIB, MIB = 1 << 10, 1 << 20
LETTERS = bytes(string.ascii_letters.encode()[value % 52] for value in range(256))


class Hearing(Protocol):
    """Take from the server what has to come now, and check it."""

    def hear(self, peer: Peer) -> None: ...


Script = tuple["bytes | Hearing", ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Send the bytes of a script, and hear between them what has to come.

    A script that does not say how the connection ends is ended by the client, with 1000; a large one is made when it is
    played. `chop` is the most bytes
    that are written at once, `in_room` leads into a room that has a table of 250 rows, `v1` speaks `tsvapp.v1`.
    """

    sentence: str
    script: Script | Callable[[], Script]
    chop: int = 0
    in_room: bool = False
    v1: bool = False
    extensions: str = ""


@dataclass(frozen=True, slots=True)
class Pongs:
    """Hear these pongs in order; of some that are owed at once the last one is enough (RFC 6455, section 5.5.3)."""

    payloads: tuple[bytes, ...]

    def hear(self, peer: Peer) -> None:
        owed = list(self.payloads)
        while owed:
            opcode, payload = peer.receive_control()
            assert opcode == PONG
            assert payload in owed
            del owed[: owed.index(payload) + 1]


@dataclass(frozen=True, slots=True)
class Cells:
    """Hear the page of a table that holds exactly this text."""

    text: bytes

    def hear(self, peer: Peer) -> None:
        rows = [line.split("\t") for line in self.text.decode().removesuffix("\n").split("\n")]
        assert json.loads(peer.receive_text())["data"] == rows


@dataclass(frozen=True, slots=True)
class SameBytes:
    """Hear of a table whose download has exactly these bytes."""

    data: bytes

    def hear(self, peer: Peer) -> None:
        room_id = json.loads(peer.receive_text())["uuid"]
        with urllib.request.urlopen(f"{peer.url}/{room_id}.tsv") as answer:
            assert answer.read() == self.data


@dataclass(frozen=True, slots=True)
class Page:
    """Hear that the room shows this page; others may be told before."""

    number: int

    def hear(self, peer: Peer) -> None:
        while json.loads(peer.receive_text())["page_no"] != self.number:
            pass


@dataclass(frozen=True, slots=True)
class Event:
    """Hear an event of this type, with these fields; others may be told before (of `tsvapp.v1`)."""

    kind: str
    fields: tuple[tuple[str, object], ...] = ()

    def hear(self, peer: Peer) -> None:
        while (event := json.loads(peer.receive_text()))["type"] != self.kind:
            pass
        assert [(name, event[name]) for name, _ in self.fields] == list(self.fields)


@dataclass(frozen=True, slots=True)
class Closed:
    """Hear a close with this code, None for none, and then the end of the connection."""

    code: int | None
    reason: str | None = None
    words: str = ""

    def hear(self, peer: Peer) -> None:
        opcode, payload = peer.receive_control(strict=True)
        assert opcode == CLOSE
        code, reason = (struct.unpack("!H", payload[:2])[0], payload[2:].decode()) if payload else (None, "")
        assert code == self.code, reason
        assert self.reason is None or reason == self.reason
        assert self.words in reason
        assert peer.has_ended()


BROKEN = Closed(1002)
TOO_BIG = Closed(1009, words="bytes")
NO_UTF8 = Closed(1007, words="utf-8")
CLOSE_NORMALLY = frame(CLOSE, struct.pack("!H", 1000))


class Peer(RawClient):
    """Play the client of a case; `url` is where its server answers HTTP."""

    def __init__(self, port: int, case: Case, room_path: str) -> None:
        path = room_path if case.in_room else "/parser/ws"
        super().__init__(port, path, SUBPROTOCOL if case.v1 else "", extensions=case.extensions)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{port}"
        self._v1 = case.v1
        # Where nobody else moves the room, nothing is told but what a message asked for.
        self._silent = not (case.v1 or case.in_room)
        if case.in_room and not case.v1:
            self.receive_text()

    def receive(self) -> tuple[int, bytes]:
        """Wait for the next frame of the server that is no ping: on a busy machine a case may be silent for long."""
        while (heard := super().receive())[0] == PING:
            pass
        return heard

    def receive_text(self) -> bytes:
        """Wait for a text message; a larger one of `tsvapp.v1` is binary, and passed over."""
        while (heard := self.receive())[0] == BINARY and self._v1:
            pass
        assert heard[0] == TEXT, heard
        return heard[1]

    def receive_control(self, strict: bool = False) -> tuple[int, bytes]:
        """Wait for a control frame, and pass over the pages before it; `strict` where there must be none."""
        while (heard := self.receive())[0] in (TEXT, BINARY):
            assert not (strict and self._silent), heard
        return heard

    def send_chopped(self, data: bytes, chop: int) -> None:
        """Write these bytes, at most `chop` at once; who has heard enough by one of them need not take the others."""
        with suppress(BrokenPipeError, ConnectionResetError):
            for start in range(0, len(data), chop or len(data)):
                self.socket.sendall(data[start : start + chop] if chop else data)


def play(case: Case, port: int, room_path: str) -> None:
    """Play a case from the handshake to the end of the connection."""
    script = case.script() if callable(case.script) else case.script
    if not isinstance(script[-1], Closed):
        script = (*script, CLOSE_NORMALLY, Closed(1000, ""))
    with closing(Peer(port, case, room_path)) as peer:
        for step in script:
            if isinstance(step, bytes):
                peer.send_chopped(step, case.chop)
            else:
                step.hear(peer)


def each(cases: Iterable[Case]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make each case a test that is called by its sentence."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.sentence) for case in cases])


def fragments(opcode: int, *payloads: bytes) -> list[bytes]:
    """Encode a message in these fragments, a frame each."""
    last = len(payloads) - 1
    return [
        frame(CONTINUATION if place else opcode, payload, fin=place == last) for place, payload in enumerate(payloads)
    ]


def cut(data: bytes, size: int) -> list[bytes]:
    """Cut bytes in pieces of this size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def a_table(size: int) -> bytes:
    """Make a table of exactly `size` bytes, which is never the same twice within itself, on one page."""
    letters = bytearray(random.Random(size).randbytes(size).translate(LETTERS))
    row = max(40, size // 90)
    for start in range(row, size, row):
        letters[start - row // 2] = ord("\t")
        letters[start] = ord("\n")
    return bytes(letters)


def close(code: int, reason: bytes = b"") -> bytes:
    """Encode a close as a client may send it."""
    return frame(CLOSE, struct.pack("!H", code) + reason)
