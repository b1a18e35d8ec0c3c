"""PURE: what the clients of one room were told, and what in it cannot be.

Every delivered state goes in as it comes; `problems` says in words what is wrong with them together:

1. On one connection the revision never goes back within an epoch, and nothing speaks of a revision before its state.
2. The same epoch and revision mean the same page of the same document under the same reading, for everybody.
3. What was told is not undone by the end of a process, but for what was told within `save_seconds` before a kill.
4. A document that was announced as finished stays, as the table or to be brought back, until newer ones push it out.

Where several processes share a room, its epoch outlives them, and 3 is: what was told last under it is what all end on.
While one is cut off from the others it tells of an epoch of its own, of which only 1 and 2 can be said.

Nothing here knows a socket or a clock, or how many processes serve the room: an epoch is any word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

LATE_SECONDS = 5.0
"""A process that is ended soon after its beginning may be on its way out before its first state is delivered."""

FORMER = 4
"""Documents that a room keeps beside its table."""


@dataclass(frozen=True, slots=True)
class State:
    """Say what a snapshot says, as far as it is compared; `data` stands for the cells."""

    epoch: str
    revision: int
    page: int
    document: str | None
    reading: str | None
    data: int
    growing: bool = False
    former: tuple[str, ...] = ()

    @property
    def content(self) -> tuple[object, ...]:
        """Return what a revision means."""
        return self.page, self.document, self.reading, self.data


@dataclass(slots=True)
class Epoch:
    """Hold what was told by one process: its states by revision, and when each was first delivered."""

    began: float
    states: dict[int, State] = field(default_factory=dict)
    told: dict[int, float] = field(default_factory=dict)
    announced: set[str] = field(default_factory=set)


class History:
    """Take in what the clients of one room see; times are in seconds of any clock."""

    def __init__(self, save_seconds: float, shared: bool = False) -> None:
        self._shared = shared
        self.delivered = 0
        self._save_seconds = save_seconds
        self._epochs: dict[str, Epoch] = {}
        self._latest: dict[str, State] = {}
        self._pages: dict[str, list[tuple[int, int]]] = {}
        self._asked: list[tuple[float, int]] = []
        self._endings: list[tuple[float, bool]] = []
        self._pauses: list[tuple[float, float]] = []
        self._broken: list[str] = []

    def deliver(self, at: float, connection: str, state: State) -> None:
        """Note that a state came to a client."""
        self.delivered += 1
        before = self._latest.get(connection)
        if before and before.epoch == state.epoch and state.revision < before.revision:
            self._broken.append(f"{connection} goes back from {_name(before)} to {_name(state)}")
        self._latest[connection] = state
        epoch = self._epochs.setdefault(state.epoch, Epoch(at))
        known = epoch.states.setdefault(state.revision, state)
        epoch.told.setdefault(state.revision, at)
        if known.content != state.content:
            self._broken.append(f"{_name(state)} is {known.content} to one and {state.content} to {connection}")

    def deliver_page(self, connection: str, page: int, data: int) -> None:
        """Note that a page came to a client of the article's protocol, which hears of no revision."""
        self.delivered += 1
        self._pages.setdefault(connection, []).append((page, data))

    def hear(self, connection: str, epoch: str, revision: int) -> None:
        """Note that a client was told of a revision by what is no snapshot."""
        latest = self._latest.get(connection)
        if latest is None or (latest.epoch == epoch and latest.revision < revision):
            has = "nothing" if latest is None else _name(latest)
            self._broken.append(f"{connection} hears of {epoch[:4]}/{revision} and has {has}")

    def ask(self, at: float, page: int) -> None:
        """Note that somebody asks for a page."""
        self._asked.append((at, page))

    def announce(self, epoch: str, document: str) -> None:
        """Note that an uploader was told that its document is finished."""
        if epoch in self._epochs:
            self._epochs[epoch].announced.add(document)

    def end(self, at: float, killed: bool) -> None:
        """Note that the process that serves the room is about to be ended."""
        self._endings.append((at, killed))

    def pause(self, since: float, until: float) -> None:
        """Note that the process stood still: that time is none in which it could have saved anything."""
        self._pauses.append((since, until))

    @property
    def _lasting(self) -> list[Epoch]:
        """The epochs that came one after the other; a shared room has one, told by the first who came."""
        return list(self._epochs.values())[: 1 if self._shared else None]

    def problems(self) -> list[str]:
        """Say everything that cannot be, in words."""
        return [*self._broken, *self._undone(), *self._lost(), *self._pages_back()]

    def may_end_on(self, page: int, data: int) -> bool:
        """Say whether this may be what all are shown in the end: in a shared room, what was told last."""
        latest = max(self._lasting[0].states.items())[1] if self._shared else None
        return latest is None or (latest.page, latest.data) == (page, data)

    def _undone(self) -> Iterator[str]:
        if self._shared:
            return
        for before, after in pairwise(self._epochs.values()):
            endings = self._endings_between(before.began, after.began)
            first = after.states[min(after.states)]
            if not endings:
                yield f"{_name(first)} begins though nobody ended the process before it"
                continue
            kills = [at for at, killed in endings if killed]
            limit = self._saved_by(min(kills)) if kills else float("inf")
            kept = max((revision for revision, at in before.told.items() if at <= limit), default=0)
            if first.revision < kept:
                yield f"{_name(first)} comes after revision {kept} had been told long enough"
            # An upload that was shown is set aside at an end, and its page with it.
            shown = {each.page for revision, each in before.states.items() if revision >= kept}
            growing = any(each.growing for revision, each in before.states.items() if revision >= kept)
            asked = {page for at, page in self._asked if at >= min(limit, endings[0][0]) - self._save_seconds}
            if not growing and not first.growing and first.page not in shown | asked | {1}:
                yield f"{_name(first)} shows page {first.page}, which was neither told nor asked for last"

    def _endings_between(self, since: float, until: float) -> list[tuple[float, bool]]:
        """Return how a process was ended, whose first state came at `since` and the next one's at `until`."""
        before = [each for each in self._endings if since - LATE_SECONDS <= each[0] < since]
        return [each for each in self._endings if since <= each[0] <= until] or before[-1:]

    def _saved_by(self, end: float) -> float:
        """Return the time before which everything told is saved when the process is killed at `end`."""
        limit = end - self._save_seconds
        for since, until in sorted(self._pauses, reverse=True):
            if since < end and until > limit:
                limit -= min(until, end) - since
        return limit

    def _lost(self) -> Iterator[str]:
        kept: set[str] = set()
        for epoch in self._lasting:
            for _, state in sorted(epoch.states.items()):
                if state.growing:
                    continue  # the finished table is behind the one that grows
                here = {*state.former, *([state.document] if state.document else [])}
                if len(state.former) < FORMER:
                    yield from (f"{_name(state)} has lost document {each}" for each in kept - here)
                kept = here
            # Who uploads may hear of it before the state does.
            kept |= epoch.announced if kept.isdisjoint(epoch.announced) and len(kept) <= FORMER else set()

    def _pages_back(self) -> Iterator[str]:
        if self._shared and len(self._epochs) > 1:
            return  # what a client of the article's protocol was shown while cut off, nobody else may have been told
        order: dict[tuple[int, int], int] = {}
        every = [state for epoch in self._lasting for _, state in sorted(epoch.states.items())]
        told = [state for epoch in self._epochs.values() for state in epoch.states.values()]
        times = Counter((state.page, state.data) for state in told)
        for place, state in enumerate(every):
            # What is shown more than once says nothing about order.
            if times[state.page, state.data] == 1:
                order[state.page, state.data] = place
        for connection, pages in self._pages.items():
            latest = -1
            for page in pages:
                place = order.get(page, latest)
                if place < latest:
                    to, since = _name(every[place]), _name(every[latest])
                    yield f"{connection} goes back to page {page[0]}, {to}, from {since}"
                latest = max(place, latest)


def _name(state: State) -> str:
    return f"{state.epoch[:4]}/{state.revision}"
