"""One page of a table, cut and encoded once for everyone who gets the same bytes. Runs in native threads."""

from __future__ import annotations

from tsvapp.live.frame import message_frame
from tsvapp.room.commands import Look, ReadCell
from tsvapp.room.events import CellAnswer, PageAnswer, Snapshot, serialize, serialize_article
from tsvapp.room.room import Audience, Room
from tsvapp.room.view import PAGE_SIZE, RoomState, Table
from tsvapp.settings import Settings
from tsvapp.table.document import Page, Reading

NO_CELLS = Page([], [])


def encode_state(
    room: Room, state: RoomState, reading: Reading | None, audience: Audience, settings: Settings
) -> bytes | None:
    """Encode what `audience` is shown of `state`; None where its protocol has nothing to say of it."""
    table = state.shown
    if audience.is_article:
        # The two ids of a room never meet: each is told the one it came in by.
        room_id = room.room_id if audience is Audience.ARTICLE else room.watch_id
        if table is None or reading is None:
            return None
        start, stop = _span(table, state.page)
        page = reading.page(start, stop, page_chars=settings.max_article_bytes)
        return message_frame(serialize_article(room_id, state.page, table.rows, page.data))
    page, header = NO_CELLS, None
    if table is not None and reading is not None:
        page, header = _cut(table, reading, state.page, 0, settings)
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
        expires_days=settings.room_days,
    )
    return message_frame(serialize(snapshot))


def answer_look(look: Look, table: Table, reading: Reading, settings: Settings) -> bytes:
    """Encode the page that one member asked for, clamped to the pages there are."""
    number = min(max(look.page, 1), table.pages)
    page, header = _cut(table, reading, number, look.first_column, settings)
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
    table: Table, reading: Reading, page: int, first_column: int, settings: Settings
) -> tuple[Page, list[str] | None]:
    start, stop = _span(table, page)
    shape = {"first_column": first_column, "columns": settings.page_columns, "cell_chars": settings.cell_chars}
    cells = reading.page(start, stop, page_chars=settings.page_chars, **shape)
    return cells, reading.header(**shape)
