"""Clients for tests: the article's, and one of `tsvapp.v1`. Both are real WebSocket clients."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

WAIT_SECONDS = 40


class ArticleClient:
    """Send files and page numbers, receive pages, as the article's client does."""

    def __init__(self, ws_url: str, room_id: str | None = None) -> None:
        self.socket = open_socket(ws_url, room_id)

    def send_file(self, data: bytes) -> None:
        """Send a whole file."""
        self.socket.send(data)

    def turn(self, page: int | str) -> None:
        """Send a page number."""
        self.socket.send(str(page))

    def receive(self) -> dict[str, Any]:
        """Wait for the next page."""
        return json.loads(self.socket.recv(WAIT_SECONDS))

    def wait_for_close(self) -> tuple[int, str]:
        """Receive until the server closes; return its code and reason."""
        with suppress(ConnectionClosed):
            while True:
                self.socket.recv(WAIT_SECONDS)
        return self.socket.close_code or 0, self.socket.close_reason or ""

    def close(self) -> None:
        """Leave."""
        self.socket.close()


class V1Client:
    """Speak `tsvapp.v1`; `events` holds everything that has come."""

    def __init__(self, ws_url: str, room_id: str | None = None, **options: Any) -> None:
        self.socket = open_socket(ws_url, room_id, subprotocols=["tsvapp.v1"], **options)
        assert self.socket.subprotocol == "tsvapp.v1"
        self.events: list[dict[str, Any]] = []
        self.first = self.receive()
        self.room_id: str = self.first.get("room_id", "")

    def receive(self, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """Wait for the next event, whatever it is."""
        message = self.socket.recv(seconds)
        event = json.loads(zlib.decompress(message, wbits=-15) if isinstance(message, bytes) else message)
        self.events.append(event)
        return event

    def wait_for(self, kind: str, fits: Callable[[dict[str, Any]], bool] = lambda event: True) -> dict[str, Any]:
        """Wait for the next event of this type that fits; others that come meanwhile put no end off."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                event = self.receive(until - time.monotonic())
            except TimeoutError as error:
                came = [(each["type"], each.get("message")) for each in self.events if each["type"] != "heartbeat"][-8:]
                raise TimeoutError(f"no {kind} came that fits; the last that came: {came}") from error
            if event["type"] == kind and fits(event):
                return event

    def see(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the latest snapshot if it fits, or wait for one that does."""
        latest = next((event for event in reversed(self.events) if event["type"] == "snapshot"), None)
        return latest if latest and fits(latest) else self.wait_for("snapshot", fits)

    def send(self, kind: str, **fields: Any) -> None:
        """Send a command."""
        self.socket.send(json.dumps({"type": kind, **fields}))

    def begin(self, name: str, size: int) -> str:
        """Begin an upload and return its id."""
        self.send("begin", name=name, size=size)
        return self.wait_for("ready")["upload"]

    def upload(
        self, data: bytes, name: str = "table.tsv", chunk: int = 256 << 10, window: int = 4 << 20
    ) -> dict[str, Any]:
        """Send a whole file within the window; return the `finished` event."""
        self.begin(name, len(data))
        acknowledged = 0
        for start in range(0, len(data), chunk):
            while start - acknowledged >= window:
                acknowledged = self.wait_for("ack")["offset"]
            self.socket.send(data[start : start + chunk])
        return self.wait_for("finished")

    def send_rest(self, data: bytes, start: int, chunk: int = 256 << 10) -> None:
        """Send the bytes of an upload from `start` on."""
        for place in range(start, len(data), chunk):
            self.socket.send(data[place : place + chunk])

    def resume(self, upload: str, name: str, data: bytes) -> int:
        """Go on with an upload that broke off, show that the file is the same, and return where to send from."""
        self.send("resume", upload=upload, name=name, size=len(data))
        ready = self.wait_for("ready")
        self.socket.send(b"".join(data[start:stop] for start, stop in ready["proof"]))
        return ready["offset"]

    def close(self) -> None:
        """Leave."""
        self.socket.close()


def rows_of_100_bytes(start: int, stop: int) -> bytes:
    """Return the bytes [start, stop) of an endless table whose rows have 100 bytes and name themselves."""
    rows = range(start // 100, -(-stop // 100))
    whole = b"".join(b"%09d\t%s\t%s\n" % (row, b"a" * 44, b"b" * 44) for row in rows)
    return whole[start % 100 : start % 100 + stop - start]


def open_socket(ws_url: str, room_id: str | None = None, **options: Any) -> ClientConnection:
    """Open a WebSocket to a new room or to this one."""
    address = f"{ws_url}/parser/ws" + (f"/{room_id}" if room_id else "")
    options.setdefault("max_size", None)
    opening = connect(address, compression=None, open_timeout=WAIT_SECONDS, close_timeout=WAIT_SECONDS, **options)
    # A client lives as long as its test wants, and is closed by name.
    return opening.__enter__()


def table(rows: int, columns: int = 4, word: str = "cell") -> bytes:
    """Make a TSV file with a header row and `rows` rows below it."""
    lines = ["\t".join(f"column {column}" for column in range(columns))]
    lines += ["\t".join(f"{word} {row}.{column}" for column in range(columns)) for row in range(2, rows + 2)]
    return ("\n".join(lines) + "\n").encode()
