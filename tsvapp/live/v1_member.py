"""A member that speaks `tsvapp.v1`: a mistake is answered by an error event, and the conversation goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import get_args

from tsvapp.errors import BadCommand, LimitReached, NotAllowed, NoUpload, TooSoon, TsvappError, UnknownRoom
from tsvapp.live import wheel
from tsvapp.live.broadcaster import Listener
from tsvapp.live.connection import Connection
from tsvapp.live.documents import restore
from tsvapp.live.frame import message_frame
from tsvapp.live.ids import new_key
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.offload import offload
from tsvapp.live.outbox import Slot
from tsvapp.live.pages import answer_cell, answer_look
from tsvapp.live.rereading import reread
from tsvapp.live.running import Running
from tsvapp.live.worker import Worker
from tsvapp.room import view
from tsvapp.room.commands import (
    AskWheel,
    At,
    Begin,
    Cancel,
    Chunk,
    Command,
    Delete,
    Hand,
    Introduce,
    Look,
    Move,
    Point,
    Present,
    Read,
    ReadCell,
    Remove,
    Renew,
    Restore,
    Resume,
    Turn,
    Wheel,
    WholeFile,
    parse,
)
from tsvapp.room.events import Ack, ErrorEvent, Event, Finished, NoRoom, Ready, Welcome, You, serialize
from tsvapp.room.people import Person, Pointed, person
from tsvapp.room.protocol import CHUNK_BYTES, NO_ROOM, SUBPROTOCOL, WINDOW_BYTES
from tsvapp.room.room import Audience
from tsvapp.room.view import PAGE_SIZE, Table
from tsvapp.store.blob import unreadable
from tsvapp.table.dialect import DELIMITERS, ENCODINGS
from tsvapp.table.reading import Reading

log = logging.getLogger(__name__)

READ_COUNTS = 4
"""Further messages that one counts for, of its address, that has the server read the disk for its sender alone."""

ASK_SECONDS = 2.0
"""Least time between two requests of one connection for the wheel."""

NOBODY = Person("", "", 0)


class V1Member(Listener):
    """Take part by `tsvapp.v1`; without a room, every command is answered that there is none."""

    __slots__ = ("_asked", "_connection", "_key", "_made", "_proving", "_refused", "_room", "_upload", "_worker")

    def __init__(
        self, connection: Connection, worker: Worker, room: LiveRoom | None, may_drive: bool, made: bool = False
    ) -> None:
        self._made = made
        self._key = new_key()
        who = person(room.room_id, self._key) if room else NOBODY
        super().__init__(Audience.V1, connection.outbox, who, may_drive)
        self._connection = connection
        self._worker = worker
        self._room = room
        self._upload: Running | None = None
        self._refused = False
        self._proving = False
        self._asked = -inf

    def converse(self, reason: str = "unknown") -> None:
        """Join the room, do what the messages say until the connection ends, and leave.

        Without a room, `reason` says why there is none.
        """
        try:
            self._join(reason)
            for message in self._connection.messages():
                self._hear(message)
        except LimitReached as error:
            self._answer(ErrorEvent(**error.answer()))
            self._connection.close(error.close_code, error.message)
        finally:
            if self._upload is not None:
                self._worker.uploads.lost(self._upload, self)
            if self._room is not None:
                self._worker.registry.leave(self._room, self)

    def expel(self, reason: str, message: str) -> None:
        """End the membership: the room has ended, the link was replaced, or the member is sent away.

        The connection lives on; an upload of the member's is paused.
        """
        if self._upload is not None:
            self._worker.uploads.lost(self._upload, self)
            self._upload, self._refused = None, True
        if self._room is not None:
            self._worker.registry.leave(self._room, self)
            self._room = None
        self._answer(NoRoom(reason, message))

    def _join(self, reason: str) -> None:
        room, settings = self._room, self._worker.settings
        if room is None:
            return self._answer(NoRoom(reason, NO_ROOM[reason]))
        limits = {
            "page_size": PAGE_SIZE,
            "page_columns": settings.page_columns,
            "cell_chars": settings.cell_chars,
            "chunk_bytes": CHUNK_BYTES,
            "window_bytes": WINDOW_BYTES,
            "upload_bytes": settings.largest_upload,
        }
        if self._made:
            self._worker.records.own(room, self.person.member)
        welcome = Welcome(
            room_id=room.link_id if self.may_drive else None,
            watch_id=room.watch_id,
            may_drive=self.may_drive,
            owns=room.owns(self),
            you=self.person,
            key=self._key,
            limits=limits,
            room_days=settings.room_days,
            heartbeat_seconds=settings.heartbeat_seconds,
            encodings=ENCODINGS,
            delimiters=DELIMITERS,
        )
        self._answer(welcome)
        self._worker.registry.join(room, self)

    def _hear(self, message: str | bytes) -> None:
        ask, upload, counts = None, None, self._worker.counts
        try:
            command = parse(message)
            counts.commands[SUBPROTOCOL, command.type] += 1
            ask = command.ask if isinstance(command, Look | ReadCell) else None
            upload = command.upload if isinstance(command, Resume) else None
            room = self._room
            if room is None or room.deleted:
                raise UnknownRoom("There is no table at this address. Start a new one.")
            # Of an upload that may be, no chunk is left out because somebody presents meanwhile: it would have a hole.
            goes_on = isinstance(command, Chunk) and self._upload is not None
            # Who made the room may always delete it and replace its links, also while somebody else presents.
            mine = isinstance(command, Delete | Renew) and room.owns(self)
            if isinstance(command, get_args(Move)) and not goes_on and not mine:
                room.expect_driver(self)
            elif isinstance(command, get_args(Wheel)) and not self.may_drive:
                raise NotAllowed("This link is for looking only.")
            if isinstance(command, Look | ReadCell | Read):
                self._worker.addresses.messages(self._address).wait(READ_COUNTS)
            self._do(room, command)
        except TsvappError as error:
            counts.errors[error.code] += 1
            if isinstance(error, BadCommand):
                ask = error.ask
            self._answer(ErrorEvent(**error.answer(), upload=upload, ask=ask))

    def _do(self, room: LiveRoom, command: Command) -> None:
        worker = self._worker
        match command:
            case Turn(page):
                room.change(view.turn, page, self.person)
            case Point(row, column):
                room.point(Pointed(self.person.member, self.person.name, self.person.hue, row, column))
            case Begin(name, size):
                self._begin(room, name, size)
            case Resume(upload, name, size):
                self._resume(room, upload, name, size)
            case Chunk(data):
                self._chunk(data)
            case Cancel(upload):
                worker.uploads.cancel(worker.uploads.find(room, upload), self.person, "The former table is back.")
            case Read():
                reread(room, command, self.person, worker.records, worker.store)
            case Look():
                self._answer_from(room, lambda table, reading: answer_look(command, table, reading, worker.settings))
            case ReadCell():
                self._answer_from(room, lambda table, reading: answer_cell(command, reading))
            case Introduce():
                self._introduce(room, command)
            case At(page):
                self.page = page
                room.broadcaster.soon(Slot.PRESENCE)
            case Present():
                wheel.present(room, self.person, room.owns(self))
            case AskWheel():
                self._ask_wheel(room)
            case Hand(member):
                wheel.hand(room, self.person, member)
            case Restore(document):
                restore(room, document, self.person, worker.records)
            case Delete():
                worker.delete(room)
            case Renew(both):
                if both:
                    self._expect_owner(room)
                worker.renew(room, both)
            case Remove(member):
                self._expect_owner(room)
                if member == self.person.member:
                    raise NotAllowed("You cannot send yourself away.")
                worker.remove(room, member)
            case WholeFile():
                raise BadCommand("A whole file belongs to the article's protocol.")

    def _introduce(self, room: LiveRoom, command: Introduce) -> None:
        self.person = person(room.room_id, command.key, command.name, command.hue)
        if self._made:
            self._worker.records.own(room, self.person.member)
        presenter = room.state.presenter
        if presenter is not None and presenter.member == self.person.member:
            room.change(view.hand, self.person)
        self._answer(You(self.person, room.owns(self)))
        room.broadcaster.soon(Slot.PRESENCE)

    def _expect_owner(self, room: LiveRoom) -> None:
        if not room.owns(self):
            raise NotAllowed("Only the person who made this table's link can do that.")

    def _ask_wheel(self, room: LiveRoom) -> None:
        # For the connection, not for its key: a client may introduce itself with another key each time.
        if monotonic() - self._asked < ASK_SECONDS:
            raise TooSoon(f"You have asked within the last {ASK_SECONDS:.0f} seconds. Wait for an answer.")
        wheel.ask(room, self.person)
        self._asked = monotonic()

    def _begin(self, room: LiveRoom, name: str, size: int) -> None:
        try:
            self._upload = self._worker.uploads.begin(room, name, size, self.person, self, self._address)
        except TsvappError:
            self._refused = True
            raise
        self._refused = False
        self._proving = False
        self._answer(Ready(self._upload.upload_id, offset=0, proof=[]))

    def _resume(self, room: LiveRoom, upload_id: str, name: str, size: int) -> None:
        self._upload, self._refused = None, True
        upload = self._worker.uploads.resume(room, upload_id, name, size, self, self._address)
        self._upload, self._refused, self._proving = upload, False, True
        self._answer(Ready(upload.upload_id, upload.stored, upload.proof()))

    def _chunk(self, data: bytes) -> None:
        upload = self._upload
        if upload is None:
            if self._refused:
                return  # still on their way when the upload was refused or broke off, which its sender has been told
            raise NoUpload("There is no upload to add these bytes to; send begin first.")
        try:
            if self._proving:
                self._upload, self._refused, self._proving = None, True, False
                self._worker.uploads.prove(upload, data, self.person, self)
                self._upload, self._refused = upload, False
                return
            if not upload.current or not upload.is_sent_by(self):
                return
            finished = self._worker.uploads.chunk(upload, data, self)
        except TsvappError as error:
            self._worker.counts.errors[error.code] += 1
            return self._answer(ErrorEvent(**error.answer(), upload=upload.upload_id))
        self.outbox.offer(Slot.ACK, message_frame(serialize(Ack(upload.upload_id, upload.stored))))
        if finished and (reading := upload.document.reading):
            self._answer(Finished(upload.upload_id, upload.document_id, reading.rows))
            self._upload = None

    def _answer_from(self, room: LiveRoom, encode: Callable[[Table, Reading], bytes]) -> None:
        while (table := room.state.shown) and (reading := room.reading()):
            try:
                return self.outbox.answer(offload(encode, table, reading))
            except OSError as error:
                # A document that was replaced meanwhile is gone from the disk: the one in its place is meant now.
                if room.reading() is reading:
                    log.warning("room %.8s: a page cannot be read: %s", room.room_id, error)
                    raise unreadable(error) from error
        raise BadCommand("There is no table here to look at.")

    @property
    def _address(self) -> str:
        return self._worker.connections.get(self._connection, "")

    def _answer(self, event: Event) -> None:
        self._connection.send(serialize(event))
