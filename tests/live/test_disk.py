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
        settings.setdefault("disk_bytes_per_address", 1 << 40)
        self.settings = Settings(data_dir=data_dir, **settings)
        self.worker: Worker = create_app(self.settings).extensions["tsvapp"]
        self.store = self.worker.store

    def restarted(self, **settings: object) -> Place:
        self.worker.drain()
        return Place(self.settings.data_dir, **settings)

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

    def taken(self) -> int:
        """Count what the accounts say of what has arrived."""
        return self.store.reserved()[0]

    def accounted(self) -> bool:
        """Say whether the accounts are what the directory says."""
        return self.taken() == self.store.usage()[0]


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
    assert here.accounted()
    assert here.store.reserved()[2] == len(rows(4))  # a step ahead as large as what has come
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
    assert here.accounted()
    assert here.store.reserved()[2] == 0
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
    assert here.taken() <= 400 * KIB
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
        here.upload(160)
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


def test_what_an_upload_announces_takes_nothing_from_others(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=200 * KIB)
    uploads, registry = here.worker.uploads, here.worker.registry
    unused = here.upload(64)
    here.leave(unused)
    for number in range(40):
        begun = uploads.begin(registry.create(), "a.tsv", 150 * KIB, WHO, here, f"10.0.0.{number}")
        uploads.chunk(begun, ROW, here)
    here.upload(64)
    assert here.kept(unused) == [True]


def test_a_step_ahead_is_taken_back_before_a_room_is_evicted_or_bytes_are_refused(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=200 * KIB)
    unused = here.upload(16)
    here.leave(unused)
    begun = here.worker.uploads.begin(here.worker.registry.create(), "a.tsv", 180 * KIB, WHO, here)
    here.worker.uploads.chunk(begun, rows(64), here)
    assert here.store.reserved()[2] == 64 * KIB
    here.upload(100)
    assert here.kept(unused) == [True]
    here.upload(18)
    assert here.kept(unused) == [True]
    here.upload(8)
    assert (here.kept(unused), here.store.reserved()[2]) == ([False], 0)
    assert here.accounted()


def test_an_upload_that_finds_no_place_on_its_way_ends_and_leaves_the_former_table(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=200 * KIB)
    room = here.upload(16)
    begun = here.worker.uploads.begin(room, "a.tsv", 150 * KIB, WHO, here)
    here.upload(100)
    here.worker.uploads.chunk(begun, rows(60), here)
    with pytest.raises(StorageFailed, match=r"no place for 'a\.tsv'"):
        here.worker.uploads.chunk(begun, rows(60), here)
    assert room.state.notice is not None
    assert room.state.notice.code == "storage_failed"
    assert room.state.table is not None
    assert here.accounted()


def test_one_address_has_only_its_share_of_the_bytes_paused_ones_too_and_also_after_a_restart(
    place: Callable[..., Place],
) -> None:
    here = place(disk_bytes_per_address=100 * KIB)
    here.upload(30, address="10.0.0.1")
    paused = here.worker.registry.create()
    begun = here.worker.uploads.begin(paused, "a.tsv", 60 * KIB, WHO, here, "10.0.0.1")
    here.worker.uploads.chunk(begun, rows(50), here)
    here.worker.uploads.lost(begun, here)
    for _ in range(2):
        with pytest.raises(LimitReached, match="keeps 102,400 for each") as refused:
            here.upload(30, address="10.0.0.1")
        assert refused.value.limit == 100 * KIB
        here.upload(30, address="10.0.0.2")
        here = here.restarted(disk_bytes_per_address=100 * KIB)
    found = here.worker.registry.find(paused.room_id)
    assert found is not None
    here.worker.delete(found[0])
    here.upload(30, address="10.0.0.1")


def test_by_default_one_address_has_a_quarter_of_the_bytes(place: Callable[..., Place]) -> None:
    here = place(max_disk_bytes=400 * KIB, disk_bytes_per_address=0)
    here.upload(60, address="10.0.0.1")
    with pytest.raises(LimitReached, match="102,400"):
        here.upload(60, address="10.0.0.1")
    # What is announced is refused at once, and what was not is refused as it comes.
    begun = [
        here.worker.uploads.begin(here.worker.registry.create(), "a", 39 * KIB, WHO, here, "10.0.0.1") for _ in "ab"
    ]
    here.worker.uploads.chunk(begun[0], rows(30), here)
    with pytest.raises(LimitReached):
        here.worker.uploads.chunk(begun[1], rows(30), here)
    for number in range(2, 5):
        here.upload(60, address=f"10.0.0.{number}")


def test_an_address_begins_only_so_many_rooms_and_other_addresses_as_many(place: Callable[..., Place]) -> None:
    here = place(rooms_per_address=2)
    rooms = [here.upload(1, address="10.0.0.1") for _ in range(2)]
    with pytest.raises(LimitReached, match="2 new tables within an hour"):
        here.upload(1, address="10.0.0.1")
    here.upload(1, rooms[0], address="10.0.0.1")
    here.upload(1, address="10.0.0.2")


def test_an_address_has_only_so_many_uploads_and_paused_ones_count_also_after_a_restart(
    place: Callable[..., Place],
) -> None:
    here = place(uploads_per_address=2)
    uploads, registry = here.worker.uploads, here.worker.registry
    rooms = [registry.create() for _ in range(2)]
    running = [uploads.begin(room, "a.tsv", 2048, WHO, here, "10.0.0.1") for room in rooms]
    for each in running:
        uploads.chunk(each, rows(1), here)
    uploads.lost(running[0], here)
    with pytest.raises(LimitReached, match="2 uploads under way or paused"):
        here.upload(1, address="10.0.0.1")
    here.upload(1, address="10.0.0.2")
    resumed = uploads.resume(rooms[0], running[0].upload_id, "a.tsv", 2048, here, "10.0.0.1")  # it is one of the two
    uploads.prove(resumed, rows(1), WHO, here)

    here = here.restarted(uploads_per_address=2)
    with pytest.raises(LimitReached):
        here.upload(1, address="10.0.0.1")
    found = here.worker.registry.find(rooms[0].room_id)
    assert found is not None
    here.worker.uploads.clear(found[0], WHO, "")
    here.upload(1, address="10.0.0.1")


def test_an_upload_that_another_address_goes_on_with_counts_for_that_one_once_it_has_shown_the_file(
    place: Callable[..., Place],
) -> None:
    here = place(uploads_per_address=1)
    uploads, room = here.worker.uploads, here.worker.registry.create()
    running = uploads.begin(room, "a.tsv", 2048, WHO, here, "10.0.0.1")
    uploads.chunk(running, rows(1), here)
    uploads.lost(running, here)
    resumed = uploads.resume(room, running.upload_id, "a.tsv", 2048, here, "10.0.0.2")
    here.upload(1, address="10.0.0.2")  # nothing is shown yet
    with pytest.raises(LimitReached):
        here.upload(1, address="10.0.0.1")
    uploads.prove(resumed, rows(1), WHO, here)
    here.upload(1, address="10.0.0.1")
    with pytest.raises(LimitReached):
        here.upload(1, address="10.0.0.2")


def test_an_upload_of_which_nothing_comes_for_long_is_paused_and_goes_on_with_the_next_bytes(
    place: Callable[..., Place],
) -> None:
    here = place(upload_silence_seconds=60.0)
    uploads, room = here.worker.uploads, here.worker.registry.create()
    running = uploads.begin(room, "a.tsv", 3072, WHO, here)
    uploads.chunk(running, rows(1), here)
    uploads.pause_silent()
    assert room.state.upload is not None
    assert not room.state.upload.paused
    running.moved -= 61
    uploads.pause_silent()
    assert room.state.upload.paused
    assert not uploads.is_sent(room)
    with pytest.raises(TsvappError):
        uploads.chunk(running, rows(1), object())  # from somebody else nothing is taken
    uploads.chunk(running, rows(1), here)
    assert not room.state.upload.paused
    assert uploads.chunk(running, rows(1), here)
    assert room.state.table is not None


def test_an_upload_of_which_nothing_came_at_all_is_given_up_after_a_minute_and_its_room_is_not_kept(
    place: Callable[..., Place],
) -> None:
    here = place()
    room = here.worker.registry.create()
    running = here.worker.uploads.begin(room, "a.tsv", 2048, WHO, here)
    assert here.worker.records.count == 1
    running.moved -= 61
    here.worker.uploads.pause_silent()
    assert room.state.upload is None
    assert room.state.notice is not None
    assert room.state.notice.code == "upload_lost"
    assert (here.worker.records.count, here.store.count_rooms()) == (0, 0)


@pytest.mark.parametrize("how", ["cancelled", "no table", "abandoned"])
def test_a_room_is_kept_from_its_first_whole_table_on(place: Callable[..., Place], how: str) -> None:
    here = place(abandon_seconds=3600.0, rooms_per_address=1)
    uploads, room = here.worker.uploads, here.worker.registry.create()
    running = uploads.begin(room, "a.tsv", 1 << 20, WHO, here, "10.0.0.1")
    uploads.chunk(running, rows(1), here)
    assert here.store.count_rooms() == 1
    if how == "cancelled":
        uploads.cancel(running, WHO, "")
    elif how == "no table":
        with pytest.raises(TsvappError):
            uploads.chunk(running, b"x\0y\n" * 1000, here)
    else:
        uploads.lost(running, here)
        here = here.restarted(abandon_seconds=1e-9, rooms_per_address=1)
        here.worker.uploads.sweep()
    assert (here.worker.records.count, here.store.count_rooms()) == (0, 0)
    assert here.accounted()
    # And it counts for nothing: this is the address's first room.
    room = here.upload(1, address="10.0.0.1")
    with pytest.raises(LimitReached):
        here.upload(1, address="10.0.0.1")
    running = here.worker.uploads.begin(room, "b.tsv", 2048, WHO, here, "10.0.0.1")
    here.worker.uploads.cancel(running, WHO, "")
    assert here.store.count_rooms() == 1


def test_a_room_whose_next_upload_begins_while_the_first_one_ends_is_kept(place: Callable[..., Place]) -> None:
    here = place()
    uploads, room = here.worker.uploads, here.worker.registry.create()
    running = uploads.begin(room, "a.tsv", 2048, WHO, here)
    ending = gevent.spawn(uploads.cancel, running, WHO, "")
    while room.state.upload is not None:
        gevent.sleep(0)
    here.upload(1, room)
    ending.get()
    assert (here.worker.records.count, here.store.count_rooms()) == (1, 1)
    assert here.kept(room) == [True]
    here = here.restarted()
    assert here.kept(room) == [True]


def test_at_the_limit_of_rooms_one_without_a_table_goes_first(place: Callable[..., Place]) -> None:
    here = place(max_rooms=3, pause_seconds=60.0)
    uploads = here.worker.uploads
    old = here.upload(1)
    here.leave(old, days=3)
    empty = here.worker.registry.create()
    running = uploads.begin(empty, "a.tsv", 2048, WHO, here)
    uploads.chunk(running, rows(1), here)
    here.leave(empty, days=0.5 / 24)
    sent = here.worker.registry.create()
    uploads.begin(sent, "a.tsv", 2048, WHO, object())
    here.leave(sent, days=0.5 / 24)
    here.upload(1)  # both are being sent
    assert here.kept(old) == [False]
    uploads.lost(running, here)
    here.leave(empty, days=0.5 / 24)
    here.upload(1)
    assert here.kept(empty, sent) == [False, True]
    assert here.worker.records.count == here.store.count_rooms() == 3
    assert here.accounted()


def test_at_the_limit_of_rooms_those_of_the_address_with_the_most_go_first_and_none_with_people_in_it(
    place: Callable[..., Place],
) -> None:
    here = place(max_rooms=200)
    old = here.upload(1, address="10.0.0.1")
    here.leave(old, days=6)
    many = [here.upload(1, address="10.0.0.2") for _ in range(199)]
    for number, room in enumerate(many):
        here.leave(room, days=(200 - number) / 24 / 3600)  # seconds ago: of whoever has most none is spared
    many[0].members.add(object())  # type: ignore[arg-type]  # somebody, of whom only the presence counts
    for number in range(3, 6):
        here.upload(1, address=f"10.0.0.{number}")
    assert here.kept(old, *many[:5]) == [True, True, False, False, False, True]


def test_at_the_limit_of_rooms_those_that_were_used_within_the_hour_are_spared(place: Callable[..., Place]) -> None:
    here = place(max_rooms=100)
    fresh = [here.upload(1, address=f"10.0.0.{number}") for number in range(100)]
    with pytest.raises(LimitReached, match="keeps 100 tables"):
        here.upload(1, address="10.0.1.1")
    here.leave(fresh[50], days=2 / 24)
    here.upload(1, address="10.0.1.1")
    assert here.kept(fresh[49], fresh[50]) == [True, False]


def test_a_refused_file_is_refused_in_words_and_a_displaced_room_says_why(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server(max_disk_bytes=300 * KIB, disk_bytes_per_address=1 << 20, spare_seconds=0.001)
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
