"""One page of a table, cut and encoded once for everyone who gets the same bytes. Runs in native threads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tsvapp.live.frame import message_frame
from tsvapp.room.commands import Look, ReadCell
from tsvapp.room.events import CellAnswer, PageAnswer, Snapshot, serialize, serialize_article
from tsvapp.room.people import Pointed
from tsvapp.room.room import Audience, Room
from tsvapp.room.view import PAGE_SIZE, RoomState, Table
from tsvapp.settings import Settings
from tsvapp.table.document import Page, Reading
from tsvapp.table.reading import LargeRows

NO_CELLS = Page([], [])

WHOLE_BYTES = 256 << 10
"""Bytes of a page whose cells are all made before they are encoded: nearly every page."""

CELL_BYTES = 16
"""Bytes that a cell of a page takes at least in memory, beside its text."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Hold what is told of a room beside its state; all of it of one moment, for the room goes on meanwhile."""

    link_id: str
    watch_id: str
    epoch: str
    apart: bool
    pointed: Pointed | None

    @classmethod
    def of(cls, room: Room) -> Moment:
        """Return how it is now."""
        return cls(room.link_id, room.watch_id, room.epoch, room.apart, room.pointed)


def encode_state(
    room: Moment, state: RoomState, reading: Reading | None, audiences: Iterable[Audience], settings: Settings
) -> dict[Audience, bytes | None]:
    """Encode what each audience is shown of `state`, from one read of its page; None where there is nothing to say."""
    table = state.shown
    rows = reading.read(*_span(table, state.page)) if table and reading else []
    return {
        each: _article(room, state, reading, rows, each, settings)
        if each.is_article
        else _snapshot(room, state, reading, rows, settings)
        for each in audiences
    }


def _article(
    room: Moment,
    state: RoomState,
    reading: Reading | None,
    rows: Iterable[bytes],
    audience: Audience,
    settings: Settings,
) -> bytes | None:
    table = state.shown
    if table is None or reading is None:
        return None
    # The two ids of a room never meet: each is told the one it came in by.
    room_id = room.link_id if audience is Audience.ARTICLE else room.watch_id
    most = settings.max_article_bytes
    if (size := _size(rows)) <= WHOLE_BYTES:
        data: Iterable[Iterable[list[str]]] = ((cells,) for cells in reading.cut(rows).data)
    elif size <= most:
        data = reading.cut_whole(rows)
    else:
        # More than a file of this protocol may have: cells are clipped evenly, and of columns there is an end.
        columns = max(1, most // (PAGE_SIZE * CELL_BYTES))
        data = ((cells,) for cells in reading.cut(rows, columns=columns, page_chars=most).data)
    return message_frame(serialize_article(room_id, state.page, table.rows, data))


def _size(rows: Iterable[bytes]) -> int:
    return rows.size if isinstance(rows, LargeRows) else sum(map(len, rows))


def _snapshot(
    room: Moment, state: RoomState, reading: Reading | None, rows: Iterable[bytes], settings: Settings
) -> bytes:
    table = state.shown
    page, header = NO_CELLS, None
    if table is not None and reading is not None:
        page, header = _cut(reading, rows, 0, settings)
    snapshot = Snapshot(
        room.epoch,
        state.revision,
        page=state.page,
        pages=table.pages if table else 1,
        table=table,
        header=header,
        first_row=(state.page - 1) * PAGE_SIZE + 1,
        first_column=0,
        data=page.data,
        clipped=page.clipped,
        upload=state.upload,
        notice=state.notice,
        by=state.by,
        presenter=state.presenter,
        pointed=room.pointed,
        former=state.former,
        apart=room.apart,
        expires_days=settings.room_days,
    )
    return message_frame(serialize(snapshot))


def answer_look(look: Look, table: Table, reading: Reading, settings: Settings) -> bytes:
    """Encode the page that one member asked for, clamped to the pages there are."""
    number = min(max(look.page, 1), table.pages)
    page, header = _cut(reading, reading.read(*_span(table, number)), look.first_column, settings)
    answer = PageAnswer(
        look.ask,
        reading.id,
        page=number,
        pages=table.pages,
        rows=table.rows,
        header=header,
        first_row=(number - 1) * PAGE_SIZE + 1,
        first_column=look.first_column,
        data=page.data,
        clipped=page.clipped,
    )
    return message_frame(serialize(answer))


def answer_cell(asked: ReadCell, reading: Reading) -> bytes:
    """Encode the whole cell that one member asked for; a cell that is not there is empty."""
    try:
        text = reading.cell(asked.row - 1, asked.column)
    except IndexError:
        text = ""
    return message_frame(serialize(CellAnswer(asked.ask, reading.id, asked.row, asked.column, text)))


def _span(table: Table, page: int) -> tuple[int, int]:
    # Not beyond the rows the state speaks of, though an upload may have brought more by now.
    return (page - 1) * PAGE_SIZE, min(page * PAGE_SIZE, table.rows)


def _cut(
    reading: Reading, rows: Iterable[bytes], first_column: int, settings: Settings
) -> tuple[Page, list[str] | None]:
    shape = {"first_column": first_column, "columns": settings.page_columns, "cell_chars": settings.cell_chars}
    return reading.cut(rows, page_chars=settings.page_chars, **shape), reading.header(**shape)
