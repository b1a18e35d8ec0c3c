"""Reading the same bytes otherwise, for everyone, without uploading them again.

The other reading grows beside the one in use and takes its place when it covers the page that is shown; then its
rows go on growing before everyone's eyes, as in an upload. A newer wish, or a newer document, ends it; if the
bytes cannot be read so to the end, the former reading is back.
"""

from __future__ import annotations

from dataclasses import replace

from tsvapp.errors import NotAllowed, UploadError
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.offload import offload
from tsvapp.live.records import Records, describe
from tsvapp.room import view
from tsvapp.room.commands import Read
from tsvapp.room.people import Person
from tsvapp.room.view import PAGE_SIZE
from tsvapp.store.blob import unreadable
from tsvapp.store.local import LocalStore
from tsvapp.table.document import Document, Reading

STEP_BYTES = 4 << 20
"""Bytes read at a time in a native thread, between looks whether the reading is still wanted."""


def reread(room: LiveRoom, read: Read, by: Person, records: Records, store: LocalStore) -> None:
    """Read the shown document as `read` says; raise NotAllowed if there is none, or UploadError if it cannot be."""
    document = room.incoming if room.state.incoming else room.document
    if document is None and room.state.incoming is not None:
        raise NotAllowed("This table comes in at another worker. It can be read otherwise once it is whole.")
    if room.state.shown is None or document is None or document.reading is None:
        raise NotAllowed("There is no table here to read otherwise.")
    former = document.reading
    choice = replace(former.choice, **read.changes)  # type: ignore[arg-type]  # checked when it was parsed
    reading = None
    try:
        with room.reading_turn:
            reading = room.rereading = offload(document.reread, choice, list(read.changes))
        _grow(room, document, reading, by)
        if room.rereading is reading and room.document is document and room.state.table:
            index = document.reading.index.dumps()
            offload(store.keep, room.state.table.document, index, document.reading.id)
            records.share_index(room, room.state.table.document)
            room.unsaved = True
            records.save_if_needed(room)
    except (UploadError, OSError) as error:
        if reading is not None and document.reading is reading:
            document.reading = former
            if document in (room.document, room.incoming):
                _show(room, document, former, by)
        if isinstance(error, UploadError):
            raise
        # A document that was replaced meanwhile is gone from the disk, and the wish with it.
        if document in (room.document, room.incoming):
            raise unreadable(error) from error
    finally:
        if room.rereading is reading:
            room.rereading = None


def _grow(room: LiveRoom, document: Document, reading: Reading, by: Person) -> None:
    done = swapped = False
    while not done:
        with room.reading_turn:
            done = offload(document.advance, reading, STEP_BYTES)
            if room.rereading is not reading or document not in (room.document, room.incoming):
                return
            if not swapped and (done or reading.rows >= room.state.page * PAGE_SIZE):
                document.reading, swapped = reading, True
        # Not in that turn: to commit may wait for a state of another worker, whose rows are read in that turn too.
        if swapped and document.reading:  # at the end all bytes may speak for another encoding, in its place
            _show(room, document, document.reading, by)


def _show(room: LiveRoom, document: Document, reading: Reading, by: Person) -> None:
    incoming = document is room.incoming
    table = room.state.incoming if incoming else room.state.table
    if table is None:
        return
    kept = {"id": table.document, "name": table.name, "size": table.size}
    following = describe(reading, kept, growing=incoming or not reading.finished)
    room.change(view.reread, following, incoming, by, readings=[reading])
