"""Under which keys Redis has what is of a room: one hash tag for all, so that one node of a Cluster has it."""

from __future__ import annotations


def room_key(room_id: str, part: str = "") -> str:
    """Return the key of a room, or of a part of it."""
    return f"tsvapp:{{{room_id}}}{part}"


def block_key(room_id: str, document_id: str, number: int) -> str:
    """Return the key of a block of a document's bytes."""
    return room_key(room_id, f":bytes:{document_id}:{number}")


def room_keys(room_id: str, *parts: str) -> list[str]:
    """Return the keys of these parts of a room, as a script wants them."""
    return [room_key(room_id, part) for part in parts]
