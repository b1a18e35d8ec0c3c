"""A room's tie to the store that several workers share.

A change is committed there first, and only if it follows from the latest state: so revisions have one order over all
workers. What others have committed is taken from there whenever there is news. While the store does not answer, the
room goes on among those who are at this worker, apart from the others, under an epoch of its own; when it is back the
shared epoch wins, and the page that was turned to meanwhile is turned to once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gevent
import orjson
from gevent.lock import BoundedSemaphore

from tsvapp.errors import StoreAway
from tsvapp.live.ids import new_id
from tsvapp.live.outbox import Slot
from tsvapp.room import view
from tsvapp.room.people import Here, Person
from tsvapp.room.stored import dump_pointed, dump_state, load_pointed, load_state
from tsvapp.room.view import RoomState
from tsvapp.store.shared import Kept, SharedStore, new_token
from tsvapp.table.document import Reading

if TYPE_CHECKING:
    from tsvapp.live.live_room import LiveRoom
    from tsvapp.live.shared_records import SharedRecords

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Say who is in the room at another worker: how many, and the first of them by name."""

    members: int
    people: Sequence[Here]

    @classmethod
    def parse(cls, said: bytes) -> Elsewhere:
        """Return what `Share.say_here` has said."""
        given = orjson.loads(said)
        return cls(given["members"], [Here(**each) for each in given["people"]])


class Share:
    """Commit the changes of one room to the store, and take those of others from there."""

    def __init__(self, room: LiveRoom, store: SharedStore, records: SharedRecords) -> None:
        self._room = room
        self._store = store
        self._records = records
        self._turn = BoundedSemaphore(1)
        self._news = False
        self._refreshing: gevent.Greenlet[..., None] | None = None
        self._said = b""
        self._asked: bytes | None = None
        self._removed: bytes | None = None
        self._made = False
        self._pointed: bytes | None = None
        self._shared = room.state
        """What was shared last, while the room is apart."""
        self._turned_apart: tuple[int, Person | None] | None = None
        self.serial = 0
        self._token = b""
        """What the change is known by that made it the serial."""
        self._heres = -1
        self._epoch = ""
        """That of the room where it is shared; while it is apart it has another one."""
        self.elsewhere: dict[str, Elsewhere] = {}
        self.mirrored: set[str] = set()
        """Readings whose rows another worker finds, and this one after it."""

    # Changes

    def commit(self, state: RoomState, readings: Sequence[Reading]) -> bool:
        """Commit what follows from the present state; return False if somebody was faster, whose state is here now."""
        room = self._room
        room.offer(readings)  # the news of this change may be here before the answer
        if room.apart:
            room.take(state, readings)
            return True
        token = new_token()
        try:
            serial = self._store.commit(room.room_id, self._token, dump_state(state), token)
        except StoreAway as error:
            # Those who are apart may have gone on meanwhile: the step is taken again from where they are.
            self.part(error.why)
            return False
        if serial <= 0:
            self._catch_up()
            return False
        if serial == self.serial + 1 and not room.apart:
            self.serial, self._token = serial, token
            room.take(state, readings)
        elif serial > self.serial:
            # The room has parted since it was asked; what the others have by now it gets when it is back.
            self.notice()
        return True

    def _catch_up(self) -> None:
        try:
            self.refresh()
        except StoreAway as error:
            self.part(error.why)

    def part(self, why: str) -> None:
        """Go on without the others."""
        if self._room.apart:
            return
        log.warning("room %.8s goes on apart from other workers: %s", self._room.room_id, why)
        self._room.apart = True
        self._said = b""
        self._shared = self._room.state
        self._room.epoch = new_id()[:16]
        self.elsewhere, self._heres = {}, -1
        self._room.broadcaster.changed()
        self._room.broadcaster.soon(Slot.PRESENCE)

    # News

    def notice(self) -> None:
        """Take what is new, soon; returns at once."""
        self._news = True
        if self._refreshing is None:
            self._refreshing = gevent.spawn(self._take_news)

    def _take_news(self) -> None:
        try:
            while self._news:
                self._news = False
                self._catch_up()
        except Exception:
            log.exception("room %.8s: what is new elsewhere cannot be taken", self._room.room_id)
        finally:
            self._refreshing = None

    def create(self) -> None:
        """Add the room to the store, or take it from there where it is already; raise StoreAway if that cannot be."""
        with self._turn:
            self._create()

    def refresh(self) -> None:
        """Take the latest from the store; raise StoreAway if it does not answer."""
        room = self._room
        with self._turn:
            was_apart = room.apart
            if (kept := self._load()) is not None:
                self._take(kept)
            elif (reason := self._records.spent(room.room_id)) and reason != "renewed":
                self._records.on_gone(room, reason)
            else:
                # The store has lost it; here it is still.
                room.epoch, self.serial = new_id()[:16], 0
                self._create()
            again, self._turned_apart = self._turned_apart, None
        if was_apart and not room.apart:
            self._records.on_rejoined(room)
        if again is not None:
            room.change(view.turn, *again)

    def _load(self) -> Kept | None:
        """Return what the store has of the room; what it has lost of what was told here begins another epoch."""
        room = self._room
        while True:
            # As they are before it is asked: a change of our own may be committed meanwhile.
            serial, token = self.serial, self._token
            kept = self._store.load(room.room_id)
            if kept is None or kept.epoch != self._epoch or kept.follows(serial, token):
                return kept
            # Under this epoch its revisions have been told, or will be told, with another meaning.
            ours = kept.serial < serial
            log.warning("room %.8s: the shared store has lost what it had; its latest is told again", room.room_id)
            latest = dump_state(self._shared if room.apart else room.state) if ours else kept.state
            if self._store.renew(room.room_id, kept, new_id()[:16], latest) and ours:
                self._keep_again()

    def _create(self) -> None:
        room, token = self._room, new_token()
        state, used_at = dump_state(room.state), self._records.used_at(room)
        if self._store.create(room.room_id, room.epoch, state, room.watch_id, used_at, token):
            self.serial, self._token, room.apart = 1, token, False
            self._epoch = room.epoch
            room.broadcaster.changed()
            self._tell_links()
            self._keep_again()
        elif (kept := self._load()) is not None:
            self._take(kept)

    def _keep_again(self) -> None:
        if self._room.stored:
            self._room.stored = False
            self._records.save_reading(self._room)

    def _take(self, kept: Kept) -> None:
        room = self._room
        if (kept.link_id, kept.watch_id) != (room.link_id, room.watch_id):
            self._records.on_links(room, kept.link_id, kept.watch_id)
        if not self._made:  # or the latest of who made it is still on its way to the store
            room.owner = kept.owner or room.owner
        if self._is_news(kept):
            state = load_state(kept.state)
            readings, document = self._records.readings_of(room, state)
            # While readings were opened, a change of our own may have been committed on top.
            if self._is_news(kept):
                if room.apart and room.state.page != self._shared.page:
                    self._turned_apart = (room.state.page, room.state.by)
                room.apart = False
                self.serial, self._token, room.stored = kept.serial, kept.token, kept.is_kept
                room.epoch = self._epoch = kept.epoch
                room.take(state, readings, theirs=True)
                self.mirrored &= {reading.id for reading in readings}
                if document is not None:
                    room.document = document
        self._take_pointed(kept.pointed)
        self._take_asked(kept.asked)
        self._take_removed(kept.removed)
        self._take_heres(kept.heres)

    def _is_news(self, kept: Kept) -> bool:
        if kept.epoch != self._epoch:
            return True
        # What was loaded before the room parted must not bring it back to where it was then.
        return kept.serial > self.serial or (self._room.apart and kept.serial == self.serial)

    def _take_pointed(self, pointed: bytes | None) -> None:
        if pointed is not None and pointed != self._pointed:
            self._pointed = pointed
            self._room.pointed = load_pointed(pointed)
            self._room.broadcaster.soon(Slot.POINTING)

    def _take_asked(self, asked: bytes | None) -> None:
        before, self._asked = self._asked, asked or b""
        if before is not None and asked and asked != before:
            self._room.broadcaster.ask(Person(**orjson.loads(asked)["by"]))

    def _take_removed(self, removed: bytes | None) -> None:
        before, self._removed = self._removed, removed or b""
        if before is not None and removed and removed != before:
            self._records.on_removed(self._room, orjson.loads(removed)["member"])

    def _take_heres(self, heres: int) -> None:
        # A list of people is larger than a turn: it is asked for when it has changed.
        if heres == self._heres:
            return
        here = self._store.who(self._room.room_id)
        if self._room.apart:
            return
        self._heres = heres
        elsewhere = {worker: Elsewhere.parse(said) for worker, said in here.items() if worker != self._records.worker}
        if elsewhere != self.elsewhere:
            self.elsewhere = elsewhere
            self._room.broadcaster.soon(Slot.PRESENCE)

    # What is beside the state

    def point(self) -> None:
        """Tell the others who points where."""
        pointed = self._room.pointed
        if pointed is None or self._room.apart:
            return
        self._pointed = dump_pointed(pointed)
        self._try(self._store.put, self._room.room_id, "pointed", self._pointed)

    def ask_wheel(self, by: Person) -> None:
        """Have the presenter be asked for the wheel, wherever they are."""
        if not self._room.apart:
            self._try(self._store.put, self._room.room_id, "asked", orjson.dumps({"by": by, "ask": new_id()}))

    def remove(self, member: str) -> None:
        """Have a member be sent away, wherever they are."""
        if not self._room.apart:
            self._try(self._store.put, self._room.room_id, "removed", orjson.dumps({"member": member, "id": new_id()}))

    def tell_owner(self) -> None:
        """Tell the others who made the room, which is known at this worker alone."""
        self._made = True
        if not self._room.apart and self._room.owner is not None:
            self._try(self._store.put, self._room.room_id, "owner", self._room.owner.encode())

    def _tell_links(self) -> None:
        # Of a room that the store has lost; a new one has its own id and no owner yet.
        room = self._room
        if room.link_id != room.room_id:
            self._store.put(room.room_id, "link", room.link_id.encode())
        if room.owner is not None:
            self._store.put(room.room_id, "owner", room.owner.encode())

    def say_here(self) -> None:
        """Tell the others who is here, or that it still holds, and take what they have told since the last time."""
        room = self._room
        said = b"" if not room.members else orjson.dumps({"members": len(room.members), "people": room.people()})
        if room.apart:
            return
        changed, self._said = said != self._said, said
        try:
            # Where nobody is, too: it may be here that somebody is waited for who comes back elsewhere.
            serial, heres = self._store.here(room.room_id, self._records.worker, said, changed=changed)
            self._take_heres(heres)
        except StoreAway as error:
            self.part(error.why)
        else:
            # Whatever has kept news from coming here, nobody is behind for longer than a beat.
            if serial != self.serial:
                self.notice()

    def person(self, member: str) -> Here | None:
        """Return a member who is at another worker and listed there, or None."""
        people = (each for there in self.elsewhere.values() for each in there.people)
        return next((each for each in people if each.member == member), None)

    def forget_worker(self, worker: str) -> None:
        """Take one that lives no more out of those that have people here."""
        if self.elsewhere.pop(worker, None) is not None:
            self._room.broadcaster.soon(Slot.PRESENCE)
            self._try(self._store.here, self._room.room_id, worker, b"", changed=True)
            self._records.on_dead(self._room, worker)

    def _try(self, tell: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        try:
            tell(*args, **kwargs)
        except StoreAway as error:
            self.part(error.why)
