"""Every limit of the server, with its unit and its reason, and the only reader of the environment.

A setting `max_row_bytes` is read from `TSVAPP_MAX_ROW_BYTES`. `Settings` is made once, by `create_app`, and
passed in; nothing reaches for it. Numbers that are part of the protocol stand in `room/protocol.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tsvapp.errors import StartupError

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30


def _setting(default: Any, reason: str, *, may_be_0: bool = False, schemes: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"reason": reason, "may_be_0": may_be_0, "schemes": schemes})


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold every setting; the reason of each stands in its field's metadata and in the README's table."""

    data_dir: Path = _setting(Path("data"), "where documents and rooms are kept; one server owns it")  # noqa: RUF009 - a Path does not change
    redis_url: str = _setting(
        "",
        "where workers share rooms, such as redis://127.0.0.1:6379/0; empty: one worker alone",
        schemes=("redis", "rediss", "unix", "redis+sentinel", "redis+cluster"),
    )
    redis_document_bytes: int = _setting(
        0,
        "largest file where documents are kept in Redis, for workers without a common directory; 0: in that directory",
        may_be_0=True,
    )
    cache_bytes: int = _setting(
        GIB, "disk for copies of documents that are kept in Redis, at each worker; those that are open stay beyond it"
    )
    max_upload_bytes: int = _setting(2 * GIB, "largest file; it takes this much disk for each room")
    max_article_bytes: int = _setting(16 * MIB, "largest message of the article's protocol; it is held in memory whole")
    uploads_per_address: int = _setting(
        40, "uploads of one address under way or paused; each takes its share of the disk's speed, or waits on it"
    )
    upload_silence_seconds: float = _setting(
        60.0, "seconds in which an upload must store something, or it is paused; without any byte it is given up"
    )
    disk_bytes_per_address: int = _setting(
        0, "bytes of tables and uploads that one address may have; 0 for a quarter of the disk's", may_be_0=True
    )
    rooms_per_address: int = _setting(
        500, "rooms that one address may begin in an hour; each is kept for days, one without a table does not count"
    )
    receiving_bytes: int = _setting(
        128 * MIB, "bytes of messages held at once until they are stored, one address a quarter; further senders wait"
    )
    max_row_bytes: int = _setting(4 * MIB, "longest row; a page is read one row at a time, so this bounds its memory")
    page_columns: int = _setting(200, "columns of a page message; further columns are asked for")
    page_chars: int = _setting(512 * KIB, "most characters of a page message; longer cells are clipped evenly")
    cell_chars: int = _setting(2 * KIB, "characters of a cell in a page message; the whole cell is asked for")
    max_rooms: int = _setting(10_000, "rooms kept; each takes some memory and time at a start")
    max_disk_bytes: int = _setting(
        0,
        "disk for all documents; the longest unused rooms make place; 0 for all there is but a reserve",
        may_be_0=True,
    )
    disk_reserve_bytes: int = _setting(
        256 * MIB, "bytes left free on the disk, for records and for others who write there", may_be_0=True
    )
    spare_seconds: float = _setting(3600.0, "seconds after its last use in which a room is not deleted to make place")
    room_members: int = _setting(10_000, "people in one room; a page turn goes to each of them")
    room_days: int = _setting(7, "days after its last use until a room is deleted; shown to the viewer")
    idle_seconds: float = _setting(60.0, "seconds an empty room stays in memory, for a quick return")
    max_connections: int = _setting(19_000, "open WebSockets; lowered to the open-file limit less 256")
    sockets_per_address: int = _setting(1_000, "open WebSockets of one address; an office is one address")
    connects_per_address: int = _setting(
        3_000, "WebSockets one address may open in a minute; all come back at a restart"
    )
    messages_per_second: float = _setting(
        100.0, "text messages, pings and small frames of one connection in a second; faster ones wait, chunks never"
    )
    messages_per_address: float = _setting(
        500.0,
        "the same of all connections of one address, which may be an office; one that reads the disk counts five",
    )
    requests_per_address: float = _setting(
        100.0, "requests of one address in a second, a handshake counts as two; faster ones wait"
    )
    asking_per_address: int = _setting(
        1_000, "connections of one address that are no WebSocket (yet); each may take a head's time and a greenlet"
    )
    head_seconds: float = _setting(
        3.0, "seconds in which the head of a request must have come; an idle connection is kept as long"
    )
    trusted_proxies: tuple[str, ...] = _setting(
        ("127.0.0.1",), "addresses and networks whose X-Forwarded-For and -Proto are believed, separated by spaces"
    )
    stall_seconds: float = _setting(15.0, "seconds a connection may take no byte before it is dropped")
    vanish_seconds: float = _setting(30.0, "seconds without any sign of life of a client until it counts as gone")
    heartbeat_seconds: float = _setting(25.0, "seconds between heartbeats; the client's watchdog waits 60, nginx 75")
    pause_seconds: float = _setting(60.0, "seconds a broken upload's rows stay before the former table is shown again")
    abandon_seconds: float = _setting(3600.0, "seconds a broken upload can be resumed before its bytes are deleted")
    wheel_seconds: float = _setting(10.0, "seconds a presenter may be gone before everyone drives again")
    metrics_port: int = _setting(0, "port on 127.0.0.1 that answers /metrics; 0 for none", may_be_0=True)
    hosts: tuple[str, ...] = _setting(
        (),
        "further names under which this server is reached without a proxy, separated by spaces; * for any;"
        " others are answered 421",
    )
    allowed_origins: tuple[str, ...] = _setting((), "further origins whose pages may connect, separated by spaces")

    @property
    def largest_upload(self) -> int:
        """Return how many bytes a file may have, which are fewer where documents are kept in Redis."""
        return min(self.max_upload_bytes, self.redis_document_bytes or self.max_upload_bytes)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings from `TSVAPP_*` variables; raise StartupError that names a wrong one."""
        given: dict[str, Any] = {}
        for entry in fields(cls):
            name = f"TSVAPP_{entry.name.upper()}"
            text = environ.get(name, "").strip()
            if not text:
                continue
            if isinstance(entry.default, str):
                given[entry.name] = _url(name, text, entry.metadata["schemes"])
            else:
                given[entry.name] = _parse(name, text, entry.default, entry.metadata["may_be_0"])
        if host := environ.get("HOST", "").strip():
            given["hosts"] = (*given.get("hosts", ()), host)  # where it listens (gunicorn.conf.py)
        return cls(**given)


def _url(name: str, text: str, schemes: tuple[str, ...]) -> str:
    if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        # Without the value: an address may hold a password, and this goes into logs.
        *most, last = (f"{scheme}://" for scheme in schemes)
        raise StartupError(f"{name} must begin with {', '.join(most)} or {last}.")
    return text


def _parse(name: str, text: str, default: Any, may_be_0: bool) -> Any:
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, tuple):
        return tuple(text.split())
    kind = type(default)
    try:
        number = kind(text)
    except ValueError:
        number = -1
    if number == 0 and may_be_0:
        return number
    # Written so that "nan", which is neither below nor above, does not pass.
    if not 0 < number < math.inf:
        what = "a whole number above 0" if kind is int else "a number above 0"
        raise StartupError(f"{name} is {text!r}; it must be {what}, for example {default}.")
    return number
