"""What a room looks at, and how that changes. Everything that changes the state lives here.

A state is frozen; each function takes one and returns the next, or the same object when nothing changed. No function
here waits, reads a clock or knows who is connected. The revision counts changes of what the snapshot says;
progress of an upload does not raise it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tsvapp.errors import NoUpload, UploadRunning
from tsvapp.room.people import Person

FORMER = 4
"""Former documents that are kept: with the present one five, so a mistake can be undone and the disk is bounded."""

PAGE_SIZE = 100
"""Rows of a page, on both protocols: the article's number."""


@dataclass(frozen=True, slots=True)
class Table:
    """Say everything about a document under one reading that is not a cell."""

    document: str
    name: str
    size: int
    reading: str
    growing: bool
    rows: int
    columns: int
    dialect: Mapping[str, Any] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()
    provisional: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """Count the pages; a table that is there has at least one."""
        return max(1, -(-self.rows // PAGE_SIZE))


@dataclass(frozen=True, slots=True)
class Upload:
    """Say how far a document on its way in has come; `stored` and `size` are bytes, `attempt` counts its tries."""

    upload: str
    name: str
    size: int
    stored: int
    by: Person | None = None
    paused: bool = False
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """Say why the room changed where it is not plain to see."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RoomState:
    """Hold the view of a room: its table, the table on its way in, and the page everyone looks at.

    `page` belongs to what is shown; `former_page` keeps the finished table's page while an incoming one is shown.
    `by` is who moved the room last, `former` are the documents that can be brought back, the newest first.
    """

    revision: int = 0
    page: int = 1
    table: Table | None = None
    incoming: Table | None = None
    former_page: int = 1
    upload: Upload | None = None
    notice: Notice | None = None
    by: Person | None = None
    presenter: Person | None = None
    former: tuple[Table, ...] = ()

    @property
    def shown(self) -> Table | None:
        """Return the table that people see: the incoming one once it has a row, else the finished one."""
        return self.incoming or self.table

    @property
    def tables(self) -> list[Table]:
        """Return every table that the state speaks of."""
        return [table for table in (self.table, self.incoming, *self.former) if table is not None]


def _next(state: RoomState, **changes: Any) -> RoomState:
    changes.setdefault("notice", None)
    return replace(state, revision=state.revision + 1, **changes)


def turn(state: RoomState, page: int, by: Person | None = None) -> RoomState:
    """Show `page`, clamped to the pages there are; the same state if it is shown already or there is no table."""
    if state.shown is None:
        return state
    page = min(max(page, 1), state.shown.pages)
    return state if page == state.page else _next(state, page=page, by=by)


def begin(state: RoomState, upload: Upload) -> RoomState:
    """Announce an upload; raise UploadRunning when the room has one."""
    if state.upload is not None:
        raise UploadRunning(
            f"This room is receiving {state.upload.name!r} already. Wait until it is done, or cancel it first."
        )
    return _next(state, upload=upload, by=upload.by)


def grow(state: RoomState, stored: int, incoming: Table | None) -> RoomState:
    """Take an upload's progress; raise the revision only when what the shown page says has changed.

    That is when the incoming table gets its first row, gets another reading, or gains rows on the page that is shown.
    """
    if state.upload is None:
        raise NoUpload("There is no upload in this room.")
    upload = replace(state.upload, stored=stored)
    if incoming is None or incoming.rows == 0:
        return replace(state, upload=upload)
    if state.incoming is None:
        return _next(state, upload=upload, incoming=incoming, former_page=state.page, page=1)
    page = min(state.page, incoming.pages)
    if page != state.page or _page_changed(state.incoming, incoming, state.page):
        return _next(state, upload=upload, incoming=incoming, page=page)
    return replace(state, upload=upload, incoming=incoming)


def filled(state: RoomState) -> bool:
    """Say whether the incoming table has all rows of the page that is shown."""
    return state.incoming is not None and state.incoming.rows >= state.page * PAGE_SIZE


def _page_changed(before: Table, after: Table, page: int) -> bool:
    end = page * PAGE_SIZE
    return before.reading != after.reading or min(before.rows, end) != min(after.rows, end)


def finish(state: RoomState, table: Table) -> RoomState:
    """Make the document that has come in whole the room's table."""
    page = min(state.page, table.pages) if state.incoming else 1
    by = state.upload.by if state.upload else None
    former = _remember(state, state.former)
    return _next(state, table=table, incoming=None, upload=None, page=page, former_page=1, by=by, former=former)


def _remember(state: RoomState, former: tuple[Table, ...]) -> tuple[Table, ...]:
    return ((state.table, *former) if state.table else former)[:FORMER]


def pause(state: RoomState) -> RoomState:
    """Note that the sender of the upload is gone; its rows stay for now."""
    if state.upload is None or state.upload.paused:
        return state
    return _next(state, upload=replace(state.upload, paused=True))


def waiting(state: RoomState, upload: Upload) -> RoomState:
    """Return the state of a room whose upload broke off with the server: it waits for its file."""
    return replace(state, upload=replace(upload, paused=True))


def set_aside(state: RoomState, notice: Notice) -> RoomState:
    """Show the former table and its page again while the upload stays paused."""
    if state.upload is None or state.incoming is None:
        return state
    return _next(state, incoming=None, page=state.former_page, former_page=1, notice=notice)


def resume(state: RoomState, by: Person | None) -> RoomState:
    """Note that the upload goes on; its rows are back with the next bytes."""
    if state.upload is None:
        return state
    return _next(state, upload=replace(state.upload, paused=False, by=by, attempt=state.upload.attempt + 1), by=by)


def restore(state: RoomState, table: Table, by: Person | None = None) -> RoomState:
    """Bring a former document back; the one it takes the place of can be brought back in turn."""
    former = _remember(state, tuple(each for each in state.former if each.document != table.document))
    return _next(state, table=table, page=1, by=by, former=former)


def hand(state: RoomState, presenter: Person | None) -> RoomState:
    """Give the wheel to `presenter`, or to everyone."""
    return state if presenter == state.presenter else _next(state, presenter=presenter)


def abandon(state: RoomState, notice: Notice, by: Person | None = None) -> RoomState:
    """Give up the upload: the former table and its page are shown again, and the notice says why."""
    if state.upload is None:
        return state
    page = state.former_page if state.incoming else state.page
    return _next(state, incoming=None, upload=None, page=page, former_page=1, notice=notice, by=by)


def reread(state: RoomState, table: Table, incoming: bool, by: Person | None = None) -> RoomState:
    """Take the progress of another reading of the finished document, or of the incoming one.

    The revision rises when it takes the place of the former reading, when the shown page gains rows, and at its end.
    """
    before = state.incoming if incoming else state.table
    if before is None or before.document != table.document:
        return state  # another document has come meanwhile
    if before is not state.shown:
        # An upload has come before the finished table meanwhile, so nobody sees of this until that is back.
        return replace(state, table=table, former_page=min(state.former_page, table.pages))
    which = "incoming" if incoming else "table"
    if before.growing != table.growing or _page_changed(before, table, state.page):
        return _next(state, page=min(state.page, table.pages), by=by, **{which: table})
    return replace(state, incoming=table) if incoming else replace(state, table=table)
