"""A member that speaks the article's protocol: a file or a page number in, pages out, a close for a mistake."""

from __future__ import annotations

from tsvapp.errors import NotAllowed, TsvappError
from tsvapp.live.broadcaster import Listener
from tsvapp.live.connection import Connection
from tsvapp.live.ids import new_key
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.worker import Worker
from tsvapp.room import view
from tsvapp.room.commands import Turn, WholeFile, parse_article
from tsvapp.room.people import person
from tsvapp.room.room import Audience


class ArticleMember(Listener):
    """Take part by the article's protocol."""

    __slots__ = ("_connection", "_room", "_worker")

    def __init__(self, connection: Connection, worker: Worker, room: LiveRoom, may_drive: bool) -> None:
        audience = Audience.ARTICLE if may_drive else Audience.ARTICLE_WATCH
        super().__init__(audience, connection.outbox, person(room.room_id, new_key()), may_drive)
        self._connection = connection
        self._worker = worker
        self._room = room

    def converse(self) -> None:
        """Join the room, do what the messages say until the connection ends, and leave."""
        try:
            self._worker.registry.join(self._room, self)
            for message in self._connection.messages():
                command = parse_article(message)
                self._worker.counts.commands["article", command.type] += 1
                del message  # or an idle uploader would keep its whole file in memory
                self._do(command)
                del command
        except TsvappError as error:
            self._worker.counts.errors[error.code] += 1
            self._connection.close(error.close_code, error.message)
        finally:
            self._worker.registry.leave(self._room, self)

    def expel(self, reason: str, message: str) -> None:
        """End the membership, because the room has ended or the id was replaced."""
        self._connection.close(1008, message)

    def _do(self, command: Turn | WholeFile) -> None:
        room = self._room
        try:
            room.expect_driver(self)
        except NotAllowed:
            if isinstance(command, WholeFile):
                raise
            return room.broadcaster.again(self)  # a turn that is not allowed: its sender is shown where the room is
        if isinstance(command, WholeFile):
            address = self._worker.connections.get(self._connection, "")
            self._worker.uploads.whole(room, command.data, self.person, address)
        elif not room.change(view.turn, command.page, self.person):
            room.broadcaster.repeat()
