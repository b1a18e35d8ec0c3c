"""What it costs that several workers share a room through Redis: latency, turns in a second, bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

import orjson
from websockets.sync.client import ClientConnection

from bench.compare import Wanted, alone, figure, in_turn, p99
from bench.lab import Lab
from bench.redis import Redis
from bench.report import Row, Section, markdown
from bench.servers import Server

ROUNDS = 3
TURNS = 200
SECONDS = 3.0
ROOMS = 4
ROWS = 10_000
VIEWERS = 2_000
MOST_MS = 5
MOST_BYTES = 1.1


@dataclass
class Room:
    """Be a room with its driver; others are let in as wished."""

    path: str
    driver: ClientConnection
    page: int = 1

    def turn(self, watcher: ClientConnection, *others: ClientConnection) -> float:
        """Turn to the next page; return the milliseconds until `watcher` has it. The others get it too."""
        self.page = self.page % (ROWS // 100) + 1
        started = time.perf_counter()
        self.driver.send(str(self.page))
        _wait(watcher, self.page)
        took = (time.perf_counter() - started) * 1000
        for each in {self.driver, *others} - {watcher}:
            _wait(each, self.page)
        return took


def run(lab: Lab) -> Section:
    """Measure with one, two and four workers."""
    with _house(lab, 4) as (workers, redis):
        rows = [*_latency(workers), *_bytes(workers, redis)]
    speeds = [(count, *_speed(lab, count), _reached(lab, count)) for count in (1, 2, 4)]
    details = markdown(
        ("workers", "turns in a second, all rooms", "with one worker and no Redis", "viewers reached in a second"),
        [(str(count), f"{ours:,.0f}", f"{single:,.0f}", f"{reached:,.0f}") for count, ours, single, reached in speeds],
    )
    how = (
        f"Workers with a room in common, on one Redis. Latency: {ROUNDS} rounds of {TURNS} turns each, in turn. Bytes:"
        f" what Redis says it took and gave, in {TURNS} turns. The table: {ROOMS} rooms spread over the workers, each"
        f" with one driver who turns as soon as the page is there, for {SECONDS:g} s. Viewers reached: one room of"
        f" {VIEWERS:,} people spread over the workers, who get as many pages as they can take."
    )
    return Section("several workers", how, rows, details)


def _latency(workers: list[Server]) -> list[Row]:
    with ExitStack() as stack:
        room = _room(workers[0], stack)
        near, far = (_join(worker, room.path, stack) for worker in workers[:2])
        times = in_turn(
            ROUNDS,
            {
                "within": lambda: [room.turn(near, far) for _ in range(TURNS)],
                "across": lambda: [room.turn(far, near) for _ in range(TURNS)],
            },
        )
    within, across = ([p99(each) for each in times[name]] for name in ("within", "across"))
    more = median(other - one for one, other in zip(within, across, strict=True))
    middle = {name: median(time for each in times[name] for time in each) for name in times}
    return [
        alone("p99 of a turn seen at another worker, more than at the same", more, "ms", Wanted("≤", MOST_MS, "ms")),
        Row("median of a turn seen at another worker", figure(middle["across"], "ms"), figure(middle["within"], "ms")),
    ]


def _bytes(workers: list[Server], redis: Redis) -> list[Row]:
    found = {}
    for name, columns, viewers in (("small", 4, 2), ("wide", 40, 2), ("crowd", 4, 60)):
        with ExitStack() as stack:
            room = _room(workers[0], stack, columns)
            others = [_join(workers[number % 2], room.path, stack) for number in range(viewers)]
            before = redis.bytes()
            for _ in range(TURNS):
                room.turn(*others)
            found[name] = (redis.bytes() - before) / TURNS
    wanted = Wanted("≤", MOST_BYTES)
    return [
        Row("bytes through Redis for a turn", figure(found["small"], "B")),
        _ratio("bytes for a turn of pages ten times as wide: ordinary ones", found["wide"], found["small"], wanted),
        _ratio("bytes for a turn with 60 viewers: with two", found["crowd"], found["small"], wanted),
    ]


def _ratio(what: str, ours: float, beside: float, wanted: Wanted) -> Row:
    ratio = ours / beside
    return Row(what, figure(ours, "B"), figure(beside, "B"), ratio, str(wanted), wanted.met(ratio))


def _speed(lab: Lab, count: int) -> tuple[float, float]:
    with _house(lab, count) as (workers, _):
        shared = _turns_in_a_second(workers)
    with lab.serve("ours") as server:
        return shared, _turns_in_a_second([server])


def _turns_in_a_second(workers: list[Server]) -> float:
    with ExitStack() as stack:
        rooms = [_room(workers[number % len(workers)], stack) for number in range(ROOMS)]
        counts = [0] * ROOMS

        def drive(number: int) -> None:
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                rooms[number].turn(rooms[number].driver)
                counts[number] += 1

        drivers = [threading.Thread(target=drive, args=(number,)) for number in range(ROOMS)]
        for driver in drivers:
            driver.start()
        for driver in drivers:
            driver.join()
        return sum(counts) / SECONDS


def _reached(lab: Lab, count: int) -> float:
    """Return how many pages all viewers of one room get in a second, with a driver who never waits for them."""
    with _house(lab, count) as (workers, _), ExitStack() as stack:
        room = _room(workers[0], stack)
        crowds = [stack.enter_context(lab.viewer(worker, room.path, VIEWERS // count)) for worker in workers]
        ended = threading.Event()

        def drive() -> None:
            while not ended.is_set():
                room.turn(room.driver)

        driver = threading.Thread(target=drive)
        driver.start()
        with ThreadPoolExecutor(count) as pool:
            pages = sum(pool.map(lambda crowd: crowd.idle(SECONDS), crowds))
        ended.set()
        driver.join()
        return pages / SECONDS


@contextmanager
def _house(lab: Lab, count: int) -> Iterator[tuple[list[Server], Redis]]:
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(lab.folder))
        yield [stack.enter_context(lab.serve("ours", redis.url)) for _ in range(count)], redis


def _room(worker: Server, stack: ExitStack, columns: int = 4) -> Room:
    driver = stack.enter_context(worker.connect())
    driver.send("".join("\t".join([f"cell {row}"] * columns) + "\n" for row in range(ROWS)).encode())
    return Room(f"{worker.path}/{_wait(driver, 1)}", driver)


def _join(worker: Server, path: str, stack: ExitStack) -> ClientConnection:
    client = stack.enter_context(worker.connect(path))
    client.recv()
    return client


def _wait(client: ClientConnection, page: int) -> str:
    """Wait for a page of the whole table; return the room's id."""
    while True:
        event = orjson.loads(client.recv(timeout=30))
        if event["page_no"] == page and event["total_number"] == ROWS:
            return str(event["uuid"])
