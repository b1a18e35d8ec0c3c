"""A room with its broadcaster: the one place where a change is committed and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from gevent.lock import BoundedSemaphore

from tsvapp.live.broadcaster import Broadcaster
from tsvapp.live.counts import Counts
from tsvapp.live.outbox import Slot
from tsvapp.room.people import Here, Pointed, listed
from tsvapp.room.room import Room
from tsvapp.room.view import RoomState
from tsvapp.settings import Settings
from tsvapp.table.document import Reading

if TYPE_CHECKING:
    from tsvapp.live.share import Share


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
        self.touched = monotonic()
        """When it was last used, by a clock that nobody sets: `used_at` is for the record."""
        self.renewed = -inf
        """When its links were last replaced at this worker, as `touched`."""
        self.reading_turn = BoundedSemaphore(1)
        """Held while a native thread reads bytes into an index: a chunk and a re-reading take turns."""
        self.former: dict[str, dict[str, Any]] = {}
        """Records of the documents that can be brought back, by their ids."""
        self.pending: dict[str, Any] | None = None
        """The record of the upload that is on its way in: with it, it outlives the server."""
        self.arriving: str | None = None
        """The document that is about to become the table: it is no longer pending, and the state has no word of it."""
        self.finishing = False
        """While a document's record is on its way to the disk: an older state must not be written behind it."""
        self.share: Share | None = None
        """The tie to other workers that have this room too; None where one worker is alone."""
        self.rereading: Reading | None = None
        """The reading that is to take the place of the one in use, if somebody wished for another."""

    def is_here(self, member: str) -> bool:
        """Say whether a member is here, at this worker or, as far as they are listed, at another."""
        if any(each.person.member == member for each in self.members):
            return True
        return self.share is not None and self.share.person(member) is not None

    def presence(self) -> tuple[int, list[Here]]:
        """Return how many are here, at all workers, and the first of them by name."""
        members, people = super().presence()
        for there in self.share.elsewhere.values() if self.share else ():
            members, people = members + there.members, people + list(there.people)
        return members, listed(people)

    def point(self, pointed: Pointed) -> None:
        """Have everyone see who points where."""
        self.pointed = pointed
        self.broadcaster.soon(Slot.POINTING)
        if self.share is not None:
            self.share.point()

    def stop_pointing(self, member: str) -> None:
        """Take back the finger of a member who has left."""
        pointed = self.pointed
        if pointed and pointed.member == member and pointed.row is not None and not self.is_here(member):
            self.point(replace(pointed, row=None, column=None))

    def change(self, step: Callable[..., RoomState], *args: Any, readings: Sequence[Reading] = ()) -> bool:
        """Take a step from the present state to the next and tell everyone; return whether anything changed.

        `step` is a function of `room.view` and gets the state and `args`; `readings` are those that the next state
        speaks of and the present one did not. In a shared room it is taken again if another worker was faster.
        """
        while (state := step(self.state, *args)) is not self.state:
            if self.share is None:
                # Nothing waits between taking a state and committing the next, so nobody can have come between.
                self.take(state, readings)
                return True
            if self.share.commit(state, readings):
                return True
        return False

    def take(self, state: RoomState, readings: Sequence[Reading] = (), *, theirs: bool = False) -> None:
        """Make a state the latest, and tell everyone; `theirs` if another worker has committed it."""
        before = self.state
        committed = self.commit(before.revision, state, *readings)
        assert committed
        if before.shown and (state.shown is None or state.shown.document != before.shown.document):
            self.pointed = None
        if theirs or state.revision != before.revision:
            self.unsaved |= not theirs
            self.counts.revisions += 1
            self.broadcaster.changed()
        else:
            self.broadcaster.soon(Slot.PROGRESS)
