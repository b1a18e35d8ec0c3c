"""Bringing a former document back, for everyone."""

from __future__ import annotations

import logging

from tsvapp.errors import BadCommand, StorageFailed, UploadRunning
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.offload import offload
from tsvapp.live.records import Records, describe, record_of
from tsvapp.room import view
from tsvapp.room.people import Person
from tsvapp.room.view import RoomState

log = logging.getLogger(__name__)


def restore(room: LiveRoom, document_id: str, by: Person, records: Records) -> None:
    """Show a former document again; the present one can be brought back in turn.

    Raise BadCommand if the room keeps no such document, UploadRunning while another is on its way, and StorageFailed if
    it cannot be read any more.
    """
    _expect_former(room.state, document_id)
    kept = records.former(room, document_id)
    if kept is None:
        raise BadCommand("restore: this room keeps no such document.")
    if room.finishing:
        raise UploadRunning("Another table is about to take this one's place. Try again in a moment.")
    room.finishing = True
    try:
        try:
            document, reading = offload(records.reopen, kept)
        except Exception as error:
            log.exception("room %.8s: a former document cannot be read", room.room_id)
            raise StorageFailed(
                "The server cannot read that table; this one stays. Try again later, or bring its file again."
            ) from error
        present = room.document.reading if room.document else None
        if room.state.table is not None and present is not None:
            room.former[room.state.table.document] = record_of(room.state.table, present)
        table = describe(reading, kept["document"], growing=False)
        # On the disk before it is announced.
        records.save(room, view.restore(room.state, table, by), reading)
    finally:
        room.finishing = False

    def bring_back(state: RoomState) -> RoomState:
        _expect_former(state, document_id)
        return view.restore(state, table, by)

    room.change(bring_back, readings=[reading])
    room.document = document
    records.forget_oldest(room)


def _expect_former(state: RoomState, document_id: str) -> None:
    if all(table.document != document_id for table in state.former):
        raise BadCommand("restore: this room keeps no such document.")
    if state.upload is not None:
        raise UploadRunning("A table is on its way into this room. Wait until it is done, or cancel it first.")
