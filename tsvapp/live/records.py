"""Rooms to and from the store: what is written down of a room, and a room made of what was written down.

SQLite is spoken to in one native thread. A change that is announced as done (a finished document) is awaited; a page
turn is written behind, within SAVE_SECONDS.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any

from tsvapp.errors import LimitReached, UnknownRoom
from tsvapp.live.ids import new_id
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.offload import SingleThread, offload
from tsvapp.room.messages import NO_ROOM
from tsvapp.room.view import RoomState, Table
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore
from tsvapp.table.dialect import Choice
from tsvapp.table.document import Document, Reading

SAVE_SECONDS = 1.0
"""Oldest a page turn may be that a killed server forgets."""

DAY_SECONDS = 24 * 3600

log = logging.getLogger(__name__)


class Records:
    """Load, save and expire rooms; `count` is how many are kept."""

    def __init__(self, store: LocalStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._thread = SingleThread()
        self.count = 0

    def open(self) -> None:
        """Open the store's records; raise StartupError when they cannot be read."""
        self._thread.run(self._store.open)
        self.count = self._thread.run(self._store.count_rooms)

    def close(self) -> None:
        """Close the records and let go of the data directory."""
        self._thread.run(self._store.close)

    def expect_place(self, room: LiveRoom) -> None:
        """Raise LimitReached if the room is not kept yet and no further one can be."""
        if not room.stored and self.count >= self._settings.max_rooms:
            raise LimitReached(
                f"This server keeps {self._settings.max_rooms:,} tables and has no place for another."
                " Try again later, or bring the file into a room that has a table.",
                limit=self._settings.max_rooms,
            )

    def save(self, room: LiveRoom, state: RoomState, reading: Reading | None) -> None:
        """Write the room down as `state` says, with its finished table if it has one; on return it is on the disk."""
        record: dict[str, Any] = {"document": None}
        table = state.table
        if table is not None and reading is not None:
            record = {
                "page": state.former_page if state.incoming else state.page,
                "revision": state.revision,
                "document": {"id": table.document, "name": table.name, "size": table.size},
                "reading": {"id": reading.id, **reading.record()},
            }
        # Before the write: a change that comes while it is on its way is written again.
        room.unsaved = False
        document_id = table.document if table else None
        self._thread.run(self._store.save_room, room.room_id, room.used_at, document_id, record)
        if not room.stored:
            room.stored = True
            self.count += 1

    def save_if_needed(self, room: LiveRoom) -> None:
        """Write the room down if it is kept and has changed since, and nothing newer is on its way to the disk."""
        if not room.unsaved or not room.stored or room.finishing:
            return
        try:
            self.save(room, room.state, room.document.reading if room.document else None)
        except Exception:
            room.unsaved = True
            log.exception("room %.8s could not be saved; it will be tried again", room.room_id)

    def load(self, room_id: str, epoch: str) -> LiveRoom | None:
        """Make a room of its record; None if there is no record.

        Raise UnknownRoom if the id is spent, or if what is on the disk cannot be read any more.
        """
        reason = self._thread.run(self._store.spent, room_id)
        if reason is not None:
            raise UnknownRoom(NO_ROOM[reason], reason=reason)
        kept = self._thread.run(self._store.load_room, room_id)
        if kept is None:
            return None
        used_at, record = kept
        room = LiveRoom(room_id, epoch, used_at, self._settings)
        room.stored = True
        if record["document"] is None:
            return room
        try:
            document, reading = offload(self._restore, record)
        except Exception as error:
            log.exception("room %.8s cannot be read", room_id)
            raise UnknownRoom(NO_ROOM["unreadable"], reason="unreadable") from error
        table = describe(reading, record["document"], growing=False)
        page = min(record["page"], table.pages)
        room.commit(0, replace(room.state, revision=record["revision"], page=page, table=table), reading)
        room.document = document
        return room

    def _restore(self, record: dict[str, Any]) -> tuple[Document, Reading]:
        kept = record["document"]
        blob = self._store.blob(kept["id"])
        if blob.size != kept["size"]:
            raise ValueError(f"document {kept['id']} has {blob.size} bytes instead of {kept['size']}")
        most = self._settings.max_row_bytes
        index = self._store.index(kept["id"])
        try:
            reading = Reading.restore(record["reading"]["id"], blob, record["reading"], index)
        except ValueError:
            # The index is lost or half written; the bytes are what counts, and they say it all again.
            log.warning("document %s: its row index does not fit and is made anew", kept["id"])
            document = Document.unread(blob, new_id, max_row_bytes=most, choice=Choice(**record["reading"]["choice"]))
            document.seal()
            assert document.reading is not None
            self._store.keep(kept["id"], document.reading.index.dumps())
            return document, document.reading
        return Document.restore(blob, reading, new_id, max_row_bytes=most), reading

    def unused(self) -> list[str]:
        """Name the rooms that were not used for `room_days`."""
        unused_since = time.time() - self._settings.room_days * DAY_SECONDS
        return list(self._thread.run(self._store.rooms_unused_since, unused_since))

    def spend(self, room_id: str, reason: str) -> None:
        """Delete a room and its document for good; `reason`, one of NO_ROOM, is what is said at its address."""
        self._thread.run(self._store.spend, room_id, reason)
        self.count -= 1

    def touch(self, room: LiveRoom) -> None:
        """Note that the room is in use now, which puts off its expiry."""
        room.used_at = time.time()
        room.unsaved = True


def describe(reading: Reading, document: dict[str, Any], growing: bool) -> Table:
    """Say everything about a document (its id, name and size) under a reading that is not a cell."""
    record = reading.record()
    return Table(
        document=document["id"],
        name=document["name"],
        size=document["size"],
        reading=reading.id,
        growing=growing,
        rows=reading.rows,
        columns=reading.columns,
        dialect=record["dialect"],
        chosen=tuple(key for key, value in record["choice"].items() if value is not None),
        provisional=reading.provisional,
        reasons=record["reasons"],
        report=record["report"],
    )
