"""A room with its broadcaster: the one place where a change is committed and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gevent.lock import BoundedSemaphore

from tsvapp.live.broadcaster import Broadcaster
from tsvapp.live.counts import Counts
from tsvapp.live.outbox import Slot
from tsvapp.room.room import Room
from tsvapp.room.view import RoomState
from tsvapp.settings import Settings
from tsvapp.table.document import Reading


class LiveRoom(Room):
    """Be a room that people are in."""

    def __init__(
        self,
        room_id: str,
        watch_id: str,
        epoch: str,
        used_at: float,
        settings: Settings,
        counts: Counts | None = None,
    ) -> None:
        super().__init__(room_id, watch_id, epoch, used_at)
        self.counts = counts or Counts()
        self.broadcaster = Broadcaster(self, settings, self.counts)
        self.reading_turn = BoundedSemaphore(1)
        """Held while a native thread reads bytes into an index: a chunk and a re-reading take turns."""
        self.former: dict[str, dict[str, Any]] = {}
        """Records of the documents that can be brought back, by their ids."""
        self.pending: dict[str, Any] | None = None
        """The record of the upload that is on its way in: with it, it outlives the server."""
        self.finishing = False
        """While a document's record is on its way to the disk: an older state must not be written behind it."""
        self.rereading: Reading | None = None
        """The reading that is to take the place of the one in use, if somebody wished for another."""

    def stop_pointing(self, member: str) -> None:
        """Take back the finger of a member who has left."""
        pointed = self.pointed
        if pointed and pointed.member == member and all(each.person.member != member for each in self.members):
            self.pointed = replace(pointed, row=None, column=None)
            self.broadcaster.soon(Slot.POINTING)

    def change(self, step: Callable[..., RoomState], *args: Any, readings: Sequence[Reading] = ()) -> bool:
        """Take a step from the present state to the next and tell everyone; return whether anything changed.

        `step` is a function of `room.view` and gets the state and `args`; `readings` are those that the next state
        speaks of and the present one did not.
        """
        before = self.state
        state = step(before, *args)
        if state is before:
            return False
        # Nothing waits between taking a state and committing the next, so nobody can have come between.
        committed = self.commit(before.revision, state, *readings)
        assert committed
        if before.shown and (state.shown is None or state.shown.document != before.shown.document):
            self.pointed = None
        if state.revision != before.revision:
            self.unsaved = True
            self.counts.revisions += 1
            self.broadcaster.changed()
        else:
            self.broadcaster.soon(Slot.PROGRESS)
        return True
