"""Whether the disk has place for one document more, and who makes it.

What counts is what documents take and what uploads have announced, so an upload that has begun does not run into the
limit on its way. Where there is too little, the rooms go that nobody has used for the longest time.
"""

from __future__ import annotations

from collections.abc import Callable

from gevent.lock import BoundedSemaphore

from tsvapp.errors import StorageFailed
from tsvapp.live.offload import offload
from tsvapp.settings import Settings
from tsvapp.store.blob import storage_failed
from tsvapp.store.local import LocalStore


class Disk:
    """Promise place to documents; `make_place` deletes rooms of so many bytes, or says that it cannot."""

    def __init__(self, store: LocalStore, settings: Settings, make_place: Callable[[int], bool]) -> None:
        self._store = store
        self._most = settings.max_disk_bytes
        self._reserve = settings.disk_reserve_bytes
        self._make_place = make_place
        self._turn = BoundedSemaphore(1)

    def promise(self, document_id: str, name: str, size: int) -> None:
        """Promise a document its bytes, until it is kept or deleted; raise StorageFailed if there is no place."""
        self._store.promise(document_id, size)
        try:
            with self._turn:  # or two that are short of the same bytes would each have rooms deleted for them
                while (short := self._short()) > 0:
                    if not self._make_place(short):
                        raise StorageFailed(
                            f"The server's disk has no place for {name!r} ({size:,} bytes), and no table there has gone"
                            " unused for long. The former table is unchanged; try again later, or bring a smaller file."
                        )
        except BaseException:
            self._store.forget_promise(document_id)
            raise

    def _short(self) -> int:
        """Count the bytes that are missing."""
        try:
            taken, free = offload(self._store.promised)
        except OSError as error:
            raise storage_failed(error) from error
        return max(taken - self._most if self._most else 0, self._reserve - free)
