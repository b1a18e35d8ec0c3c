"""Faults of the disk and of SQLite, on purpose and on demand: a test names one in a file, the server runs into it.

Every operation on the data directory passes `Injector.meet` before it is done. It is written into the list of calls,
and fails if the fault of the moment says so.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

SQLITE_ERRORS = {
    "SQLITE_FULL": (sqlite3.SQLITE_FULL, "database or disk is full"),
    "SQLITE_IOERR": (sqlite3.SQLITE_IOERR, "disk I/O error"),
    "SQLITE_BUSY": (sqlite3.SQLITE_BUSY, "database is locked"),
    "SQLITE_READONLY": (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
    "SQLITE_CORRUPT": (sqlite3.SQLITE_CORRUPT, "database disk image is malformed"),
}


class Faults:
    """Steer the faults of a server; `environ` is what it needs to be started with."""

    def __init__(self, directory: Path) -> None:
        self._steering = directory / "fault"
        self._calls = directory / "calls"
        self._calls.touch()
        self._faults: list[dict[str, Any]] = []
        self._turn = 0
        self.environ = {"TEST_FAULTS": str(self._steering), "TEST_CALLS": str(self._calls)}

    def set(
        self,
        operation: str,
        error: str,
        path: str = "",
        *,
        behind: str = "",
        after: int = 0,
        times: int = 1 << 30,
        late: bool = False,
        beside: bool = False,
    ) -> None:
        """Let an operation fail whose path (for SQL: whose statement) fits the pattern `path`.

        From a call on that fits `behind` it is passed over `after` times and then fails `times` times. A `late` one
        does its work before it fails; the error SHORT lets a write take half of its bytes. `beside` lets what failed
        before fail too.
        """
        fault = {"operation": operation, "error": error, "path": path}
        fault |= {"behind": behind, "after": after, "times": times, "late": late}
        self._faults = [*(self._faults if beside else []), fault]
        draft = self._steering.with_suffix(".draft")
        self._turn += 1
        draft.write_text(json.dumps({"turn": self._turn, "faults": self._faults}))
        draft.rename(self._steering)

    def clear(self) -> None:
        """Let nothing fail any more."""
        self._steering.unlink(missing_ok=True)

    def forget_calls(self) -> None:
        """Begin the list of calls anew."""
        os.truncate(self._calls, 0)

    def calls(self) -> list[str]:
        """List what the server did with its data directory, and what it announced, in their order."""
        return self._calls.read_text().splitlines()


class Injector:
    """Be the server's end: decide for each operation whether it fails now."""

    def __init__(self, data_dir: str, steering: str, calls: str) -> None:
        self._data_dir = data_dir
        self._calls = os.open(calls, os.O_WRONLY | os.O_APPEND)
        self._read = Path(steering).read_text
        self._turn = 0
        self._faults: list[dict[str, Any]] = []

    def note(self, line: str) -> None:
        """Add a line to the list of calls."""
        with suppress(OSError):  # limits that a test sets for the server hold for this file too
            os.write(self._calls, f"{line}\n".encode())
        for fault in self._now():
            if fault["behind"] and re.search(fault["behind"], line):
                fault["behind"] = ""

    def meet(self, operation: str, path: str, work: Callable[[], Any], shorter: Callable[[], Any]) -> Any:
        """Do the work, unless it is to fail; `shorter` is what a short write does."""
        if operation != "sql" and not path.startswith(self._data_dir):
            return work()
        self.note(f"{operation} {path.removeprefix(self._data_dir).lstrip('/')}".rstrip())
        fault = self._due(operation, path)
        if fault is None:
            return work()
        if fault["error"] == "SHORT":
            return shorter()
        if fault["late"]:
            work()
        raise _error(fault["error"], path)

    def _due(self, operation: str, path: str) -> dict[str, Any] | None:
        for fault in self._now():
            if fault["behind"] or fault["operation"] != operation or not re.search(fault["path"], path):
                continue
            fault["after"] -= 1
            if fault["after"] < 0 < fault["times"]:
                fault["times"] -= 1
                return fault
        return None

    def _now(self) -> list[dict[str, Any]]:
        try:
            steering = json.loads(self._read())
        except OSError:  # there is none, or the server has no descriptor left to read it
            return []
        if steering["turn"] != self._turn:
            self._turn, self._faults = steering["turn"], steering["faults"]
        return self._faults


def _error(name: str, path: str) -> Exception:
    if name in SQLITE_ERRORS:
        code, words = SQLITE_ERRORS[name]
        error = sqlite3.OperationalError(words)
        error.sqlite_errorcode = code
        return error
    number = getattr(errno, name)
    return OSError(number, os.strerror(number), path)


def install(data_dir: str, steering: str, calls: str) -> None:
    """Put an injector before all that the server does with its data directory."""
    injector = Injector(data_dir, steering, calls)
    real = {name: getattr(os, name) for name in ("open", "pwrite", "pread", "ftruncate", "fsync")}
    real |= {name: getattr(os, name) for name in ("rename", "unlink", "mkdir", "stat")}

    def of_descriptor(descriptor: int) -> str:
        return os.readlink(f"/proc/self/fd/{descriptor}")

    def opened(path: Any, flags: int, *more: Any, **options: Any) -> int:
        operation = "create" if flags & os.O_CREAT else "write" if flags & os.O_WRONLY else "open"

        def work() -> int:
            return real["open"](path, flags, *more, **options)

        return injector.meet(operation, str(path), work, work)

    def written(descriptor: int, data: memoryview, position: int) -> int:
        return injector.meet(
            "pwrite",
            of_descriptor(descriptor),
            lambda: real["pwrite"](descriptor, data, position),
            lambda: real["pwrite"](descriptor, data[: max(1, len(data) // 2)], position),
        )

    def by_descriptor(name: str) -> Callable[..., Any]:
        def call(descriptor: int, *more: Any) -> Any:
            def work() -> Any:
                return real[name](descriptor, *more)

            return injector.meet(name, of_descriptor(descriptor), work, work)

        return call

    def by_path(name: str) -> Callable[..., Any]:
        def call(path: Any, *more: Any, **options: Any) -> Any:
            def work() -> Any:
                return real[name](path, *more, **options)

            return work() if isinstance(path, int) else injector.meet(name, str(path), work, work)

        return call

    os.open, os.pwrite = opened, written
    for name in ("pread", "ftruncate", "fsync"):
        setattr(os, name, by_descriptor(name))
    for name in ("rename", "unlink", "mkdir", "stat"):
        setattr(os, name, by_path(name))
    _install_in_records(injector)
    _install_in_announcements(injector)


def _install_in_records(injector: Injector) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, question: str, *values: Any) -> Any:
            def work() -> Any:
                return super(Connection, self).execute(question, *values)

            return injector.meet("sql", question, work, work)

    really_connect = sqlite3.connect
    sqlite3.connect = lambda *args, **options: really_connect(*args, factory=Connection, **options)


def _install_in_announcements(injector: Injector) -> None:
    """Write into the list of calls what clients are told, and that a room was used, which is written down as well."""
    # Not before gevent has patched: they import its parts. And a room is written down soon.
    from tsvapp.live import worker
    from tsvapp.live.broadcaster import Broadcaster
    from tsvapp.live.outbox import Outbox, Slot
    from tsvapp.live.records import Records

    really_offer, really_changed, really_answer = Outbox.offer, Broadcaster.changed, Outbox.answer
    really_touch = Records.touch

    def offer(self: Outbox, slot: Slot, frame: bytes) -> None:
        if slot is Slot.ACK:
            injector.note("told ack")
        if slot is Slot.LINKS:
            injector.note("told links")
        really_offer(self, slot, frame)

    def changed(self: Broadcaster) -> None:
        injector.note("told everyone")
        really_changed(self)

    def touch(self: Records, room: Any) -> None:
        really_touch(self, room)
        if room.stored and not room.deleted:  # or nothing is written down of it
            injector.note("touched")

    def answer(self: Outbox, frame: bytes) -> None:
        for kind in ("finished", "links", "unknown_room"):
            if f'"type":"{kind}"'.encode() in frame:
                injector.note(f"told {kind}")
        really_answer(self, frame)

    worker.SAVE_SECONDS = 0.02
    Outbox.offer, Broadcaster.changed, Outbox.answer, Records.touch = offer, changed, answer, touch
