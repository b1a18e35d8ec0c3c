"""Which rooms are in memory, and that one room's failure is no other's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsvapp.live.live_room import LiveRoom
from tsvapp.live.worker import Worker
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore


def test_a_room_that_cannot_be_saved_keeps_no_other_from_it_and_the_drain_comes_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(Settings(data_dir=tmp_path / "data"))
    worker.start()
    first, second = worker.registry.create(), worker.registry.create()
    saved: list[LiveRoom] = []

    def save(room: LiveRoom) -> None:
        if room is first:
            raise TypeError("'int' object is not subscriptable")
        saved.append(room)

    monkeypatch.setattr(worker.records, "save_if_needed", save)
    worker.drain()
    assert saved == [second]
    assert f"room {first.room_id[:8]} could not be saved" in caplog.text
    # The data directory was let go of: another server may have it.
    other = LocalStore(tmp_path / "data")
    assert other.own()
    other.close()
