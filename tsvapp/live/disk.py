"""Free disk space for incoming documents: what is reserved of it, for whom, and who is evicted.

A promise is not a byte. Bytes are reserved when they arrive, with a step ahead that is at most as large as what has
arrived. Rooms are evicted only for bytes that have arrived, and only after all steps ahead have been taken back.
"""

from __future__ import annotations

from typing import Protocol

from gevent.lock import BoundedSemaphore

from tsvapp.errors import LimitReached, StorageFailed
from tsvapp.live.offload import offload
from tsvapp.settings import Settings
from tsvapp.store.blob import storage_failed
from tsvapp.store.local import LocalStore

STEP_BYTES = 64 << 20
"""Most bytes that are reserved ahead of those that have arrived, so that few chunks have to look at the disk."""

SHARE = 4
"""One address may bring a quarter of all bytes, unless a setting says otherwise."""


class Evictor(Protocol):
    """Delete rooms that nobody uses, where others need their place."""

    def can_free(self, short: int) -> bool:
        """Say whether so many bytes would be freed by evicting rooms; none is."""

    def free(self, short: int) -> bool:
        """Evict rooms until so many bytes are free; return False where that cannot be, and none is evicted."""

    def free_room(self) -> bool:
        """Evict a room, so that another one can be kept; return whether there was one that may go."""


class NoEvictor:
    """Evict nothing."""

    def can_free(self, short: int) -> bool:
        """Say no."""
        return False

    def free(self, short: int) -> bool:
        """Free nothing."""
        return False

    def free_room(self) -> bool:
        """Evict no room."""
        return False


class Disk:
    """Reserve place for incoming documents."""

    def __init__(self, store: LocalStore, settings: Settings, evictor: Evictor) -> None:
        self._store = store
        self._settings = settings
        self._evictor = evictor
        self._turn = BoundedSemaphore(1)

    def require_place(self, name: str, size: int, origin: str) -> None:
        """Raise the error that refuses a document of this size if there is no place for it; reserve and evict nothing.

        Raise StorageFailed if the disk has none, LimitReached if its origin has brought as much as it may.
        """
        taken, free, _ = self._usage()
        self._require_share(name, self._store.accounts.taken_by(origin) + size, taken + free)
        short = self._short(taken + size, free - size)
        if short > 0 and not self._evictor.can_free(short):
            raise self._no_place(name, size)

    def reserve(self, document_id: str, name: str, arrived: int, size: int) -> None:
        """Reserve place for the bytes of a document that have `arrived`, and for a step ahead of them.

        Rooms are evicted where the bytes that have arrived need it. Raise StorageFailed or LimitReached as
        `require_place` does.
        """
        accounts = self._store.accounts
        if (reserved := accounts.reserved(document_id)) >= arrived:
            return accounts.reserve(document_id, arrived, reserved - arrived)
        with self._turn:  # or two that are short of the same bytes would each have rooms evicted for them
            accounts.reserve(document_id, arrived, 0)
            taken, free, ahead = self._usage()
            origin = accounts.origin(document_id)
            if origin is not None:
                self._require_share(name, accounts.taken_by(origin), taken + free)
            while (short := self._short(taken, free)) > 0:
                accounts.release_ahead()
                if not self._evictor.free(short):
                    raise self._no_place(name, size)
                taken, free, ahead = self._usage()
            left = -self._short(taken + ahead, free - ahead)
            accounts.reserve(document_id, arrived, max(0, min(size - arrived, arrived, STEP_BYTES, left)))

    def _require_share(self, name: str, mine: int, everything: int) -> None:
        most = self._settings.disk_bytes_per_address
        if not most:
            everything -= self._settings.disk_reserve_bytes
            most = max(0, min(everything, self._settings.max_disk_bytes or everything)) // SHARE
        if mine > most:
            raise LimitReached(
                f"With {name!r} your address would have {mine:,} bytes on this server, which keeps {most:,} for each."
                " Delete a table that you no longer need, or bring a smaller file.",
                limit=most,
            )

    def _no_place(self, name: str, size: int) -> StorageFailed:
        return StorageFailed(
            f"The server's disk has no place for {name!r} ({size:,} bytes), and no table there has gone"
            " unused for long. The former table is unchanged; try again later, or bring a smaller file."
        )

    def _usage(self) -> tuple[int, int, int]:
        try:
            return offload(self._store.reserved)
        except OSError as error:
            raise storage_failed(error) from error

    def _short(self, taken: int, free: int) -> int:
        """Count the bytes that are missing where so many are taken and so many free; below 0, those that are left."""
        most = self._settings.max_disk_bytes
        return max(taken - most if most else -free, self._settings.disk_reserve_bytes - free)
