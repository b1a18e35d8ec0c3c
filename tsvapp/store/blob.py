"""Append-only bytes in a file; what was appended stays, and nothing is ever overwritten. Everything here blocks."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from tsvapp.errors import StorageFailed


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
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                view, position = memoryview(data), self._size
                while view:
                    written = os.pwrite(descriptor, view, position)
                    view, position = view[written:], position + written
            except OSError:
                # Or the file would be longer than what is promised of it.
                with suppress(OSError):
                    os.ftruncate(descriptor, self._size)
                raise
            finally:
                os.close(descriptor)
        except OSError as error:
            raise storage_failed(error) from error
        self._size = position

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop), fewer at the end."""
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


def read_at(descriptor: int, start: int, stop: int) -> bytes:
    """Return the bytes [start, stop) of an open file, fewer at its end."""
    pieces = []
    while start < stop and (piece := os.pread(descriptor, stop - start, start)):
        pieces.append(piece)
        start += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def storage_failed(error: OSError) -> StorageFailed:
    """Say in words what an error of the disk means for an upload."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFailed("The server's disk is full. The former table is unchanged; try again later.")
    return StorageFailed(f"The server could not store the file ({os.strerror(error.errno or 0)}). Try again later.")
