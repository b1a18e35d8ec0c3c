"""Damaged files in the data directory: each costs its own room only, and no row is shown that is not in the file."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import table
from tests.support.server import Server
from tsvapp.errors import UnknownRoom
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.records import Records
from tsvapp.live.uploads import Uploads
from tsvapp.room.people import person
from tsvapp.room.view import PAGE_SIZE
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore

DATA = table(1000)
OTHER = table(1000, word="bell")
BROKEN, WHOLE = "1b4e28ba-2fa1-4d1e-883f-0016d3cca427", "6fa459ea-ee8a-4ca4-894e-db77e160355e"


class Directory:
    """Be a data directory with two rooms, opened and closed as a server does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = Settings(data_dir=path)
        self._open()
        for room_id, data in ((BROKEN, DATA), (WHOLE, OTHER)):
            room = LiveRoom(room_id, f"watch {room_id}", "epoch", 4e9, self.settings)
            running = self.uploads.begin(room, "table.tsv", len(data), person("room", "key"), "sender")
            self.uploads.chunk(running, data, "sender")
        self.close()

    def _open(self) -> None:
        self.store = LocalStore(self.path)
        assert self.store.own()
        self.records = Records(self.store, self.settings)
        self.records.open()
        self.uploads = Uploads(self.store, self.records, self.settings)

    def close(self) -> None:
        self.records.close()

    @property
    def record(self) -> dict[str, Any]:
        (text,) = self.sql("SELECT record FROM rooms WHERE room_id = ?", BROKEN)[0]
        return json.loads(text)

    @property
    def document(self) -> Path:
        return self.path / "documents" / self.record["document"]["id"]

    @property
    def index(self) -> Path:
        return self.document.with_suffix(".index")

    def sql(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.path / "rooms.sqlite")) as records, records:
            return records.execute(statement, values).fetchall()

    def change(self, record: dict[str, Any]) -> None:
        self.sql("UPDATE rooms SET record = ? WHERE room_id = ?", json.dumps(record), BROKEN)

    def rows(self, room_id: str) -> list[list[str]]:
        """Return all rows of a room's table, page by page as they are shown."""
        self._open()
        try:
            room = self.records.load(room_id, "epoch")
            assert room is not None
            reading = room.reading()
            assert reading is not None
            starts = range(0, reading.rows, PAGE_SIZE)
            return [row for start in starts for row in reading.page(start, start + PAGE_SIZE).data]
        finally:
            self.close()

    def assert_only_one_room_is_unreadable(self) -> None:
        with pytest.raises(UnknownRoom) as refused:
            self.rows(BROKEN)
        assert refused.value.reason == "unreadable"
        assert self.rows(WHOLE) == cells(OTHER)


def cells(data: bytes) -> list[list[str]]:
    return [row.split("\t") for row in data.decode().splitlines()]


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "data")


# A document


def lost(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_dead_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


@pytest.mark.parametrize("damage", [lost, cut, longer, a_directory, a_dead_link])
def test_a_damaged_document_costs_its_room_only(directory: Directory, damage: Callable[[Path], None]) -> None:
    damage(directory.document)
    directory.assert_only_one_room_is_unreadable()


# An index


@pytest.mark.parametrize("damage", [lost, cut, longer, a_directory, a_dead_link])
def test_a_damaged_index_costs_nothing(directory: Directory, damage: Callable[[Path], None]) -> None:
    damage(directory.index)
    assert directory.rows(BROKEN) == cells(DATA)
    assert directory.rows(WHOLE) == cells(OTHER)


def test_an_index_with_flipped_bytes_never_shows_a_wrong_row(directory: Directory) -> None:
    index, good = directory.index, directory.index.read_bytes()
    chance = random.Random(1)
    for _ in range(20):
        bad = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        index.write_bytes(bad)
        assert directory.rows(BROKEN) == cells(DATA)


def test_the_index_of_another_document_of_the_same_shape_never_shows_a_wrong_row(directory: Directory) -> None:
    # As many rows, columns and bytes, but a first row that is longer and a last one that is shorter.
    index = directory.index
    (other,) = set(index.parent.glob("*.index")) - {index}
    index.write_bytes(other.read_bytes())
    assert directory.rows(BROKEN) == cells(DATA)


def test_an_index_made_anew_reads_as_people_chose_and_not_as_the_evidence_says(directory: Directory) -> None:
    record = directory.record
    record["reading"]["dialect"] |= {"delimiter": ";", "header": False}
    directory.change(record)
    directory.index.unlink()
    assert directory.rows(BROKEN) == [[row] for row in DATA.decode().splitlines()]


# A record


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "17", '{"document": {}}'])
def test_a_record_that_is_none_costs_its_room_only(directory: Directory, text: str) -> None:
    directory.sql("UPDATE rooms SET record = ? WHERE room_id = ?", text, BROKEN)
    directory.assert_only_one_room_is_unreadable()


@pytest.mark.parametrize("field", ["document", "former", "page", "reading"])
def test_a_record_that_lacks_a_field_costs_its_room_only(directory: Directory, field: str) -> None:
    record = directory.record
    del record[field]
    directory.change(record)
    directory.assert_only_one_room_is_unreadable()


def test_a_record_that_lacks_its_revision_costs_nothing(directory: Directory) -> None:
    record = directory.record
    del record["revision"]
    directory.change(record)
    assert directory.rows(BROKEN) == cells(DATA)


@pytest.mark.parametrize("field", ["id", "dialect", "choice", "reasons"])
def test_a_record_that_lacks_how_to_read_costs_its_room_only(directory: Directory, field: str) -> None:
    record = directory.record
    del record["reading"][field]
    directory.change(record)
    directory.assert_only_one_room_is_unreadable()


def test_a_record_that_names_a_document_that_is_not_there_costs_its_room_only(directory: Directory) -> None:
    record = directory.record
    record["document"]["id"] = "f" * 32
    directory.change(record)
    directory.assert_only_one_room_is_unreadable()


def test_a_damaged_former_document_is_missed_only_when_it_is_wanted(directory: Directory) -> None:
    record = directory.record
    record["former"] = [{"document": {"id": "f" * 32, "name": "old.tsv", "size": 3}, "reading": record["reading"]}]
    directory.change(record)
    assert directory.rows(BROKEN) == cells(DATA)


def test_a_room_that_has_lost_its_id_to_look_by_is_given_another(directory: Directory) -> None:
    directory.sql("DELETE FROM watches WHERE room_id = ?", BROKEN)
    assert directory.rows(BROKEN) == cells(DATA)
    assert directory.rows(WHOLE) == cells(OTHER)


def test_a_damaged_page_of_the_records_costs_its_room_only(directory: Directory) -> None:
    # So large that it has pages of its own.
    record = directory.record
    record["filler"] = "~" * 20_000
    directory.change(record)
    path = directory.path / "rooms.sqlite"
    content = path.read_bytes()
    page = next(
        number for number in range(len(content) // 4096) if content[number * 4096 + 4 :].startswith(b"~" * 4092)
    )
    path.write_bytes(content[: page * 4096] + b"\xff" * 4096 + content[(page + 1) * 4096 :])
    directory.assert_only_one_room_is_unreadable()


@pytest.mark.parametrize("upload", [{}, {"document": "f" * 32}, 17, "lost"])
def test_a_damaged_record_of_an_upload_leaves_the_table_that_is_here(directory: Directory, upload: Any) -> None:
    directory.change(directory.record | {"upload": upload})
    directory._open()
    room = directory.records.load(BROKEN, "epoch")
    assert room is not None
    directory.uploads.adopt(room)
    assert room.state.table is not None
    assert room.state.upload is None
    directory.close()
    assert directory.rows(BROKEN) == cells(DATA)


# What is not ours, and what no record names


def test_the_sweep_of_a_running_server_removes_what_no_record_names_and_nothing_else(directory: Directory) -> None:
    directory._open()
    room = LiveRoom("3fae2b6e-9d5c-4f0a-8a55-0d3a1f7c2b11", "watch", "epoch", 4e9, directory.settings)
    running = directory.uploads.begin(room, "new.tsv", 100, person("room", "key"), "sender")
    directory.uploads.chunk(running, b"a\tb\n", "sender")
    documents = directory.path / "documents"
    kept = set(documents.iterdir())
    (documents / ("e" * 32)).write_bytes(b"left over")
    directory.uploads.sweep()
    assert set(documents.iterdir()) == kept
    directory.close()


def test_records_that_are_none_stop_the_start_in_words(directory: Directory) -> None:
    (directory.path / "rooms.sqlite").write_bytes(b"this is no database" * 1000)
    before = set((directory.path / "documents").iterdir())
    server = Server(directory.path)
    ended = subprocess.run(
        server.command, cwd=server.root, env=server.environ, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode != 0
    assert "tsvapp cannot start. The rooms in" in ended.stderr
    assert "file is not a database. Bring back a copy of the directory" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert set((directory.path / "documents").iterdir()) == before
