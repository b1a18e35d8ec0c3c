"""Documents as files and rooms in SQLite, in one directory with one owner.

    lock                     held by the server that owns the directory
    rooms.sqlite             one record a room, and the ids that are spent
    documents/<id>           the bytes, as they came; only ever added to
    documents/<id>.index     where its rows start, sealed for the reading that found them

Workers that share rooms have their documents in shared/, and in shared/store which store has the records of them; those
that see no common directory have copies in cache/.

A document belongs to the room whose record names it, also while it is on its way in; one of ours that no record names
is left over, and is swept away. What a record is to name is on the disk before the record is, and what no record is to
name any more is deleted after it. Everything here blocks: callers run it off the event loop, and the records in one
thread. Every error of the disk or of SQLite leaves as a StorageFailed, but for those of reading a document.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tsvapp.errors import StartupError, StorageFailed
from tsvapp.store.accounts import Accounts
from tsvapp.store.blob import FileBlob, flush, is_document_id, storage_failed, write_flushed
from tsvapp.store.lock import DirectoryLock
from tsvapp.store.schema import prepare

SEAL_BYTES = 16

ORIGIN_BYTES = 8
"""Enough to tell addresses apart, and no more."""

RENEWED = 16
"""Replaced ids of one room that are remembered, in Redis too: anybody who may drive can make another one."""

_OURS = re.compile(r"([0-9a-f]{32})(\.index|\.draft)?")
"""Names of files in documents/ that are ours to sweep; a backup, lost+found or .nfs… is somebody else's."""

log = logging.getLogger(__name__)


class LocalStore:
    """Keep rooms and their documents in `directory`; nothing is read or written there before `open`."""

    def __init__(self, directory: Path, documents: str = "documents") -> None:
        self._directory = directory
        self._documents = directory / documents
        self._lock = DirectoryLock(directory / "lock")
        self._records: sqlite3.Connection | None = None
        self.accounts = Accounts()
        """What the documents take that this process has written or found."""
        self._secret = secrets.token_bytes(32)
        """Of this process until the records are opened, which have one of their own."""

    def own(self) -> bool:
        """Take the directory if no server has it; raise StartupError when it cannot be written."""
        self.make()
        try:
            return self._lock.acquire()
        except OSError as error:
            raise self._unwritable(error) from error

    def make(self) -> None:
        """Make the directory, for its owner alone; raise StartupError when it cannot be written."""
        try:
            # mkdir gives parents the mode that the umask leaves.
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._documents.mkdir(mode=0o700, exist_ok=True)
            self._make_private()
        except OSError as error:
            raise self._unwritable(error) from error

    def _make_private(self) -> None:
        """Take from others what earlier versions have let them read: with the ids in the records, every room."""
        for path in (self._documents, *self._directory.glob("rooms.sqlite*")):
            with suppress(PermissionError):  # it belongs to another user, who decides who reads it
                if path.stat().st_mode & 0o077:
                    path.chmod(path.stat().st_mode & 0o700)

    def _unwritable(self, error: OSError) -> StartupError:
        words = f"The data directory {self._directory} cannot be written: {error.strerror}. Set TSVAPP_DATA_DIR."
        return StartupError(words)

    def owner(self) -> str:
        """Say which server has the directory: what it wrote into the lock."""
        return self._lock.owner()

    def open(self) -> int:
        """Open the records, check their format, sweep away what is left over, and return how many rooms are kept.

        Raise StartupError when the records are of another format, are none at all, or have lost what they named.
        """
        path = self._directory / "rooms.sqlite"
        try:
            records = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._records = records
            prepare(records, has_documents=bool(self._files()))
            self._make_private()
            # The names of what was just made: the records, documents/ and the directory itself.
            flush(self._directory)
            with suppress(PermissionError):
                flush(self._directory.absolute().parent)
            rooms = self.count_rooms()
        except StartupError as error:
            self._close_records()
            raise StartupError(f"The file {path} {error.message}") from error
        except (sqlite3.Error, OSError, StorageFailed) as error:
            self._close_records()
            raise StartupError(
                f"The rooms in {self._directory} cannot be opened: {error}. Bring back a copy of the directory, or set"
                " TSVAPP_DATA_DIR to another one."
            ) from error
        self.sweep(at_start=True)
        self._open_accounts()
        return rooms

    def _open_accounts(self) -> None:
        ((self._secret,),) = self._ask("SELECT value FROM secret")
        documents = self._ask("SELECT id, origin FROM documents UNION SELECT id, origin FROM unfinished")
        for document_id, origin in documents:
            if origin is not None:
                self.accounts.bring(document_id, origin)
        for document_id in self.unfinished():
            self.accounts.reserve(document_id, self.blob(document_id).size, 0)

    def origin(self, address: str) -> str:
        """Return what is kept of an address: a hash with a secret of this directory, the same after a restart."""
        return hashlib.blake2b(address.encode(), key=self._secret, digest_size=ORIGIN_BYTES).hexdigest()

    def _close_records(self) -> None:
        if self._records is not None:
            self._records.close()
            self._records = None

    def close(self) -> None:
        """Close the records and let go of the directory."""
        self._close_records()
        self._lock.release()

    def probe(self) -> None:
        """Raise StorageFailed if the disk or the records do not take what is written."""
        self.probe_disk()
        with self._transaction():  # which shows that others may begin
            pass

    def probe_disk(self) -> None:
        """Write something and remove it again; raise StorageFailed if the disk does not take it."""
        path = self._directory / "probe"
        try:
            write_flushed(path, b"?" * 4096)
        except OSError as error:
            raise storage_failed(error) from error
        finally:
            with suppress(OSError):
                path.unlink()

    def usage(self) -> tuple[int, int]:
        """Return the bytes that documents take, and those that are free on their disk."""
        taken = 0
        with os.scandir(self._documents) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # deleted meanwhile
                    taken += entry.stat().st_size
        disk = os.statvfs(self._documents)
        return taken, disk.f_bavail * disk.f_frsize

    def reserved(self) -> tuple[int, int, int]:
        """Return the bytes that documents take, those that will be free, and those that are reserved ahead.

        The first two count what has arrived of incoming documents, whether it is written yet or not, and leave out what
        is reserved ahead of that.
        """
        unwritten, ahead = 0, 0
        for document_id, (arrived, further) in self.accounts.incoming().items():
            unwritten += arrived - self.blob(document_id, most=arrived).size
            ahead += further
        disk = os.statvfs(self._documents)
        return self.accounts.total() - ahead, disk.f_bavail * disk.f_frsize - unwritten, ahead

    def forget(self, document_id: str) -> None:
        """Count a document no longer as incoming: it never began, or its upload has ended."""
        self.accounts.settle(document_id, self._size_with_index(document_id))

    # Documents

    def _path(self, document_id: str) -> Path:
        """Return the path of a document; raise ValueError for anything but 32 hex digits.

        Ids also come from Redis and from records: what somebody has written there must not name another file.
        """
        if not is_document_id(document_id):
            raise ValueError("not the id of a document")
        return self._documents / document_id

    def new_blob(self, document_id: str) -> FileBlob:
        """Return the bytes of a new document: none; its file is made with the first."""
        return FileBlob(self._path(document_id))

    def blob(self, document_id: str, most: int | None = None) -> FileBlob:
        """Return the bytes of a document, none if it has no file; what it has beyond `most` is written anew."""
        path = self._path(document_id)
        try:
            size = path.stat().st_size
        except FileNotFoundError:  # not asked beforehand: another thread may remove it in between
            size = 0
        return FileBlob(path, size if most is None else min(size, most))

    def age(self, document_id: str) -> float:
        """Return the seconds since a document got its last bytes; infinite where there are none."""
        return self._age(self._path(document_id))

    def _age(self, path: Path) -> float:
        try:
            written = path.stat().st_mtime
        except FileNotFoundError:
            return math.inf
        return self._now() - written

    def _now(self) -> float:
        """Return the time by the clock that dates the files: where the disk is another machine's, it may be its."""
        with suppress(OSError), TemporaryFile(dir=self._documents) as probe:
            return os.fstat(probe.fileno()).st_mtime
        return time.time()

    def keep(self, document_id: str, index: bytes, reading_id: str) -> None:
        """Write a finished document's index, and flush both to the disk; raise StorageFailed if that fails."""
        path = self._path(document_id)
        draft = path.with_suffix(".draft")
        try:
            flush(path)
            # Written beside and renamed, so that a reader finds the old one or the new one, never half of one.
            write_flushed(draft, _seal(document_id, reading_id, index) + index)
            draft.rename(path.with_suffix(".index"))
            flush(self._documents)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise storage_failed(error) from error
        self.forget(document_id)

    def index(self, document_id: str, reading_id: str) -> bytes:
        """Return what `keep` wrote; nothing where it is missing, damaged, or of another document or reading."""
        sealed = self.sealed_index(document_id)
        seal, index = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
        return index if seal == _seal(document_id, reading_id, index) else b""

    def sealed_index(self, document_id: str) -> bytes:
        """Return what `keep` wrote as it is on the disk, for `put_index`; nothing where it is missing."""
        try:
            return self._path(document_id).with_suffix(".index").read_bytes()
        except OSError:
            return b""

    def put_index(self, document_id: str, sealed: bytes) -> None:
        """Write an index that another worker has sealed; `index` looks whether it fits."""
        path = self._path(document_id).with_suffix(".index")
        try:
            path.write_bytes(sealed)
        except OSError as error:
            raise storage_failed(error) from error

    def delete(self, document_id: str) -> None:
        """Remove a document's bytes and index; what is gone already is no error, what stays is swept away later."""
        path = self._path(document_id)
        for part in (path, path.with_suffix(".index"), path.with_suffix(".draft")):
            self._remove(part)
        self.forget(document_id)

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%.8s… cannot be removed and is left for the next sweep: %s", path.name, error.strerror)

    def sweep(self, at_start: bool = False) -> None:
        """Remove the files of ours that no record names; at the start, when nobody is writing them, drafts too."""
        try:
            # Listed first: a file is made after the record that names it.
            files = self._files()
            asked = "SELECT id FROM documents UNION SELECT id FROM unfinished"
            named = {document for (document,) in self._ask(asked)}
        except (OSError, StorageFailed) as error:
            log.error("what is left over stays, because it cannot be told what is: %s", error)
            return
        for path, document_id in files.items():
            if document_id not in named or (at_start and path.suffix == ".draft"):
                self._remove(path)
        for document_id in set(files.values()):
            if not self.accounts.is_incoming(document_id):
                self.forget(document_id)

    def is_of(self, store_id: str) -> bool:
        """Say whether the documents are those of this shared store; where there are none yet, they will be."""
        path = self._documents / "store"
        try:
            if path.exists() or self._files():
                return path.exists() and path.read_text() == store_id
            beside = path.with_suffix(f".{os.getpid()}")
            write_flushed(beside, store_id.encode())
            beside.replace(path)
        except OSError as error:
            raise storage_failed(error) from error
        return True

    def remove_but(self, named: Collection[str], seconds: float) -> None:
        """Remove the files of ours that belong to none of these documents and were not written for so long."""
        for path, document_id in self._files().items():
            if document_id not in named and self._age(path) > seconds:
                self._remove(path)

    def used(self, document_id: str) -> None:
        """Note that a copy is used now, for `copies`."""
        with suppress(OSError):
            os.utime(self._path(document_id))

    def copies(self) -> list[tuple[str, int]]:
        """List the documents that are here with the bytes of each, the longest unused first."""
        seen = []
        for document_id in set(self._files().values()):
            with suppress(FileNotFoundError):
                found = self._path(document_id).stat()
                seen.append((found.st_mtime, document_id, found.st_size))
        return [(document_id, size) for _, document_id, size in sorted(seen)]

    def size_on_disk(self, documents: Iterable[str]) -> int:
        """Count the bytes of these documents, whoever has written them."""
        return sum(self.blob(document_id).size for document_id in documents)

    def _files(self) -> dict[Path, str]:
        """Return the files of ours, and the document each belongs to."""
        found = ((path, _OURS.fullmatch(path.name)) for path in self._documents.iterdir())
        return {path: name[1] for path, name in found if name and path.is_file() and not path.is_symlink()}

    def _size_with_index(self, document_id: str) -> int:
        path, size = self._path(document_id), 0
        for part in (path, path.with_suffix(".index")):
            with suppress(OSError):
                size += part.stat().st_size
        return size

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
            if (link_id := record.get("link", room_id)) != room_id:
                db.execute("INSERT OR IGNORE INTO watches VALUES (?, ?)", (link_id, room_id))
            db.execute("DELETE FROM documents WHERE room_id = ?", (room_id,))
            brought = [(each, room_id, self.accounts.origin(each)) for each in documents]
            db.executemany("INSERT INTO documents VALUES (?, ?, ?)", brought)
            db.execute("DELETE FROM unfinished WHERE room_id = ?", (room_id,))
            if unfinished is not None:
                incoming = (unfinished, room_id, self.accounts.origin(unfinished))
                db.execute("INSERT INTO unfinished VALUES (?, ?, ?)", incoming)

    def unfinished(self) -> list[str]:
        """List the documents that are on their way in."""
        return [document for (document,) in self._ask("SELECT id FROM unfinished")]

    def unfinished_since(self, seconds: float) -> list[str]:
        """List those to which nothing was added for so long; of one without bytes its room tells since when."""
        asked = "SELECT id, used_at FROM unfinished LEFT JOIN rooms USING (room_id)"
        now, found = time.time(), []
        for document_id, used_at in self._ask(asked):
            age = self.age(document_id)
            if (now - (used_at or 0) if age == math.inf else age) > seconds:
                found.append(document_id)
        return found

    def forget_unfinished(self, document_id: str) -> int:
        """Remove a document whose upload will not go on; one that was finished meanwhile stays.

        A room that has nothing else is kept no longer; return how many rooms that makes fewer.
        """
        with self._transaction() as db:
            rooms = db.execute("SELECT room_id FROM unfinished WHERE id = ?", (document_id,)).fetchall()
            db.execute("DELETE FROM unfinished WHERE id = ?", (document_id,))
            fewer = sum(_delete_if_empty(db, room_id) for (room_id,) in rooms)
        if rooms:
            self.delete(document_id)
        return fewer

    def forget_empty(self, room_id: str, document_id: str) -> int:
        """Keep a room no longer that has no table, when the upload of this document has ended early.

        Return how many rooms that makes fewer: none if another upload has begun in it.
        """
        with self._transaction() as db:
            db.execute("DELETE FROM unfinished WHERE id = ?", (document_id,))
            return _delete_if_empty(db, room_id)

    def linked(self, some_id: str) -> tuple[str, bool] | None:
        """Return the room to which the link of this id leads, and whether to drive; None if there is no such link."""
        asked = (
            "SELECT room_id, json_extract(record, '$.link') FROM watches LEFT JOIN rooms USING (room_id)"
            " WHERE watches.id = ?"
        )
        rows = self._ask(asked, some_id)
        return (rows[0][0], rows[0][1] == some_id) if rows else None

    def renew_links(self, room_id: str, former: Sequence[str], link_id: str, watch_id: str, reason: str) -> None:
        """Have these links lead to a room, to drive and to look only; the former ones are spent.

        The link to drive is in the room's record, and beside the other one if it is not the room's own id. Of the spent
        ones the latest RENEWED are remembered.
        """
        latest = "SELECT id FROM spent WHERE room_id = ? ORDER BY spent_at DESC LIMIT ?"
        with self._transaction() as db:
            for each in former:
                db.execute("INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?)", (each, reason, time.time(), room_id))
            db.execute(f"DELETE FROM spent WHERE room_id = ? AND id NOT IN ({latest})", (room_id, room_id, RENEWED))
            db.execute("DELETE FROM watches WHERE room_id = ?", (room_id,))
            for each in {watch_id, link_id} - {room_id}:
                db.execute("INSERT INTO watches VALUES (?, ?)", (each, room_id))
            db.execute("UPDATE rooms SET record = json_set(record, '$.link', ?) WHERE room_id = ?", (link_id, room_id))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException as error:
            # One that fails is rolled back: left open, it would keep all that is saved later off the disk.
            if db.in_transaction:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise _records_failed(error) from error
            raise

    def _ask(self, question: str, *values: str | float) -> list[Any]:
        try:
            return self._db.execute(question, values).fetchall()
        except sqlite3.Error as error:
            raise _records_failed(error) from error

    def load_room(self, room_id: str) -> tuple[str | None, float, dict[str, Any]] | None:
        """Return a room's id to look by, when it was last used, and its record; None where there is none.

        The id to look by is None where it is lost. Raise ValueError when the record is none.
        """
        asked = "SELECT id, used_at, record FROM rooms LEFT JOIN watches USING (room_id) WHERE room_id = ?"
        rows = self._ask(asked, room_id)
        if not rows:
            return None
        record = json.loads(rows[0][2])
        return next((some_id for some_id, *_ in rows if some_id != record.get("link")), None), rows[0][1], record

    def count_rooms(self) -> int:
        """Count the rooms that are kept."""
        ((count,),) = self._ask("SELECT count(*) FROM rooms")
        return int(count)

    def rooms_unused_since(self, moment: float) -> list[str]:
        """List the rooms whose last use is before `moment` (seconds since 1970), the oldest first."""
        return [
            room_id for (room_id,) in self._ask("SELECT room_id FROM rooms WHERE used_at < ? ORDER BY used_at", moment)
        ]

    def rooms_by_use(self, moment: float) -> list[tuple[str, list[str]]]:
        """List the rooms whose last use is before `moment`, each with its documents, the longest unused first."""
        asked = (
            "SELECT room_id, each.id FROM rooms JOIN (SELECT * FROM documents UNION SELECT * FROM unfinished) AS each"
            " USING (room_id) WHERE used_at < ? ORDER BY used_at, room_id"
        )
        rooms: dict[str, list[str]] = {}
        for room_id, document in self._ask(asked, moment):
            rooms.setdefault(room_id, []).append(document)
        return list(rooms.items())

    def rooms_to_displace(self, moment: float, paused: float, share: int) -> list[str]:
        """List the rooms that may go where another one is to be kept, the first to go first.

        Those without a table go first, if they were not used since `paused`; then those of the origin with the most,
        and the longest unused of these. A room that was used since `moment` is spared, unless its origin has more than
        `share` (both moments are seconds since 1970).
        """
        asked = """
            WITH brought AS (
                SELECT room_id, origin, 1 AS has_table FROM documents
                UNION ALL SELECT room_id, origin, 0 FROM unfinished
            ), each AS (
                SELECT room_id, used_at, max(has_table) AS has_table, max(origin) AS origin
                FROM rooms JOIN brought USING (room_id) GROUP BY room_id
            ), counted AS (
                SELECT *, CASE WHEN origin IS NULL THEN 1 ELSE count(*) OVER (PARTITION BY origin) END AS many FROM each
            )
            SELECT room_id FROM counted
            WHERE CASE WHEN has_table THEN used_at < ? OR many > ? ELSE used_at < ? END
            ORDER BY has_table, many DESC, used_at
        """
        return [room_id for (room_id,) in self._ask(asked, moment, share, paused)]

    def spend(self, room_id: str, reason: str, *links: str) -> int:
        """Delete a room with its documents for good, and remember its ids, so that they never become rooms again.

        Return how many rooms that makes fewer: none if it was never written down.
        """
        asked = "SELECT id FROM documents WHERE room_id = ? UNION SELECT id FROM unfinished WHERE room_id = ?"
        with self._transaction() as db:
            documents = db.execute(asked, (room_id, room_id)).fetchall()
            # The ids that were replaced before go with their room: nobody has to be told why they are of no use.
            db.execute("DELETE FROM spent WHERE room_id = ?", (room_id,))
            watches = db.execute("SELECT id FROM watches WHERE room_id = ?", (room_id,)).fetchall()
            # Those that are given are of a room that was never written down.
            ids = {room_id, *(each for (each,) in watches), *links}
            now = time.time()
            for each in ids:
                db.execute("INSERT OR REPLACE INTO spent VALUES (?, ?, ?, NULL)", (each, reason, now))
            fewer = db.execute("DELETE FROM rooms WHERE room_id = ?", (room_id,)).rowcount
            for where in ("watches", "documents", "unfinished"):
                db.execute(f"DELETE FROM {where} WHERE room_id = ?", (room_id,))
        for (document,) in documents:
            self.delete(document)
        if reason == "deleted":
            self.clear_log()
        return fewer

    def clear_log(self) -> None:
        """Have nothing in the write-ahead log: what was deleted would be read in it until it is written over."""
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            # What was committed stays so; the next time it is tried again.
            log.warning("the write-ahead log of the records cannot be emptied: %s", error)

    def forget_spent(self, moment: float) -> None:
        """Forget the ids that were spent before `moment` (seconds since 1970)."""
        with self._transaction() as db:
            db.execute("DELETE FROM spent WHERE spent_at < ?", (moment,))

    def spent(self, room_id: str) -> str | None:
        """Say why an id is spent, or None if it is not."""
        rows = self._ask("SELECT reason FROM spent WHERE id = ?", room_id)
        return rows[0][0] if rows else None


def _delete_if_empty(db: sqlite3.Connection, room_id: str) -> int:
    """Delete a room's record if it names no document; return how many records that were."""
    named = "SELECT 1 FROM (SELECT * FROM documents UNION ALL SELECT * FROM unfinished) WHERE room_id = ?"
    fewer = db.execute(f"DELETE FROM rooms WHERE room_id = ? AND NOT EXISTS ({named})", (room_id, room_id)).rowcount
    if fewer:
        db.execute("DELETE FROM watches WHERE room_id = ?", (room_id,))
        db.execute("DELETE FROM spent WHERE room_id = ?", (room_id,))
    return fewer


def _seal(document_id: str, reading_id: str, index: bytes) -> bytes:
    """Return what shows that an index is whole, and of this reading of this document."""
    seal = hashlib.blake2b(f"{document_id} {reading_id} ".encode(), digest_size=SEAL_BYTES)
    seal.update(index)
    return seal.digest()


def _records_failed(error: sqlite3.Error) -> StorageFailed:
    """Say in words what an error of the records means."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return StorageFailed("The server's disk is full. The former table is unchanged; try again later.")
    return StorageFailed(
        f"The server could not reach its records ({error}). The former table is unchanged; try again later."
    )
