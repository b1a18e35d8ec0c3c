"""One owner of a data directory, shown by a lock that the system takes back when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class DirectoryLock:
    """Hold an exclusive lock on `path`; the file says which server has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock, without waiting; return whether it is ours."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        # The parent too: on a reload the old and the new worker have the same one, a second server has another.
        os.pwrite(descriptor, f"{os.getpid()} {os.getppid()}".encode(), 0)
        self._descriptor = descriptor
        return True

    def owner(self) -> str:
        """Return what the holder wrote: its process id and its parent's."""
        try:
            return self._path.read_text()
        except OSError:
            return ""

    def release(self) -> None:
        """Let go of the lock; without it this does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
