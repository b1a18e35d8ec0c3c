"""A room's state as bytes and back, for a store that several workers share."""

from __future__ import annotations

from typing import Any

import orjson

from tsvapp.room.people import Person, Pointed
from tsvapp.room.view import Notice, RoomState, Table, Upload


def dump_state(state: RoomState) -> bytes:
    """Return the state as JSON."""
    return orjson.dumps(state)


def load_state(data: bytes) -> RoomState:
    """Return the state that `dump_state` wrote; raise ValueError for anything else."""
    try:
        given = orjson.loads(data)
        return RoomState(
            revision=given["revision"],
            page=given["page"],
            table=_table(given["table"]),
            incoming=_table(given["incoming"]),
            former_page=given["former_page"],
            upload=_upload(given["upload"]),
            notice=given["notice"] and Notice(**given["notice"]),
            by=_person(given["by"]),
            presenter=_person(given["presenter"]),
            former=tuple(table for each in given["former"] if (table := _table(each))),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not the state of a room") from error


def dump_pointed(pointed: Pointed) -> bytes:
    """Return who points where as JSON."""
    return orjson.dumps(pointed)


def load_pointed(data: bytes) -> Pointed:
    """Return what `dump_pointed` wrote."""
    return Pointed(**orjson.loads(data))


def _table(given: dict[str, Any] | None) -> Table | None:
    return None if given is None else Table(**{**given, "chosen": tuple(given["chosen"])})


def _upload(given: dict[str, Any] | None) -> Upload | None:
    return None if given is None else Upload(**{**given, "by": _person(given["by"])})


def _person(given: dict[str, Any] | None) -> Person | None:
    return None if given is None else Person(**given)
