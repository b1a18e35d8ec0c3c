"""The application with parts that fail on purpose, for what cannot be brought about from outside.

TEST_FAILS names a part that fails from the start. TEST_FAULTS names a file by which a test steers, while the server
runs, which operation on the data directory fails, and TEST_CALLS one into which all of them are written, in their
order, with what is announced: `tests/support/faults.py` has both ends of that.
"""

import errno
import logging
import os

import gevent
import gevent.monkey

from tests.support import faults
from tsvapp import create_app
from tsvapp.live import worker
from tsvapp.live.article_member import ArticleMember
from tsvapp.store.blob import FileBlob
from tsvapp.store.local import LocalStore

# The same room's links are renewed for one fault after the other.
worker.RENEW_SECONDS = 0.0

really_sleep = gevent.monkey.get_original("time", "sleep")
really_flush = os.fsync
really_write = os.pwrite
really_converse = ArticleMember.converse
really_append = FileBlob.append
really_delete = LocalStore.delete


def fail(self: ArticleMember) -> None:
    """Fail as a programming error would."""
    raise ZeroDivisionError("a member that fails on purpose")


def hold(self: ArticleMember) -> None:
    """Hold the event loop as a long computation would."""
    really_sleep(0.5)
    really_converse(self)


def flush_slowly(descriptor: int) -> None:
    """Flush as a busy disk does: the whole thread stands still."""
    really_sleep(0.5)
    really_flush(descriptor)


def write_until_full(descriptor: int, data: memoryview, position: int) -> int:
    """Write as a disk does that has place for a MiB."""
    if position + len(data) > 1 << 20:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return really_write(descriptor, data, position)


def append_slowly(self: FileBlob, data: bytes) -> None:
    """Append as a busy disk does, and tell when the directory has become another's meanwhile."""
    really_sleep(0.2)
    really_append(self, data)
    tell_unless_owned()


def delete_watched(self: LocalStore, document_id: str) -> None:
    """Delete, and tell when the directory is another's."""
    really_delete(self, document_id)
    tell_unless_owned()


def tell_unless_owned() -> None:
    """Write a line if this process has no right to the data directory."""
    if app.extensions["tsvapp"].store._lock._descriptor is None:
        logging.getLogger("owner").error("a directory of another was written")


if os.environ.get("TEST_FAILS") == "member":
    ArticleMember.converse = fail
if os.environ.get("TEST_FAILS") == "loop":
    ArticleMember.converse = hold
if os.environ.get("TEST_FAILS") == "disk":
    os.fsync = flush_slowly
if os.environ.get("TEST_FAILS") == "owner":
    FileBlob.append = append_slowly
    LocalStore.delete = delete_watched
if os.environ.get("TEST_FAILS") == "full":
    os.pwrite = write_until_full
if os.environ.get("TEST_FAULTS"):
    faults.install(os.environ["TSVAPP_DATA_DIR"], os.environ["TEST_FAULTS"], os.environ["TEST_CALLS"])

app = create_app()

if os.environ.get("TEST_FAILS") == "greenlet":
    gevent.spawn_later(0.1, lambda room_id: 1 // 0, "1f0e8a52-7c3d-4b6a-9e21-5d4c3b2a1f00")
