"""Telling a room's members what is new: one greenlet a room, alive only while there is something to tell.

A wake-up carries no data. The broadcaster takes the latest state, encodes it once for each audience, and offers
the same frame to every member; offering never waits. A pass runs over a copy of the members, lets others run
every few milliseconds, and is finished before a newer state is taken, so nobody at its tail starves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from time import monotonic, thread_time

import gevent
from gevent.event import Event

from tsvapp.errors import TsvappError
from tsvapp.live.counts import Counts
from tsvapp.live.frame import message_frame
from tsvapp.live.offload import offload
from tsvapp.live.outbox import Outbox, Slot
from tsvapp.live.pages import Moment, encode_state
from tsvapp.live.slices import SLICE_SECONDS
from tsvapp.room.events import (
    ErrorEvent,
    Heartbeat,
    Links,
    Pointing,
    Presence,
    Progress,
    WheelAsked,
    progress,
    serialize,
)
from tsvapp.room.people import Person, Pointed
from tsvapp.room.room import Audience, Room
from tsvapp.room.view import RoomState
from tsvapp.settings import Settings
from tsvapp.store.blob import unreadable
from tsvapp.table.document import Reading

PROGRESS_SECONDS = 0.1
"""Least time between two progress events: ten a second look continuous."""

PRESENCE_SECONDS = 1.0
"""Least time between two presence events, however many come and go."""

KEPT_BYTES = 64 << 10
"""Largest frame that a quiet room keeps for those who join; a larger one is encoded anew for them."""

POINTING_SECONDS = 0.05
"""Least time between two pointing events: twenty a second look like a hand."""

ASKED_SECONDS = 1.0
"""Least time between two events that name who asks for the wheel."""

MAX_ASKERS = 5
"""Askers that one event names; the presenter is told that there are more."""

log = logging.getLogger(__name__)


class Occasion:
    """Say when something may be told again: at most every `seconds`, and for at most `share` of the time.

    In a room of thousands a pass takes long; what can be left out must not take the place of what cannot. What counts
    is the processor's time: on a machine that is busy with other things nobody is spared anything by waiting.
    """

    def __init__(self, seconds: float, share: float) -> None:
        self._seconds = seconds
        self._share = share
        self._next = 0.0
        self.due: float | None = None

    def ask(self) -> None:
        """Want it to be told as soon as it may be."""
        self.due = self.due or max(monotonic(), self._next)

    def take(self, tell: Callable[[], None]) -> None:
        """Tell it now."""
        self.due, started, spent = None, monotonic(), thread_time()
        tell()
        self._next = max(started + self._seconds, monotonic() + (thread_time() - spent) / self._share)

    @property
    def is_due(self) -> bool:
        """Say whether it is to be told now."""
        return self.due is not None and self.due <= monotonic()


class Listener:
    """Be a member as the broadcaster sees it: an audience, a person and a way out."""

    __slots__ = ("audience", "may_drive", "outbox", "page", "person")

    def __init__(self, audience: Audience, outbox: Outbox, person: Person, may_drive: bool = True) -> None:
        self.audience = audience
        self.outbox = outbox
        self.person = person
        self.may_drive = may_drive
        self.page: int | None = None


class Broadcaster:
    """Tell the members of `room`; call a method below after each change, it returns at once."""

    def __init__(self, room: Room, settings: Settings, counts: Counts) -> None:
        self._room = room
        self._settings = settings
        self._counts = counts
        self._changed_at: float | None = None
        self._greenlet: gevent.Greenlet[[], None] | None = None
        self._news = Event()
        self._told = (room.epoch, 0)
        self._repeat = False
        self._joined: set[Listener] = set()
        self._frames: dict[Audience, bytes | None] = {}
        self._frames_of: tuple[RoomState, Pointed | None, str] | None = None
        self._finished: str | None = None
        self._pages: dict[Audience, int] = {}
        self._askers: dict[str, Person] = {}
        self._occasions = {
            Slot.LINKS: Occasion(0.0, share=1.0),
            Slot.WHEEL_ASKED: Occasion(ASKED_SECONDS, share=0.02),
            Slot.POINTING: Occasion(POINTING_SECONDS, share=0.1),
            Slot.PROGRESS: Occasion(PROGRESS_SECONDS, share=0.1),
            Slot.PRESENCE: Occasion(PRESENCE_SECONDS, share=0.02),
            Slot.HEARTBEAT: Occasion(0.0, share=1.0),
        }

    def changed(self) -> None:
        """Tell everyone the latest state, if its revision is new."""
        if self._changed_at is None:
            self._changed_at = monotonic()
        self._wake()

    def repeat(self) -> None:
        """Answer a page number that changed nothing: the article's protocol promises an answer to all its members."""
        self._repeat = True
        self._wake()

    def again(self, listener: Listener) -> None:
        """Tell one member the latest state, as it is."""
        self._joined.add(listener)
        self._wake()

    def joined(self, listener: Listener) -> None:
        """Tell one who has joined the latest state, and everyone how many are here."""
        self._joined.add(listener)
        self.soon(Slot.PRESENCE)

    def soon(self, slot: Slot) -> None:
        """Tell everyone who is here, how far an upload has come, who points where, or that we live, when it is time."""
        self._occasions[slot].ask()
        self._wake()

    def ask(self, by: Person) -> None:
        """Tell the presenter soon that `by` asks for the wheel; several who ask meanwhile are one event."""
        # One more than are named says that there are more.
        if len(self._askers) <= MAX_ASKERS:
            self._askers[by.member] = by
        self.soon(Slot.WHEEL_ASKED)

    @property
    def busy(self) -> bool:
        """Say whether something is still to be told."""
        return self._greenlet is not None

    def _wake(self) -> None:
        self._news.set()
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)

    def _run(self) -> None:
        try:
            while True:
                self._news.clear()
                if self._latest != self._told or self._joined or self._repeat:
                    self._tell_state()
                elif slot := next((slot for slot, each in self._occasions.items() if each.is_due), None):
                    self._occasions[slot].take(partial(self._tell, slot))
                elif due := [each.due for each in self._occasions.values() if each.due]:
                    self._news.wait(max(0.0, min(due) - monotonic()))
                else:
                    return
        finally:
            self._greenlet = None
            self._frames = {each: frame for each, frame in self._frames.items() if len(frame or b"") <= KEPT_BYTES}

    @property
    def _latest(self) -> tuple[str, int]:
        return self._room.epoch, self._room.state.revision

    def _tell(self, slot: Slot) -> None:
        if (event := self._event(slot)) is not None:
            frames = {Audience.V1: (slot, message_frame(serialize(event)))}
            receivers = self._receivers(slot)
            self._count(slot, 1, len(receivers))
            self._offer(receivers, frames)

    def _receivers(self, slot: Slot) -> list[Listener]:
        everyone: list[Listener] = list(self._room.members)  # type: ignore[arg-type]  # in a live room they are
        if slot is Slot.LINKS:
            return [each for each in everyone if each.may_drive]
        if slot is Slot.WHEEL_ASKED:
            presenter = self._room.state.presenter
            return [each for each in everyone if presenter and each.person.member == presenter.member]
        return everyone

    def _event(self, slot: Slot) -> Links | WheelAsked | Progress | Presence | Pointing | Heartbeat | None:
        room = self._room
        if slot is Slot.LINKS:
            return Links(room.link_id, room.watch_id)
        if slot is Slot.WHEEL_ASKED:
            askers, self._askers = list(self._askers.values()), {}
            return WheelAsked(askers[:MAX_ASKERS], len(askers) > MAX_ASKERS)
        if slot is Slot.HEARTBEAT:
            return Heartbeat(room.epoch, room.state.revision)
        if slot is Slot.PROGRESS:
            return progress(room.epoch, room.state)
        if slot is Slot.PRESENCE:
            return Presence(*room.presence())
        # Another table has come since somebody pointed: that snapshot says that nobody does.
        return Pointing(room.pointed) if room.pointed else None

    def _tell_state(self) -> None:
        state, reading = self._room.state, self._room.reading()
        changed_at, self._changed_at = self._changed_at, None
        latest = self._latest
        to_all, repeat, joined = latest != self._told, self._repeat, self._joined
        self._repeat, self._joined = False, set()
        everyone: list[Listener] = list(self._room.members)  # type: ignore[arg-type]  # in a live room they are
        of = (state, self._room.pointed, self._room.epoch)
        if self._frames_of is None or any(was is not now for was, now in zip(self._frames_of, of, strict=True)):
            # Not by revision: one who joins is to see how far an upload has come, and who points where.
            self._frames, self._frames_of = {}, of
        if missing := self._room.audiences() - self._frames.keys():
            self._frames |= self._encode(state, reading, missing)
        self._told = latest
        if state.table is not None and not state.table.growing:
            self._finished = state.table.document
        frames = {audience: (Slot.SNAPSHOT, frame) for audience, frame in self._frames.items()}
        told = {Audience.V1: to_all}
        for audience in self._frames.keys() - {Audience.V1}:
            # An upload that begins is a change, but not one that the article's protocol could tell. Every finished
            # upload is answered, even if its first page and row count are those of the table before.
            page = hash((self._finished, self._frames[audience]))
            told[audience] = repeat or self._pages.get(audience) != page
            self._pages[audience] = page
        members = list(joined)
        if any(told.values()):
            members = [member for member in everyone if told.get(member.audience) or member in joined]
        self._count(Slot.SNAPSHOT, len(missing), len(members))
        self._offer(members, frames)
        if changed_at is not None:
            self._counts.broadcasts.add(monotonic() - changed_at)

    def _count(self, slot: Slot, encoded: int, offered: int) -> None:
        # Once a pass: to count each viewer would cost a turn to thousands.
        kind = slot.name.lower()
        self._counts.encoded[kind] += encoded
        self._counts.offered[kind] += offered

    def _encode(
        self, state: RoomState, reading: Reading | None, audiences: set[Audience]
    ) -> dict[Audience, bytes | None]:
        room = self._room
        try:
            return offload(encode_state, Moment.of(room), state, reading, audiences, self._settings)
        except (OSError, TsvappError) as error:
            nothing: dict[Audience, bytes | None] = dict.fromkeys(audiences)
            if room.state.revision != state.revision or room.deleted:
                # A document that was replaced meanwhile is gone from the disk: the next state is told then.
                return nothing
            log.exception("room %.8s: page %d cannot be read", room.room_id, state.page)
            failure = unreadable(error) if isinstance(error, OSError) else error
            event = ErrorEvent(**failure.answer())
            told = {Audience.V1: message_frame(serialize(event))} if Audience.V1 in audiences else {}
            self._frames_of = None  # not kept for those who come later: it may be over by then
            return nothing | told

    @staticmethod
    def _offer(members: Iterable[Listener], frames: Mapping[Audience, tuple[Slot, bytes | None]]) -> None:
        started = monotonic()
        audience, slot, frame = None, Slot.SNAPSHOT, None
        for member in members:
            if member.audience is not audience:
                audience = member.audience
                slot, frame = frames.get(audience, (Slot.SNAPSHOT, None))
            if frame is not None:
                member.outbox.offer(slot, frame)
            if monotonic() - started > SLICE_SECONDS:
                gevent.sleep(0)
                started = monotonic()
