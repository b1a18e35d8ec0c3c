"""How memory and page turns grow with the number of rooms."""

from __future__ import annotations

import asyncio
import random
import time
from statistics import median

from websockets.asyncio.client import ClientConnection, connect

from bench.compare import figure, p99
from bench.lab import Lab
from bench.report import Section, markdown
from bench.servers import Server
from bench.table import PAGE_ROWS

STEPS = (1, 10, 100, 1_000, 10_000)
PAGES = 4
AT_ONCE = 16
TURNS = 300


def run(lab: Lab) -> Section:
    """Measure at each number of rooms, with those that were there before."""
    with lab.serve("ours") as server:
        table = lab.narrow.path.read_bytes()[: lab.narrow.size(PAGES * PAGE_ROWS)]
        lines = asyncio.run(grow(server, table))
    columns = ("rooms", "memory of a room", "made in a second", "page, median", "page, p99")
    how = (
        f"Each room has a table of {PAGES} pages ({len(table) / 1e3:.0f} KB) and one viewer by the article's protocol, "
        f"who has brought it, {AT_ONCE} at once: made are connection, room, document and record, all on the disk when "
        "the viewer has the page. Memory is what the worker's has grown since there was none. A page is turned in a "
        "room at random."
    )
    return Section("ever more rooms", how, details=markdown(columns, lines))


async def grow(server: Server, table: bytes) -> list[tuple[str, ...]]:
    """Make rooms, and measure at each step."""
    lines: list[tuple[str, ...]] = []
    viewers: list[ClientConnection] = []
    before = server.memory()
    for rooms in STEPS:
        more, started = rooms - len(viewers), time.monotonic()
        while missing := rooms - len(viewers):
            viewers += await asyncio.gather(*(make(server, table) for _ in range(min(AT_ONCE, missing))))
        rate = more / (time.monotonic() - started)
        size = (server.memory() - before) / rooms
        times = [await turn(random.choice(viewers)) for _ in range(TURNS)]
        cells = figure(size / 1e3, "KB"), figure(rate, "/s"), figure(median(times), "ms"), figure(p99(times), "ms")
        lines.append((f"{rooms:,}", *cells))
    for viewer in viewers:
        viewer.transport.abort()
    return lines


async def make(server: Server, table: bytes) -> ClientConnection:
    """Make a room with a table; return its viewer."""
    address = f"ws://127.0.0.1:{server.port}{server.path}"
    viewer = await connect(address, compression=None, ping_interval=None)
    await viewer.send(table)
    await viewer.recv()
    return viewer


async def turn(viewer: ClientConnection) -> float:
    """Turn to a page; return how long it took until it was there, in milliseconds."""
    started = time.perf_counter()
    await viewer.send(str(random.randint(1, PAGES)))
    await viewer.recv()
    return 1000 * (time.perf_counter() - started)
