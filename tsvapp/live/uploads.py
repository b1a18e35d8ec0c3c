"""Documents on their way in: begin, chunk, finish, cancel.

A chunk is stored and read in a native thread while its sender waits, so a sender that is faster than the disk waits
for it. Between two steps the upload may have been cancelled by someone else: each step looks whether it is still the
room's. Whatever ends an upload early, the room keeps the table it had.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import gevent

from tsvapp.errors import (
    EmptyFile,
    LimitReached,
    NotTheSame,
    NoUpload,
    StorageFailed,
    StoreAway,
    TooLarge,
    TsvappError,
    UploadRunning,
)
from tsvapp.live.addresses import Addresses
from tsvapp.live.disk import Disk, Evictor, NoEvictor
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.offload import offload
from tsvapp.live.records import Records, record_of
from tsvapp.live.running import Running
from tsvapp.room import view
from tsvapp.room.people import Person
from tsvapp.room.protocol import CHUNK_BYTES
from tsvapp.room.view import Notice, RoomState, Table, Upload
from tsvapp.settings import Settings
from tsvapp.store.blob import storage_failed
from tsvapp.store.local import LocalStore
from tsvapp.table.document import Reading

PROGRESS_SECONDS = 0.05
"""Least time between two looks at how far an upload has come: half of that between two progress events."""

log = logging.getLogger(__name__)


class Uploads:
    """Take documents in; one at a time for each room."""

    def __init__(
        self,
        store: LocalStore,
        records: Records,
        settings: Settings,
        addresses: Addresses | None = None,
    ) -> None:
        self._store = store
        self._records = records
        self._settings = settings
        self._counts = records.counts
        self._addresses = addresses or Addresses(settings)
        self._evictor: Evictor = NoEvictor()
        self._disk = Disk(store, settings, self._evictor)
        self._running: dict[LiveRoom, Running] = {}

    def evict_by(self, evictor: Evictor) -> None:
        """Have rooms evicted from now on where an upload needs their place."""
        self._evictor = evictor
        self._disk = Disk(self._store, self._settings, evictor)

    def begin(self, room: LiveRoom, name: str, size: int, by: Person, sender: object, address: str = "") -> Running:
        """Begin an upload from this address.

        Raise UploadRunning, EmptyFile, TooLarge, LimitReached, StorageFailed or StoreAway, and nothing has changed.
        """
        self._require_share(address)
        view.begin(room.state, Upload("", name, size, 0, by))  # nobody's room is deleted for one that is refused
        return self._start(self._prepare(room, name, size, sender, address), by)

    def _require_share(self, address: str, besides: str = "") -> None:
        """Raise LimitReached if this address has as many uploads as it may, paused ones too, `besides` a document."""
        most, accounts, origin = self._settings.uploads_per_address, self._store.accounts, self._store.origin(address)
        if sum(accounts.origin(each) == origin and each != besides for each in accounts.incoming()) >= most:
            raise LimitReached(
                f"Your address has {most:,} uploads under way or paused already. Wait until one of them is done, or"
                " cancel one.",
                limit=most,
            )

    def _prepare(self, room: LiveRoom, name: str, size: int, sender: object, address: str) -> Running:
        """Check that this upload may be, and count it as incoming, with no byte yet."""
        if size == 0:
            raise EmptyFile(f"{name!r} is empty: it has no bytes. Choose another file.")
        limit = self._settings.largest_upload
        if size > limit:
            setting = "MAX_UPLOAD_BYTES" if limit == self._settings.max_upload_bytes else "REDIS_DOCUMENT_BYTES"
            raise TooLarge(
                f"{name!r} has {size:,} bytes; this server takes at most {limit:,}."
                f" Split it, or ask who runs the server to raise TSVAPP_{setting}.",
                limit=limit,
            )
        _expect_together(room)
        origin = self._store.origin(address)
        self._disk.require_place(name, size, origin)
        if not room.stored:
            self._addresses.expect_room(address)
            self._require_room()
        running = Running.begin(room, name, size, sender, self._store, self._settings)
        running.address = address
        self._store.accounts.bring(running.document_id, origin)
        self._store.accounts.reserve(running.document_id, 0, 0)
        return running

    def _require_room(self) -> None:
        if self._records.is_full and not self._evictor.free_room():
            most = self._settings.max_rooms
            raise LimitReached(
                f"This server keeps {most:,} tables and has no place for another."
                " Try again later, or bring the file into a room that has a table.",
                limit=most,
            )

    def _start(self, running: Running, by: Person) -> Running:
        """Begin what was prepared, without a wait in between."""
        room = running.room
        try:
            if room.finishing:
                raise UploadRunning("Another table is about to take this one's place. Try again in a moment.")
            room.change(view.begin, Upload(running.upload_id, running.name, running.size, 0, by))
        except BaseException:
            self._store.forget(running.document_id)
            raise
        self._running[room] = running
        room.incoming, room.pending = running.document, running.record()
        try:
            # From now on its address lives, and the upload can go on after a restart.
            self._records.save(room, room.state, room.document.reading if room.document else None)
            _expect_together(room)
        except (StorageFailed, StoreAway) as error:
            self._fail(running, error)
            raise
        self._counts.uploads["begun"] += 1
        return running

    def __len__(self) -> int:
        return len(self._running)

    def adopt(self, room: LiveRoom) -> None:
        """Take over the upload that a room just loaded had when the server ended; it waits for its file."""
        if room.pending is None:
            return
        try:
            self._adopt(room, room.pending)
        except Exception:
            # The table that is here is still of use, and what was stored may yet be: the next start tries again.
            log.exception("room %.8s: an upload that broke off cannot be taken over", room.room_id)

    def _adopt(self, room: LiveRoom, record: Mapping[str, Any]) -> None:
        document_id = record["document"]
        left = self._settings.abandon_seconds - offload(self._store.age, document_id)
        if left <= 0 or offload(self._store.blob, document_id).size == 0:
            room.pending = None
            room.unsaved = True
            self._records.forget_empty(room, document_id)
            return offload(self._store.delete, document_id)
        running = offload(Running.restore, room, record, self._store, self._settings)
        self._store.accounts.reserve(document_id, running.stored, 0)
        upload = Upload(running.upload_id, running.name, running.size, running.stored)
        room.commit(room.state.revision, view.waiting(room.state, upload))
        room.incoming = running.document
        self._running[room] = running
        gevent.spawn_later(left, self._give_up, running, running.pauses)

    def sweep(self) -> None:
        """Delete what broken uploads have left into rooms that nobody has opened since, and what no record names."""
        for document_id in self._records.abandoned(lambda: {each.document_id for each in self._running.values()}):
            self._records.forget_unfinished(document_id)
            log.info("an upload that nobody went on with is deleted: document %.8s", document_id)
        self._records.sweep()

    def chunk(self, running: Running, data: bytes, sender: object, show: bool = True) -> bool:
        """Store and read the next bytes, and show the rows; return whether the upload is finished by them.

        Raise NoUpload if it was cancelled meanwhile, and the error that ended it if these bytes did: the former
        table is back then. StoreAway ends nothing: the upload is paused, and can go on when the store is back.
        """
        if not running.current or not running.is_sent_by(sender):
            raise NoUpload("This upload has ended, or goes on from elsewhere.")
        try:
            if running.sender is None:  # it was given up to pauses because nothing came for long
                upload = running.room.state.upload
                self._go_on(running, upload.by if upload else None, sender)
            running.busy = True
            if running.stored + len(data) > running.size:
                raise TooLarge(
                    f"More bytes came than the {running.size:,} that were announced. Begin the upload again.",
                    limit=running.size,
                )
            with running.room.reading_turn:
                if not running.current:
                    raise NoUpload("This upload has ended.")
                arrived = running.stored + len(data)
                self._disk.reserve(running.document_id, running.name, arrived, running.size)
                # First where all workers find them: what is acknowledged is not at this one alone.
                self._records.share_bytes(running.room, running.document_id, running.stored, data)
                offload(running.document.append, data)
                running.stored += len(data)
            self._counts.upload_bytes += len(data)
            if running.stored == running.size:
                return self._finish(running)
            if show:
                self._grow(running)
        except TsvappError as error:
            if isinstance(error, StoreAway):
                self._wait(running)
            else:
                self._fail(running, error)
            raise
        except Exception as error:
            log.exception("upload into room %.8s failed", running.room.room_id)
            failure = StorageFailed("The server could not take this file. The former table is unchanged.")
            if isinstance(error, OSError):
                failure = storage_failed(error)
            self._fail(running, failure)
            raise failure from error
        finally:
            running.busy, running.moved = False, monotonic()
        return False

    def whole(self, room: LiveRoom, data: bytes, by: Person, address: str = "") -> None:
        """Take a whole file at once, in place of a running upload; raise the error that refuses it.

        It is one message, so its rows are shown when it is whole.
        """
        running = self._prepare(room, "table.tsv", len(data), data, address)
        try:
            self._disk.reserve(running.document_id, running.name, len(data), len(data))
            self.clear(room, by, "Another file came in its place.")
        except BaseException:
            self._store.forget(running.document_id)
            raise
        self._start(running, by)
        view_of_data = memoryview(data)
        for start in range(0, len(data), CHUNK_BYTES):
            if not running.current:
                return  # somebody cancelled it, or a newer file took its place: the room shows what it is now
            with suppress(NoUpload):
                self.chunk(running, bytes(view_of_data[start : start + CHUNK_BYTES]), data, show=False)

    def find(self, room: LiveRoom, upload_id: str) -> Running:
        """Return the room's running upload if it is this one; raise NoUpload if not, or if it is complete already."""
        running = self._running.get(room)
        if running is None or not running.current:
            running = self._take_over(room)
        if running is None or running.upload_id != upload_id or running.sealing:
            raise NoUpload("There is no such upload in this room; it may have ended already.")
        return running

    def _take_over(self, room: LiveRoom) -> Running | None:
        """Return the upload that came in at another worker, to be gone on with or cancelled at this one."""
        pending, upload = self._records.pending(room), room.state.upload
        if pending is None or upload is None or pending["upload"] != upload.upload:
            return None
        if (former := self._running.get(room)) is not None:
            self._end(former)
        running = offload(Running.restore, room, pending, self._store, self._settings)
        running.attempt = upload.attempt
        self._running[room] = running
        return running

    def worker_died(self, room: LiveRoom, worker: str) -> None:
        """Pause the upload that came in at a worker that drives it no more."""
        pending = self._records.pending(room)
        if pending is not None and pending.get("worker") == worker and (running := self._take_over(room)) is not None:
            self._pause(running)

    def cancel(self, running: Running, by: Person | None, why: str) -> None:
        """End an upload; the former table and its page are back."""
        if running.current and not running.sealing:
            notice = Notice("upload_cancelled", f"The upload of {running.name!r} was cancelled. {why}".strip())
            self._abandon(running, notice, by)

    def lost(self, running: Running, sender: object) -> None:
        """Pause an upload whose sender is gone; later the former table is shown, and in the end it is given up."""
        if not running.current or running.sealing or running.sender is not sender:
            return
        if running.stored == 0:
            return self._give_up(running, running.pauses)
        self._pause(running)

    def pause_silent(self) -> None:
        """Pause the uploads of which nothing came for `upload_silence_seconds`; end those of which nothing came at all.

        A paused upload continues when its sender sends more, or is resumed as any other.
        """
        before = monotonic() - self._settings.upload_silence_seconds
        for running in list(self._running.values()):
            sender = running.sender
            if not running.current:  # it goes on at another worker, where it counts from now on
                self._end(running)
                self._store.accounts.settle(running.document_id, 0)
            elif sender is not None and running.moved < before and not (running.busy or running.sealing):
                self.lost(running, sender)
                running.silent = sender

    def is_sent(self, room: LiveRoom) -> bool:
        """Say whether the room has an upload that is not paused."""
        running = self._running.get(room)
        return running is not None and running.sender is not None

    def drop(self, room: LiveRoom) -> None:
        """Forget the upload of a room that is about to be deleted."""
        if (running := self._running.get(room)) is not None:
            room.incoming = room.pending = None
            self._end(running)

    def _pause(self, running: Running) -> None:
        self._show(running)
        running.sender = None
        if self._store.accounts.is_incoming(running.document_id):
            self._store.accounts.reserve(running.document_id, running.stored, 0)
        running.pauses += 1
        if self._change(running, view.pause):
            self._counts.uploads["paused"] += 1
        gevent.spawn_later(self._settings.pause_seconds, self._set_aside, running, running.pauses)
        gevent.spawn_later(self._settings.abandon_seconds, self._give_up, running, running.pauses)

    def _wait(self, running: Running) -> None:
        """Pause an upload from which the store is away, as one that a former server has left."""
        self._pause(running)
        again = offload(Running.restore, running.room, running.record(), self._store, self._settings)
        again.attempt = running.attempt
        if self._running.get(running.room) is running:
            self._running[running.room] = again

    def rejoined(self, room: LiveRoom, worker: str) -> None:
        """Pause the room's upload at all workers, if it was paused or ended at this `worker` while that was apart."""
        running = self._running.get(room)
        if running is None or not running.current:
            self.worker_died(room, worker)
        elif running.sender is None:
            self._records.claim(room, running.record())
            self._change(running, view.pause)

    def resume(
        self, room: LiveRoom, upload_id: str, name: str, size: int, sender: object, address: str = ""
    ) -> Running:
        """Return an upload that waits for the proof that its file is the same; nobody else's chunks are taken any more.

        Raise NoUpload, LimitReached, StoreAway, or NotTheSame for a file of another name or size.
        """
        _expect_together(room)
        running = self.find(room, upload_id)
        self._require_share(address, besides=running.document_id)
        if (name, size) != (running.name, running.size):
            raise NotTheSame(f"This is another file than {running.name!r} ({running.size:,} bytes), which broke off.")
        if running.sender is not None:  # on a line of which the server has not noticed yet that it is dead
            self._pause(running)
        running.claimant, running.claimant_address = sender, address
        with room.reading_turn:  # what its former sender had sent is stored by then
            return running

    def prove(self, running: Running, data: bytes, by: Person, sender: object) -> None:
        """Let the upload go on from `sender` if these are the bytes of the proof.

        Raise NoUpload, NotTheSame or StoreAway, and it stays paused.
        """
        same = running.claimant is sender and offload(running.matches, data)
        if not running.current or running.claimant is not sender:
            raise NoUpload("This upload has ended, or goes on from elsewhere.")
        running.claimant = None
        if not same:
            raise NotTheSame(f"This is another file than the {running.name!r} that broke off: its bytes differ.")
        running.address = running.claimant_address
        self._store.accounts.bring(running.document_id, self._store.origin(running.address))
        self._store.accounts.reserve(running.document_id, running.stored, 0)
        self._go_on(running, by, sender)

    def _go_on(self, running: Running, by: Person | None, sender: object) -> None:
        if not self._change(running, view.resume, by):
            raise NoUpload("This upload has ended, or goes on from elsewhere.")
        running.attempt += 1
        running.sender, running.silent, running.moved = sender, None, monotonic()
        running.room.incoming, running.room.pending = running.document, running.record()
        try:
            self._records.claim(running.room, running.record())
            _expect_together(running.room)
        except StoreAway:
            self._pause(running)
            raise
        self._counts.uploads["resumed"] += 1

    def _set_aside(self, running: Running, pauses: int) -> None:
        if running.current and running.sender is None and running.pauses == pauses:
            words = (
                f"The upload of {running.name!r} is paused: its sender is gone. It can be resumed with the same file."
            )
            self._change(running, view.set_aside, Notice("upload_paused", words))

    def _give_up(self, running: Running, pauses: int) -> None:
        if running.current and running.pauses == pauses and (running.sender is None or running.stored == 0):
            words = f"The upload of {running.name!r} broke off: its sender is gone."
            self._abandon(running, Notice("upload_lost", words), running.room.state.by)

    def clear(self, room: LiveRoom, by: Person | None, why: str) -> None:
        """End the room's upload, if it has one; wait for one whose table is about to be announced."""
        while running := self._running.get(room):
            if running.sealing:
                running.ended.wait()
            else:
                self.cancel(running, by, why)

    def _grow(self, running: Running) -> None:
        """Show what has come, unless the page that is shown has all its rows and the rest was told a moment ago."""
        if not (running.resting and view.filled(running.room.state) and running.reads_as_shown):
            self._show(running)

    def _show(self, running: Running) -> None:
        if not running.current or running.document.reading is None:
            return  # nothing of it is here to be seen
        reading, table = running.described(growing=True)
        self._change(running, view.grow, running.stored, table, readings=[reading])
        if not running.resting:
            running.resting = True
            gevent.spawn_later(PROGRESS_SECONDS, self._rested, running)

    def _rested(self, running: Running) -> None:
        running.resting = False
        upload = running.room.state.upload
        if running.current and not running.sealing and upload and upload.stored != running.stored:
            self._show(running)

    def _finish(self, running: Running) -> bool:
        """Seal, flush, record, and only then announce; nothing can cancel it from the flush on."""
        room, document = running.room, running.document
        is_first = room.state.table is None
        with room.reading_turn:
            offload(document.seal)
        if not running.current:
            raise NoUpload("This upload was cancelled.")
        _expect_together(room)
        running.sealing = room.finishing = True
        room.arriving = running.document_id
        pending, room.pending = room.pending, None
        try:
            if room.state.table and room.document and room.document.reading:
                room.former[room.state.table.document] = record_of(room.state.table, room.document.reading)
            reading, table = self._record(running)
        except BaseException:
            room.pending, room.arriving = pending, None
            raise
        finally:
            room.finishing = False
        try:
            if not self._change(running, view.finish, table, readings=[reading]):
                self._end(running)
                raise NoUpload("This upload was cancelled.")
        finally:
            room.arriving = None
        _expect_together(room)
        room.document, room.incoming = document, None
        self._end(running)
        self._counts.uploads["finished"] += 1
        if is_first:
            self._addresses.count_room(running.address)
        self._records.forget_oldest(room)
        return True

    def _record(self, running: Running) -> tuple[Reading, Table]:
        reading, table = running.described(growing=False)
        offload(self._store.keep, running.document_id, reading.index.dumps(), reading.id)
        self._records.share_index(running.room, running.document_id)
        self._records.save(running.room, view.finish(running.room.state, table), reading)
        # Somebody may have wished it to be read otherwise meanwhile; that is written down soon.
        return running.described(growing=False)

    def _fail(self, running: Running, error: TsvappError) -> None:
        if running.current:
            maybe_recorded, running.sealing = running.sealing, False
            notice = Notice(error.code, f"{running.name!r} could not be opened. {error.message}")
            self._abandon(running, notice, None, maybe_recorded)

    def _abandon(self, running: Running, notice: Notice, by: Person | None, maybe_recorded: bool = False) -> None:
        room = running.room
        self._change(running, view.abandon, notice, by)
        room.incoming = room.pending = None
        room.unsaved = True
        self._end(running)
        self._counts.uploads_failed[notice.code] += 1
        if maybe_recorded:
            # A commit that was said to fail may be on the disk: a file that a record names must not go before it.
            self._records.save_if_needed(room)
            if room.unsaved:
                return self._store.forget(running.document_id)  # and it is swept away later
        with room.reading_turn:
            self._records.forget_upload(room, running.document_id)
        self._records.forget_empty(room, running.document_id)

    def _change(
        self, running: Running, step: Callable[..., RoomState], *args: Any, readings: Sequence[Reading] = ()
    ) -> bool:
        """Take a step of an upload, if it is still the room's when it is taken."""

        def still(state: RoomState) -> RoomState:
            return step(state, *args) if running.is_in(state) else state

        return running.room.change(still, readings=readings)

    def _end(self, running: Running) -> None:
        if self._running.get(running.room) is running:
            del self._running[running.room]
        running.ended.set()


def _expect_together(room: LiveRoom) -> None:
    """Raise StoreAway while the room is apart: what begins, goes on or ends then would be undone afterwards."""
    if room.apart:
        raise StoreAway("the room is apart from other workers")
