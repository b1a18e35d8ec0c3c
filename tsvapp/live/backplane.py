"""The worker's side of what carries "room R has something new" between workers, and nothing else.

A room is listened to while it is in memory here. What is new is read from the store after the subscription stands, so
nothing falls between. When the line breaks, every room goes on apart; when it is back, every room rejoins.
"""

from __future__ import annotations

import logging
import random
from contextlib import suppress
from typing import TYPE_CHECKING

import gevent

from tsvapp.errors import StoreAway
from tsvapp.store.listening import Listening
from tsvapp.store.shared import SharedStore

if TYPE_CHECKING:
    from tsvapp.live.live_room import LiveRoom

ALIVE_SECONDS = 4
"""How long a worker counts as alive after it has said so."""

log = logging.getLogger(__name__)


class Backplane:
    """Listen for news of rooms, and tell the other workers that this one lives."""

    beat_seconds = 1.0
    """How often it is said who is here and that this worker lives, and looked whether others do."""

    def __init__(self, store: SharedStore, worker: str) -> None:
        self._store = store
        self._worker = worker
        self._rooms: dict[str, LiveRoom] = {}
        self._listening: Listening | None = None
        self.is_up = False

    def run(self) -> None:
        """Listen and rejoin, for ever."""
        while True:
            try:
                self._listen()
            except StoreAway as error:
                self._lost(error.why)
            gevent.sleep(random.uniform(0.1, 0.5))

    def beat(self) -> None:
        """Say that this worker lives, and who is in its rooms; find out which others live no more."""
        rooms = self.rooms()
        try:
            self._store.alive(self._worker, ALIVE_SECONDS)
            self._rejoin(rooms)
            for room in rooms:
                assert room.share is not None
                room.share.say_here()
            others = {worker for room in rooms if room.share for worker in room.share.elsewhere}
            for worker in self._store.dead(sorted(others)):
                for room in rooms:
                    if room.share is not None:
                        room.share.forget_worker(worker)
        except StoreAway as error:
            self._lost(error.why)

    def add(self, room: LiveRoom) -> None:
        """Listen for news of a room from now on; raise StoreAway if that cannot be."""
        self._rooms[room.room_id] = room
        if self._listening is not None:
            self._listening.add(room.room_id)

    def remove(self, room: LiveRoom) -> None:
        """Listen for news of a room no more."""
        self._rooms.pop(room.room_id, None)
        if self._listening is not None:
            with suppress(StoreAway):
                self._listening.remove(room.room_id)

    def rooms(self) -> list[LiveRoom]:
        """Return the rooms that are in memory here."""
        return list(self._rooms.values())

    def _listen(self) -> None:
        listening = self._store.listen(list(self._rooms))
        self._listening = listening
        try:
            # Read after the subscription stands: what came before it is not told.
            for room in list(self._rooms.values()):
                listening.add(room.room_id)  # one may have come while the line was being made
                if room.share is not None:
                    room.share.notice()
            for room_id in listening.news():
                if (found := self._rooms.get(room_id)) is not None and found.share is not None:
                    found.share.notice()
        finally:
            self._listening = None
            listening.close()

    def _rejoin(self, rooms: list[LiveRoom]) -> None:
        if not self.is_up:
            log.info("the shared store is there")
        self.is_up = True
        for room in rooms:
            if room.apart and room.share is not None:
                room.share.notice()

    def _lost(self, why: str) -> None:
        if self.is_up:
            log.warning("the shared store is away: %s", why)
        self.is_up = False
        for room in list(self._rooms.values()):
            if room.share is not None:
                room.share.part(why)
