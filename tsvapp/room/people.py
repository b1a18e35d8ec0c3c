"""Who is in a room: names for people who gave none, and ids that a browser keeps over a reconnect.

A member's id is made of the room and of a secret key that the browser keeps, so nothing has to be remembered of those
who left, the same browser is the same member in two tabs, and an id in one room says nothing about another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

MAX_NAME_CHARS = 40
MAX_KEY_CHARS = 64

MAX_PEOPLE = 50
"""People who are listed by name; the rest are counted."""

_ANIMALS = """
Badger Beaver Bison Bittern Buzzard Cormorant Crane Cricket Curlew Dolphin Dormouse Dragonfly Eider
Falcon Ferret Finch Gannet Gecko Goshawk Grebe Hare Hedgehog Heron Ibex Ibis Jackdaw Kestrel Kingfisher
Lapwing Lark Linnet Lynx Marten Mole Moose Newt Nightjar Nuthatch Oriole Osprey Otter Owl Petrel Pipit
Plover Puffin Quail Raven Robin Ruff Sandpiper Seal Shrew Siskin Skylark Snipe Squirrel Starling Stoat
Stork Swallow Swift Tern Thrush Turtle Vole Wagtail Warbler Weasel Wren
"""
ANIMALS = tuple(_ANIMALS.split())


@dataclass(frozen=True, slots=True)
class Person:
    """Name one who is here; `hue` is a colour in degrees."""

    member: str
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class Here:
    """Say where one who is here looks; `page` is None for one who follows."""

    member: str
    name: str
    hue: int
    page: int | None
    may_drive: bool


@dataclass(frozen=True, slots=True)
class Pointed:
    """Say who points at which cell; row from 1, column from 0, both None when nobody points any more."""

    member: str
    name: str
    hue: int
    row: int | None
    column: int | None


def person(room_id: str, key: str, name: str | None = None, hue: int | None = None) -> Person:
    """Return the member that this key is in this room; a name and a colour that are not given are made of it too."""
    digest = sha256(f"{room_id}/{key}".encode()).digest()
    number = int.from_bytes(digest[10:14], "big")
    return Person(
        digest[:9].hex(),
        name or f"Guest {ANIMALS[number % len(ANIMALS)]}",
        number % 360 if hue is None else hue % 360,
    )


def listed(people: Iterable[Here]) -> list[Here]:
    """List those who are here, each once and MAX_PEOPLE at most; of one who is here twice, who follows counts."""
    by_member: dict[str, Here] = {}
    for here in people:
        if here.member not in by_member:
            if len(by_member) == MAX_PEOPLE:
                break
            by_member[here.member] = here
        elif here.page is None:
            by_member[here.member] = here
    return list(by_member.values())
