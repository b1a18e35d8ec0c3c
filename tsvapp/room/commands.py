"""The closed set of commands, and how they are parsed from the messages of clients, on both protocols.

Nothing here knows a socket, and nothing outside knows how a command looks on the wire.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson

from tsvapp.errors import BadCommand
from tsvapp.room.names import plain_file_name
from tsvapp.room.people import MAX_KEY_CHARS
from tsvapp.room.people import MAX_NAME_CHARS as PERSON_CHARS
from tsvapp.table.dialect import DELIMITERS, ENCODINGS

MAX_NAME_CHARS = 255
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that are drawn as nothing: fillers of Hangul, and Braille without a dot."""

LAST_PAGE = 10**15
"""A page or row number beyond every table; larger ones are clamped, so that no number can grow without bound."""


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
class Resume:
    """Go on with an upload that broke off, from the file of this name and size."""

    type: ClassVar[str] = "resume"
    upload: str
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
class Introduce:
    """Say who I am: `key` is the secret that my browser keeps; without a name or a hue I get one."""

    type: ClassVar[str] = "introduce"
    key: str
    name: str | None
    hue: int | None


@dataclass(frozen=True, slots=True)
class At:
    """Say which page I look at alone; None when I follow."""

    type: ClassVar[str] = "at"
    page: int | None


@dataclass(frozen=True, slots=True)
class Point:
    """Point at a cell before everyone's eyes; row from 1, column from 0, None to stop."""

    type: ClassVar[str] = "point"
    row: int | None
    column: int | None


@dataclass(frozen=True, slots=True)
class Present:
    """Take the wheel, if nobody has it: then only I move the room."""

    type: ClassVar[str] = "present"


@dataclass(frozen=True, slots=True)
class AskWheel:
    """Ask the presenter for the wheel."""

    type: ClassVar[str] = "ask_wheel"


@dataclass(frozen=True, slots=True)
class Hand:
    """Hand the wheel to a member; None lets everyone drive again."""

    type: ClassVar[str] = "hand"
    member: str | None


@dataclass(frozen=True, slots=True)
class Restore:
    """Bring back a former document, for everyone."""

    type: ClassVar[str] = "restore"
    document: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete this room with all its documents, for good."""

    type: ClassVar[str] = "delete"


@dataclass(frozen=True, slots=True)
class Renew:
    """Replace the view-only link, or both links; former ones are spent."""

    type: ClassVar[str] = "renew"
    both: bool


@dataclass(frozen=True, slots=True)
class Remove:
    """Send a member away: their connections leave the room."""

    type: ClassVar[str] = "remove"
    member: str


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


Private = Look | ReadCell | Introduce | At
"""Commands that concern their sender alone: everyone may give them."""

Move = Turn | Begin | Resume | Cancel | Read | Point | Restore | Delete | Renew | Chunk | WholeFile
"""Commands that move the room: not for those who may only look, nor while somebody else presents."""

Wheel = Present | AskWheel | Hand | Remove
"""Commands about who may move the room: not for those who may only look."""

Command = Private | Move | Wheel


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
        words = f"Unknown command {kind[:40]!r}; the types are {', '.join(_PARSERS)}."
        raise BadCommand(words, ask=_ask_of(given))
    try:
        return parser(given)
    except BadCommand as error:
        raise BadCommand(error.message, ask=_ask_of(given)) from None


def _ask_of(given: dict[str, Any]) -> int | None:
    """Return the number that the answer repeats, if the command has one."""
    ask = given.get("ask")
    return ask if isinstance(ask, int) and not isinstance(ask, bool) and 0 <= ask <= LAST_PAGE else None


def _file_name(given: dict[str, Any], kind: str) -> str:
    # Directories are no part of a name.
    name = _text(given, kind, "name").replace("\\", "/").rpartition("/")[2]
    return plain_file_name(name)[:MAX_NAME_CHARS] or "table.tsv"


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


def _parse_introduce(given: dict[str, Any]) -> Introduce:
    key, name = _text(given, "introduce", "key"), given.get("name")
    if not 16 <= len(key) <= MAX_KEY_CHARS:
        raise BadCommand(f"introduce: key must be a string of 16 to {MAX_KEY_CHARS} characters.")
    if name is not None:
        # White space makes no name, and a line break or an override of direction would reach beyond it.
        # Cut before any work; spaces that are joined below are among what is cut.
        name = _text(given, "introduce", "name")[: 4 * PERSON_CHARS]
        name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
        if name and not any(_is_visible(c) for c in name):
            raise BadCommand("introduce: a name must have a letter, a digit or a symbol that can be seen.")
    hue = None if given.get("hue") is None else _number(given, "introduce", "hue", 0) % 360
    return Introduce(key, name[:PERSON_CHARS] if name else None, hue)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNS" and character not in BLANKS


def _parse_point(given: dict[str, Any]) -> Point:
    if given.get("row") is None:
        return Point(None, None)
    return Point(_number(given, "point", "row", 1), _number(given, "point", "column", 0))


def _text(given: dict[str, Any], kind: str, key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str):
        raise BadCommand(f"{kind}: {key} must be a string.")
    return value


def _number(given: dict[str, Any], kind: str, key: str, least: int | None = None) -> int:
    value = given.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
        raise BadCommand(f"{kind}: {key} must be a whole number{'' if least is None else f' from {least}'}.")
    return _clamp(value)


def _flag(given: dict[str, Any], kind: str, key: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise BadCommand(f"{kind}: {key} must be true or false.")
    return value


def _clamp(number: int) -> int:
    return min(max(number, -LAST_PAGE), LAST_PAGE)


_PARSERS: Mapping[str, Callable[[dict[str, Any]], Command]] = {
    "turn": lambda given: Turn(_number(given, "turn", "page")),
    "begin": lambda given: Begin(_file_name(given, "begin"), _number(given, "begin", "size", 0)),
    "resume": lambda given: Resume(
        _text(given, "resume", "upload"), _file_name(given, "resume"), _number(given, "resume", "size", 0)
    ),
    "cancel": lambda given: Cancel(_text(given, "cancel", "upload")),
    "read": _parse_read,
    "look": lambda given: Look(
        _number(given, "look", "ask", 0), _number(given, "look", "page"), _number(given, "look", "first_column", 0)
    ),
    "cell": lambda given: ReadCell(
        _number(given, "cell", "ask", 0), _number(given, "cell", "row", 1), _number(given, "cell", "column", 0)
    ),
    "introduce": _parse_introduce,
    "at": lambda given: At(None if given.get("page") is None else _number(given, "at", "page", 1)),
    "point": _parse_point,
    "present": lambda given: Present(),
    "ask_wheel": lambda given: AskWheel(),
    "hand": lambda given: Hand(None if given.get("member") is None else _text(given, "hand", "member")),
    "restore": lambda given: Restore(_text(given, "restore", "document")),
    "delete": lambda given: Delete(),
    "renew": lambda given: Renew(_flag(given, "renew", "both")),
    "remove": lambda given: Remove(_text(given, "remove", "member")),
}
