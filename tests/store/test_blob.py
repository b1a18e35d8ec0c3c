"""Bytes in a file: what was added is there, all or none of it, and what is missing is no shorter table."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.limits import no_file_larger_than
from tsvapp.errors import StorageFailed
from tsvapp.store.blob import FileBlob, storage_failed, unreadable, write_flushed


@pytest.fixture
def blob(tmp_path: Path) -> FileBlob:
    return FileBlob(tmp_path / "bytes")


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


def test_a_large_document_is_read_whole(tmp_path):
    data = os.urandom(1 << 20) * 3
    blob = FileBlob(tmp_path / "bytes")
    blob.append(data)
    assert blob.read(0, len(data)) == data


def test_bytes_that_the_disk_takes_in_small_pieces_are_added_whole(blob, monkeypatch):
    really_write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda descriptor, data, position: really_write(descriptor, data[:7], position))
    blob.append(b"0123456789" * 10)
    assert blob.read(0, 1000) == b"0123456789" * 10


def test_a_file_that_was_cut_short_is_no_shorter_table(blob, tmp_path):
    blob.append(b"one two")
    os.truncate(tmp_path / "bytes", 3)
    with pytest.raises(OSError, match="shorter than it was"):
        blob.read(0, 7)


def test_a_file_that_was_deleted_does_not_come_back_with_a_hole(blob, tmp_path):
    blob.append(b"one")
    (tmp_path / "bytes").unlink()
    with pytest.raises(StorageFailed, match="No such file"):
        blob.append(b"two")
    assert not (tmp_path / "bytes").exists()


def test_a_failure_to_read_says_what_to_do():
    message = unreadable(OSError(errno.EMFILE, "-")).message
    assert "Too many open files" in message
    assert "Try again in a moment" in message
    assert "unknown failure" in unreadable(OSError("without a number")).message


def test_a_small_file_is_written_anew(tmp_path):
    write_flushed(tmp_path / "small", b"former and longer")
    write_flushed(tmp_path / "small", b"new")
    assert (tmp_path / "small").read_bytes() == b"new"
