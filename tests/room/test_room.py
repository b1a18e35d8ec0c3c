"""A room: its members, and the one seam through which its state changes."""

from __future__ import annotations

from dataclasses import replace

from tests.support.client import table as tsv
from tsvapp.room import view
from tsvapp.room.room import Audience, Room
from tsvapp.room.view import Notice, RoomState, Table, Upload
from tsvapp.table.document import Document, Reading


class Bytes:
    """Keep a document's bytes in memory."""

    def __init__(self) -> None:
        self.data = b""

    @property
    def size(self) -> int:
        return len(self.data)

    def append(self, data: bytes) -> None:
        self.data += data

    def read(self, start: int, stop: int) -> bytes:
        return self.data[start:stop]


class Person:
    def __init__(self, audience: Audience) -> None:
        self.audience = audience


def a_room() -> Room:
    return Room("a-room", "its-watch", "an-epoch", used_at=0.0)


def a_reading(name: str) -> Reading:
    document = Document(Bytes(), lambda: name, max_row_bytes=1000)
    document.append(tsv(3))
    document.seal()
    assert document.reading is not None
    return document.reading


def described(reading: Reading) -> Table:
    return Table(f"document of {reading.id}", "a.tsv", 10, reading.id, False, reading.rows, reading.columns)


def test_a_new_room_has_nothing_to_show():
    room = a_room()
    assert (room.state, room.reading(), room.members, room.audiences()) == (RoomState(), None, set(), set())


def test_a_state_that_follows_from_the_latest_is_committed():
    room = a_room()
    following = view.begin(room.state, Upload("u", "a.tsv", 10, 0))
    assert room.commit(room.state.revision, following)
    assert room.state is following


def test_a_state_that_follows_from_an_older_one_is_refused_and_changes_nothing():
    room, reading = a_room(), a_reading("late")
    room.commit(0, view.begin(room.state, Upload("u", "a.tsv", 10, 0)))
    latest = room.state
    late = replace(RoomState(), revision=1, table=described(reading))
    assert not room.commit(0, late, reading)
    assert room.state is latest
    assert room.reading() is None


def test_the_reading_of_the_table_that_is_shown_can_be_had():
    room, reading = a_room(), a_reading("first")
    room.commit(0, RoomState(revision=1, table=described(reading)), reading)
    assert room.reading() is reading


def test_the_former_reading_is_kept_behind_an_upload_and_comes_back_with_its_table():
    room, former, following = a_room(), a_reading("former"), a_reading("following")
    room.commit(0, RoomState(revision=1, table=described(former)), former)
    room.commit(1, view.begin(room.state, Upload("u", "a.tsv", 10, 0)))
    room.commit(2, view.grow(room.state, 5, described(following)), following)
    assert room.reading() is following
    room.commit(3, view.abandon(room.state, Notice("upload_lost", "It broke off.")))
    assert room.reading() is former


def test_a_reading_that_no_table_names_any_more_is_let_go():
    room, former, following = a_room(), a_reading("former"), a_reading("following")
    room.commit(0, RoomState(revision=1, table=described(former)), former)
    another = replace(described(following), document=described(former).document)
    room.commit(1, view.reread(room.state, another, incoming=False), following)
    assert room.reading() is following
    assert former not in vars(room)["_readings"].values()


def test_the_audiences_are_those_of_the_members_who_are_here():
    room, article, first, second = a_room(), *map(Person, (Audience.ARTICLE, Audience.V1, Audience.V1))
    for person in (article, first, second):
        room.join(person)
    assert room.audiences() == {Audience.ARTICLE, Audience.V1}
    room.leave(first)
    assert room.audiences() == {Audience.ARTICLE, Audience.V1}
    room.leave(second)
    assert room.audiences() == {Audience.ARTICLE}


def test_a_member_who_joins_twice_is_one_member():
    room, person = a_room(), Person(Audience.V1)
    room.join(person)
    room.join(person)
    assert room.members == {person}
    room.leave(person)
    assert (room.members, room.audiences()) == (set(), set())


def test_one_who_is_not_here_can_leave():
    room, person = a_room(), Person(Audience.V1)
    room.leave(person)
    room.leave(person)
    assert (room.members, room.audiences()) == (set(), set())
