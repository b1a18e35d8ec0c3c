"""Rooms to and from the store: what is written down of a room, and a room made of what was written down.

SQLite is spoken to in one native thread. A change that is announced as done (a finished document) is awaited; a page
turn is written behind, within SAVE_SECONDS.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from time import monotonic
from typing import Any

from tsvapp.errors import StorageFailed, UnknownRoom
from tsvapp.live.counts import Counts
from tsvapp.live.ids import new_id, new_room_id
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.offload import SingleThread, offload
from tsvapp.room.names import plain_file_name
from tsvapp.room.protocol import NO_ROOM
from tsvapp.room.view import RoomState, Table
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore
from tsvapp.table.document import Document, Reading

SAVE_SECONDS = 1.0
"""Oldest a page turn may be that a killed server forgets."""

DAY_SECONDS = 24 * 3600

SPENT_FACTOR = 4
"""A spent id is remembered so many times as long as a room that nobody uses."""

ROOMS_SHARE = 100
"""Whoever has brought more than a hundredth of all rooms has no room spared where others need a place."""

log = logging.getLogger(__name__)


class Records:
    """Load, save and expire rooms; `count` is how many are kept."""

    def __init__(self, store: LocalStore, settings: Settings, counts: Counts | None = None) -> None:
        self.counts = counts or Counts()
        self._store = store
        self._settings = settings
        self._thread = SingleThread()
        self.count = 0

    def open(self) -> None:
        """Open the store's records; raise StartupError when they cannot be read."""
        self.count = self._thread.run(self._store.open)

    def probe(self) -> None:
        """Raise StorageFailed if the disk or the records take nothing."""
        self._thread.run(self._store.probe)

    def close(self) -> None:
        """Close the records and let go of the data directory; who asks for a room from now on gets Restarting."""
        self._thread.end(self._store.close)

    @property
    def is_full(self) -> bool:
        """Whether as many rooms are kept as can be."""
        return self.count >= self._settings.max_rooms

    def save(self, room: LiveRoom, state: RoomState, reading: Reading | None) -> None:
        """Write the room down as `state` says, with its finished table if it has one; on return it is on the disk.

        Raise StorageFailed if that fails; the room is then written down as it is by the next `save_if_needed`.
        """
        former = [room.former[table.document] for table in state.former]
        record: dict[str, Any] = {
            "document": None,
            "revision": state.revision,
            "former": former,
            "upload": room.pending,
            "owner": room.owner,
            "link": room.link_id,
        }
        documents = [table.document for table in state.former]
        table = state.table
        if table is not None and reading is not None:
            page = state.former_page if state.incoming else state.page
            record |= {"page": page, **record_of(table, reading)}
            documents.append(table.document)
        # Before the write: a change that comes while it is on its way is written again.
        room.unsaved = False
        unfinished = room.pending["document"] if room.pending else None
        try:
            self._thread.run(
                self._store.save_room, room.room_id, room.watch_id, room.used_at, documents, record, unfinished
            )
        except StorageFailed:
            room.unsaved = True
            raise
        if not room.stored:
            room.stored = True
            self.count += 1

    def save_if_needed(self, room: LiveRoom) -> None:
        """Write the room down if it is kept and has changed since, and nothing newer is on its way to the disk."""
        if not room.unsaved or not room.stored or room.finishing:
            return
        try:
            self.save(room, room.state, room.document.reading if room.document else None)
        except StorageFailed as error:
            log.error("room %.8s could not be saved and will be tried again: %s", room.room_id, error.__cause__)

    def linked(self, some_id: str) -> tuple[str, bool] | None:
        """Return the room to which the link of this id leads, and whether to drive; None if there is no such link.

        A room whose links were never replaced is driven by its own id, which is no link here.

        Raise UnknownRoom if the id is spent, or if the records cannot be read.
        """
        try:
            self._expect_unspent(some_id)
            return self._thread.run(self._store.linked, some_id)
        except StorageFailed as error:
            log.error("the records cannot be read: %s", error.__cause__)
            raise UnknownRoom(NO_ROOM["unreadable"], reason="unreadable") from error

    def _expect_unspent(self, some_id: str) -> None:
        reason = self._thread.run(self._store.spent, some_id)
        if reason is not None:
            reason = reason if reason in NO_ROOM else "unknown"
            raise UnknownRoom(NO_ROOM[reason], reason=reason)

    def renew(self, room: LiveRoom, link_id: str | None, watch_id: str) -> list[str]:
        """Give the room another id to look by, and one to drive by if that is given.

        Return the former ones, which are spent.
        """
        before = room.link_id, room.watch_id
        former = [room.watch_id, *([room.link_id] if link_id else [])]
        # Before the write: what is saved while it is on its way must not have the former ones.
        room.link_id, room.watch_id = link_id or room.link_id, watch_id
        try:
            if room.stored or room.pending is not None:  # it is being written down for the first time
                self._thread.run(self._store.renew_links, room.room_id, former, room.link_id, watch_id, "renewed")
        except StorageFailed:
            room.link_id, room.watch_id = before
            raise
        return former

    def own(self, room: LiveRoom, member: str) -> None:
        """Note who made the room."""
        room.owner = member
        room.unsaved = True

    def load(self, room_id: str, epoch: str) -> LiveRoom | None:
        """Make a room of its record; None if there is no record.

        Raise UnknownRoom if it has expired, or if what is on the disk cannot be read.
        """
        try:
            return self._load(room_id, epoch)
        except UnknownRoom:
            raise
        except Exception as error:
            # Whatever is wrong with it costs nobody else: in a damaged record anything may be missing.
            log.exception("room %.8s cannot be read", room_id)
            raise UnknownRoom(NO_ROOM["unreadable"], reason="unreadable") from error

    def _load(self, room_id: str, epoch: str) -> LiveRoom | None:
        kept = self._thread.run(self._store.load_room, room_id)
        if kept is None:
            self._expect_unspent(room_id)  # it may have been deleted since somebody asked for it
            return None
        watch_id, used_at, record = kept
        if used_at < self._unused_since():  # and housekeeping has not come to it yet
            self.spend(room_id, "expired")
            raise UnknownRoom(NO_ROOM["expired"], reason="expired")
        room = LiveRoom(room_id, watch_id or new_room_id(), epoch, used_at, self._settings, self.counts)
        room.stored = True
        room.unsaved = watch_id is None
        room.owner, room.link_id = record.get("owner"), record.get("link") or room_id
        room.pending = record.get("upload")
        room.former = {each["document"]["id"]: each for each in record["former"]}
        former = tuple(described(each) for each in record["former"])
        # Above what the same process may have told before it forgot the room: what is not written down is another now.
        revision = record.get("revision", 0) + 1
        room.commit(0, replace(room.state, revision=revision, former=former))
        if record["document"] is None:
            return room
        document, reading = offload(self.reopen, record)
        table = describe(reading, record["document"], growing=False)
        page = min(record["page"], table.pages)
        room.commit(revision, replace(room.state, page=page, table=table), reading)
        room.document = document
        return room

    def forget_oldest(self, room: LiveRoom) -> None:
        """Delete the documents that the room neither shows nor keeps to be brought back."""
        kept = {table.document for table in room.state.former}
        for document_id in room.former.keys() - kept:
            del room.former[document_id]
            if room.state.table is None or room.state.table.document != document_id:
                offload(self._store.delete, document_id)

    def add(self, room: LiveRoom) -> None:
        """Take note of a room that is in memory from now on."""

    def drop(self, room: LiveRoom) -> None:
        """Take note of a room that is in memory no more."""

    def save_reading(self, room: LiveRoom) -> None:
        """Write down that the table is read otherwise."""
        room.unsaved = True
        self.save_if_needed(room)

    def former(self, room: LiveRoom, document_id: str) -> dict[str, Any] | None:
        """Return the record of a document that can be brought back, or None."""
        return room.former.get(document_id)

    def pending(self, room: LiveRoom) -> dict[str, Any] | None:
        """Return the record of an upload that comes in at another worker, or None."""

    def claim(self, room: LiveRoom, pending: dict[str, Any]) -> None:
        """Note that an upload goes on at this worker."""

    def forget_upload(self, room: LiveRoom, document_id: str) -> None:
        """Forget an upload that has ended early, with its bytes."""
        offload(self._store.delete, document_id)

    def share_bytes(self, room: LiveRoom, document_id: str, start: int, data: bytes) -> None:
        """Put the bytes of an upload that come at `start` where other workers find them."""

    def share_index(self, room: LiveRoom, document_id: str) -> None:
        """Put the row index of a finished document where other workers find it."""

    def forget_copies(self, room: LiveRoom) -> None:
        """Delete what is here of the documents of a room that another worker has deleted."""

    def reopen(self, record: dict[str, Any]) -> tuple[Document, Reading]:
        """Open a finished document again, as its record says; runs in a native thread."""
        kept = record["document"]
        blob = self._store.blob(kept["id"])
        if blob.size != kept["size"]:
            raise ValueError(f"document {kept['id']} has {blob.size} bytes instead of {kept['size']}")
        most = self._settings.max_row_bytes
        reading_id = record["reading"]["id"]
        try:
            reading = Reading.restore(reading_id, blob, record["reading"], self._store.index(kept["id"], reading_id))
        except ValueError:
            # The index is lost, damaged or older than the record; the bytes are what counts, and they say it all again.
            log.warning("document %.8s…: its row index does not fit and is made anew", kept["id"])
            reading = Reading.remake(reading_id, blob, record["reading"])
            try:
                self._store.keep(kept["id"], reading.index.dumps(), reading_id)
            except StorageFailed as error:
                log.warning("document %.8s…: its row index cannot be kept: %s", kept["id"], error.__cause__)
        return Document.restore(blob, reading, new_id, max_row_bytes=most), reading

    def abandoned(self, running: Callable[[], Collection[str]]) -> list[str]:
        """Name the documents of uploads that have not ended, and which nobody has gone on with for long."""
        left = self._thread.run(self._store.unfinished_since, self._settings.abandon_seconds)
        # After that has been waited for: what begins is running before it is written down.
        here = running()
        return [each for each in left if each not in here]

    def forget_unfinished(self, document_id: str) -> None:
        """Delete the document of an abandoned upload, and its room if that has no table."""
        fewer = self._thread.run(self._store.forget_unfinished, document_id)
        self.count -= fewer

    def sweep(self) -> None:
        """Remove the files that no record names, and what the records still have of rooms that are gone."""
        self._thread.run(self._store.sweep)
        self._thread.run(self._store.clear_log)

    def forget_spent(self) -> None:
        """Forget the ids that were spent so long ago that nobody asks for them."""
        self._thread.run(self._store.forget_spent, self._now() - self._spent_seconds)

    @property
    def _spent_seconds(self) -> float:
        return SPENT_FACTOR * self._settings.room_days * DAY_SECONDS

    def unused(self) -> list[str]:
        """Name the rooms that were not used for `room_days`."""
        return self._thread.run(self._store.rooms_unused_since, self._unused_since())

    def by_use(self, seconds: float) -> list[tuple[str, int]]:
        """List the rooms that were not used for so long, each with its bytes, the longest unused first."""
        rooms = self._thread.run(self._store.rooms_by_use, self._now() - seconds)
        return [(room_id, self._store.accounts.size_of(documents)) for room_id, documents in rooms]

    def _now(self) -> float:
        return time.time()

    def _unused_since(self) -> float:
        return self._now() - self._settings.room_days * DAY_SECONDS

    def spend(self, room_id: str, reason: str, *links: str) -> None:
        """Delete a room and its documents for good; `reason`, one of NO_ROOM, is what is said at its address.

        `links` are its ids besides, where it may never have been written down.
        """
        fewer = self._thread.run(self._store.spend, room_id, reason, *links)
        # In a step of its own: others have counted while that was waited for.
        self.count -= fewer

    def forget_empty(self, room: LiveRoom, document_id: str) -> None:
        """Keep a room no longer that never had a table, when the upload of this document has ended early."""
        if not room.stored or room.state.table is not None or room.state.former:
            return
        try:
            fewer = self._forget_empty(room, document_id)
        except StorageFailed as error:
            return log.error("room %.8s has no table and is kept all the same: %s", room.room_id, error.__cause__)
        if fewer:
            room.stored = False
            self.count -= fewer

    def _forget_empty(self, room: LiveRoom, document_id: str) -> int:
        return self._thread.run(self._store.forget_empty, room.room_id, document_id)

    def to_displace(self) -> list[str]:
        """List the rooms that may go where another one is to be kept, the first to go first."""
        now, share = self._now(), self._settings.max_rooms // ROOMS_SHARE
        spared, paused = now - self._settings.spare_seconds, now - self._settings.pause_seconds
        return self._thread.run(self._store.rooms_to_displace, spared, paused, share)

    def touch(self, room: LiveRoom) -> None:
        """Note that the room is in use now, which puts off its expiry."""
        room.used_at = time.time()
        room.touched = monotonic()
        room.unsaved = True


def record_of(table: Table, reading: Reading) -> dict[str, Any]:
    """Return what is written down of a finished document under its reading."""
    document = {"id": table.document, "name": table.name, "size": table.size}
    return {"document": document, "reading": {"id": reading.id, **reading.record()}}


def described(record: dict[str, Any]) -> Table:
    """Return the table that a record of a finished document speaks of."""
    return _table(record["reading"]["id"], record["reading"], record["document"])


def describe(reading: Reading, document: dict[str, Any], growing: bool) -> Table:
    """Say everything about a document (its id, name and size) under a reading that is not a cell."""
    table = _table(reading.id, reading.record(), document)
    return replace(table, growing=growing, provisional=reading.provisional)


def _table(reading_id: str, reading: dict[str, Any], document: dict[str, Any]) -> Table:
    return Table(
        document=document["id"],
        name=plain_file_name(document["name"]),  # earlier versions have taken any
        size=document["size"],
        reading=reading_id,
        growing=False,
        rows=reading["rows"],
        columns=reading["columns"],
        dialect=reading["dialect"],
        chosen=tuple(key for key, value in reading["choice"].items() if value is not None),
        reasons=reading["reasons"],
        report=reading["report"],
    )
