"""One upload on its way in: what it is, how far it has come, and who sends it."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from gevent.event import Event

from tsvapp.errors import EmptyFile
from tsvapp.live.ids import new_id
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.records import describe
from tsvapp.room.names import plain_file_name
from tsvapp.room.view import RoomState, Table
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore
from tsvapp.table.dialect import Choice
from tsvapp.table.document import Document, Reading

PROOF_BYTES = 64 << 10
"""Bytes at either end of what is stored that are compared before an upload goes on: a mix of two files is no file."""


class Running:
    """Be one upload into `room`, driven by the greenlet of whoever sends it."""

    def __init__(
        self, room: LiveRoom, upload_id: str, document_id: str, document: Document, name: str, size: int
    ) -> None:
        self.room = room
        self.upload_id = upload_id
        self.document_id = document_id
        self.document = document
        self.name = name
        self.size = size
        self.stored = 0
        self.sealing = False
        self.sender: object | None = None
        """Whose chunks are taken; nobody's while the upload is paused."""
        self.claimant: object | None = None
        """Who asked last to go on with it, and has still to show that the file is the same."""
        self.claimant_address = ""
        """Whom it counts for once that is shown."""
        self.address = ""
        """Whom it counts for, also while it is paused."""
        self.silent: object | None = None
        """Whose it was when nothing came for long: with their next bytes it goes on."""
        self.moved = monotonic()
        """When bytes were last stored."""
        self.busy = False
        """While bytes are on their way to the disk."""
        self.attempt = 1
        """Which try to bring it in this is: a later one, perhaps at another worker, takes its place."""
        self.pauses = 0
        self.resting = False
        """While it was shown a moment ago how far it has come."""
        self.ended = Event()

    @classmethod
    def begin(
        cls, room: LiveRoom, name: str, size: int, sender: object, store: LocalStore, settings: Settings
    ) -> Running:
        """Return a new upload, of which nothing has come yet."""
        document_id = new_id()
        document = Document(store.new_blob(document_id), new_id, max_row_bytes=settings.max_row_bytes)
        running = cls(room, new_id(), document_id, document, name, size)
        running.sender = sender
        return running

    @classmethod
    def restore(cls, room: LiveRoom, record: Mapping[str, Any], store: LocalStore, settings: Settings) -> Running:
        """Return an upload that a former server has written down; its bytes are read when the next ones come."""
        # Of a whole one the last byte is to come once more: it is with the last byte that an upload is finished.
        blob = store.blob(record["document"], most=record["size"] - 1)
        document = Document.unread(blob, new_id, max_row_bytes=settings.max_row_bytes, choice=Choice())
        running = cls(
            room, record["upload"], record["document"], document, plain_file_name(record["name"]), record["size"]
        )
        running.stored = blob.size
        return running

    def record(self) -> dict[str, Any]:
        """Return what `restore` wants."""
        return {"upload": self.upload_id, "document": self.document_id, "name": self.name, "size": self.size}

    def is_sent_by(self, sender: object) -> bool:
        """Say whether the bytes of this sender are taken."""
        return self.sender is sender or (self.sender is None and self.silent is sender)

    @property
    def current(self) -> bool:
        """Say whether this is still the room's upload."""
        return self.is_in(self.room.state)

    def is_in(self, state: RoomState) -> bool:
        """Say whether this is the upload that `state` speaks of."""
        upload = state.upload
        return upload is not None and (upload.upload, upload.attempt) == (self.upload_id, self.attempt)

    @property
    def reads_as_shown(self) -> bool:
        """Say whether people see it under the reading that it has now."""
        incoming, reading = self.room.state.incoming, self.document.reading
        return incoming is not None and reading is not None and incoming.reading == reading.id

    def described(self, growing: bool) -> tuple[Reading, Table]:
        """Return what has come so far, and everything about it that is not a cell; there must be a first byte."""
        reading = self.document.reading
        if reading is None:
            raise EmptyFile(f"{self.name!r} has no bytes.")
        document = {"id": self.document_id, "name": self.name, "size": self.size}
        return reading, describe(reading, document, growing)

    def proof(self) -> list[tuple[int, int]]:
        """Return the ranges of bytes by which a file shows that it is the same: the first and last that are stored."""
        first = min(PROOF_BYTES, self.stored)
        return [(0, first), (max(first, self.stored - PROOF_BYTES), self.stored)]

    def matches(self, data: bytes) -> bool:
        """Say whether these are the bytes of the proof; reads the disk."""
        return data == b"".join(self.document.blob.read(start, stop) for start, stop in self.proof())
