"""Many viewers at once, in one thread of their own: who is cut comes back, as the viewer in the browser does."""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

WAIT_SECONDS = 40
FIRST_DELAY = 0.5
LONGEST_DELAY = 15.0


def delay(failures: int, chance: float) -> float:
    """Return the seconds until the next attempt, as `delay` in static/js/connection.js does."""
    return chance * min(LONGEST_DELAY, FIRST_DELAY * 2**failures)


def asked_delay(code: int, reason: str) -> float | None:
    """Return the seconds that a server which restarts asks for, as `askedDelay` in static/js/connection.js does."""
    found = re.search(r"retry in ([\d.]+) s$", reason) if code == 1012 else None
    return min(LONGEST_DELAY, float(found[1])) if found else None


class Viewer:
    """Be one of the crowd: what it sees now, how its lines ended, and how long it waited after each end."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.live = False
        self.seen: dict[str, Any] | None = None
        self.waits: list[float] = []
        self.closes: list[tuple[int, str]] = []

    async def watch(self, address: str, changed: Callable[[], None]) -> None:
        failures = 0
        while True:
            try:
                code, reason = await self._one_line(address, changed)
                failures = 0
            except (OSError, InvalidHandshake, InvalidMessage, TimeoutError, EOFError):
                code, reason = 1006, ""
            wanted = asked_delay(code, reason)
            # What is meant, not what a busy machine makes of it.
            self.waits.append(delay(failures, self.chance.random()) if wanted is None else wanted)
            await asyncio.sleep(self.waits[-1])
            failures += 1

    async def _one_line(self, address: str, changed: Callable[[], None]) -> tuple[int, str]:
        socket = await connect(
            address, subprotocols=["tsvapp.v1"], compression=None, max_size=None, ping_interval=None, open_timeout=15
        )
        try:
            with suppress(ConnectionClosed):
                while True:
                    self._take(await socket.recv())
                    changed()
        finally:
            self.live = False
            await _drop(socket)
        self.closes.append((socket.close_code or 1006, socket.close_reason or ""))
        changed()
        return self.closes[-1]

    def _take(self, message: str | bytes) -> None:
        event = json.loads(zlib.decompress(message, wbits=-15) if isinstance(message, bytes) else message)
        if event["type"] == "welcome":
            self.live, self.seen = True, None
        elif event["type"] == "snapshot":
            self.seen = event


async def _drop(socket: ClientConnection) -> None:
    socket.transport.abort()
    await socket.wait_closed()


class Crowd:
    """Let `count` viewers watch one room, until `close`."""

    def __init__(self, ws_url: str, room_id: str, count: int, seed: int = 1) -> None:
        chance = random.Random(seed)
        self.viewers = [Viewer(random.Random(chance.random())) for _ in range(count)]
        self._address = f"{ws_url}/parser/ws/{room_id}"
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._watch())
        finally:
            self._loop.close()

    async def _watch(self) -> None:
        self._tasks = [asyncio.ensure_future(each.watch(self._address, self._changed)) for each in self.viewers]
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _changed(self) -> None:
        with self._news:
            self._news.notify_all()

    def wait_until(self, fits: Callable[[Viewer], bool]) -> float:
        """Wait until every viewer fits; return the seconds it took."""
        started = time.monotonic()
        with self._news:
            there = self._news.wait_for(lambda: all(map(fits, self.viewers)), WAIT_SECONDS)
        assert there, f"{sum(map(fits, self.viewers))} of {len(self.viewers)} do"
        return time.monotonic() - started

    def wait_until_live(self, closes: int = 0) -> float:
        """Wait until every viewer was cut so often and has its snapshot again; return the seconds it took."""
        return self.wait_until(lambda viewer: viewer.live and viewer.seen is not None and len(viewer.closes) >= closes)

    def close(self) -> None:
        """Let everyone go."""
        self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in self._tasks])
        self._thread.join(WAIT_SECONDS)


def most_within(times: list[float], seconds: float) -> int:
    """Count the most of these sorted times that lie within any stretch of so many seconds."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] < at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
