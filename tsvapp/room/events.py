"""The closed set of events, and how they are serialized for clients, on both protocols.

Nothing here knows a socket, and nothing outside knows how an event looks on the wire.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import orjson

from tsvapp.room.people import Here, Person, Pointed
from tsvapp.room.view import Notice, RoomState, Table, Upload

DEFLATE_FROM = 4 << 10
"""Bytes from which a message is worth compressing; below it a packet carries it whole anyway."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """Tell one who joins where they are and what the limits are."""

    type: ClassVar[str] = "welcome"
    room_id: str | None
    watch_id: str
    may_drive: bool
    owns: bool
    you: Person
    key: str
    limits: Mapping[str, int]
    room_days: int
    heartbeat_seconds: float
    encodings: Sequence[str]
    delimiters: Sequence[str]


@dataclass(frozen=True, slots=True)
class NoRoom:
    """Tell one who joins that no room lives here, and why: one of NO_ROOM in `protocol`."""

    type: ClassVar[str] = "unknown_room"
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Tell everyone all there is to show."""

    type: ClassVar[str] = "snapshot"
    epoch: str
    revision: int
    page: int
    pages: int
    table: Table | None
    header: Sequence[str] | None
    first_row: int
    first_column: int
    data: Sequence[Sequence[str]]
    clipped: Sequence[Sequence[int]]
    upload: Upload | None
    notice: Notice | None
    by: Person | None
    presenter: Person | None
    pointed: Pointed | None
    former: Sequence[Table]
    apart: bool
    expires_days: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Tell everyone how far the upload has come."""

    type: ClassVar[str] = "progress"
    epoch: str
    revision: int
    upload: Upload | None
    rows: int
    columns: int
    pages: int
    growing: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """Tell everyone how many are here, and the first of them by name."""

    type: ClassVar[str] = "presence"
    members: int
    people: Sequence[Here]


@dataclass(frozen=True, slots=True)
class Pointing:
    """Tell everyone who points at which cell."""

    type: ClassVar[str] = "pointing"
    pointed: Pointed


@dataclass(frozen=True, slots=True)
class You:
    """Tell one who introduced itself who it is."""

    type: ClassVar[str] = "you"
    you: Person
    owns: bool


@dataclass(frozen=True, slots=True)
class WheelAsked:
    """Tell the presenter who asks for the wheel: some of them, and whether there are more."""

    type: ClassVar[str] = "wheel_asked"
    people: Sequence[Person]
    more: bool


@dataclass(frozen=True, slots=True)
class Links:
    """Tell those who may drive which links lead here now."""

    type: ClassVar[str] = "links"
    room_id: str
    watch_id: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Tell everyone that the server lives, and the revision they should be at."""

    type: ClassVar[str] = "heartbeat"
    epoch: str
    revision: int


@dataclass(frozen=True, slots=True)
class Ready:
    """Tell the uploader to send, from `offset` on; first, as one message, the bytes of the ranges in `proof`."""

    type: ClassVar[str] = "ready"
    upload: str
    offset: int
    proof: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Ack:
    """Tell the uploader how many bytes are safely stored."""

    type: ClassVar[str] = "ack"
    upload: str
    offset: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Tell the uploader that the document is whole, and how many rows it has."""

    type: ClassVar[str] = "finished"
    upload: str
    document: str
    rows: int


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """Answer a `look`."""

    type: ClassVar[str] = "page"
    ask: int
    reading: str
    page: int
    pages: int
    rows: int
    header: Sequence[str] | None
    first_row: int
    first_column: int
    data: Sequence[Sequence[str]]
    clipped: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class CellAnswer:
    """Answer a `cell`."""

    type: ClassVar[str] = "cell"
    ask: int
    reading: str
    row: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """Tell the one whose command failed what is wrong; absent fields are left out."""

    type: ClassVar[str] = "error"
    code: str
    message: str
    limit: int | None = None
    upload: str | None = None
    ask: int | None = None


Event = (
    Welcome
    | NoRoom
    | Snapshot
    | Progress
    | Presence
    | Pointing
    | You
    | WheelAsked
    | Links
    | Heartbeat
    | Ready
    | Ack
    | Finished
    | PageAnswer
    | CellAnswer
    | ErrorEvent
)


def serialize(event: Event) -> str | bytes:
    """Serialize an event for `tsvapp.v1`: text, or raw-deflated bytes (RFC 1951) when it is large."""
    body: dict[str, Any] = {"type": event.type}
    body |= {entry.name: getattr(event, entry.name) for entry in fields(event)}
    if isinstance(event, ErrorEvent):
        body = {key: value for key, value in body.items() if value is not None}
    text = _dumps(body)
    if len(text) < DEFLATE_FROM:
        return text.decode()
    packer = zlib.compressobj(level=1, wbits=-15)
    return packer.compress(text) + packer.flush()


def serialize_article(room_id: str, page: int, rows: int, data: Iterable[Iterable[Sequence[str]]]) -> str:
    """Serialize the article's one answer: a page of at most 100 rows, and how many rows the file has.

    Each row comes as the pieces of it, in order: one of millions of cells is not encoded at once.
    """
    encoded = b",".join(b"[" + b",".join(orjson.dumps(piece)[1:-1] for piece in pieces) + b"]" for pieces in data)
    whole = orjson.Fragment(b"[" + encoded + b"]")
    return _dumps({"uuid": room_id, "page_no": page, "total_number": rows, "data": whole}).decode()


def _dumps(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body, default=dict)


def progress(epoch: str, state: RoomState) -> Progress:
    """Say what a progress event says of this state."""
    shown = state.shown
    return Progress(
        epoch,
        state.revision,
        state.upload,
        rows=shown.rows if shown else 0,
        columns=shown.columns if shown else 0,
        pages=shown.pages if shown else 1,
        growing=bool(shown and shown.growing),
    )
