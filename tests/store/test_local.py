"""Documents in files and rooms in SQLite: what is promised is on the disk, and what is not is gone again."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsvapp.errors import StartupError, StorageFailed
from tsvapp.store.blob import FileBlob, read_at, storage_failed
from tsvapp.store.local import FORMAT, LocalStore

RECORD = {"page": 3, "document": {"id": "d1", "name": "Größe\n.tsv", "size": 10}, "list": [1, None, True]}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(directory: Path) -> Iterator[LocalStore]:
    store = opened(directory)
    yield store
    store.close()


@pytest.fixture
def blob(tmp_path: Path) -> FileBlob:
    return FileBlob(tmp_path / "bytes")


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
    store.keep(document_id, index)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let the system refuse to write beyond `size` bytes of a file, after it has taken those before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# Bytes


@given(
    pieces=st.lists(st.binary(max_size=50), max_size=6),
    start=st.integers(0, 400),
    stop=st.integers(0, 400),
)
def test_bytes_are_read_as_they_were_added(tmp_path_factory, pieces, start, stop):
    path = tmp_path_factory.mktemp("blob") / "bytes"
    blob = FileBlob(path)
    for piece in [b"x", *pieces]:
        blob.append(piece)
    whole = b"x" + b"".join(pieces)
    assert blob.size == len(whole)
    assert blob.read(start, stop) == whole[start:stop]
    assert path.read_bytes() == whole


def test_a_new_blob_is_empty(blob):
    assert blob.size == 0


def test_bytes_are_added_behind_those_that_were_there_when_it_was_opened(store):
    store.blob("d1").append(b"one")
    again = store.blob("d1")
    again.append(b"two")
    assert (again.size, again.read(0, 10)) == (6, b"onetwo")


def test_nothing_is_read_beyond_what_is_promised(blob, tmp_path):
    blob.append(b"one")
    (tmp_path / "bytes").write_bytes(b"one and more")
    assert blob.read(0, 100) == b"one"


def test_bytes_that_do_not_fit_are_not_added_at_all(blob, tmp_path):
    blob.append(b"a" * 1000)
    with no_file_larger_than(1500), pytest.raises(StorageFailed, match="File too large"):
        blob.append(b"b" * 1000)
    assert (blob.size, blob.read(0, 5000)) == (1000, b"a" * 1000)
    assert (tmp_path / "bytes").read_bytes() == b"a" * 1000


def test_bytes_can_be_added_again_once_there_is_room(blob):
    blob.append(b"a" * 1000)
    with no_file_larger_than(1500), pytest.raises(StorageFailed):
        blob.append(b"b" * 1000)
    blob.append(b"c" * 10)
    assert blob.read(0, 5000) == b"a" * 1000 + b"c" * 10


def test_a_full_disk_is_called_full():
    with pytest.raises(StorageFailed, match=r"disk is full\. The former table is unchanged"):
        FileBlob(Path("/dev/full")).append(b"one byte more")


def test_a_quota_that_is_used_up_is_a_full_disk():
    assert "disk is full" in storage_failed(OSError(errno.EDQUOT, "over quota")).message


def test_another_failure_of_the_disk_is_named():
    assert "Input/output error" in storage_failed(OSError(errno.EIO, "-")).message


def test_a_place_where_nothing_can_be_written_is_a_failure_in_words(tmp_path):
    with pytest.raises(StorageFailed, match="No such file or directory"):
        FileBlob(tmp_path / "missing" / "bytes").append(b"a")


def test_no_descriptor_is_held(blob):
    before = len(os.listdir("/proc/self/fd"))
    blob.append(b"one")
    blob.read(0, 3)
    with no_file_larger_than(3), pytest.raises(StorageFailed):
        blob.append(b"two")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_document_that_is_open_is_readable_after_it_is_deleted(store):
    store.blob("d1").append(b"one two")
    descriptor = store.blob("d1").open()
    try:
        store.delete("d1")
        assert read_at(descriptor, 4, 100) == b"two"
    finally:
        os.close(descriptor)


def test_a_large_document_is_read_whole(tmp_path):
    data = os.urandom(1 << 20) * 3
    blob = FileBlob(tmp_path / "bytes")
    blob.append(data)
    assert blob.read(0, len(data)) == data


# Documents


def test_a_kept_document_has_its_index(store):
    keep(store, "d1", index=b"\x00\x01")
    assert store.index("d1") == b"\x00\x01"


def test_a_document_that_was_not_kept_has_no_index(store):
    store.blob("d1").append(b"a")
    assert store.index("d1") == b""


def test_an_index_takes_the_place_of_the_former_whole(store, directory):
    keep(store, "d1", index=b"former" * 1000)
    with (directory / "documents" / "d1.index").open("rb") as reader:
        half = reader.read(600)
        store.keep("d1", b"new")
        assert half + reader.read() == b"former" * 1000
    assert store.index("d1") == b"new"
    assert files(directory) == {"d1", "d1.index"}


def test_an_index_that_does_not_fit_leaves_the_former(store):
    keep(store, "d1", index=b"former")
    with no_file_larger_than(100), pytest.raises(StorageFailed):
        store.keep("d1", b"new" * 1000)
    assert store.index("d1") == b"former"


def test_a_document_that_is_not_there_cannot_be_kept(store):
    with pytest.raises(StorageFailed):
        store.keep("d1", b"index")


def test_a_deleted_document_leaves_nothing(store, directory):
    keep(store, "d1")
    (directory / "documents" / "d1.draft").touch()
    keep(store, "d2")
    store.delete("d1")
    assert files(directory) == {"d2", "d2.index"}


def test_a_document_that_is_gone_already_can_be_deleted(store):
    store.delete("d1")


def test_what_no_record_names_is_swept_when_the_directory_is_opened(store, directory):
    for name in ("named", "broken-off", "replaced"):
        keep(store, name)
    for name in ("named.draft", "lost.index"):
        (directory / "documents" / name).touch()
    store.save_room("r1", watch("r1"), 1.0, ["named"], RECORD)
    store.save_room("r2", watch("r2"), 1.0, [], RECORD)
    again = reopened(store, directory)
    assert files(directory) == {"named", "named.index"}
    assert again.blob("named").read(0, 10) == b"a\tb\n"
    again.close()


# Rooms


def test_a_room_is_read_as_it_was_saved(store):
    store.save_room("r1", watch("r1"), 12.5, ["d1"], RECORD)
    assert store.load_room("r1") == ("watch r1", 12.5, RECORD)


def test_a_room_that_was_never_saved_is_none(store):
    assert store.load_room("r1") is None


def test_a_room_that_is_saved_again_is_one_room(store):
    store.save_room("r1", watch("r1"), 1.0, ["d1"], RECORD)
    store.save_room("r1", watch("r1"), 2.0, ["d2"], {"page": 4})
    assert store.load_room("r1") == ("watch r1", 2.0, {"page": 4})
    assert store.count_rooms() == 1


def test_rooms_survive_reopening(store, directory):
    store.save_room("r1", watch("r1"), 12.5, ["d1"], RECORD)
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
store.blob("d1").append(b"a")
store.keep("d1", b"index")
store.save_room("r1", "watch r1", 1.0, ["d1"], {{"page": 3}})
store.spend("r0", "expired")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", server], check=False).returncode == -signal.SIGKILL
    store = opened(directory)
    assert (store.load_room("r1"), store.spent("r0")) == (("watch r1", 1.0, {"page": 3}), "expired")
    assert (store.blob("d1").read(0, 10), store.index("d1")) == (b"a", b"index")
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
    keep(store, "d1")
    store.save_room("r1", watch("r1"), 1.0, ["d1"], RECORD)
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
    keep(store, "d1")
    store.save_room("r1", watch("r1"), 1.0, ["d1"], RECORD)
    with pytest.raises(sqlite3.IntegrityError):
        store.spend("r1", None)
    store.save_room("r2", watch("r2"), 2.0, [], RECORD)
    again = sqlite3.connect(directory / "rooms.sqlite")
    assert again.execute("SELECT room_id FROM rooms").fetchall() == [("r1",), ("r2",)]
    again.close()
    assert files(directory) == {"d1", "d1.index"}


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


@pytest.mark.parametrize("version", [FORMAT + 1, FORMAT - 2])
def test_another_format_is_refused_in_words_and_left_as_it_is(store, directory, version):
    keep(store, "d1")
    store.close()
    records = sqlite3.connect(directory / "rooms.sqlite")
    records.execute(f"PRAGMA user_version = {version}")
    records.close()
    other = LocalStore(directory)
    with pytest.raises(StartupError, match=f"has format {version}; this version reads format {FORMAT}"):
        other.open()
    other.close()
    assert files(directory) == {"d1", "d1.index"}


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
