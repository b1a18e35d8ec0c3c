"""Rooms full of people, faults by chance, and the question at the end whether anything was lost, stale or out of order.

The servers are reached by one address, a proxy's, which leads to any of them. Several share a Redis, and faults befall
that too.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from os import kill

from tests.reliability.crowd import Arena, ArticleClient, Client
from tests.reliability.history import History
from tests.support.proxy import Proxy
from tests.support.redis import Redis
from tests.support.server import Server

SAVE_SECONDS = 1.0
"""Oldest a page turn may be that a killed server forgets."""

SLACK_SECONDS = 2.0
"""What a busy machine may be late with it."""

EQUAL_SECONDS = 60
"""Longest wait until everyone is shown the same: it takes less than two seconds."""

SETTINGS = {
    "heartbeat_seconds": 0.5,
    "wheel_seconds": 0.5,
    "sockets_per_address": 10_000,
    "connects_per_address": 1_000_000,
}

LIGHT = ("cut", "stall", "delay", "freeze")
HEAVY = ("kill_worker", "kill", "reload", "restart")
SHARED = ("lose_store", "freeze_store")


@dataclass
class Outcome:
    """Say what came of it; `equal_seconds` passed from when the server served until all were shown the same."""

    seed: int
    faults: list[str] = field(default_factory=list)
    delivered: int = 0
    seconds: float = 0.0
    equal_seconds: float = 0.0
    last: str = ""
    """Who was the last to be shown the same as the others."""
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counted = ", ".join(f"{count} {kind}" for kind, count in Counter(self.faults).items())
        return (
            f"chaos, seed {self.seed}: {len(self.faults)} faults ({counted}), {self.delivered:,} states delivered in"
            f" {self.seconds:.0f} s, all equal {self.equal_seconds:.2f} s after the last fault"
            f" (the last was {self.last or 'nobody'}),"
            f" {len(self.problems)} problems"
        )


def by_chance(chooser: random.Random, shared: bool = False) -> Iterator[str]:
    """Choose faults without an end."""
    kinds = (*LIGHT, *HEAVY, *SHARED)
    while True:
        yield from chooser.choices(kinds, weights=(5, 3, 1, 2, 1, 1, 1, 1, shared, shared))


class Chaos:
    """Run crowds of `viewers` in `rooms` rooms of these servers, which share `redis`, and commit faults."""

    def __init__(
        self, servers: Sequence[Server], seed: int, rooms: int = 2, viewers: int = 12, redis: Redis | None = None
    ) -> None:
        self._servers = servers
        self._redis = redis
        self._chooser = random.Random(seed)
        self._proxy = Proxy(*(server.port for server in servers), seed=seed)
        self._outcome = Outcome(seed)
        self._arenas = [
            Arena(
                self._proxy.ws_url,
                f"room{number}",
                self._chooser,
                History(SAVE_SECONDS + SLACK_SECONDS, shared=redis is not None),
            )
            for number in range(rooms)
        ]
        self._viewers = viewers
        self._lives: list[asyncio.Task[None]] = []

    def run(self, faults: Iterator[str], enough: Callable[[Outcome], bool]) -> Outcome:
        """Commit `faults` until they end or there was enough, and return what came of it."""
        try:
            # In a thread of its own: a browser that other tests drive here keeps an event loop running in this one.
            with ThreadPoolExecutor(1) as pool:
                pool.submit(asyncio.run, self._run(faults, enough)).result()
        finally:
            self._proxy.close()
        return self._outcome

    async def _run(self, faults: Iterator[str], enough: Callable[[Outcome], bool]) -> None:
        outcome, started = self._outcome, time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for arena in self._arenas:
                await self._crowd(arena, tasks)
            for kind in faults:
                await asyncio.sleep(self._chooser.uniform(0.1, 0.6))
                outcome.faults.append(kind)
                await getattr(self, f"_{kind}")()
                outcome.delivered = sum(arena.history.delivered for arena in self._arenas)
                outcome.seconds = time.monotonic() - started
                if enough(outcome):
                    break
            await self._come_to_rest()
            for each in self._lives:
                each.cancel()
        outcome.delivered = sum(arena.history.delivered for arena in self._arenas)
        outcome.seconds = time.monotonic() - started
        await asyncio.to_thread(self._compare_documents)
        for arena in self._arenas:
            outcome.problems += [*arena.problems, *arena.history.problems()]
        for server in self._servers:
            if (at := server.log.find("Traceback")) >= 0:
                outcome.problems.append(f"there is a traceback in a server's log: {server.log[at : at + 3000]}")

    async def _crowd(self, arena: Arena, tasks: asyncio.TaskGroup) -> None:
        """Open the room with its first table, and let all the others in."""
        first = Client(arena, "uploader", "uploader")
        self._lives.append(tasks.create_task(first.live()))
        while first.shown is None or not arena.documents:
            await asyncio.sleep(0.01)
        crowd = [Client(arena, "meddler", "meddler"), Client(arena, "watcher", "watcher")]
        crowd += [Client(arena, f"turner{number}", "turner") for number in range(3)]
        crowd += [Client(arena, f"viewer{number}") for number in range(self._viewers)]
        crowd += [ArticleClient(arena, f"reader{number}") for number in range(max(1, self._viewers // 4))]
        crowd.append(ArticleClient(arena, "article turner", "turner"))
        self._lives += [tasks.create_task(each.live()) for each in crowd]

    async def _come_to_rest(self) -> None:
        """End all faults, and wait until everyone is shown the same."""
        self._proxy.delay_seconds = 0.0
        for arena in self._arenas:
            arena.quiet.set()
        await asyncio.to_thread(self._wait_until_served)
        served = time.monotonic()
        for arena in self._arenas:
            try:
                async with asyncio.timeout(EQUAL_SECONDS):
                    self._outcome.last = await arena.wait_until_equal() or self._outcome.last
            except TimeoutError:
                self._outcome.problems.append(f"not all are shown the same in the end: {arena.odd()}")
        self._outcome.equal_seconds = time.monotonic() - served

    def _wait_until_served(self) -> None:
        until = time.monotonic() + EQUAL_SECONDS
        for server in self._servers:
            while not self._serves(server):
                if time.monotonic() > until:
                    self._outcome.problems.append("a server does not serve again")
                    return

    @staticmethod
    def _serves(server: Server) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{server.url}/readyz", timeout=5):
            return True
        return False

    def _compare_documents(self) -> None:
        """Download what each room shows: it has to be, to the byte, what somebody sent."""
        for arena in self._arenas:
            try:
                with urllib.request.urlopen(f"{self._proxy.url}/{arena.room_id}.tsv", timeout=30) as answer:
                    data = answer.read()
            except urllib.error.HTTPError as error:
                self._outcome.problems.append(f"{arena.name}: its document cannot be downloaded: {error}")
                continue
            if data not in arena.documents.values():
                self._outcome.problems.append(f"{arena.name}: its document of {len(data)} bytes is nobody's")

    # Faults

    async def _cut(self) -> None:
        self._proxy.cut(self._chooser.choice([0.1, 0.5, 1.0]))

    async def _stall(self) -> None:
        self._proxy.stall(self._chooser.uniform(0.1, 1.0), share=self._chooser.choice([0.1, 0.5]))

    async def _delay(self) -> None:
        self._proxy.delay_seconds = self._chooser.choice([0.0, 0.02])

    async def _freeze(self) -> None:
        since, pid = time.monotonic(), self._one().worker_pid
        kill(pid, signal.SIGSTOP)
        await asyncio.sleep(self._chooser.uniform(0.1, 1.0))
        kill(pid, signal.SIGCONT)
        for arena in self._arenas:
            arena.history.pause(since, time.monotonic())

    async def _kill_worker(self) -> None:
        await self._end(self._one().kill_worker, killed=True)

    async def _kill(self) -> None:
        server = self._one()
        await self._end(lambda: (server.kill(), server.start()), killed=True)

    async def _restart(self) -> None:
        await self._end(self._one().restart, killed=False)

    async def _reload(self) -> None:
        server = self._one()

        def reload() -> None:
            since = len(server.log.splitlines())
            server.signal(signal.SIGHUP)
            server.wait_for_log("Worker exiting", since)
            server.wait_until_answering()

        await self._end(reload, killed=False)

    def _one(self) -> Server:
        return self._chooser.choice(self._servers)

    async def _lose_store(self) -> None:
        assert self._redis is not None
        self._redis.kill()
        await asyncio.sleep(self._chooser.uniform(0.0, 2.0))
        await asyncio.to_thread(self._redis.start)

    async def _freeze_store(self) -> None:
        assert self._redis is not None
        self._redis.signal(signal.SIGSTOP)
        await asyncio.sleep(self._chooser.uniform(0.1, 4.0))
        self._redis.signal(signal.SIGCONT)

    async def _end(self, end: Callable[[], object], killed: bool) -> None:
        for arena in self._arenas:
            arena.history.end(time.monotonic(), killed)
        await asyncio.to_thread(end)
