"""Uploads into a room that is apart though the shared store answers: for a moment that is so when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.client import table
from tests.support.redis import Redis
from tsvapp.errors import StoreAway
from tsvapp.live.counts import Counts
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.registry import Registry
from tsvapp.live.running import Running
from tsvapp.live.shared_records import SharedRecords
from tsvapp.live.uploads import Uploads
from tsvapp.room.people import person
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore
from tsvapp.store.shared import SharedStore

DATA = table(1000)
HALF = len(DATA) // 2
BY = person("room", "key")


class FlickeringStore(SharedStore):
    """Be away for a commit when a test wants it."""

    is_away = False

    def commit(self, room_id: str, latest: bytes, state: bytes, token: bytes) -> int:
        """Commit, or raise StoreAway once."""
        if self.is_away:
            self.is_away = False
            raise StoreAway("as a test wants it")
        return super().commit(room_id, latest, state, token)


@dataclass
class Coming:
    """A room with the first half of a file, which comes from "one"."""

    store: FlickeringStore
    room: LiveRoom
    uploads: Uploads
    running: Running

    def part(self) -> None:
        """Have the room be apart."""
        assert self.room.share is not None
        self.room.share.part("as a test wants it")

    def rejoin(self) -> None:
        """Have the room be together with others again."""
        assert self.room.share is not None
        self.room.share.refresh()
        assert not self.room.apart

    def resume(self) -> Running:
        """Ask to go on from "other"; return the upload that waits for the proof."""
        name, size = self.running.name, self.running.size
        return self.uploads.resume(self.room, self.running.upload_id, name, size, "other")

    def go_on(self) -> bool:
        """Go on from "other" and send the rest; return whether the upload is finished by it."""
        upload = self.resume()
        self.uploads.prove(upload, proof(upload), BY, "other")
        return self.uploads.chunk(upload, DATA[upload.stored :], "other")


def proof(upload: Running) -> bytes:
    return b"".join(DATA[start:stop] for start, stop in upload.proof())


@pytest.fixture
def coming(redis: Redis, tmp_path: Path) -> Iterator[Coming]:
    """Bring the first half of a file into a room of a worker whose housekeeping does not run."""
    settings = Settings(data_dir=tmp_path / "data", redis_url=redis.url)
    store, shared = LocalStore(settings.data_dir, "shared"), FlickeringStore(redis.url)
    records = SharedRecords(store, shared, settings, Counts())
    records.make()
    assert records.answers()
    uploads = Uploads(store, records, settings)
    records.on_rejoined = lambda room: uploads.rejoined(room, records.worker)
    room = Registry(records, settings, uploads.adopt).create()
    running = uploads.begin(room, "table.tsv", len(DATA), BY, "one")
    assert not uploads.chunk(running, DATA[:HALF], "one")
    yield Coming(shared, room, uploads, running)
    shared.close()


def test_none_begins_and_nothing_is_said_of_it(coming: Coming) -> None:
    coming.uploads.cancel(coming.running, BY, "")
    before = coming.room.state
    coming.part()
    with pytest.raises(StoreAway):
        coming.uploads.begin(coming.room, "table.tsv", len(DATA), BY, "one")
    assert (len(coming.uploads), coming.room.state) == (0, before)


def test_one_by_which_the_room_parts_has_not_begun(coming: Coming) -> None:
    coming.uploads.cancel(coming.running, BY, "")
    coming.store.is_away = True
    with pytest.raises(StoreAway):
        coming.uploads.begin(coming.room, "table.tsv", len(DATA), BY, "one")
    assert (len(coming.uploads), coming.room.state.upload) == (0, None)


def test_who_asks_to_go_on_has_to_wait_and_the_present_sender_is_not_cut_off(coming: Coming) -> None:
    coming.part()
    with pytest.raises(StoreAway):
        coming.resume()
    coming.rejoin()
    assert coming.uploads.chunk(coming.running, DATA[HALF:], "one")


def test_who_has_shown_that_the_file_is_the_same_has_to_ask_again(coming: Coming) -> None:
    upload = coming.resume()
    coming.part()
    with pytest.raises(StoreAway):
        coming.uploads.prove(upload, proof(upload), BY, "other")
    assert upload.sender is None
    expect_paused(coming.room)
    coming.rejoin()
    assert coming.go_on()


def test_one_whose_last_byte_comes_then_is_paused_and_finished_later(coming: Coming) -> None:
    coming.part()
    with pytest.raises(StoreAway):
        coming.uploads.chunk(coming.running, DATA[HALF:], "one")
    assert coming.room.state.table is None
    expect_paused(coming.room)
    assert coming.room.pending is not None
    coming.rejoin()
    assert coming.go_on()


def test_one_by_the_end_of_which_the_room_parts_is_finished_later(coming: Coming) -> None:
    coming.store.is_away = True
    with pytest.raises(StoreAway):
        coming.uploads.chunk(coming.running, DATA[HALF:], "one")
    coming.rejoin()
    expect_paused(coming.room)
    assert coming.go_on()
    table = coming.room.state.table
    assert table is not None
    assert table.rows == 1001


def expect_paused(room: LiveRoom) -> None:
    assert room.state.upload is not None
    assert room.state.upload.paused
