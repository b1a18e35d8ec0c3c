"""Copies of documents that the shared store has: what makes place, and what stays because a room needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import orjson
import pytest

from tests.support.redis import Redis
from tsvapp.live.counts import Counts
from tsvapp.live.held_records import HeldRecords
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.registry import Registry
from tsvapp.live.uploads import Uploads
from tsvapp.room.people import person
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore
from tsvapp.store.shared import SharedStore

DATA = b"a\tb\n1\t2\n"
SETTINGS = Settings(cache_bytes=1)
ROOM, WATCH = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
ONE, OTHER = "1" * 32, "2" * 32


class Halting(LocalStore):
    """Halt after the step `halts_after`, and go on when told."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "cache")
        self.halts_after = ""
        self._halted, self.go_on = threading.Event(), threading.Event()

    def copies(self) -> list[tuple[str, int]]:
        found = super().copies()
        self._halt("copies")
        return found

    def delete(self, document_id: str) -> None:
        super().delete(document_id)
        self._halt("delete")

    def wait_until_halted(self) -> None:
        """Let others run until it has halted."""
        while not self._halted.is_set():
            gevent.sleep(0.001)

    def _halt(self, step: str) -> None:
        if step == self.halts_after:
            self._halted.set()
            assert self.go_on.wait(40)

    def here(self) -> set[str]:
        """Name those of both documents that have a copy."""
        return {document_id for document_id in (ONE, OTHER) if self.blob(document_id).size}


@pytest.fixture
def copies(tmp_path: Path) -> Halting:
    """Make two copies, each of which is larger than all may be together."""
    copies = Halting(tmp_path)
    copies.make()
    for document_id in (ONE, OTHER):
        copies.new_blob(document_id).append(DATA)
    return copies


@pytest.fixture
def records(copies: Halting, redis: Redis) -> Iterator[HeldRecords]:
    """Open records with a Redis that has both documents."""
    shared = SharedStore(redis.url)
    shared.version()
    for document_id in (ONE, OTHER):
        shared.put_document(ROOM, document_id, orjson.dumps({"document": {"id": document_id, "size": len(DATA)}}))
        shared.put_bytes(ROOM, document_id, 0, DATA)
    yield HeldRecords(copies, shared, SETTINGS, Counts())
    shared.close()


@pytest.fixture
def room() -> LiveRoom:
    """Make a room that shows no table."""
    return LiveRoom(ROOM, WATCH, "epoch", 0.0, SETTINGS)


def test_copies_that_no_room_needs_make_place(records: HeldRecords, copies: Halting) -> None:
    records.sweep()
    assert copies.here() == set()


def test_a_copy_that_is_asked_for_while_others_make_place_stays(
    records: HeldRecords, copies: Halting, room: LiveRoom
) -> None:
    copies.halts_after = "delete"
    sweep = gevent.spawn(records.sweep)
    copies.wait_until_halted()
    assert records.former(room, OTHER) is not None  # as a room does that is about to show it
    copies.go_on.set()
    sweep.get()
    assert copies.here() == {OTHER}


def test_a_copy_that_was_fetched_for_a_room_that_is_not_open_yet_stays(
    records: HeldRecords, copies: Halting, room: LiveRoom
) -> None:
    assert records.former(room, ONE) is not None
    records.sweep()
    assert copies.here() == {ONE}


def test_a_document_on_its_way_in_of_which_no_row_is_shown_yet_stays(
    records: HeldRecords, copies: Halting, room: LiveRoom
) -> None:
    records.backplane.add(room)
    copies.halts_after = "copies"
    sweep = gevent.spawn(records.sweep)
    copies.wait_until_halted()
    room.pending = {"document": ONE}
    copies.go_on.set()
    sweep.get()
    assert copies.here() == {ONE}


class Interrupted(SharedStore):
    """Have something else done whenever a state or a record is on its way to the store."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def put_document(self, room_id: str, document_id: str, record: bytes) -> None:
        super().put_document(room_id, document_id, record)
        self.meanwhile()

    def commit(self, room_id: str, latest: bytes, state: bytes, token: bytes) -> int:
        self.meanwhile()
        return super().commit(room_id, latest, state, token)


def test_a_document_that_is_about_to_become_the_table_stays(redis: Redis, tmp_path: Path) -> None:
    copies, shared = LocalStore(tmp_path, "cache"), Interrupted(redis.url)
    records = HeldRecords(copies, shared, SETTINGS, Counts())
    records.make()
    assert records.answers()
    uploads = Uploads(copies, records, SETTINGS)
    room = Registry(records, SETTINGS, uploads.adopt).create()
    shared.meanwhile = records.sweep
    running = uploads.begin(room, "table.tsv", len(DATA), person("room", "key"), "one")
    assert uploads.chunk(running, DATA, "one")
    assert room.document is not None
    assert room.document.blob.read(0, len(DATA)) == DATA
    shared.close()
