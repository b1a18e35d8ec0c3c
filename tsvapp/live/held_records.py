"""Rooms of workers that see no common directory: the bytes of documents are in the shared store, too.

Each worker has copies on its own disk, from which it reads; they are fetched when a room is opened, and as they grow.
Bytes only ever grow, so a copy may be short, and is never wrong. What is acknowledged is in the store.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from time import monotonic
from typing import Any
from weakref import WeakValueDictionary

import orjson
from gevent.lock import BoundedSemaphore

from tsvapp.errors import StorageFailed
from tsvapp.live.counts import Counts
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.offload import offload
from tsvapp.live.shared_records import SharedRecords
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore
from tsvapp.store.shared import BLOCK_BYTES, SharedStore

TOLD_SECONDS = 60.0
"""How often it is written down that an upload goes on, or it would be taken for an abandoned one."""

YOUNG_SECONDS = 60.0
"""How long a copy is left that no record names, or that was fetched and no room shows: either may be on its way."""

log = logging.getLogger(__name__)


class HeldRecords(SharedRecords):
    """Load, save and expire rooms whose documents the shared store has."""

    owns_nothing = False

    def __init__(self, copies: LocalStore, shared: SharedStore, settings: Settings, counts: Counts) -> None:
        super().__init__(copies, shared, settings, counts)
        self._copies = copies
        self._turns: WeakValueDictionary[str, BoundedSemaphore] = WeakValueDictionary()
        """A copy is fetched or removed by one greenlet at a time."""
        self._fetched: dict[str, float] = {}
        self._told: dict[str, float] = {}

    def close(self) -> None:
        """Let go of the directory."""
        self._copies.close()

    # To the store

    def share_bytes(self, room: LiveRoom, document_id: str, start: int, data: bytes) -> None:
        """Put the bytes of an upload that come at `start` into the store."""
        self._tell(room.room_id, document_id)
        if self._shared.put_bytes(room.room_id, document_id, start, data):
            return
        # It has lost those before; here they are.
        self._put_again(room.room_id, document_id, start)
        if not self._shared.put_bytes(room.room_id, document_id, start, data):
            raise StorageFailed("The server has lost a part of this file. Bring it again.")

    def _tell(self, room_id: str, document_id: str) -> None:
        now, most = monotonic(), min(TOLD_SECONDS, self._settings.abandon_seconds / 4)
        if now - self._told.get(document_id, now) >= most:
            self._shared.begin(document_id, room_id, self._now())
            self._told[document_id] = now
        self._told.setdefault(document_id, now)

    def _put_again(self, room_id: str, document_id: str, stop: int) -> None:
        blob = offload(self._copies.blob, document_id)
        for start in range(0, stop, BLOCK_BYTES):
            self._shared.put_bytes(
                room_id, document_id, start, offload(blob.read, start, min(start + BLOCK_BYTES, stop))
            )

    def share_index(self, room: LiveRoom, document_id: str) -> None:
        """Put the row index of a finished document into the store."""
        self._told.pop(document_id, None)
        self._shared.put_index(room.room_id, document_id, offload(self._copies.sealed_index, document_id))

    def save_reading(self, room: LiveRoom) -> None:
        """Write down that the table is read otherwise; its bytes, where the store has lost them."""
        super().save_reading(room)
        for table in room.state.tables:
            if not self._shared.bytes_from(room.room_id, table.document, 0):
                self._put_again(room.room_id, table.document, offload(self._copies.blob, table.document).size)
                self.share_index(room, table.document)

    # From the store

    def _fetch(self, room_id: str, document_id: str, is_finished: bool = False) -> None:
        with self._turn(document_id):
            self._fetched[document_id] = monotonic()
            copy = offload(self._copies.blob, document_id)
            while data := self._shared.bytes_from(room_id, document_id, copy.size):
                offload(copy.append, data)
            if is_finished and not offload(self._copies.sealed_index, document_id):
                offload(self._copies.put_index, document_id, self._shared.index(room_id, document_id))
            offload(self._copies.used, document_id)

    def _turn(self, document_id: str) -> BoundedSemaphore:
        return self._turns.setdefault(document_id, BoundedSemaphore(1))

    # What is left over

    def _forget_bytes(self, room_id: str, document_id: str) -> None:
        self._told.pop(document_id, None)
        self._shared.forget_bytes(room_id, document_id)

    def forget_copies(self, room: LiveRoom) -> None:
        """Delete the copies of the documents of a room that another worker has deleted."""
        for table in room.state.tables:
            offload(self._copies.delete, table.document)

    def abandoned(self, running: Callable[[], Collection[str]]) -> list[str]:
        """Name the documents of uploads that have not ended, and which nobody has gone on with for long."""
        # The store says when it was gone on with, and not the age of a copy: there may be none here.
        left = self._left_uploads()
        return [document_id for document_id in left if document_id not in running()]

    def sweep(self) -> None:
        """Remove copies that no record names, and those beyond `cache_bytes` that no room here needs."""
        young = monotonic() - YOUNG_SECONDS
        self._fetched = {document_id: moment for document_id, moment in self._fetched.items() if moment > young}
        named = self._shared.all_documents() | self._needed()
        offload(self._copies.remove_but, named, YOUNG_SECONDS)
        copies = offload(self._copies.copies)
        needed = self._needed()
        over, evicted = sum(size for _, size in copies) - self._settings.cache_bytes, 0
        for document_id, size in copies:
            if over <= 0:
                break
            with self._turn(document_id):
                # What a room is about to need, also since then, it has fetched.
                if document_id not in needed and document_id not in self._fetched:
                    offload(self._copies.delete, document_id)
                    over, evicted = over - size, evicted + 1
        if evicted:
            log.info("copies of documents make place: %d", evicted)

    def _needed(self) -> set[str]:
        """Name the documents that rooms here show or receive."""
        rooms = self.backplane.rooms()
        coming = {room.pending["document"] for room in rooms if room.pending is not None}
        coming |= {room.arriving for room in rooms if room.arriving is not None}
        return coming | {table.document for room in rooms for table in room.state.tables}

    def by_use(self, seconds: float) -> list[tuple[str, int]]:
        """List the rooms that were not used for so long, each with its bytes, the longest unused first."""
        rooms = self._left(self._now() - seconds)
        return [(room_id, sum(map(_size, self._shared.documents(room_id).values()))) for room_id in rooms]

    def _owns_documents(self) -> bool:
        # Copies of a document of another store are of no harm: no two documents have one id.
        return True


def _size(record: bytes) -> int:
    """Return the size in the record of a finished document, or of one that comes in."""
    said: dict[str, Any] = orjson.loads(record)
    size: int = said["size"] if "upload" in said else said["document"]["size"]
    return size
