"""The greenlet-safe registry: which room lives at which id in this process; opens and evicts.

All of it runs on one event loop, so a step that does not wait needs no lock. The one thing that waits is loading a
room from the store: whoever comes meanwhile waits for the same load, so an id never has two rooms.
"""

from __future__ import annotations

import logging
import time
from uuid import uuid4

from gevent.event import AsyncResult

from tsvapp.errors import LimitReached
from tsvapp.live.broadcaster import Listener
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.records import Records
from tsvapp.settings import Settings

log = logging.getLogger(__name__)


class Registry:
    """Find, open and evict rooms; `listeners` are all members of all rooms."""

    def __init__(self, records: Records, settings: Settings) -> None:
        self._records = records
        self._settings = settings
        self._rooms: dict[str, LiveRoom] = {}
        self._loading: dict[str, AsyncResult[LiveRoom | None]] = {}
        # One for each start of the process: a client that knows another one takes any revision.
        self._epoch = uuid4().hex[:16]

    def __len__(self) -> int:
        return len(self._rooms)

    def rooms(self) -> list[LiveRoom]:
        """Return the rooms that are in memory."""
        return list(self._rooms.values())

    def create(self) -> LiveRoom:
        """Make a new, empty room; it is kept from its first upload on."""
        return self._add(LiveRoom(str(uuid4()), self._epoch, time.time(), self._settings))

    def find(self, room_id: str) -> LiveRoom | None:
        """Return the room at this id, from memory or from the store; None if there never was one.

        Raise UnknownRoom if the id is spent.
        """
        while (room := self._rooms.get(room_id)) is None:
            loading = self._loading.get(room_id)
            room = loading.get() if loading is not None else self._load(room_id)
            if room is None:
                return None
        return room

    def open(self, room_id: str) -> LiveRoom:
        """Return the room at this id; make an empty one where there never was one."""
        return self.find(room_id) or self._rooms.get(room_id) or self._add(self._empty(room_id))

    def join(self, room: LiveRoom, listener: Listener) -> None:
        """Add a member, who is told the latest state; raise LimitReached when the room is full."""
        limit = self._settings.room_members
        if len(room.members) >= limit:
            raise LimitReached(f"This room is full: it has {limit:,} people. Try again later.", limit=limit)
        room.join(listener)
        self._records.touch(room)
        room.broadcaster.joined(listener)

    def leave(self, room: LiveRoom, listener: Listener) -> None:
        """Remove a member."""
        room.leave(listener)
        self._records.touch(room)
        if room.members:
            room.broadcaster.presence()

    def evict(self) -> None:
        """Forget the rooms that nobody was in for `idle_seconds`; what they are is written down first."""
        before = time.time() - self._settings.idle_seconds
        for room in self.rooms():
            if self._idle(room, before):
                self._records.save_if_needed(room)
                if self._idle(room, before) and not (room.unsaved and room.stored):
                    del self._rooms[room.room_id]
                    log.info("evicted room=%.8s rooms in memory: %d", room.room_id, len(self._rooms))

    def save(self) -> None:
        """Write down every room that has changed."""
        for room in self.rooms():
            self._records.save_if_needed(room)

    def expire(self) -> None:
        """Delete the rooms that nobody has used for `room_days`; one that is in memory is in use."""
        for room in self.rooms():
            self._records.touch(room)
        self.save()
        for room_id in self._records.unused():
            if room_id not in self._rooms and room_id not in self._loading:
                self._records.spend(room_id, "expired")
                log.info("expired room=%.8s", room_id)

    @staticmethod
    def _idle(room: LiveRoom, before: float) -> bool:
        return not room.members and room.used_at <= before and not room.broadcaster.busy and not room.incoming

    def _load(self, room_id: str) -> LiveRoom | None:
        loading = self._loading[room_id] = AsyncResult()
        try:
            room = self._records.load(room_id, self._epoch)
            if room is not None:
                self._add(room)
            loading.set(room)
            return room
        except BaseException as error:
            loading.set_exception(error)
            raise
        finally:
            del self._loading[room_id]

    def _empty(self, room_id: str) -> LiveRoom:
        return LiveRoom(room_id, self._epoch, time.time(), self._settings)

    def _add(self, room: LiveRoom) -> LiveRoom:
        self._rooms[room.room_id] = room
        return room
