"""Telling a room's members what is new: one greenlet a room, alive only while there is something to tell.

A wake-up carries no data. The broadcaster takes the latest state, encodes it once for each audience, and offers
the same frame to every member; offering never waits. A pass runs over a copy of the members, lets others run
every few milliseconds, and is finished before a newer state is taken, so nobody at its tail starves.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from time import monotonic

import gevent
from gevent.event import Event

from tsvapp.errors import TsvappError
from tsvapp.live.frame import message_frame
from tsvapp.live.offload import offload
from tsvapp.live.outbox import Outbox, Slot
from tsvapp.live.pages import encode_state
from tsvapp.room.messages import ErrorEvent, Presence, progress, serialize
from tsvapp.room.room import Audience, Room
from tsvapp.room.view import RoomState
from tsvapp.settings import Settings

SLICE_SECONDS = 0.005
"""How long a pass runs before others may: half of the 10 ms that nothing on the event loop may exceed."""

PROGRESS_SECONDS = 0.1
"""Least time between two progress events: ten a second look continuous."""

PRESENCE_SECONDS = 1.0
"""Least time between two presence events, however many come and go."""

KEPT_BYTES = 64 << 10
"""Largest frame that a quiet room keeps for those who join; a larger one is encoded anew for them."""

log = logging.getLogger(__name__)


class Listener:
    """Be a member as the broadcaster sees it: an audience and a way out."""

    def __init__(self, audience: Audience, outbox: Outbox) -> None:
        self.audience = audience
        self.outbox = outbox


class Broadcaster:
    """Tell the members of `room`; call a method below after each change, it returns at once."""

    def __init__(self, room: Room, settings: Settings) -> None:
        self._room = room
        self._settings = settings
        self._greenlet: gevent.Greenlet[[], None] | None = None
        self._news = Event()
        self._told = 0
        self._repeat = False
        self._joined: set[Listener] = set()
        self._frames: dict[Audience, bytes | None] = {}
        self._frames_of: RoomState | None = None
        self._page = hash(None)
        self._progress_due: float | None = None
        self._presence_due: float | None = None
        self._last_progress = self._last_presence = 0.0

    def changed(self) -> None:
        """Tell everyone the latest state, if its revision is new."""
        self._wake()

    def repeat(self) -> None:
        """Answer a page number that changed nothing: the article's protocol promises an answer to all its members."""
        self._repeat = True
        self._wake()

    def joined(self, listener: Listener) -> None:
        """Tell one who has joined the latest state, and everyone how many are here."""
        self._joined.add(listener)
        self.presence()

    def presence(self) -> None:
        """Tell everyone how many are here, soon."""
        self._presence_due = self._presence_due or max(monotonic(), self._last_presence + PRESENCE_SECONDS)
        self._wake()

    def progressed(self) -> None:
        """Tell everyone of the upload's progress, soon; a new revision is told at once."""
        self._progress_due = self._progress_due or max(monotonic(), self._last_progress + PROGRESS_SECONDS)
        self._wake()

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
                if self._room.state.revision != self._told or self._joined or self._repeat:
                    self._tell_state()
                elif self._is_due(self._progress_due):
                    self._progress_due, self._last_progress = None, monotonic()
                    event = progress(self._room.epoch, self._room.state)
                    self._pass(Slot.PROGRESS, message_frame(serialize(event)))
                elif self._is_due(self._presence_due):
                    self._presence_due, self._last_presence = None, monotonic()
                    self._pass(Slot.PRESENCE, message_frame(serialize(Presence(len(self._room.members)))))
                elif due := [moment for moment in (self._progress_due, self._presence_due) if moment]:
                    self._news.wait(max(0.0, min(due) - monotonic()))
                else:
                    return
        finally:
            self._greenlet = None
            self._frames = {each: frame for each, frame in self._frames.items() if len(frame or b"") <= KEPT_BYTES}

    @staticmethod
    def _is_due(moment: float | None) -> bool:
        return moment is not None and moment <= monotonic()

    def _tell_state(self) -> None:
        state, reading = self._room.state, self._room.reading()
        to_all, repeat, joined = state.revision != self._told, self._repeat, self._joined
        self._repeat, self._joined = False, set()
        everyone: list[Listener] = list(self._room.members)  # type: ignore[arg-type]  # in a live room they are
        if self._frames_of is not state:
            # Not by revision: while an upload runs, one who joins is to see how far it has come.
            self._frames, self._frames_of = {}, state
        for audience in self._room.audiences() - self._frames.keys():
            self._frames[audience] = self._encode(state, reading, audience)
        self._told = state.revision
        frames = {audience: (Slot.SNAPSHOT, frame) for audience, frame in self._frames.items()}
        to_article = repeat
        if (page := hash(self._frames.get(Audience.ARTICLE))) != self._page:
            # An upload that begins is a change, but not one that the article's protocol could tell.
            self._page, to_article = page, True
        told = {Audience.V1: to_all, Audience.ARTICLE: to_article}
        members: Iterable[Listener] = joined
        if to_all or to_article:
            members = (member for member in everyone if told[member.audience] or member in joined)
        self._offer(members, frames)

    def _encode(self, state: RoomState, reading: object, audience: Audience) -> bytes | None:
        room = self._room
        try:
            return offload(encode_state, room.room_id, room.epoch, state, reading, audience, self._settings)  # type: ignore[arg-type]
        except (OSError, TsvappError):
            if room.state.revision != state.revision or audience is Audience.ARTICLE:
                return None  # a document that was replaced meanwhile is gone from the disk: the next state is told then
            log.exception("room %.8s: page %d cannot be read", room.room_id, state.page)
            event = ErrorEvent("storage_failed", "The server cannot read this table any more. Bring the file again.")
            return message_frame(serialize(event))

    def _pass(self, slot: Slot, frame: bytes) -> None:
        self._offer(list(self._room.members), {Audience.V1: (slot, frame)})  # type: ignore[arg-type]

    @staticmethod
    def _offer(members: Iterable[Listener], frames: dict[Audience, tuple[Slot, bytes | None]]) -> None:
        started = monotonic()
        for member in members:
            slot, frame = frames.get(member.audience, (Slot.SNAPSHOT, None))
            if frame is not None:
                member.outbox.offer(slot, frame)
            if monotonic() - started > SLICE_SECONDS:
                gevent.sleep(0)
                started = monotonic()
