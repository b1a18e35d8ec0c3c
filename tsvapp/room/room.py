"""A room: its members, its latest state, and the readings that the state speaks of.

`commit` is the one seam through which a state changes. It is called without waiting between taking the state and
committing the next, so the order of revisions is the order of effects. A room knows no socket: a member is
whatever has an audience.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum
from typing import Protocol

from tsvapp.errors import NotAllowed
from tsvapp.room.people import Here, Person, Pointed, listed
from tsvapp.room.view import RoomState
from tsvapp.table.document import Document, Reading


class Audience(Enum):
    """Name those who get the same frame of a broadcast."""

    ARTICLE = "article"
    ARTICLE_WATCH = "article, looking only"
    V1 = "tsvapp.v1"

    @property
    def is_article(self) -> bool:
        """Say whether the article's protocol is spoken; its answers carry the id that a member came in by."""
        return self is not Audience.V1


class Member(Protocol):
    """Be one connection that is in a room; `page` is where it looks alone, None while it follows."""

    audience: Audience
    person: Person
    may_drive: bool
    page: int | None


class Room:
    """Hold what lives at one UUID; `used_at` is the time of its last use, in seconds since 1970.

    `link_id` is the id by which the room is driven: the room's own id until the links are replaced. `owner` is the
    member who made the room, None where that is not known. `document` is the finished one and `incoming` the one on its
    way in; `stored` says that the room has a record.
    """

    def __init__(self, room_id: str, watch_id: str, epoch: str, used_at: float) -> None:
        self.room_id = room_id
        self.link_id = room_id
        self.watch_id = watch_id
        self.owner: str | None = None
        self.epoch = epoch
        self.used_at = used_at
        self.state = RoomState()
        self.members: set[Member] = set()
        self.pointed: Pointed | None = None
        self.document: Document | None = None
        self.incoming: Document | None = None
        self.stored = False
        self.unsaved = False
        self.deleted = False
        self.apart = False
        """Whether those who are at other workers cannot be reached just now."""
        self._readings: dict[str, Reading] = {}
        self._audiences: Counter[Audience] = Counter()

    def join(self, member: Member) -> None:
        """Add a member."""
        if member not in self.members:
            self.members.add(member)
            self._audiences[member.audience] += 1

    def leave(self, member: Member) -> None:
        """Remove a member; one that is not here is no error."""
        if member in self.members:
            self.members.remove(member)
            self._audiences[member.audience] -= 1

    def audiences(self) -> set[Audience]:
        """Name the audiences that are here, each of which costs one frame a broadcast."""
        return {audience for audience, count in self._audiences.items() if count}

    def people(self) -> list[Here]:
        """List who is here, as far as a list is of use."""
        every = (
            Here(each.person.member, each.person.name, each.person.hue, each.page, each.may_drive)
            for each in self.members
        )
        return listed(every)

    def presence(self) -> tuple[int, list[Here]]:
        """Return how many are here, and the first of them by name."""
        return len(self.members), self.people()

    def expect_driver(self, member: Member) -> None:
        """Raise NotAllowed if this member may not move the room now."""
        if not member.may_drive:
            raise NotAllowed("This link is for looking only. Ask for the other link to take part.")
        presenter = self.state.presenter
        if presenter is not None and presenter.member != member.person.member:
            raise NotAllowed(f"{presenter.name} is presenting. Ask for the wheel, or look around alone.")

    def owns(self, member: Member) -> bool:
        """Say whether this member made the room, and has come by a link to drive."""
        return member.may_drive and member.person.member == self.owner

    def commit(self, expected: int, state: RoomState, *readings: Reading) -> bool:
        """Make `state` the latest if the room is still at revision `expected`; return whether it was.

        `readings` are those the new state speaks of and the old one did not.
        """
        if self.state.revision != expected:
            return False
        self.offer(readings)
        named = {table.reading for table in (state.table, state.incoming) if table}
        self._readings = {key: reading for key, reading in self._readings.items() if key in named}
        self.state = state
        return True

    def known(self, reading_id: str) -> Reading | None:
        """Return a reading that the state speaks of, or that is offered for one to come."""
        return self._readings.get(reading_id)

    def offer(self, readings: Iterable[Reading]) -> None:
        """Have readings at hand for a state that is about to be committed."""
        self._readings |= {reading.id: reading for reading in readings}

    def reading(self) -> Reading | None:
        """Return the reading of the table that is shown."""
        shown = self.state.shown
        return self._readings[shown.reading] if shown else None
