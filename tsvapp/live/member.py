"""One connection in a room: what it says is done, and what it must know is answered.

The two protocols differ in how they are welcomed, how they speak and how a mistake is told; what a command does is
the same. Each class here is one protocol.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from tsvapp.errors import BadCommand, LimitReached, NoUpload, TsvappError, UnknownRoom
from tsvapp.live.broadcaster import Listener
from tsvapp.live.connection import Connection
from tsvapp.live.frame import message_frame
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.offload import offload
from tsvapp.live.outbox import Slot
from tsvapp.live.pages import answer_cell, answer_look
from tsvapp.live.rereading import reread
from tsvapp.live.uploads import Running
from tsvapp.live.worker import Worker
from tsvapp.room import view
from tsvapp.room.messages import (
    CHUNK_BYTES,
    NO_ROOM,
    WINDOW_BYTES,
    Ack,
    Begin,
    Cancel,
    Chunk,
    Command,
    ErrorEvent,
    Event,
    Finished,
    Look,
    NoRoom,
    Read,
    ReadCell,
    Ready,
    Turn,
    Welcome,
    WholeFile,
    parse,
    parse_article,
    serialize,
)
from tsvapp.room.room import Audience
from tsvapp.room.view import PAGE_SIZE, Table
from tsvapp.store.local import storage_failed
from tsvapp.table.dialect import DELIMITERS, ENCODINGS
from tsvapp.table.reading import Reading

log = logging.getLogger(__name__)


class ArticleMember(Listener):
    """Speak the article's protocol: a file or a page number in, pages out, and a close where something is wrong."""

    def __init__(self, connection: Connection, worker: Worker) -> None:
        super().__init__(Audience.ARTICLE, connection.outbox)
        self._connection = connection
        self._worker = worker

    def converse(self, room_id: str | None) -> None:
        """Join the room, do what the messages say until the connection ends, and leave."""
        registry = self._worker.registry
        room = None
        try:
            room = registry.open(room_id) if room_id else registry.create()
            registry.join(room, self)
            for message in self._connection.messages():
                command = parse_article(message)
                if isinstance(command, WholeFile):
                    self._worker.uploads.whole(room, command.data)
                elif view.turn(room.state, command.page) is room.state:
                    room.broadcaster.repeat()
                else:
                    room.change(view.turn(room.state, command.page))
        except TsvappError as error:
            self._connection.close(error.close_code, error.message)
        finally:
            if room is not None:
                registry.leave(room, self)


class V1Member(Listener):
    """Speak `tsvapp.v1`: a mistake is answered by an error event, and the conversation goes on."""

    def __init__(self, connection: Connection, worker: Worker) -> None:
        super().__init__(Audience.V1, connection.outbox)
        self._connection = connection
        self._worker = worker
        self._room: LiveRoom | None = None
        self._upload: Running | None = None
        self._refused = False

    def converse(self, room_id: str | None) -> None:
        """Join the room, do what the messages say until the connection ends, and leave."""
        try:
            self._join(room_id)
            for message in self._connection.messages():
                self._hear(message)
                self.outbox.wait_for_room()
        except LimitReached as error:
            self._answer(ErrorEvent(**error.answer()))
            self._connection.close(error.close_code, error.message)
        finally:
            if self._upload is not None:
                self._worker.uploads.lost(self._upload)
            if self._room is not None:
                self._worker.registry.leave(self._room, self)

    def _join(self, room_id: str | None) -> None:
        registry, settings = self._worker.registry, self._worker.settings
        try:
            room = registry.find(room_id) if room_id else registry.create()
        except UnknownRoom as error:
            return self._answer(NoRoom(error.reason, error.message))
        if room is None:
            return self._answer(NoRoom("unknown", NO_ROOM["unknown"]))
        limits = {
            "page_size": PAGE_SIZE,
            "page_columns": settings.page_columns,
            "cell_chars": settings.cell_chars,
            "chunk_bytes": CHUNK_BYTES,
            "window_bytes": WINDOW_BYTES,
            "upload_bytes": settings.max_upload_bytes,
        }
        self._answer(
            Welcome(room.room_id, limits, settings.room_days, settings.heartbeat_seconds, ENCODINGS, DELIMITERS)
        )
        registry.join(room, self)
        self._room = room

    def _hear(self, message: str | bytes) -> None:
        ask = None
        try:
            command = parse(message)
            ask = command.ask if isinstance(command, Look | ReadCell) else None
            if self._room is None:
                raise UnknownRoom("There is no table at this address. Start a new one.")
            self._do(self._room, command)
        except TsvappError as error:
            self._answer(ErrorEvent(**error.answer(), ask=ask))

    def _do(self, room: LiveRoom, command: Command) -> None:
        match command:
            case Turn(page):
                room.change(view.turn(room.state, page))
            case Begin(name, size):
                self._begin(room, name, size)
            case Chunk(data):
                self._chunk(data)
            case Cancel(upload):
                self._worker.uploads.cancel(self._worker.uploads.find(room, upload), "The former table is back.")
            case Read():
                reread(room, command, self._worker.records, self._worker.store)
            case Look():
                self._look(room, command)
            case ReadCell():
                self._cell(room, command)
            case WholeFile():
                raise BadCommand("A whole file belongs to the article's protocol.")

    def _begin(self, room: LiveRoom, name: str, size: int) -> None:
        try:
            self._upload = self._worker.uploads.begin(room, name, size)
        except TsvappError:
            self._refused = True
            raise
        self._refused = False
        self._answer(Ready(self._upload.upload_id, offset=0))

    def _chunk(self, data: bytes) -> None:
        upload = self._upload
        if upload is None and not self._refused:
            raise NoUpload("There is no upload to add these bytes to; send begin first.")
        if upload is None or not upload.current:
            return  # still on their way when the upload ended, which its sender has been told
        try:
            finished = self._worker.uploads.chunk(upload, data)
        except TsvappError as error:
            return self._answer(ErrorEvent(**error.answer(), upload=upload.upload_id))
        self.outbox.offer(Slot.ACK, message_frame(serialize(Ack(upload.upload_id, upload.stored))))
        if finished and (reading := upload.document.reading):
            self._answer(Finished(upload.upload_id, upload.document_id, reading.rows))
            self._upload = None

    def _look(self, room: LiveRoom, look: Look) -> None:
        self._answer_from(room, lambda table, reading: answer_look(look, table, reading, self._worker.settings))

    def _cell(self, room: LiveRoom, asked: ReadCell) -> None:
        self._answer_from(room, lambda table, reading: answer_cell(asked, reading))

    def _answer_from(self, room: LiveRoom, encode: Callable[[Table, Reading], bytes]) -> None:
        while (table := room.state.shown) and (reading := room.reading()):
            try:
                return self.outbox.answer(offload(encode, table, reading))
            except OSError as error:
                # A document that was replaced meanwhile is gone from the disk: the one in its place is meant now.
                if room.reading() is reading:
                    raise storage_failed(error) from error
        raise BadCommand("There is no table here to look at.")

    def _answer(self, event: Event) -> None:
        self._connection.send(serialize(event))
