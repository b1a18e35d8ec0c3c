"""New ids: of documents, readings and uploads; of rooms; secret keys for browsers; and how little a log may show."""

from __future__ import annotations

import secrets
from uuid import uuid4


def new_id() -> str:
    """Return an id for a document, a reading or an upload."""
    return uuid4().hex


def new_room_id() -> str:
    """Return an id that is the key to a room: a random UUID4, from which no other can be guessed."""
    return str(uuid4())


def new_key() -> str:
    """Return a secret for a browser to keep."""
    return secrets.token_urlsafe(18)


def mask(room_id: str | None) -> str:
    """Return the first eight characters of an id: the id is the room's key, so no log has it in full."""
    return "new" if room_id is None else f"{room_id[:8]}…"
