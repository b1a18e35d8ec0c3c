"""Every error that tsvapp raises on purpose, as one tree.

TsvappError
├── StartupError          the server cannot start, and says why
├── BadCommand            a message that is not a command of the protocol
├── NotAllowed            a command that this member may not give now
├── UnknownRoom           no room lives at this id (any more)
├── UploadError           an upload that cannot go on; the former table stays
│   ├── NotATable         the bytes are something else than a table
│   ├── EmptyFile         a file of no bytes
│   ├── TooLarge          more bytes than the server takes
│   ├── RowTooLong        a row of more bytes than the server takes
│   ├── UploadRunning     the room already has an upload
│   ├── NotTheSame        a file that is offered to go on with an upload, but is another
│   ├── NoUpload          a chunk or a cancel that belongs to no upload
│   └── StorageFailed     the disk is full or failing
├── StoreAway             the store that workers share does not answer
├── LimitReached          rooms, members or connections: as many as the server takes
├── TooSoon               a command that was given a moment ago; it may be given again in a few seconds
└── Restarting            the server is about to end; the next one takes over

Each class carries its code (for programs), the HTTP status and the WebSocket close code it deserves; the
message is for people and says what is wrong, what the limit is and what to do. `answer()` is the one map to
what goes over the wire. This module imports nothing of tsvapp.
"""

from __future__ import annotations

from typing import Any, ClassVar


class TsvappError(Exception):
    """Say what went wrong in words for a person; `limit` is the crossed limit, if one was."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    close_code: ClassVar[int] = 1011

    def __init__(self, message: str, *, limit: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.limit = limit

    def answer(self) -> dict[str, Any]:
        """Return the fields of the `error` event that tells a client of this error."""
        fields: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.limit is not None:
            fields["limit"] = self.limit
        return fields


class StartupError(TsvappError):
    """Refuse to start: a setting, the data directory or its owner is not as it must be."""

    code = "startup"


class BadCommand(TsvappError):
    """Refuse a message that is not a command of the protocol; `ask` is the number it gave for the answer, if any."""

    code = "bad_command"
    http_status = 400
    close_code = 1007

    def __init__(self, message: str, *, ask: int | None = None) -> None:
        super().__init__(message)
        self.ask = ask


class NotAllowed(TsvappError):
    """Refuse a command that this member may not give, or not now."""

    code = "not_allowed"
    http_status = 403
    close_code = 1008


class UnknownRoom(TsvappError):
    """Refuse an id at which no room lives, or none any more; `reason` is a word for programs."""

    code = "unknown_room"
    http_status = 404
    close_code = 1008

    def __init__(self, message: str, *, reason: str = "unknown") -> None:
        super().__init__(message)
        self.reason = reason


class UploadError(TsvappError):
    """End or refuse an upload; the room keeps the table it had."""

    code = "upload_failed"
    http_status = 400
    close_code = 1003


class NotATable(UploadError):
    """Refuse bytes that are no table, saying what they look like."""

    code = "not_a_table"


class EmptyFile(UploadError):
    """Refuse a file of no bytes."""

    code = "empty_file"


class TooLarge(UploadError):
    """Refuse more bytes than a limit allows."""

    code = "too_large"
    http_status = 413
    close_code = 1009


class RowTooLong(UploadError):
    """Refuse a row of more bytes than a limit allows."""

    code = "row_too_long"
    http_status = 413
    close_code = 1009


class UploadRunning(UploadError):
    """Refuse a second upload into a room that already has one."""

    code = "upload_running"
    http_status = 409
    close_code = 1008


class NotTheSame(UploadError):
    """Refuse to go on with an upload from another file; the upload stays as it is."""

    code = "not_the_same"
    http_status = 409
    close_code = 1008


class NoUpload(UploadError):
    """Refuse a chunk or a cancel that belongs to no running upload."""

    code = "no_upload"
    http_status = 409
    close_code = 1008


class StorageFailed(UploadError):
    """End an upload that could not be stored."""

    code = "storage_failed"
    http_status = 507
    close_code = 1011


class LimitReached(TsvappError):
    """Refuse one more room, member or connection than the server takes."""

    code = "limit_reached"
    http_status = 503
    close_code = 1013


class TooSoon(TsvappError):
    """Refuse a command that was given a moment ago and costs everyone in the room something."""

    code = "too_soon"
    http_status = 429
    close_code = 1008


class StoreAway(TsvappError):
    """Say that the store which several workers share does not answer."""

    code = "store_away"
    http_status = 503
    close_code = 1013

    def __init__(self, why: str) -> None:
        super().__init__("The server cannot reach its records just now. Try again in a moment.")
        self.why = why
        """For the log: it names the store's address."""


class Restarting(TsvappError):
    """Refuse what comes after the data directory was let go of; the next server does it."""

    code = "restarting"
    http_status = 503
    close_code = 1012
