"""Telling a room's members: once for each audience, always the latest, and every pass to its end.

The members are real but for their outboxes, which write down what they are offered.
"""

from __future__ import annotations

import json
import zlib
from functools import partial
from time import monotonic, sleep, thread_time
from typing import Any

import gevent
import pytest

from tests.table.memory import MemoryBlob
from tsvapp.live.broadcaster import MAX_ASKERS, Listener, Occasion
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.outbox import Slot
from tsvapp.live.records import describe
from tsvapp.live.slices import SLICE_SECONDS
from tsvapp.room import view
from tsvapp.room.people import person
from tsvapp.room.room import Audience
from tsvapp.settings import Settings
from tsvapp.table.document import Document

WAIT_SECONDS = 40


class Notebook:
    """Write down what is offered; `slow` seconds of work make an offer cost something."""

    def __init__(self) -> None:
        self.offers: list[tuple[Slot, bytes]] = []
        self.on_offer = lambda: None

    def offer(self, slot: Slot, frame: bytes) -> None:
        self.offers.append((slot, frame))
        self.on_offer()


def payload(frame: bytes) -> dict[str, Any]:
    """Return what a server's frame says."""
    length, start = frame[1], 2
    if length == 126:
        start = 4
    elif length == 127:
        start = 10
    body = frame[start:]
    return json.loads(zlib.decompress(body, wbits=-15) if frame[0] & 15 == 2 else body)


def snapshots(member: Listener) -> list[dict[str, Any]]:
    return [payload(frame) for slot, frame in member.outbox.offers if slot is Slot.SNAPSHOT]  # type: ignore[attr-defined]


def last_snapshot(member: Listener) -> bytes:
    return [frame for slot, frame in member.outbox.offers if slot is Slot.SNAPSHOT][-1]  # type: ignore[attr-defined]


def quiet(room: LiveRoom) -> None:
    """Wait until the broadcaster has told everything."""
    with gevent.Timeout(WAIT_SECONDS):
        while room.broadcaster.busy:
            greenlet = room.broadcaster._greenlet
            if greenlet is not None:
                greenlet.join()


def join(room: LiveRoom, audience: Audience = Audience.V1) -> Listener:
    member = Listener(audience, Notebook(), person("room", f"key {len(room.members)}"))  # type: ignore[arg-type]
    room.join(member)
    room.broadcaster.joined(member)
    return member


@pytest.fixture
def room() -> LiveRoom:
    """Return a room with a table of 1,000 rows."""
    ids = iter(range(100))
    document = Document(MemoryBlob(), lambda: f"reading {next(ids)}", max_row_bytes=1 << 20)
    document.append(b"".join(b"%d\tx\n" % row for row in range(1, 1001)))
    document.seal()
    assert document.reading is not None
    room = LiveRoom("1b4e28ba-2fa1-4d1e-883f-0016d3cca427", "watch", "epoch", 0.0, Settings())
    room.document = document
    table = describe(document.reading, {"id": "document", "name": "n.tsv", "size": 1}, growing=False)
    room.change(view.begin, view.Upload("upload", "n.tsv", 1, 0))
    room.change(view.finish, table, readings=[document.reading])
    quiet(room)
    return room


def test_everyone_of_an_audience_is_offered_the_very_same_frame(room: LiveRoom) -> None:
    viewers = [join(room) for _ in range(50)]
    readers = [join(room, Audience.ARTICLE) for _ in range(50)]
    quiet(room)
    room.change(view.turn, 3)
    quiet(room)
    for members in (viewers, readers):
        assert len({id(last_snapshot(member)) for member in members}) == 1
    assert snapshots(viewers[0])[-1]["page"] == 3
    assert snapshots(readers[0])[-1]["page_no"] == 3


def test_turns_that_come_before_the_first_is_told_are_told_as_the_last(room: LiveRoom) -> None:
    member = join(room)
    quiet(room)
    for page in range(1, 11):
        room.change(view.turn, page)
    quiet(room)
    assert [event["page"] for event in snapshots(member)] == [1, 10]
    assert snapshots(member)[-1]["revision"] == room.state.revision


def test_a_pass_is_completed_before_a_newer_state_is_told(room: LiveRoom) -> None:
    members = [join(room) for _ in range(100)]
    quiet(room)
    turned = False

    def turn_in_the_middle() -> None:
        nonlocal turned
        if not turned:
            turned = True
            room.change(view.turn, 5)

    members[10].outbox.on_offer = turn_in_the_middle  # type: ignore[attr-defined]
    room.change(view.turn, 2)
    quiet(room)
    for member in members:
        assert [event["page"] for event in snapshots(member)] == [1, 2, 5]


def test_a_long_pass_lets_others_run(room: LiveRoom) -> None:
    members = [join(room) for _ in range(20)]
    quiet(room)
    ticks: list[int] = []

    def tick() -> None:
        while True:
            ticks.append(len(told))
            gevent.sleep(0)

    told: list[int] = []
    for member in members:
        member.outbox.on_offer = lambda: told.append(busy_for(SLICE_SECONDS))  # type: ignore[attr-defined]
    ticker = gevent.spawn(tick)
    room.change(view.turn, 2)
    quiet(room)
    ticker.kill()
    assert len({count for count in ticks if 0 < count < 20}) > 5


def busy_for(seconds: float) -> int:
    """Spend so much of the processor's time, as work on the event loop does."""
    end = thread_time() + seconds * 1.1
    while thread_time() < end:
        pass
    return 1


def test_one_who_leaves_in_the_middle_of_a_pass_disturbs_nobody(room: LiveRoom) -> None:
    members = [join(room) for _ in range(10)]
    quiet(room)
    members[0].outbox.on_offer = lambda: [room.leave(member) for member in members[1:5]]  # type: ignore[attr-defined]
    room.change(view.turn, 2)
    quiet(room)
    assert all(snapshots(member)[-1]["page"] == 2 for member in members[5:])


def test_one_who_joins_is_told_the_state_and_nobody_else_is(room: LiveRoom) -> None:
    first = join(room)
    quiet(room)
    second = join(room)
    quiet(room)
    assert len(snapshots(first)) == 1
    assert len(snapshots(second)) == 1
    assert last_snapshot(first) is last_snapshot(second)


def test_a_repeat_is_told_to_the_article_and_not_to_viewers(room: LiveRoom) -> None:
    viewer, reader = join(room), join(room, Audience.ARTICLE)
    quiet(room)
    room.broadcaster.repeat()
    quiet(room)
    assert (len(snapshots(viewer)), len(snapshots(reader))) == (1, 2)


def test_the_article_hears_nothing_of_a_change_that_it_could_not_tell(room: LiveRoom) -> None:
    viewer, reader = join(room), join(room, Audience.ARTICLE)
    quiet(room)
    room.change(view.begin, view.Upload("next", "next.tsv", 10, 0))
    quiet(room)
    assert (len(snapshots(viewer)), len(snapshots(reader))) == (2, 1)


def test_presence_says_how_many_are_here_and_many_who_come_at_once_are_told_once(room: LiveRoom) -> None:
    members = [join(room) for _ in range(30)]
    quiet(room)
    counts = [payload(frame) for slot, frame in members[0].outbox.offers if slot is Slot.PRESENCE]  # type: ignore[attr-defined]
    assert [count["members"] for count in counts] == [30]
    assert len({here["member"] for here in counts[0]["people"]}) == 30


def test_progress_does_not_raise_the_revision_and_many_are_told_as_few(room: LiveRoom) -> None:
    member = join(room)
    room.change(view.begin, view.Upload("next", "next.tsv", 1000, 0))
    quiet(room)
    revision = room.state.revision
    for stored in range(0, 1001, 100):
        room.change(view.grow, stored, None)
    quiet(room)
    told = [payload(frame) for slot, frame in member.outbox.offers if slot is Slot.PROGRESS]  # type: ignore[attr-defined]
    assert told[-1]["upload"]["stored"] == 1000
    assert len(told) < 3
    assert room.state.revision == revision == told[-1]["revision"]


def told_of(member: Listener, slot: Slot) -> list[dict[str, Any]]:
    return [payload(frame) for of, frame in member.outbox.offers if of is slot]  # type: ignore[attr-defined]


def test_many_who_ask_for_the_wheel_at_once_are_one_event_in_a_slot_for_the_presenter_alone(room: LiveRoom) -> None:
    presenter, other = join(room), join(room)
    room.change(view.hand, presenter.person)
    quiet(room)
    askers = [person("room", f"asker {number}") for number in range(1000)]
    for each in askers:
        room.broadcaster.ask(each)
    quiet(room)
    (told,) = told_of(presenter, Slot.WHEEL_ASKED)
    assert [each["member"] for each in told["people"]] == [each.member for each in askers[:MAX_ASKERS]]
    assert told["more"] is True
    assert told_of(other, Slot.WHEEL_ASKED) == []
    room.broadcaster.ask(askers[0])
    quiet(room)
    assert [each["member"] for each in told_of(presenter, Slot.WHEEL_ASKED)[1]["people"]] == [askers[0].member]


def test_new_links_are_told_in_a_slot_to_those_who_may_drive(room: LiveRoom) -> None:
    driver, watcher = join(room), join(room)
    watcher.may_drive = False
    quiet(room)
    for number in range(10):
        room.watch_id = f"watch {number}"
        room.broadcaster.soon(Slot.LINKS)
    quiet(room)
    assert [each["watch_id"] for each in told_of(driver, Slot.LINKS)] == ["watch 9"]
    assert told_of(watcher, Slot.LINKS) == []


def test_a_page_that_cannot_be_read_is_told_in_words(room: LiveRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    member = join(room)
    quiet(room)
    reading = room.reading()
    assert reading is not None

    def fail(start: int, stop: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(reading.blob, "read", fail)
    room.change(view.turn, 7)
    quiet(room)
    told = snapshots(member)[-1]
    assert (told["type"], told["code"]) == ("error", "storage_failed")


def test_what_can_be_left_out_takes_a_small_share_of_the_time_however_many_are_here() -> None:
    occasion = Occasion(seconds=0.001, share=0.1)
    occasion.ask()
    assert occasion.is_due
    began = monotonic()
    occasion.take(partial(busy_for, 0.1))  # type: ignore[arg-type]
    occasion.ask()
    assert occasion.due is not None
    assert occasion.due - began > 0.2


def test_what_can_be_left_out_does_not_wait_for_longer_because_the_machine_was_busy_with_other_things() -> None:
    occasion = Occasion(seconds=0.001, share=0.001)
    occasion.take(partial(sleep, 0.1))
    occasion.ask()
    assert occasion.due is not None
    assert occasion.due - monotonic() < 0.1 / 0.001 / 2
