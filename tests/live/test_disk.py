"""The disk and what may be on it: what counts, who makes place for whom, and what people are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import gevent
import pytest

from tests.support.client import ArticleClient, V1Client
from tests.support.server import Server
from tsvapp import create_app
from tsvapp.errors import LimitReached, StorageFailed, TsvappError, UploadRunning
from tsvapp.live.documents import restore
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.worker import Worker
from tsvapp.room.people import person
from tsvapp.settings import Settings

KIB = 1 << 10
ROW = b"x" * 127 + b"\n"
WHO = person("room", "key")
Start = Callable[..., Server]


def rows(kib: int) -> bytes:
    return ROW * (8 * kib)


class Place:
    """The live parts of a server, without its sockets, in a directory."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.settings = Settings(data_dir=data_dir, **settings)
        self.worker: Worker = create_app(self.settings).extensions["tsvapp"]
        self.store = self.worker.store

    def restarted(self) -> Place:
        self.worker.drain()
        return Place(self.settings.data_dir)

    def upload(self, kib: int, room: LiveRoom | None = None, address: str = "") -> LiveRoom:
        room = room or self.worker.registry.create()
        running = self.worker.uploads.begin(room, "table.tsv", len(rows(kib)), WHO, self, address)
        self.worker.uploads.chunk(running, rows(kib), self)
        return room

    def leave(self, room: LiveRoom, days: float = 1) -> None:
        """Have nobody use the room for so long."""
        room.used_at -= days * 86_400
        room.touched -= days * 86_400
        room.unsaved = True
        self.worker.registry.save()

    def kept(self, *rooms: LiveRoom) -> list[bool]:
        """Say which of the rooms are still there."""
        found = []
        for room in rooms:
            with suppress(TsvappError):
                found.append(self.worker.registry.find(room.room_id) is not None)
                continue
            found.append(False)
        return found

    def accounted(self) -> bool:
        """Say whether the accounts are what the directory says."""
        return self.store.promised()[0] == self.store.usage()[0]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    opened: list[Place] = []

    def start(**settings: object) -> Place:
        opened.append(Place(tmp_path / "data", **settings))
        return opened[-1]

    yield start
    for each in opened:
        each.worker.drain()


def test_the_accounts_are_right_after_all_that_can_happen_to_a_document(place: Callable[..., Place]) -> None:
    here = place(abandon_seconds=3600.0)
    uploads = here.worker.uploads
    first = here.upload(8)
    assert here.accounted()
    for _ in range(6):  # a sixth: the first is not kept to be brought back any more
        here.upload(16, first)
        assert here.accounted()
    restore(first, first.state.former[0].document, WHO, here.worker.records)
    assert here.accounted()

    cancelled = uploads.begin(first, "cancelled.tsv", 1 << 20, WHO, here)
    uploads.chunk(cancelled, rows(4), here)
    assert here.store.promised()[0] == here.store.usage()[0] + (1 << 20) - len(rows(4))
    uploads.cancel(cancelled, WHO, "")
    assert here.accounted()

    broken = uploads.begin(first, "broken.tsv", 1 << 20, WHO, here)
    with pytest.raises(TsvappError):
        uploads.chunk(broken, b"PK\x03\x04" + b"\0" * 5000, here)
    assert here.accounted()
    uploads.begin(first, "one.tsv", 10, WHO, here)
    with pytest.raises(UploadRunning):
        uploads.begin(first, "two.tsv", 1 << 20, WHO, here)
    uploads.clear(first, WHO, "")
    uploads.whole(first, rows(2), WHO)
    assert here.accounted()

    paused = here.worker.registry.create()
    running = uploads.begin(paused, "paused.tsv", 1 << 20, WHO, here)
    uploads.chunk(running, rows(4), here)
    uploads.lost(running, here)

    here = here.restarted()
    assert here.accounted()  # nobody goes on with it yet
    found = here.worker.registry.find(paused.room_id)
    assert found is not None
    assert here.store.promised()[0] == here.store.usage()[0] + (1 << 20) - len(rows(4))
    here.worker.uploads.clear(found[0], WHO, "")
    assert here.accounted()

    second = here.upload(8)
    here.worker.delete(second)
    assert here.accounted()
    third = here.upload(8)
    here.leave(third, days=100)
    here.worker.registry._forget(third)
    here.worker.registry.expire()
    assert here.kept(third) == [False]
    assert here.accounted()
    here = here.restarted()
    assert here.accounted()


def test_the_longest_unused_rooms_make_place_and_only_as_many_as_are_needed(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=400 * KIB)
    rooms = [here.upload(64) for _ in range(5)]
    for days, room in zip((2, 5, 1, 4, 3), rooms, strict=True):
        here.leave(room, days)
    here.upload(96)
    assert here.kept(*rooms) == [True, False, True, True, True]
    here.upload(130)
    assert here.kept(*rooms) == [True, False, True, False, False]
    assert here.store.promised()[0] <= 400 * KIB
    assert here.accounted()


def test_nothing_is_deleted_where_that_would_not_be_enough(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=200 * KIB)
    unused, fresh = here.upload(64), here.upload(64)
    here.leave(unused)
    with pytest.raises(StorageFailed, match=r"no place for 'table\.tsv'"):
        here.upload(160)
    assert here.kept(unused, fresh) == [True, True]
    assert here.accounted()
    here.upload(96)
    assert here.kept(unused, fresh) == [False, True]


def test_a_room_with_people_in_it_or_an_upload_on_its_way_is_never_deleted(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=200 * KIB)
    lived_in, growing = here.upload(64), here.worker.registry.create()
    lived_in.members.add(object())  # type: ignore[arg-type]  # somebody, of whom only the presence counts
    here.worker.uploads.begin(growing, "growing.tsv", 64 * KIB, WHO, here)
    for room in (lived_in, growing):
        here.leave(room, days=6)
    with pytest.raises(StorageFailed):
        here.upload(96)
    assert here.kept(lived_in, growing) == [True, True]


def test_a_room_that_was_used_within_the_hour_is_spared(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=100 * KIB)
    room = here.upload(64)
    here.leave(room, days=0.9 / 24)
    with pytest.raises(StorageFailed):
        here.upload(64)
    here.leave(room, days=0.2 / 24)
    here.upload(64)
    assert here.kept(room) == [False]


def test_two_that_come_at_once_never_go_beyond_together(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=200 * KIB)
    unused = [here.upload(48) for _ in range(4)]
    for days, room in enumerate(unused):
        here.leave(room, days + 1)
    coming = [gevent.spawn(here.upload, 90) for _ in range(3)]
    gevent.joinall(coming)
    assert sorted(each.successful() for each in coming) == [False, True, True]
    assert here.accounted()
    assert here.store.usage()[0] <= 200 * KIB


def test_a_reserve_is_left_on_the_disk(place: Callable[..., Place]) -> None:
    here = place(disk_reserve_bytes=1 << 60)
    with pytest.raises(StorageFailed):
        here.upload(1)
    assert here.accounted()


def test_what_an_upload_announces_counts_before_it_has_come(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=200 * KIB)
    begun = here.worker.uploads.begin(here.worker.registry.create(), "a.tsv", 150 * KIB, WHO, here)
    with pytest.raises(StorageFailed):
        here.upload(64)
    here.worker.uploads.cancel(begun, WHO, "")
    here.upload(64)


def test_an_address_begins_only_so_many_rooms_and_other_addresses_as_many(place: Callable[..., Place]) -> None:
    here = place(rooms_per_address=2)
    rooms = [here.upload(1, address="10.0.0.1") for _ in range(2)]
    with pytest.raises(LimitReached, match="2 new tables within an hour"):
        here.upload(1, address="10.0.0.1")
    here.upload(1, rooms[0], address="10.0.0.1")
    here.upload(1, address="10.0.0.2")


def test_an_address_has_only_so_many_uploads_under_way(place: Callable[..., Place]) -> None:
    here = place(uploads_per_address=2)
    uploads, registry = here.worker.uploads, here.worker.registry
    running = [uploads.begin(registry.create(), "a.tsv", 2048, WHO, here, "10.0.0.1") for _ in range(2)]
    with pytest.raises(LimitReached, match="2 uploads under way"):
        here.upload(1, address="10.0.0.1")
    here.upload(1, address="10.0.0.2")
    uploads.chunk(running[0], rows(1), here)
    uploads.lost(running[0], here)  # paused, it takes nothing of the disk's speed
    here.upload(1, address="10.0.0.1")


def test_a_refused_file_is_refused_in_words_and_a_displaced_room_says_why(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server(max_disk_bytes=300 * KIB, spare_seconds=0.001)
    gone = V1Client(server.ws_url)
    gone.upload(rows(64))
    gone.close()
    server.wait_for_log("closed room=new")
    here = V1Client(server.ws_url)
    clients.callback(here.close)
    here.upload(rows(200))
    here.upload(rows(64))
    again = V1Client(server.ws_url, gone.room_id)
    clients.callback(again.close)
    assert (again.first["type"], again.first["reason"]) == ("unknown_room", "displaced")
    assert "disk was full" in again.first["message"]
    here.send("begin", name="large.tsv", size=300 * KIB)
    refused = here.wait_for("error")
    assert refused["code"] == "storage_failed"
    assert re.search(r"no place for 'large.tsv' \(307,200 bytes\).*smaller file", refused["message"])
    article = ArticleClient(server.ws_url, here.room_id)
    clients.callback(article.close)
    assert article.receive()["total_number"] == 8 * 64
    article.send_file(rows(200))
    assert article.wait_for_close()[0] == 1011
    here.send("turn", page=2)
    assert here.wait_for("snapshot", lambda event: event["page"] == 2)["table"]["rows"] == 8 * 64
