"""New ids for documents, readings and uploads."""

from __future__ import annotations

from uuid import uuid4


def new_id() -> str:
    """Return an id that nothing else has."""
    return uuid4().hex
