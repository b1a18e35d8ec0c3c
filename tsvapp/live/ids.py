"""New ids: of documents, readings and uploads; of rooms; and secret keys for browsers."""

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
