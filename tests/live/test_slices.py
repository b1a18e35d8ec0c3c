"""Long loops in slices: others run in between, and every item has its turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest

from tests.live.test_broadcaster import join, quiet, room  # noqa: F401 - a fixture
from tsvapp.live import slices
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.slices import in_slices
from tsvapp.live.worker import Worker
from tsvapp.room.room import Member
from tsvapp.settings import Settings


@contextmanager
def counted_turns() -> Iterator[list[None]]:
    """Count how often another greenlet runs meanwhile."""
    turns: list[None] = []

    def run() -> None:
        while True:
            turns.append(None)
            gevent.sleep(0)

    other = gevent.spawn(run)
    try:
        yield turns
    finally:
        other.kill()


def test_others_run_between_slices_and_no_item_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)
    with counted_turns() as turns:
        assert list(in_slices(range(100))) == list(range(100))
    assert len(turns) >= 99


def test_a_quick_loop_is_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_SECONDS", 60.0)
    with counted_turns() as turns:
        assert list(in_slices(range(100))) == list(range(100))
    assert turns == []


def test_members_are_sent_away_in_slices_and_one_who_leaves_meanwhile_is_passed_over(
    room: LiveRoom,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)
    expelled: list[Member] = []
    members = [join(room) for _ in range(100)]
    quiet(room)
    worker = Worker(Settings(data_dir=tmp_path))
    for member in members:
        monkeypatch.setattr(type(member), "expel", lambda self, reason, words: expelled.append(self), raising=False)
    gevent.spawn(room.leave, members[99])
    with counted_turns() as turns:
        worker._expel(room, members, "deleted")
    assert expelled == members[:99]
    assert len(turns) >= 98
