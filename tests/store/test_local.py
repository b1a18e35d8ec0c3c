"""Documents in files and rooms in SQLite: what is promised is on the disk, and what is not is gone again."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.limits import no_file_larger_than
from tsvapp.errors import StartupError, StorageFailed
from tsvapp.store.blob import read_at
from tsvapp.store.local import LocalStore
from tsvapp.store.schema import FORMAT

NAMED, BROKEN_OFF, REPLACED = "1" * 32, "2" * 32, "3" * 32
D1, D2 = "d1" * 16, "d2" * 16
RECORD = {"page": 3, "document": {"id": D1, "name": "Größe\n.tsv", "size": 10}, "list": [1, None, True]}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(directory: Path) -> Iterator[LocalStore]:
    store = opened(directory)
    yield store
    store.close()


def refuse(*args, **kwargs):
    """Be a disk that does nothing any more."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def watch(room_id):
    """Return the id by which a room is looked at in these tests."""
    return f"watch {room_id}"


def opened(directory: Path) -> LocalStore:
    store = LocalStore(directory)
    assert store.own()
    store.open()
    return store


def reopened(store: LocalStore, directory: Path) -> LocalStore:
    """Close a store and open it again; whoever closes the first one again does nothing."""
    store.close()
    return opened(directory)


def files(directory: Path) -> set[str]:
    return {path.name for path in (directory / "documents").iterdir()}


def keep(store: LocalStore, document_id: str, data: bytes = b"a\tb\n", index: bytes = b"index") -> None:
    store.blob(document_id).append(data)
    store.keep(document_id, index, "r1")


# Documents


def test_bytes_are_added_behind_those_that_were_there_when_it_was_opened(store):
    store.blob(D1).append(b"one")
    again = store.blob(D1)
    again.append(b"two")
    assert (again.size, again.read(0, 10)) == (6, b"onetwo")


def test_a_document_that_is_open_is_readable_after_it_is_deleted(store):
    store.blob(D1).append(b"one two")
    descriptor = store.blob(D1).open()
    try:
        store.delete(D1)
        assert read_at(descriptor, 4, 7) == b"two"
    finally:
        os.close(descriptor)


def test_a_kept_document_has_its_index(store):
    keep(store, D1, index=b"\x00\x01")
    assert store.index(D1, "r1") == b"\x00\x01"


def test_a_document_that_was_not_kept_has_no_index(store):
    store.blob(D1).append(b"a")
    assert store.index(D1, "r1") == b""


def test_an_index_takes_the_place_of_the_former_whole(store, directory):
    keep(store, D1, index=b"former" * 1000)
    with (directory / "documents" / f"{D1}.index").open("rb") as reader:
        half = reader.read(600)
        store.keep(D1, b"new", "r1")
        assert (half + reader.read()).endswith(b"former" * 1000)
    assert store.index(D1, "r1") == b"new"
    assert files(directory) == {D1, f"{D1}.index"}


def test_an_index_that_does_not_fit_leaves_the_former(store):
    keep(store, D1, index=b"former")
    with no_file_larger_than(100), pytest.raises(StorageFailed):
        store.keep(D1, b"new" * 1000, "r1")
    assert store.index(D1, "r1") == b"former"


def test_a_document_that_is_not_there_cannot_be_kept(store):
    with pytest.raises(StorageFailed):
        store.keep(D1, b"index", "r1")


def test_a_deleted_document_leaves_nothing(store, directory):
    keep(store, D1)
    (directory / "documents" / f"{D1}.draft").touch()
    keep(store, D2)
    store.delete(D1)
    assert files(directory) == {D2, f"{D2}.index"}


def test_a_document_that_is_gone_already_can_be_deleted(store):
    store.delete(D1)


def test_the_place_on_the_disk_can_be_counted_while_another_upload_is_deleted(store, monkeypatch):
    store.accounts.reserve(NAMED, 10, 5)
    # Its file is there when it is asked for, and gone when it is looked at.
    monkeypatch.setattr(Path, "exists", lambda path: True)
    taken, _, ahead = store.reserved()
    assert (taken, ahead) == (10, 5)


def test_what_no_record_names_is_swept_when_the_directory_is_opened(store, directory):
    for each in (NAMED, BROKEN_OFF, REPLACED):
        keep(store, each)
    for name in (f"{NAMED}.draft", f"{'e' * 32}.index"):
        (directory / "documents" / name).touch()
    store.save_room("r1", watch("r1"), 1.0, [NAMED], RECORD)
    store.save_room("r2", watch("r2"), 1.0, [], RECORD)
    again = reopened(store, directory)
    assert files(directory) == {NAMED, f"{NAMED}.index"}
    assert again.blob(NAMED).read(0, 10) == b"a\tb\n"
    again.close()


def test_an_upload_that_was_finished_meanwhile_is_not_forgotten(store, directory):
    keep(store, NAMED)
    store.save_room("r1", watch("r1"), 1.0, [], RECORD, unfinished=NAMED)
    store.save_room("r1", watch("r1"), 2.0, [NAMED], RECORD)
    store.forget_unfinished(NAMED)
    assert files(directory) == {NAMED, f"{NAMED}.index"}


def test_what_is_not_ours_is_left_alone_by_the_sweep(store, directory):
    documents = directory / "documents"
    foreign = {"lost+found", f"{'a' * 32}", ".nfs0000000001", "backup.tar", f"{'b' * 32}.tsv", f"{'B' * 32}"}
    for name in ("lost+found", "a" * 32):
        (documents / name).mkdir()
    for name in (".nfs0000000001", "backup.tar", f"{'b' * 32}.tsv", "B" * 32):
        (documents / name).write_bytes(b"somebody else's")
    (documents / ("c" * 32)).symlink_to(documents / "backup.tar")
    reopened(store, directory).close()
    assert files(directory) == foreign | {"c" * 32}


def test_a_sweep_while_the_server_runs_leaves_drafts_of_what_is_named(store, directory):
    keep(store, NAMED)
    keep(store, REPLACED)
    (directory / "documents" / f"{NAMED}.draft").touch()
    store.save_room("r1", watch("r1"), 1.0, [], RECORD, unfinished=NAMED)
    store.sweep()
    assert files(directory) == {NAMED, f"{NAMED}.index", f"{NAMED}.draft"}


def test_nothing_is_swept_when_it_cannot_be_told_what_is_left_over(store, directory):
    keep(store, REPLACED)
    vars(store)["_records"].execute("DROP TABLE documents")
    store.sweep()
    assert files(directory) == {REPLACED, f"{REPLACED}.index"}


def test_a_file_that_cannot_be_removed_is_left_for_the_sweep(store, directory, monkeypatch, caplog):
    keep(store, REPLACED)
    monkeypatch.setattr(os, "unlink", refuse)
    store.delete(REPLACED)
    assert "left for the next sweep" in caplog.text
    assert files(directory) == {REPLACED, f"{REPLACED}.index"}
    monkeypatch.undo()
    store.sweep()
    assert files(directory) == set()


def test_an_index_of_another_document_or_reading_is_none(store, directory):
    keep(store, NAMED, index=b"index of the one")
    keep(store, REPLACED, index=b"index of another")
    assert store.index(NAMED, "r2") == b""
    documents = directory / "documents"
    (documents / f"{REPLACED}.index").rename(documents / f"{NAMED}.index")
    assert store.index(NAMED, "r1") == b""


def test_an_index_with_any_byte_changed_or_cut_off_is_none(store, directory):
    keep(store, NAMED, index=bytes(range(50)))
    path = directory / "documents" / f"{NAMED}.index"
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert store.index(NAMED, "r1") == b""
        path.write_bytes(good[:place])
        assert store.index(NAMED, "r1") == b""
    path.write_bytes(good)
    assert store.index(NAMED, "r1") == bytes(range(50))


def test_a_directory_in_the_place_of_an_index_is_none(store, directory):
    (directory / "documents" / f"{NAMED}.index").mkdir()
    assert store.index(NAMED, "r1") == b""


def test_an_index_that_cannot_be_kept_leaves_no_draft(store, directory, monkeypatch):
    keep(store, NAMED)
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(StorageFailed, match="Input/output error"):
        store.keep(NAMED, b"new", "r2")
    assert files(directory) == {NAMED, f"{NAMED}.index"}


# Rooms


def test_a_room_is_read_as_it_was_saved(store):
    store.save_room("r1", watch("r1"), 12.5, [D1], RECORD)
    assert store.load_room("r1") == ("watch r1", 12.5, RECORD)


def test_a_room_that_was_never_saved_is_none(store):
    assert store.load_room("r1") is None


def test_a_room_that_has_lost_its_id_to_look_by_is_still_read(store):
    store.save_room("r1", watch("r1"), 12.5, [D1], RECORD)
    vars(store)["_records"].execute("DELETE FROM watches")
    assert store.load_room("r1") == (None, 12.5, RECORD)


def test_a_record_that_is_no_json_is_an_error_of_its_room(store):
    store.save_room("r1", watch("r1"), 1.0, [], RECORD)
    store.save_room("r2", watch("r2"), 2.0, [], RECORD)
    vars(store)["_records"].execute("UPDATE rooms SET record = '{' WHERE room_id = 'r1'")
    with pytest.raises(ValueError, match="Expecting"):
        store.load_room("r1")
    assert store.load_room("r2") == ("watch r2", 2.0, RECORD)


def test_a_room_that_is_saved_again_is_one_room(store):
    store.save_room("r1", watch("r1"), 1.0, [D1], RECORD)
    store.save_room("r1", watch("r1"), 2.0, [D2], {"page": 4})
    assert store.load_room("r1") == ("watch r1", 2.0, {"page": 4})
    assert store.count_rooms() == 1


def test_rooms_survive_reopening(store, directory):
    store.save_room("r1", watch("r1"), 12.5, [D1], RECORD)
    again = reopened(store, directory)
    assert (again.load_room("r1"), again.count_rooms()) == (("watch r1", 12.5, RECORD), 1)
    again.close()


def test_a_room_survives_the_death_of_its_server_right_after_it_was_saved(directory):
    server = f"""
import os, signal
from pathlib import Path
from tsvapp.store.local import LocalStore
store = LocalStore(Path({str(directory)!r}))
store.own()
store.open()
store.blob("{D1}").append(b"a")
store.keep("{D1}", b"index", "r1")
store.save_room("r1", "watch r1", 1.0, ["{D1}"], {{"page": 3}})
store.spend("r0", "expired")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", server], check=False).returncode == -signal.SIGKILL
    store = opened(directory)
    assert (store.load_room("r1"), store.spent("r0")) == (("watch r1", 1.0, {"page": 3}), "expired")
    assert (store.blob(D1).read(0, 10), store.index(D1, "r1")) == (b"a", b"index")
    store.close()


def test_a_saved_room_waits_for_the_disk(store):
    (level,) = vars(store)["_records"].execute("PRAGMA synchronous").fetchone()
    assert level == 2


def test_rooms_that_are_unused_are_named_the_oldest_first(store):
    for room_id, used_at in (("new", 30.0), ("older", 20.0), ("oldest", 10.0), ("exactly", 25.0)):
        store.save_room(room_id, watch(room_id), used_at, [], RECORD)
    assert list(store.rooms_unused_since(25.0)) == ["oldest", "older"]


def test_unused_rooms_may_be_spent_while_they_are_named(store):
    for number in range(5):
        store.save_room(f"r{number}", watch(f"r{number}"), float(number), [], RECORD)
    for room_id in store.rooms_unused_since(3.0):
        store.spend(room_id, "expired")
    assert store.count_rooms() == 2


def test_a_spent_room_is_gone_with_its_document_and_its_id_is_remembered(store, directory):
    keep(store, D1)
    store.save_room("r1", watch("r1"), 1.0, [D1], RECORD)
    store.spend("r1", "expired")
    assert (store.load_room("r1"), store.count_rooms(), files(directory)) == (None, 0, set())
    again = reopened(store, directory)
    assert (again.spent("r1"), again.spent("r2")) == ("expired", None)
    again.close()


def test_an_id_can_be_spent_that_never_was_a_room(store):
    store.spend("w1", "watch")
    store.spend("w1", "deleted")
    assert store.spent("w1") == "deleted"


def test_a_room_that_could_not_be_spent_stays_and_what_is_saved_later_is_on_the_disk(store, directory):
    keep(store, D1)
    store.save_room("r1", watch("r1"), 1.0, [D1], RECORD)
    with pytest.raises(StorageFailed, match="records"):
        store.spend("r1", None)
    store.save_room("r2", watch("r2"), 2.0, [], RECORD)
    again = sqlite3.connect(directory / "rooms.sqlite")
    assert again.execute("SELECT room_id FROM rooms").fetchall() == [("r1",), ("r2",)]
    again.close()
    assert files(directory) == {D1, f"{D1}.index"}


# The directory


def test_nothing_is_written_before_the_directory_is_ours(directory):
    LocalStore(directory)
    assert not directory.exists()


def test_a_directory_has_one_owner(store, directory):
    other = LocalStore(directory)
    assert not other.own()
    assert other.owner().split()[0] == str(os.getpid())
    store.close()
    assert other.own()
    other.close()


def test_a_store_that_was_never_opened_can_be_closed(directory):
    LocalStore(directory).close()


def test_a_directory_that_cannot_be_made_is_refused_in_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match=r"file/data cannot be written: Not a directory\. Set TSVAPP_DATA_DIR"):
        LocalStore(tmp_path / "file" / "data").own()


@pytest.mark.parametrize("version", [FORMAT + 1, -1])
def test_another_format_is_refused_in_words_and_left_as_it_is(store, directory, version):
    keep(store, BROKEN_OFF)
    store.close()
    path = directory / "rooms.sqlite"
    with closing(sqlite3.connect(path)) as records:
        records.execute("PRAGMA journal_mode = DELETE")
        records.execute(f"PRAGMA user_version = {version}")
    before, names = path.read_bytes(), sorted(directory.iterdir())
    other = LocalStore(directory)
    with pytest.raises(StartupError, match=f"has format {version}; this version reads format {FORMAT}"):
        other.open()
    other.close()
    assert (path.read_bytes(), sorted(directory.iterdir())) == (before, names)
    assert files(directory) == {BROKEN_OFF, f"{BROKEN_OFF}.index"}


FORMAT_1 = """
PRAGMA journal_mode = WAL;
CREATE TABLE rooms (room_id TEXT PRIMARY KEY, used_at REAL NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX rooms_by_use ON rooms (used_at);
CREATE TABLE documents (id TEXT PRIMARY KEY, room_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX documents_by_room ON documents (room_id);
CREATE TABLE unfinished (id TEXT PRIMARY KEY, room_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX unfinished_by_room ON unfinished (room_id);
CREATE TABLE watches (id TEXT PRIMARY KEY, room_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX watches_by_room ON watches (room_id);
CREATE TABLE spent (id TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
INSERT INTO rooms VALUES ('r1', 12.5, '{"page": 3}'), ('r2', 13.5, '{"page": 4}');
INSERT INTO watches VALUES ('w1', 'r1'), ('w2', 'r2');
INSERT INTO documents VALUES ('11111111111111111111111111111111', 'r1');
INSERT INTO unfinished VALUES ('22222222222222222222222222222222', 'r2');
INSERT INTO spent VALUES ('r0', 'deleted');
"""
"""What a server of format 1 writes: whatever later formats are, this is opened, or refused in words."""


def store_of_format_1(directory, more=""):
    """Return a store whose directory has FORMAT_1 and `more` SQL in its records; it is owned, and not opened yet."""
    (directory / "documents").mkdir(parents=True)
    with closing(sqlite3.connect(directory / "rooms.sqlite")) as records:
        records.executescript(FORMAT_1 + more)
    store = LocalStore(directory)
    assert store.own()
    return store


def test_a_directory_of_format_1_opens_with_all_that_is_in_it(directory):
    store = store_of_format_1(directory)
    for name in (NAMED, f"{NAMED}.index", BROKEN_OFF, REPLACED):
        (directory / "documents" / name).write_bytes(b"a\tb\n")
    assert store.open() == 2
    assert store.load_room("r1") == ("w1", 12.5, {"page": 3})
    assert (store.linked("w2"), store.spent("r0"), store.unfinished()) == (("r2", False), "deleted", [BROKEN_OFF])
    assert files(directory) == {NAMED, f"{NAMED}.index", BROKEN_OFF}
    store.save_room("r1", "w1", 14.5, [NAMED], RECORD)
    assert store.rooms_unused_since(14.0) == ["r2"]
    store.renew_links("r1", ["w1"], "r1", "w3", "renewed")
    assert (store.spent("w1"), store.spent("r0")) == ("renewed", "deleted")
    origin = store.origin("10.0.0.1")
    again = reopened(store, directory)
    assert again.origin("10.0.0.1") == origin != again.origin("10.0.0.2")
    again.close()


def test_rooms_without_a_table_that_format_1_has_kept_are_gone(directory):
    rooms = "INSERT INTO rooms VALUES ('r3', 14.5, '{}'); INSERT INTO watches VALUES ('w3', 'r3');"
    store = store_of_format_1(directory, rooms)
    assert store.open() == 2
    assert (store.load_room("r3"), store.linked("w3")) == (None, None)
    store.close()


def test_records_that_cannot_be_brought_to_this_format_are_left_as_they_are(directory):
    store = store_of_format_1(directory, "CREATE TABLE secret (other TEXT);")
    with pytest.raises(StartupError, match="cannot be opened"):
        store.open()
    store.close()
    with closing(sqlite3.connect(directory / "rooms.sqlite")) as records:
        assert records.execute("PRAGMA user_version").fetchone() == (1,)
        assert [name for _, name, *_ in records.execute("PRAGMA table_info(spent)")] == ["id", "reason"]


def test_of_the_ids_that_were_replaced_the_latest_are_remembered_and_they_go_with_their_room(store, directory):
    store.save_room("r1", "w0", 1.0, [], RECORD)
    for number in range(1, 101):
        store.renew_links("r1", [f"w{number - 1}"], "r1", f"w{number}", "renewed")
    assert (store.spent("w99"), store.spent("w84"), store.spent("w83"), store.spent("w0")) == (
        *("renewed", "renewed"),
        *(None, None),
    )
    store.spend("r1", "deleted")
    assert (store.spent("r1"), store.spent("w100"), store.spent("w99")) == ("deleted", "deleted", None)


def test_spent_ids_are_forgotten_when_their_time_is_over(store):
    store.save_room("r1", "w1", 1.0, [], RECORD)
    store.spend("r1", "deleted")
    store.forget_spent(time.time() - 60)
    assert (store.spent("r1"), store.spent("w1")) == ("deleted", "deleted")
    store.forget_spent(time.time() + 60)
    assert (store.spent("r1"), store.spent("w1")) == (None, None)


def test_nothing_of_a_deleted_room_can_be_read_in_the_files(store, directory):
    room_id, name = "7c3d4b6a-room", "payroll-2026.tsv"
    store.save_room(room_id, "9e215d4c-watch", 1.0, [], {"page": 3, "document": {"name": name}})
    store.spend(room_id, "deleted")
    left = b"".join(path.read_bytes() for path in directory.glob("rooms.sqlite*"))
    assert name.encode() not in left


@pytest.mark.parametrize("name", ["../secret", "1" * 31, "1" * 33, "A" * 32, f"{NAMED}.index", "/etc/passwd", "", "."])
def test_what_is_not_an_id_never_becomes_a_path(store, directory, name):
    (directory / "secret").write_text("secret")
    for work in (
        *(store.new_blob, store.blob, store.age, store.delete, store.sealed_index, store.used),
        *(lambda each: store.keep(each, b"", "r"), lambda each: store.put_index(each, b"")),
    ):
        with pytest.raises(ValueError, match="not the id of a document"):
            work(name)
    assert (directory / "secret").read_text() == "secret"


def test_what_earlier_versions_let_others_read_is_private_now(directory):
    (directory / "documents").mkdir(parents=True)
    with closing(sqlite3.connect(directory / "rooms.sqlite")) as records:
        records.executescript(FORMAT_1)
    (directory / "documents").chmod(0o755)
    (directory / "rooms.sqlite").chmod(0o644)
    store = opened(directory)
    assert modes(directory) <= {0o600, 0o700}
    store.close()


def modes(directory: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in directory.rglob("*")}


def test_new_records_are_of_the_format_that_is_stated(store):
    (version,) = vars(store)["_records"].execute("PRAGMA user_version").fetchone()
    assert version == FORMAT


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_lost_records_stop_the_start_in_words_and_the_documents_stay(store, directory, left):
    keep(store, NAMED)
    store.save_room("r1", watch("r1"), 1.0, [NAMED], RECORD)
    store.close()
    (directory / "rooms.sqlite").unlink()
    if left == "an empty file":
        (directory / "rooms.sqlite").touch()
    other = LocalStore(directory)
    with pytest.raises(StartupError, match="is missing or empty, but there are documents"):
        other.open()
    other.close()
    assert files(directory) == {NAMED, f"{NAMED}.index"}


def test_records_of_something_else_are_refused_in_words(directory):
    store = LocalStore(directory)
    store.own()
    with closing(sqlite3.connect(directory / "rooms.sqlite")) as records:
        records.execute("CREATE TABLE bookmarks (id)")
    with pytest.raises(StartupError, match=r"rooms.sqlite is no file of tsvapp's"):
        store.open()
    store.close()


def test_records_that_have_lost_a_table_stop_the_start_in_words(store, directory):
    keep(store, NAMED)
    vars(store)["_records"].execute("DROP TABLE rooms")
    store.close()
    other = LocalStore(directory)
    with pytest.raises(StartupError, match="no such table: rooms"):
        other.open()
    other.close()
    assert files(directory) == {NAMED, f"{NAMED}.index"}


def test_a_probe_leaves_nothing_and_says_what_is_wrong(store, directory):
    store.probe()
    with no_file_larger_than(100), pytest.raises(StorageFailed, match="File too large"):
        store.probe()
    assert not (directory / "probe").exists()
    with closing(sqlite3.connect(directory / "rooms.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        vars(store)["_records"].execute("PRAGMA busy_timeout = 1")
        with pytest.raises(StorageFailed, match="database is locked"):
            store.probe()


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_records_that_are_none_are_refused_in_words_and_left_as_they_are(directory, content):
    store = LocalStore(directory)
    store.own()
    (directory / "rooms.sqlite").write_bytes(content)
    with pytest.raises(StartupError, match=r"cannot be opened: file is not a database\."):
        store.open()
    store.close()
    assert (directory / "rooms.sqlite").read_bytes() == content


def test_records_that_cannot_be_made_are_refused_in_words(directory):
    store = LocalStore(directory)
    store.own()
    (directory / "rooms.sqlite").mkdir()
    with pytest.raises(StartupError, match=r"cannot be opened: unable to open database file\."):
        store.open()
    store.close()
