"""Rooms to and from the store that several workers share; the bytes are in a directory that all of them see.

The state of a room is in the store with every change, so there is nothing to write behind. What is kept beside it is
how each of its documents is read, and the uploads on their way in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any

import orjson

from tsvapp.errors import StorageFailed, StoreAway, UnknownRoom
from tsvapp.live.backplane import Backplane
from tsvapp.live.counts import Counts
from tsvapp.live.ids import new_id
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.mirror import follow, mirror
from tsvapp.live.offload import offload
from tsvapp.live.records import Records, record_of
from tsvapp.live.share import Share
from tsvapp.room.protocol import NO_ROOM
from tsvapp.room.view import RoomState, Table
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore
from tsvapp.store.shared import SharedStore
from tsvapp.table.document import Document, Reading

LEAST_VERSION = (7,)
"""Sharded channels came with it."""

log = logging.getLogger(__name__)


class SharedRecords(Records):
    """Load, save and expire rooms that other workers have too."""

    owns_nothing = True
    """Whether the directory is one of all workers, and not this one's."""

    def __init__(self, documents: LocalStore, shared: SharedStore, settings: Settings, counts: Counts) -> None:
        super().__init__(documents, settings, counts)
        self.worker = new_id()
        self._documents = documents
        self._shared = shared
        self.backplane = Backplane(shared, self.worker)
        self.on_gone: Callable[[LiveRoom, str], None] = lambda room, reason: None
        self.on_links: Callable[[LiveRoom, str, str], None] = lambda room, link_id, watch_id: None
        self.on_removed: Callable[[LiveRoom, str], None] = lambda room, member: None
        self.on_dead: Callable[[LiveRoom, str], None] = lambda room, worker: None
        self.on_rejoined: Callable[[LiveRoom], None] = lambda room: None

    def make(self) -> None:
        """Make the directory of the documents; raise StartupError when it cannot be written."""
        self._documents.make()

    def answers(self) -> bool:
        """Say whether the shared store answers and can be used; if not, the log says why."""
        try:
            version = self._shared.version()
            self.count = self._shared.count_rooms()
        except StoreAway as error:
            log.warning("the shared store is waited for: %s", error.why)
            return False
        if version < LEAST_VERSION:
            found = ".".join(map(str, version))
            log.error("the shared store has version %s; Redis or Valkey 7 is wanted at least", found)
            return False
        with suppress(StorageFailed):  # then it is asked when there is something to sweep
            self._owns_documents()
        return True

    def open(self) -> None:
        """Begin to keep rooms: all that takes is done when the store answers."""

    def probe(self) -> None:
        """Raise StorageFailed if the disk or the shared store takes nothing."""
        offload(self._documents.probe_disk)
        try:
            self._shared.alive(self.worker, 4)
        except StoreAway as error:
            raise StorageFailed(error.message) from error

    def close(self) -> None:
        """Let go of nothing: who still waits for an answer of the store gets it, and its lines end with the process."""

    # Rooms

    def add(self, room: LiveRoom) -> None:
        """Tie a room to those that other workers have; where the store does not answer, it is apart at first."""
        self._tie(room)
        assert room.share is not None
        try:
            self.backplane.add(room)
            room.share.create()
        except StoreAway as error:
            room.share.part(error.why)

    def drop(self, room: LiveRoom) -> None:
        """Have a room in this worker no more."""
        self.backplane.remove(room)

    def _tie(self, room: LiveRoom) -> None:
        room.share = Share(room, self._shared, self)

    def load(self, room_id: str, epoch: str) -> LiveRoom | None:
        """Make a room of what the store has of it; None if that is nothing."""
        try:
            kept = self._shared.load(room_id)
            if kept is None:
                return None
            if kept.is_kept and kept.used_at < self._unused_since():
                self.spend(room_id, "expired")
                raise UnknownRoom(NO_ROOM["expired"], reason="expired")
            room = LiveRoom(room_id, kept.watch_id, epoch, kept.used_at, self._settings, self.counts)
            room.link_id, room.owner = kept.link_id, kept.owner
            self._tie(room)
            assert room.share is not None
            # Before it is read once more: what is told from now on is heard.
            self.backplane.add(room)
            try:
                room.share.refresh()
            except BaseException:
                self.backplane.remove(room)
                raise
            return room
        except (UnknownRoom, StoreAway):
            raise
        except Exception as error:
            log.exception("room %.8s cannot be read", room_id)
            raise UnknownRoom(NO_ROOM["unreadable"], reason="unreadable") from error

    def save(self, room: LiveRoom, state: RoomState, reading: Reading | None) -> None:
        """Write down how the room's table is read, and the upload on its way in; keep the room from now on.

        Raise StoreAway if the store does not answer.
        """
        room.unsaved = False
        try:
            table = state.table
            if table is not None and reading is not None and table.reading == reading.id:
                self._shared.put_document(room.room_id, table.document, orjson.dumps(record_of(table, reading)))
                self._shared.end(table.document)
            if room.pending is not None:
                self._put_pending(room, room.pending)
            # Of a first upload another worker may have said meanwhile that it has ended, and the room with it.
            if room.pending is not None or not room.stored:
                self._shared.keep(room.room_id, room.link_id, room.watch_id, self.used_at(room))
                self.count += not room.stored
                room.stored = True
        except StoreAway:
            room.unsaved = True
            raise

    @property
    def is_full(self) -> bool:
        """Whether as many rooms are kept as can be, at all workers; raise StoreAway where that cannot be asked."""
        self.count = self._shared.count_rooms()
        return super().is_full

    def _put_pending(self, room: LiveRoom, pending: dict[str, Any]) -> None:
        record = {**pending, "worker": self.worker}
        self._shared.begin(pending["document"], room.room_id, self._now())
        self._shared.put_document(room.room_id, pending["document"], orjson.dumps(record))

    def save_if_needed(self, room: LiveRoom) -> None:
        """Note that the room was used."""
        if not room.unsaved or not room.stored:
            return
        room.unsaved = False
        try:
            self._shared.touch(room.room_id, self.used_at(room))
        except StoreAway:
            room.unsaved = True

    def save_reading(self, room: LiveRoom) -> None:
        """Write down that the table is read otherwise."""
        if room.document is not None:
            self.save(room, room.state, room.document.reading)

    def pending(self, room: LiveRoom) -> dict[str, Any] | None:
        """Return the record of the upload that the room has, whoever sends it."""
        upload = room.state.upload
        if upload is None:
            return None
        records = (orjson.loads(each) for each in self._shared.documents(room.room_id).values())
        found = next((each for each in records if each.get("upload") == upload.upload), None)
        if found is not None:
            self._fetch(room.room_id, found["document"])
        return found

    def claim(self, room: LiveRoom, pending: dict[str, Any]) -> None:
        """Note that an upload goes on at this worker."""
        self._put_pending(room, pending)

    def former(self, room: LiveRoom, document_id: str) -> dict[str, Any] | None:
        """Return the record of a document that can be brought back, or None."""
        found = self._shared.document(room.room_id, document_id)
        if found is None:
            return None
        self._fetch(room.room_id, document_id, is_finished=True)
        record: dict[str, Any] = orjson.loads(found)
        return record

    def forget_oldest(self, room: LiveRoom) -> None:
        """Delete the documents that the room neither shows nor keeps to be brought back, nor gets."""
        state = room.state
        named = {table.document for table in state.tables}
        coming = state.upload.upload if state.upload else None
        try:
            documents = self._shared.documents(room.room_id)
        except StoreAway as error:
            return log.info("the oldest documents of room %.8s are left for later: %s", room.room_id, error.why)
        for document_id, record in documents.items():
            if document_id not in named and orjson.loads(record).get("upload", "") != coming:
                self._forget_document(room.room_id, document_id)

    def forget_upload(self, room: LiveRoom, document_id: str) -> None:
        """Forget an upload that has ended early, with its bytes; for others it has not while the room is apart."""
        if not room.apart:
            self._forget_document(room.room_id, document_id)

    def _forget_document(self, room_id: str, document_id: str) -> None:
        try:
            self._forget_bytes(room_id, document_id)
            self._shared.forget_document(room_id, document_id)
            self._shared.end(document_id)
        except StoreAway as error:
            return log.info("document %.8s is left for later: %s", document_id, error.why)
        offload(self._documents.delete, document_id)

    # Where the bytes are: in a directory that all workers see

    def _fetch(self, room_id: str, document_id: str, is_finished: bool = False) -> None:
        """See to it that the bytes of a document are here, as many as there are by now."""

    def _forget_bytes(self, room_id: str, document_id: str) -> None:
        """Delete the bytes of a document that are elsewhere than in the directory."""

    # Readings

    def readings_of(self, room: LiveRoom, state: RoomState) -> tuple[list[Reading], Document | None]:
        """Return the readings that a state of another worker speaks of, and the document of its table if it is new."""
        readings, document = [], None
        if state.table is not None:
            opened = self._open(room, state.table)
            readings.append(opened[0])
            document = opened[1]
        if state.incoming is not None:
            readings.append(self._open(room, state.incoming)[0])
        return readings, document

    def _open(self, room: LiveRoom, table: Table) -> tuple[Reading, Document | None]:
        assert room.share is not None
        reading = room.known(table.reading)
        if reading is not None and reading.id not in room.share.mirrored:
            return reading, None
        if reading is None and not table.growing:
            record = self.former(room, table.document)
            if record is not None and record["reading"]["id"] == table.reading:
                document, reading = offload(self.reopen, record)
                return reading, document
        self._fetch(room.room_id, table.document)
        # All there is of one that comes in: its rows may be a step ahead of the bytes that were acknowledged.
        blob = offload(self._documents.blob, table.document, None if table.growing else table.size)
        if reading is None:
            reading = mirror(table, blob, self._settings.max_row_bytes)
            room.share.mirrored.add(reading.id)
        with room.reading_turn:
            offload(follow, reading, table, blob)
        if table.growing:
            return reading, None
        return reading, Document.restore(blob, reading, new_id, max_row_bytes=self._settings.max_row_bytes)

    # Ids

    def linked(self, some_id: str) -> tuple[str, bool] | None:
        """Return the room to which the link of this id leads, and whether to drive; None if there is no such link.

        Raise UnknownRoom if the id is spent.
        """
        reason = self._shared.spent(some_id)
        if reason is None:
            return self._shared.linked(some_id)
        reason = reason if reason in NO_ROOM else "unknown"
        raise UnknownRoom(NO_ROOM[reason], reason=reason)

    def spent(self, room_id: str) -> str | None:
        """Say why an id is spent, or None if it is not."""
        return self._shared.spent(room_id)

    def _forget_empty(self, room: LiveRoom, document_id: str) -> int:
        if room.apart:
            return 0
        try:
            return int(self._shared.forget_empty(room.room_id))
        except StoreAway as error:
            raise StorageFailed(error.message) from error

    def renew(self, room: LiveRoom, link_id: str | None, watch_id: str) -> list[str]:
        """Give the room another id to look by, and one to drive by if that is given.

        Return the former ones, which are spent.
        """
        former = [room.watch_id, *([room.link_id] if link_id else [])]
        room.link_id, room.watch_id = link_id or room.link_id, watch_id
        self._shared.renew_links(room.room_id, former, room.link_id, watch_id, "renewed", self._spent_seconds)
        return former

    def own(self, room: LiveRoom, member: str) -> None:
        """Note who made the room."""
        room.owner = member
        if room.share is not None:
            room.share.tell_owner()

    def spend(self, room_id: str, reason: str, *links: str) -> None:
        """Delete a room and its documents for good; `reason`, one of NO_ROOM, is what is said at its address."""
        kept = self._shared.load(room_id)
        documents = self._shared.documents(room_id)
        for some_id in {room_id, *links, *((kept.watch_id, kept.link_id) if kept else ())}:
            self._shared.spend(some_id, reason, self._spent_seconds)
        # Before the records, by which they would be found once more.
        for document_id in documents:
            self._forget_bytes(room_id, document_id)
        self._shared.forget(room_id)
        for document_id in documents:
            self._shared.end(document_id)
            offload(self._documents.delete, document_id)
        self.count = self._shared.count_rooms()

    def by_use(self, seconds: float) -> list[tuple[str, int]]:
        """List the rooms that were not used for so long, each with its bytes, the longest unused first."""
        rooms = self._left(self._now() - seconds)
        return [(room_id, self._documents.size_on_disk(self._shared.documents(room_id))) for room_id in rooms]

    def to_displace(self) -> list[str]:
        """List the rooms that may go where another one is to be kept: those without a table, then the longest unused.

        Which address has brought a room only the worker knows to which it came, so that counts for nothing here.
        """
        now = self._now()
        coming = {room_id for room_id, _ in self._shared.unfinished().values()}
        empty = [room_id for room_id in self._left(now - self._settings.pause_seconds) if room_id in coming]
        empty = [room_id for room_id in empty if all(map(_is_incoming, self._shared.documents(room_id).values()))]
        unused = self._left(now - self._settings.spare_seconds)
        return [*empty, *(room_id for room_id in unused if room_id not in empty)]

    def forget_spent(self) -> None:
        """Forget nothing: the shared store does so by itself."""

    def unused(self) -> list[str]:
        """Name the rooms that were not used for `room_days`."""
        return self._left(self._unused_since())

    def _left(self, since: float) -> list[str]:
        # One with people in it, at any worker, is in use, whatever a clock that was set has made of its last use.
        return [room_id for room_id in self._shared.rooms_unused_since(since) if not self._shared.who(room_id)]

    def used_at(self, room: LiveRoom) -> float:
        """Return when a room was last used, by the clock that all workers have in common."""
        return self._now() - (monotonic() - room.touched)

    def _now(self) -> float:
        return self._shared.now()

    # What is left over

    def abandoned(self, running: Callable[[], Collection[str]]) -> list[str]:
        """Name the documents of uploads that have not ended, and which nobody has gone on with for long."""
        # One that has just begun at another worker has no bytes yet, so its file says nothing of its age.
        return self._unwritten(self._left_uploads(), running())

    def _unwritten(self, documents: Iterable[str], running: Collection[str]) -> list[str]:
        """Name those that do not run here and were not written to for `abandon_seconds`."""
        waiting, most = [each for each in documents if each not in running], self._settings.abandon_seconds
        return [each for each in waiting if offload(self._store.age, each) > most]

    def _left_uploads(self) -> list[str]:
        """Name the uploads of which for long it was not said that they begin, and which no other worker has."""
        since, unfinished = self._now() - self._settings.abandon_seconds, self._shared.unfinished()
        return [
            each for each, (room_id, moment) in unfinished.items() if moment < since and self._is_left(room_id, each)
        ]

    def _is_left(self, room_id: str, document_id: str) -> bool:
        """Say whether no other worker has this upload: one that lives gives it up by itself, in its own time."""
        record = self._shared.document(room_id, document_id)
        worker = orjson.loads(record).get("worker") if record is not None else None
        return worker in (None, self.worker) or bool(self._shared.dead([worker]))

    def forget_unfinished(self, document_id: str) -> None:
        """Delete what an upload has left that nobody goes on with."""
        unfinished = self._shared.unfinished().get(document_id)
        if unfinished is not None:
            self._forget_document(unfinished[0], document_id)
            self.count -= self._shared.forget_empty(unfinished[0])

    def sweep(self) -> None:
        """Remove the files that no record names; nothing where the store is another or has lost its records."""
        if not self._owns_documents():
            log.error(
                "nothing is swept: the documents are not of the store at TSVAPP_REDIS_URL, or it has lost its records"
            )
            return
        named = self._shared.all_documents()
        offload(self._documents.remove_but, named, self._settings.abandon_seconds)

    def _owns_documents(self) -> bool:
        return offload(self._documents.is_of, self._shared.store_id())


def _is_incoming(record: bytes) -> bool:
    return "upload" in orjson.loads(record)
