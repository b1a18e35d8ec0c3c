"""Documents as files and rooms in SQLite, in one directory with one owner.

    lock                     held by the server that owns the directory
    rooms.sqlite             one record a room, and the ids that are spent
    documents/<id>           the bytes, as they came; only ever added to
    documents/<id>.index     where its rows start

A document belongs to the room whose record names it, also while it is on its way in; a file that no record names is
left over, and is removed when the directory is opened. Everything here blocks: callers run it off the event loop, and
the records in one thread.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tsvapp.errors import StartupError
from tsvapp.store.blob import FileBlob, storage_failed
from tsvapp.store.lock import DirectoryLock

FORMAT = 1
"""Version of the directory's layout; another one is refused in words."""


class LocalStore:
    """Keep rooms and their documents in `directory`; nothing is read or written there before `open`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._documents = directory / "documents"
        self._lock = DirectoryLock(directory / "lock")
        self._records: sqlite3.Connection | None = None

    def own(self) -> bool:
        """Take the directory if no server has it; raise StartupError when it cannot be written."""
        try:
            self._documents.mkdir(parents=True, exist_ok=True)
            return self._lock.acquire()
        except OSError as error:
            raise StartupError(
                f"The data directory {self._directory} cannot be written: {error.strerror}. Set TSVAPP_DATA_DIR."
            ) from error

    def owner(self) -> str:
        """Say which server has the directory: what it wrote into the lock."""
        return self._lock.owner()

    def open(self) -> None:
        """Open the records, check their format, and remove what unfinished uploads have left.

        Raise StartupError when they are of another version, or no records at all.
        """
        try:
            records = sqlite3.connect(self._directory / "rooms.sqlite", check_same_thread=False, isolation_level=None)
            self._records = records
            self._prepare(records)
        except sqlite3.Error as error:
            raise StartupError(
                f"The rooms in {self._directory} cannot be opened: {error}. Bring back a copy of the directory, or set"
                " TSVAPP_DATA_DIR to another one."
            ) from error
        self._sweep()

    def _prepare(self, records: sqlite3.Connection) -> None:
        # FULL: a commit is on disk when it returns, so what is announced survives a power cut.
        records.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        (version,) = records.execute("PRAGMA user_version").fetchone()
        if version not in (0, FORMAT):
            raise StartupError(
                f"The data directory {self._directory} has format {version}; this version reads format {FORMAT}."
                " Use the version that wrote it, or another directory."
            )
        records.executescript(
            f"""
            CREATE TABLE IF NOT EXISTS rooms (
                room_id TEXT PRIMARY KEY, used_at REAL NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS rooms_by_use ON rooms (used_at);
            CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, room_id TEXT NOT NULL) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS documents_by_room ON documents (room_id);
            CREATE TABLE IF NOT EXISTS unfinished (id TEXT PRIMARY KEY, room_id TEXT NOT NULL) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS unfinished_by_room ON unfinished (room_id);
            CREATE TABLE IF NOT EXISTS watches (id TEXT PRIMARY KEY, room_id TEXT NOT NULL) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS watches_by_room ON watches (room_id);
            CREATE TABLE IF NOT EXISTS spent (id TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
            PRAGMA user_version = {FORMAT};
            """
        )

    def close(self) -> None:
        """Close the records and let go of the directory."""
        if self._records is not None:
            self._records.close()
            self._records = None
        self._lock.release()

    def probe(self) -> None:
        """Write something and remove it again; raise StorageFailed if the disk does not take it."""
        path = self._directory / "probe"
        try:
            path.write_bytes(b"?" * 4096)
            path.unlink()
        except OSError as error:
            raise storage_failed(error) from error

    def usage(self) -> tuple[int, int]:
        """Return the bytes that documents take, and those that are free on their disk."""
        taken = 0
        with os.scandir(self._documents) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # deleted meanwhile
                    taken += entry.stat().st_size
        disk = os.statvfs(self._documents)
        return taken, disk.f_bavail * disk.f_frsize

    # Documents

    def blob(self, document_id: str, most: int | None = None) -> FileBlob:
        """Return the bytes of a document, which may be new; what it has beyond `most` is written anew."""
        path = self._documents / document_id
        size = path.stat().st_size if path.exists() else 0
        return FileBlob(path, size if most is None else min(size, most))

    def age(self, document_id: str) -> float:
        """Return the seconds since a document got its last bytes; infinite where there are none."""
        try:
            return time.time() - (self._documents / document_id).stat().st_mtime
        except FileNotFoundError:
            return math.inf

    def keep(self, document_id: str, index: bytes) -> None:
        """Write a finished document's index, and flush both to the disk; raise StorageFailed if that fails."""
        path = self._documents / document_id
        try:
            _flush(path)
            self._write_index(path, index)
            _flush(self._documents)
        except OSError as error:
            raise storage_failed(error) from error

    def _write_index(self, path: Path, index: bytes) -> None:
        # Written beside and renamed, so that a reader finds the old one or the new one, never half of one.
        draft = path.with_suffix(".draft")
        draft.write_bytes(index)
        _flush(draft)
        draft.rename(path.with_suffix(".index"))

    def index(self, document_id: str) -> bytes:
        """Return what `keep` wrote, or nothing where it is missing."""
        try:
            return (self._documents / document_id).with_suffix(".index").read_bytes()
        except FileNotFoundError:
            return b""

    def delete(self, document_id: str) -> None:
        """Remove a document's bytes and index; one that is gone already is no error."""
        path = self._documents / document_id
        for part in (path, path.with_suffix(".index"), path.with_suffix(".draft")):
            part.unlink(missing_ok=True)

    def _sweep(self) -> None:
        named = {
            document for (document,) in self._db.execute("SELECT id FROM documents UNION SELECT id FROM unfinished")
        }
        for path in self._documents.iterdir():
            if path.stem not in named or path.suffix == ".draft":
                path.unlink()

    # Records

    @property
    def _db(self) -> sqlite3.Connection:
        assert self._records is not None, "open() comes first"
        return self._records

    def save_room(
        self,
        room_id: str,
        watch_id: str,
        used_at: float,
        documents: Sequence[str],
        record: dict[str, Any],
        unfinished: str | None = None,
    ) -> None:
        """Write a room's record, which is JSON, the documents it has and the one on its way in.

        On return it is on the disk.
        """
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO rooms VALUES (?, ?, ?)", (room_id, used_at, json.dumps(record)))
            db.execute("INSERT OR IGNORE INTO watches VALUES (?, ?)", (watch_id, room_id))
            db.execute("DELETE FROM documents WHERE room_id = ?", (room_id,))
            db.executemany("INSERT INTO documents VALUES (?, ?)", [(each, room_id) for each in documents])
            db.execute("DELETE FROM unfinished WHERE room_id = ?", (room_id,))
            if unfinished is not None:
                db.execute("INSERT INTO unfinished VALUES (?, ?)", (unfinished, room_id))

    def unfinished(self) -> list[str]:
        """List the documents that are on their way in."""
        return [document for (document,) in self._db.execute("SELECT id FROM unfinished")]

    def forget_unfinished(self, document_id: str) -> None:
        """Remove a document whose upload will not go on."""
        self.delete(document_id)
        self._db.execute("DELETE FROM unfinished WHERE id = ?", (document_id,))

    def watched(self, watch_id: str) -> str | None:
        """Return the room that may be looked at by this id, or None."""
        row = self._db.execute("SELECT room_id FROM watches WHERE id = ?", (watch_id,)).fetchone()
        return row[0] if row else None

    def renew_watch(self, room_id: str, watch_id: str, reason: str) -> None:
        """Give a room another id to look by; the former ones are spent."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO spent SELECT id, ? FROM watches WHERE room_id = ?", (reason, room_id))
            db.execute("DELETE FROM watches WHERE room_id = ?", (room_id,))
            db.execute("INSERT INTO watches VALUES (?, ?)", (watch_id, room_id))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        # One that fails is rolled back: left open, it would keep all that is saved later off the disk.
        with self._db:
            self._db.execute("BEGIN")
            yield self._db

    def load_room(self, room_id: str) -> tuple[str, float, dict[str, Any]] | None:
        """Return a room's id to look by, when it was last used, and its record; None where there is none."""
        asked = "SELECT id, used_at, record FROM rooms JOIN watches USING (room_id) WHERE room_id = ?"
        row = self._db.execute(asked, (room_id,)).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def count_rooms(self) -> int:
        """Count the rooms that are kept."""
        (count,) = self._db.execute("SELECT count(*) FROM rooms").fetchone()
        return int(count)

    def rooms_unused_since(self, moment: float) -> Iterator[str]:
        """List the rooms whose last use is before `moment` (seconds since 1970)."""
        rows = self._db.execute("SELECT room_id FROM rooms WHERE used_at < ? ORDER BY used_at", (moment,)).fetchall()
        return (room_id for (room_id,) in rows)

    def spend(self, room_id: str, reason: str, watch_id: str | None = None) -> None:
        """Delete a room with its documents for good, and remember its ids, so that they never become rooms again."""
        asked = "SELECT id FROM documents WHERE room_id = :id UNION SELECT id FROM unfinished WHERE room_id = :id"
        documents = self._db.execute(asked, {"id": room_id}).fetchall()
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO spent VALUES (?, ?)", (room_id, reason))
            db.execute("INSERT OR REPLACE INTO spent SELECT id, ? FROM watches WHERE room_id = ?", (reason, room_id))
            if watch_id is not None:  # of a room that was never written down
                db.execute("INSERT OR REPLACE INTO spent VALUES (?, ?)", (watch_id, reason))
            for where in ("rooms", "watches", "documents", "unfinished"):
                db.execute(f"DELETE FROM {where} WHERE room_id = ?", (room_id,))
        for (document,) in documents:
            self.delete(document)

    def spent(self, room_id: str) -> str | None:
        """Say why an id is spent, or None if it is not."""
        row = self._db.execute("SELECT reason FROM spent WHERE id = ?", (room_id,)).fetchone()
        return row[0] if row else None


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
