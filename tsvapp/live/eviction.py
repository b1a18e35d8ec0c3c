"""Which rooms are deleted where others need their place: never one with people in it, or with an upload on its way."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING

from tsvapp.live.ids import mask
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.records import Records
from tsvapp.live.registry import Registry
from tsvapp.settings import Settings

if TYPE_CHECKING:
    from tsvapp.live.uploads import Uploads

log = logging.getLogger(__name__)


class Eviction:
    """Evict the rooms that nobody uses, in the order that `Records` says."""

    def __init__(self, registry: Registry, records: Records, uploads: Uploads, settings: Settings) -> None:
        self._registry = registry
        self._records = records
        self._uploads = uploads
        self._settings = settings

    def can_free(self, short: int) -> bool:
        """Say whether so many bytes would be freed by evicting rooms; none is."""
        return self._chosen(short) is not None

    def free(self, short: int) -> bool:
        """Evict the rooms that were not used for the longest time until `short` bytes are free.

        Return False where that would not be enough; nothing is deleted then.
        """
        chosen = self._chosen(short)
        for room_id in chosen or ():
            if not self._in_use(room_id, self._spared):
                self._evict(room_id, "the disk is full")
        return chosen is not None

    def free_room(self) -> bool:
        """Evict a room, so that another one can be kept; return whether there was one that may go."""
        for room_id in self._records.to_displace():
            # Not by its age: of whoever has brought most, also those go that were used a moment ago.
            if not self._in_use(room_id, monotonic()):
                self._evict(room_id, "there are as many as can be kept")
                return True
        return False

    @property
    def _spared(self) -> float:
        return monotonic() - self._settings.spare_seconds

    def _chosen(self, short: int) -> list[str] | None:
        chosen, freed = [], 0
        for room_id, size in self._records.by_use(self._settings.spare_seconds):
            if freed >= short:
                break
            if size and not self._in_use(room_id, self._spared):
                chosen.append(room_id)
                freed += size
        return chosen if freed >= short else None

    def _in_use(self, room_id: str, before: float) -> bool:
        room = self._registry.in_memory(room_id)
        if room is None:
            return self._registry.is_loading(room_id)
        return bool(room.members) or room.touched > before or room.broadcaster.busy or self._uploads.is_sent(room)

    def _evict(self, room_id: str, why: str) -> None:
        room = self._registry.in_memory(room_id)
        if room is not None:
            self._forget(room)
        self._records.spend(room_id, "displaced")
        log.info("evicted, because %s", why, extra={"fields": {"room": mask(room_id)}})

    def _forget(self, room: LiveRoom) -> None:
        # Nobody is in it who would have to be told.
        self._uploads.drop(room)
        self._registry.gone(room)
