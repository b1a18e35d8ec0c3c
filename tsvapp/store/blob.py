"""Append-only bytes in a file; what was appended stays, and nothing is ever overwritten. Everything here blocks."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

from tsvapp.errors import StorageFailed

_DOCUMENT_ID = re.compile(r"[0-9a-f]{32}")


class FileBlob:
    """Keep append-only bytes in a file, without holding a descriptor."""

    def __init__(self, path: Path, size: int = 0) -> None:
        self._path = path
        self._size = size

    @property
    def size(self) -> int:
        """Count the bytes that are safely stored."""
        return self._size

    def append(self, data: bytes) -> None:
        """Add bytes at the end, all or none of them; raise StorageFailed when the disk does not take them."""
        try:
            # Only the first bytes make a file: what was deleted meanwhile does not come back with a hole in it.
            descriptor = os.open(self._path, os.O_WRONLY | (0 if self._size else os.O_CREAT), 0o600)
            try:
                write_at(descriptor, data, self._size)
            except OSError:
                # Or the file would be longer than what is promised of it.
                with suppress(OSError):
                    os.ftruncate(descriptor, self._size)
                raise
            finally:
                os.close(descriptor)
        except OSError as error:
            raise storage_failed(error) from error
        self._size += len(data)

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop), fewer at the end; raise OSError when the file lacks some that were stored."""
        stop = min(stop, self._size)
        if start >= stop:
            return b""  # also of a file to which nothing has been written yet
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            return read_at(descriptor, start, stop)
        finally:
            os.close(descriptor)

    def open(self) -> int:
        """Open the file for reading; the caller closes it. It stays readable when the document is deleted."""
        return os.open(self._path, os.O_RDONLY)


def is_document_id(text: str) -> bool:
    """Say whether this is the id of a document, which is the name of its file: 32 hex digits and nothing else."""
    return _DOCUMENT_ID.fullmatch(text) is not None


def read_at(descriptor: int, start: int, stop: int) -> bytes:
    """Return the bytes [start, stop) of an open file; raise OSError when it ends before."""
    pieces = []
    while start < stop:
        piece = os.pread(descriptor, stop - start, start)
        if not piece:
            # A page of a file that was cut short must not look like one with fewer rows.
            raise OSError(errno.EIO, "the file is shorter than it was")
        pieces.append(piece)
        start += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def write_at(descriptor: int, data: bytes, position: int) -> None:
    """Write all bytes at `position` of an open file; raise OSError when the disk takes only some of them."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, position)
        view, position = view[written:], position + written


def write_flushed(path: Path, data: bytes) -> None:
    """Write a small file anew, and flush it to the disk; what it had before is gone, so write beside and rename."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_at(descriptor, data, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush(path: Path) -> None:
    """Flush a file, or the names in a directory, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_failed(error: OSError) -> StorageFailed:
    """Say in words what an error of the disk means for an upload."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFailed("The server's disk is full. The former table is unchanged; try again later.")
    return StorageFailed(
        f"The server could not store the file ({_reason(error)}). The former table is unchanged; try again later."
    )


def unreadable(error: OSError) -> StorageFailed:
    """Say in words what an error of the disk means for one who wants to see a table."""
    return StorageFailed(
        f"The server could not read this table ({_reason(error)}). Try again in a moment; if it stays so, bring the"
        " file again."
    )


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else "unknown failure"
