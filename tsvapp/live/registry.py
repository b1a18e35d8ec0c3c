"""The greenlet-safe registry: which room lives at which id in this process; opens and evicts.

All of it runs on one event loop, so a step that does not wait needs no lock. The one thing that waits is loading a
room from the store: whoever comes meanwhile waits for the same load, so an id never has two rooms.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from time import monotonic
from uuid import uuid4

import gevent
from gevent.event import AsyncResult

from tsvapp.errors import LimitReached, StorageFailed
from tsvapp.live import wheel
from tsvapp.live.broadcaster import Listener
from tsvapp.live.ids import mask, new_room_id
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.outbox import Slot
from tsvapp.live.records import Records
from tsvapp.settings import Settings

DRIVERS_SHARE = 10
"""One place of so many in a room is kept for those who may drive."""

log = logging.getLogger(__name__)


class Registry:
    """Find, open and evict rooms; `on_load` is given each that was loaded, before anyone joins it."""

    def __init__(self, records: Records, settings: Settings, on_load: Callable[[LiveRoom], None]) -> None:
        self._records = records
        self._on_load = on_load
        self._settings = settings
        self._rooms: dict[str, LiveRoom] = {}
        self._links: dict[str, LiveRoom] = {}
        """Rooms in memory by the ids of their links, to drive and to look only."""
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
        return self._new(new_room_id())

    def find(self, some_id: str) -> tuple[LiveRoom, bool] | None:
        """Return the room at this id, and whether it is the id to drive by; None if there never was one.

        Raise UnknownRoom if the id is spent.
        """
        while (found := self._here(some_id)) is None:
            room_id, may_drive = self._records.linked(some_id) or (some_id, True)
            if (room := self._rooms.get(room_id)) is not None:
                if some_id in (room.link_id, room.watch_id):
                    continue  # it was opened while that was found out
                # Of links that another worker has replaced the news may still be on its way here.
                return None if some_id == room_id else (room, may_drive)
            loading = self._loading.get(room_id)
            room = loading.get() if loading is not None else self._load(room_id)
            if self._here(some_id) is None and (room is None or some_id not in (room.link_id, room.watch_id)):
                return None
        return found

    def join(self, room: LiveRoom, listener: Listener) -> None:
        """Add a member, who is told the latest state; raise LimitReached when the room is full.

        It is full for those who may only look while some places are left for those who drive.
        """
        limit = self._settings.room_members
        kept = 0 if listener.may_drive else limit // DRIVERS_SHARE
        if len(room.members) >= limit - kept:
            raise LimitReached(f"This room is full: it has {limit:,} people. Try again later.", limit=limit)
        room.join(listener)
        self._records.touch(room)
        room.broadcaster.joined(listener)

    def leave(self, room: LiveRoom, listener: Listener) -> None:
        """Remove a member; a presenter who does not come back soon lets go of the wheel."""
        room.leave(listener)
        self._records.touch(room)
        presenter = room.state.presenter
        if presenter is not None and presenter.member == listener.person.member:
            gevent.spawn_later(self._settings.wheel_seconds, wheel.free, room, presenter.member)
        if room.members:
            room.broadcaster.soon(Slot.PRESENCE)
            room.stop_pointing(listener.person.member)

    def renew(self, room: LiveRoom, both: bool) -> None:
        """Give the room another id to look by, and one to drive by if `both`; the former ones are spent.

        What is stored of the room stays under its own id, which then leads nobody to it.
        """
        self.links_renewed(room, *self._records.renew(room, new_room_id() if both else None, new_room_id()))

    def links_renewed(self, room: LiveRoom, *former: str) -> None:
        """Know the room by its present links, and no longer by the former ones."""
        for some_id in former:
            self._links.pop(some_id, None)
        self._links[room.link_id] = self._links[room.watch_id] = room

    def gone(self, room: LiveRoom) -> None:
        """Forget a room that another worker has deleted."""
        room.deleted = room.finishing = True
        self._forget(room)

    def delete(self, room: LiveRoom) -> None:
        """Delete a room for good, with its documents; its ids never become rooms again."""
        room.deleted = room.finishing = True  # nothing is written down of it any more
        try:
            self._records.spend(room.room_id, "deleted", room.watch_id, room.link_id)
        except StorageFailed:
            room.deleted = room.finishing = False
            raise
        self._forget(room)

    def evict(self) -> None:
        """Forget the rooms that nobody was in for `idle_seconds`; what they are is written down first."""
        before = monotonic() - self._settings.idle_seconds
        for room in self.rooms():
            if self._idle(room, before):
                self._records.save_if_needed(room)
                if self._idle(room, before) and not (room.unsaved and room.stored):
                    self._forget(room)
                    fields = {"room": mask(room.room_id), "rooms_in_memory": len(self._rooms)}
                    log.info("evicted", extra={"fields": fields})

    def save(self) -> None:
        """Write down every room that has changed; one that cannot be is logged, and keeps no other from it."""
        for room in self.rooms():
            try:
                self._records.save_if_needed(room)
            except Exception:
                log.exception("room %.8s could not be saved", room.room_id)

    def expire(self) -> None:
        """Delete the rooms that nobody has used for `room_days`; one that is in memory is in use."""
        for room in self.rooms():
            if room.members:
                self._records.touch(room)
        self.save()
        for room_id in self._records.unused():
            if room_id not in self._rooms and room_id not in self._loading:
                self._records.spend(room_id, "expired")
                log.info("expired", extra={"fields": {"room": mask(room_id)}})
        self._records.forget_spent()

    def in_memory(self, room_id: str) -> LiveRoom | None:
        """Return the room of this id if it is in memory."""
        return self._rooms.get(room_id)

    def is_loading(self, room_id: str) -> bool:
        """Say whether somebody has asked for this room, and it is being read."""
        return room_id in self._loading

    @staticmethod
    def _idle(room: LiveRoom, before: float) -> bool:
        return not room.members and room.touched <= before and not room.broadcaster.busy and not room.incoming

    def _load(self, room_id: str) -> LiveRoom | None:
        loading = self._loading[room_id] = AsyncResult()
        try:
            room = self._records.load(room_id, self._epoch)
            if room is not None:
                self._on_load(room)
                self._add(room)
            loading.set(room)
            return room
        except BaseException as error:
            loading.set_exception(error)
            raise
        finally:
            del self._loading[room_id]

    def _here(self, some_id: str) -> tuple[LiveRoom, bool] | None:
        room = self._links.get(some_id)
        return None if room is None else (room, some_id == room.link_id)

    def _new(self, room_id: str) -> LiveRoom:
        room = LiveRoom(room_id, new_room_id(), self._epoch, time.time(), self._settings, self._records.counts)
        self._add(room)
        self._records.add(room)
        return room

    def _add(self, room: LiveRoom) -> LiveRoom:
        self._rooms[room.room_id] = room
        self._links[room.link_id] = self._links[room.watch_id] = room
        return room

    def _forget(self, room: LiveRoom) -> None:
        self._rooms.pop(room.room_id, None)
        for some_id in (room.link_id, room.watch_id):
            self._links.pop(some_id, None)
        self._records.drop(room)
