"""The closed set of commands and events, both wire protocols; `docs/protocol.md` is held against this file.

Commands are parsed from messages of clients, events are serialized for them. Nothing here knows a socket, and
nothing outside knows how a message looks.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import orjson

from tsvapp.errors import BadCommand
from tsvapp.room.view import Notice, RoomState, Table, Upload
from tsvapp.table.dialect import DELIMITERS, ENCODINGS

SUBPROTOCOL = "tsvapp.v1"

DEFLATE_FROM = 4 << 10
"""Bytes from which a message is worth compressing; below it a packet carries it whole anyway."""

CHUNK_BYTES = 256 << 10
"""Most bytes of one chunk: large enough to cost little each, small enough to be stored within a few milliseconds."""

WINDOW_BYTES = 16 * CHUNK_BYTES
"""Most bytes a client sends before they are acknowledged: 40 MB/s over a line of 100 ms, 4 MiB of memory at most."""

COMMAND_BYTES = 64 << 10
"""Most bytes of a text message: the longest command is a few hundred bytes and a file name."""

NO_ROOM = {
    "unknown": "There is no table at this address. Check that the link is whole.",
    "expired": "Nobody had used this table for a while, so it was deleted.",
    "unreadable": "The server cannot read this table any more.",
}
"""Why no room lives at an id: the word for programs, and the sentence for people."""

MAX_NAME_CHARS = 255
LAST_PAGE = 10**15
"""A page or row number beyond every table; larger ones are clamped, so that no number can grow without bound."""


# Commands ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """Show a page to everyone."""

    type: ClassVar[str] = "turn"
    page: int


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin an upload of exactly `size` bytes."""

    type: ClassVar[str] = "begin"
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel an upload."""

    type: ClassVar[str] = "cancel"
    upload: str


@dataclass(frozen=True, slots=True)
class Read:
    """Read the table otherwise, for everyone; `changes` holds only the fields that were sent."""

    type: ClassVar[str] = "read"
    changes: Mapping[str, str | bool | None]


@dataclass(frozen=True, slots=True)
class Look:
    """Answer a page to the one who asks."""

    type: ClassVar[str] = "look"
    ask: int
    page: int
    first_column: int


@dataclass(frozen=True, slots=True)
class ReadCell:
    """Answer a whole cell to the one who asks; row from 1, column from 0."""

    type: ClassVar[str] = "cell"
    ask: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Store the next bytes of the upload begun before (a binary message of `tsvapp.v1`)."""

    type: ClassVar[str] = "chunk"
    data: bytes


@dataclass(frozen=True, slots=True)
class WholeFile:
    """Take these bytes as the room's next table (a binary message of the article's protocol)."""

    type: ClassVar[str] = "file"
    data: bytes


Command = Turn | Begin | Cancel | Read | Look | ReadCell | Chunk | WholeFile


def parse_article(message: str | bytes) -> Turn | WholeFile:
    """Parse a message of the article's protocol; raise BadCommand for text that is no page number."""
    if isinstance(message, bytes):
        return WholeFile(message)
    number = re.fullmatch(r"\s*([+-]?[0-9]{1,64})\s*", message)
    if number is None:
        raise BadCommand("A text message must be a page number, such as 1.")
    return Turn(_clamp(int(number[1])))


def parse(message: str | bytes) -> Command:
    """Parse a message of `tsvapp.v1`; raise BadCommand that names what is wrong with it."""
    if isinstance(message, bytes):
        return Chunk(message)
    try:
        given = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise BadCommand("A command must be a JSON object; this is not JSON.") from error
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(kind, str):
        raise BadCommand("A command must be a JSON object with a type, which is a string.")
    parser = _PARSERS.get(kind)
    if parser is None:
        raise BadCommand(f"Unknown command {kind[:40]!r}; the types are {', '.join(_PARSERS)}.")
    return parser(given)


def _parse_begin(given: dict[str, Any]) -> Begin:
    name = given.get("name")
    if not isinstance(name, str):
        raise BadCommand("begin: name must be a string.")
    # Directories are no part of a name.
    name = re.split(r"[/\\]", name)[-1]
    return Begin(name[:MAX_NAME_CHARS] or "table.tsv", _number(given, "begin", "size", least=0))


def _parse_read(given: dict[str, Any]) -> Read:
    allowed: dict[str, Sequence[str | bool]] = {
        "encoding": ENCODINGS,
        "delimiter": DELIMITERS,
        "quoting": (True, False),
        "header": (True, False),
    }
    changes = {key: given[key] for key in allowed if key in given}
    for key, value in changes.items():
        fits = isinstance(value, bool) == (allowed[key][0] is True) and value in allowed[key]
        if value is not None and not fits:
            raise BadCommand(f"read: {key} must be null or one of {', '.join(map(repr, allowed[key]))}.")
    if not changes:
        raise BadCommand(f"read: give at least one of {', '.join(allowed)}.")
    return Read(changes)


def _parse_cancel(given: dict[str, Any]) -> Cancel:
    upload = given.get("upload")
    if not isinstance(upload, str):
        raise BadCommand("cancel: upload must be the upload's id.")
    return Cancel(upload)


def _number(given: dict[str, Any], kind: str, key: str, least: int | None = None) -> int:
    value = given.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
        raise BadCommand(f"{kind}: {key} must be a whole number{'' if least is None else f' from {least}'}.")
    return _clamp(value)


def _clamp(number: int) -> int:
    return min(max(number, -LAST_PAGE), LAST_PAGE)


_PARSERS: Mapping[str, Callable[[dict[str, Any]], Command]] = {
    "turn": lambda given: Turn(_number(given, "turn", "page")),
    "begin": _parse_begin,
    "cancel": _parse_cancel,
    "read": _parse_read,
    "look": lambda given: Look(
        _number(given, "look", "ask", 0), _number(given, "look", "page"), _number(given, "look", "first_column", 0)
    ),
    "cell": lambda given: ReadCell(
        _number(given, "cell", "ask", 0), _number(given, "cell", "row", 1), _number(given, "cell", "column", 0)
    ),
}


# Events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """Tell one who joins where they are and what the limits are."""

    type: ClassVar[str] = "welcome"
    room_id: str
    limits: Mapping[str, int]
    room_days: int
    heartbeat_seconds: float
    encodings: Sequence[str]
    delimiters: Sequence[str]


@dataclass(frozen=True, slots=True)
class NoRoom:
    """Tell one who joins that no room lives here, and why: one of NO_ROOM."""

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
    """Tell everyone how many are here."""

    type: ClassVar[str] = "presence"
    members: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Tell everyone that the server lives, and the revision they should be at."""

    type: ClassVar[str] = "heartbeat"
    epoch: str
    revision: int


@dataclass(frozen=True, slots=True)
class Ready:
    """Tell the uploader to send, from `offset` on."""

    type: ClassVar[str] = "ready"
    upload: str
    offset: int


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


def serialize_article(room_id: str, page: int, rows: int, data: Sequence[Sequence[str]]) -> str:
    """Serialize the article's one answer: a page of at most 100 rows, and how many rows the file has."""
    return _dumps({"uuid": room_id, "page_no": page, "total_number": rows, "data": data}).decode()


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
