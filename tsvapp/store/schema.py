"""The tables of rooms.sqlite and their format: what `local` writes into and reads from.

The file says its format (PRAGMA user_version). A file of another one is left as it is, byte for byte.
"""

from __future__ import annotations

import secrets
import sqlite3

from tsvapp.errors import StartupError

FORMAT = 2
"""Version of the directory's layout; an older one is migrated, a newer one is refused with a clear error."""

_SINCE_2 = f"""
CREATE INDEX spent_by_time ON spent (spent_at);
CREATE INDEX spent_by_room ON spent (room_id) WHERE room_id IS NOT NULL;
CREATE TABLE secret (value BLOB NOT NULL);
INSERT INTO secret VALUES (x'{secrets.token_hex(32)}');
"""

# Rooms of which nothing was ever whole were kept as long as others: whoever wanted could fill the server with them.
_FROM_1 = f"""
BEGIN IMMEDIATE;
ALTER TABLE documents ADD COLUMN origin TEXT;
ALTER TABLE unfinished ADD COLUMN origin TEXT;
ALTER TABLE spent ADD COLUMN spent_at REAL;
ALTER TABLE spent ADD COLUMN room_id TEXT;
UPDATE spent SET spent_at = CAST(strftime('%s', 'now') AS REAL);
DELETE FROM rooms WHERE room_id NOT IN (SELECT room_id FROM documents UNION SELECT room_id FROM unfinished);
DELETE FROM watches WHERE room_id NOT IN (SELECT room_id FROM rooms);
{_SINCE_2}
PRAGMA user_version = {FORMAT};
COMMIT;
"""

# The rooms have rowids: without them the way to one record leads through others, and a damaged one bars it. In older
# directories they have none, which makes no other difference.
_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE rooms (room_id TEXT PRIMARY KEY, used_at REAL NOT NULL, record TEXT NOT NULL);
CREATE INDEX rooms_by_use ON rooms (used_at);
CREATE TABLE documents (id TEXT PRIMARY KEY, room_id TEXT NOT NULL, origin TEXT) WITHOUT ROWID;
CREATE INDEX documents_by_room ON documents (room_id);
CREATE TABLE unfinished (id TEXT PRIMARY KEY, room_id TEXT NOT NULL, origin TEXT) WITHOUT ROWID;
CREATE INDEX unfinished_by_room ON unfinished (room_id);
CREATE TABLE watches (id TEXT PRIMARY KEY, room_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX watches_by_room ON watches (room_id);
CREATE TABLE spent (id TEXT PRIMARY KEY, reason TEXT NOT NULL, spent_at REAL, room_id TEXT) WITHOUT ROWID;
{_SINCE_2}
PRAGMA user_version = {FORMAT};
COMMIT;
"""


def prepare(records: sqlite3.Connection, has_documents: bool) -> None:
    """Make the tables of new records, bring those of format 1 to this one, and have each commit wait for the disk.

    Raise StartupError when the records are of a newer format, or when they are empty though there are documents.
    """
    # Looked at before anything is set: even the journal's mode would be written into the file.
    (version,) = records.execute("PRAGMA user_version").fetchone()
    (tables,) = records.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version == 0 and tables:
        raise StartupError("is no file of tsvapp's. Set TSVAPP_DATA_DIR to another directory.")
    if version == 0 and has_documents:
        # Every document would be left over, and be deleted.
        raise StartupError(
            "is missing or empty, but there are documents. Bring back a copy of the directory, or move documents/ away."
        )
    if version not in (0, 1, FORMAT):
        raise StartupError(
            f"has format {version}; this version reads format {FORMAT}. Use the version that wrote it, or set"
            " TSVAPP_DATA_DIR to another directory."
        )
    # FULL: a commit is on disk when it returns, so what is announced survives a power cut.
    # What is deleted is written over: in a page that is free, an id or a name could still be read.
    records.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
    if version != FORMAT:
        try:
            records.executescript(_TABLES if version == 0 else _FROM_1)
        except sqlite3.Error:
            if records.in_transaction:
                records.execute("ROLLBACK")
            raise
