"""Numbers and words that are part of both wire protocols; `docs/protocol.md` is held against them."""

from __future__ import annotations

SUBPROTOCOL = "tsvapp.v1"

CHUNK_BYTES = 256 << 10
"""Most bytes of one chunk: large enough to cost little each, small enough to be stored within a few milliseconds."""

WINDOW_BYTES = 16 * CHUNK_BYTES
"""Most bytes a client sends before they are acknowledged: 40 MB/s over a line of 100 ms, 4 MiB of memory at most."""

COMMAND_BYTES = 4 << 10
"""Most bytes of a text message: a name of 255 characters has at most 3,060 in JSON, and all else of a command 200."""

PAGE_NUMBER_BYTES = 256
"""Most bytes of a text message of the article's protocol: 64 digits, and white space around them."""

NO_ROOM = {
    "unknown": "There is no table at this address. Check that the link is whole.",
    "expired": "Nobody had used this table for a while, so it was deleted.",
    "displaced": "The server's disk was full, and nobody had used this table for the longest time, so it was deleted.",
    "deleted": "Somebody deleted this table. Its bytes are gone.",
    "renewed": "This link was replaced by another. Ask for the new one.",
    "removed": "You were sent away from this table by who made it.",
    "unreadable": "The server cannot read this table. Try again later, or bring the file again as a new table.",
}
"""Why no room lives at an id: the word for programs, and the sentence for people."""
