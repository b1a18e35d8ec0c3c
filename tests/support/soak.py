"""A soak: clients come and go in every way there is, and afterwards the server is as it was before.

`make soak MINUTES=30` runs it by hand and prints its samples; `tests/live/test_soak.py` runs the same for some seconds.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import statistics
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
from websockets.exceptions import InvalidStatus

from tests.support.client import ArticleClient, V1Client, open_socket, table
from tests.support.logfmt import parse
from tests.support.metrics import Scrape
from tests.support.raw import RawClient
from tests.support.server import Server, free_port

KIB = 1 << 10
CLIENTS = 6
"""Threads that do one operation after the other."""

SAMPLES = 24
WARM_UP = 1 / 3
"""Share of the samples that are left out of the slope: pools fill, and the allocator finds its size."""

NOISE_KIB = 12 << 10
"""By how much memory may differ between two samples that have nothing to do with time: what is being uploaded now."""

LEAK_KIB = 256
"""Most that 1,000 operations may leave behind in a run so long that the noise is nothing."""

SETTLE_SECONDS = 40
TABLES = [table(rows, columns=8) for rows in (3, 300, 3000)]
WIDE = table(200, columns=20, word="x" * 80)
"""A page of it has 170 KB, so that a viewer who does not read stalls soon."""

SETTINGS = {
    "idle_seconds": 0.5,
    "stall_seconds": 1,
    "vanish_seconds": 5,
    "heartbeat_seconds": 1,
    "pause_seconds": 0.3,
    "abandon_seconds": 1,
    "wheel_seconds": 0.5,
    "room_days": 5,  # of half a second each
    "max_upload_bytes": 1 << 20,
    # All come from one address.
    "sockets_per_address": 10_000,
    "connects_per_address": 1_000_000,
    "requests_per_address": 1_000_000,
    "rooms_per_address": 1_000_000,
    "messages_per_address": 1_000_000,
}


class Sample(NamedTuple):
    """Be what is looked at from time to time; what has to come back is in `level`."""

    seconds: float
    operations: int
    rss_kib: int
    descriptors: int
    greenlets: int
    connections: int
    rooms_in_memory: int
    rooms_kept: int
    uploads: int
    files: int

    @property
    def level(self) -> dict[str, int]:
        """Return what is to be again as it was."""
        return {name: getattr(self, name) for name in self._fields[self._fields.index("descriptors") :]}

    def has_left_nothing(self, before: Sample) -> bool:
        """Say whether there is no more of anything than before."""
        return all(value <= before.level[name] for name, value in self.level.items())


class Soak:
    """Soak a server for `seconds`; then `samples`, `slope`, `before` and `after` say how it took it."""

    def __init__(self, server: Server, seconds: float, seed: int = 1) -> None:
        self._server = server
        self._seconds = seconds
        self._seed = seed
        self._started = time.monotonic()
        self._count = threading.Lock()
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []
        self.samples: list[Sample] = []
        self.ends: dict[str, float] = {}
        """How many connections have ended, by why."""

    def run(self, tell: Callable[[str], object]) -> None:
        """Do all of it; `tell` is given each line of the table."""
        tell("  ".join(Sample._fields))
        self._each_once()
        self.before = self._settled(None)
        self._started = time.monotonic()
        until = self._started + self._seconds
        threads = [threading.Thread(target=self._churn, args=(self._seed + each, until)) for each in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for number in range(1, SAMPLES + 1):
            time.sleep(max(0.0, self._started + number * self._seconds / SAMPLES - time.monotonic()))
            self.samples.append(self.sample())
            tell(self._row(self.samples[-1]))
        for thread in threads:
            thread.join()
        self.after = self._settled(self.before)
        self.ends = Scrape.of(self._server).all("connections_ended_total", "why")
        tell(self._row(self.after))

    @property
    def slope(self) -> float:
        """Return how memory grows, in KiB for each 1,000 operations, after the warm-up."""
        used = self._warm()
        fit = statistics.linear_regression([each.operations for each in used], [each.rss_kib for each in used])
        return 1000 * fit.slope

    @property
    def bound(self) -> float:
        """Return the most that `slope` may be: what a leak may be, and what noise makes of so few operations."""
        used = self._warm()
        return LEAK_KIB + 1000 * NOISE_KIB / max(1, used[-1].operations - used[0].operations)

    def _warm(self) -> list[Sample]:
        return self.samples[int(len(self.samples) * WARM_UP) :]

    def sample(self) -> Sample:
        """Look at the server now."""
        since = len(self._server.log.splitlines())
        os.kill(self._server.worker_pid, signal.SIGRTMIN)
        greenlets = int(parse(self._server.wait_for_log("msg=counted", since).rstrip())["greenlets"])
        scrape, worker = Scrape.of(self._server), psutil.Process(self._server.worker_pid)
        return Sample(
            round(time.monotonic() - self._started, 1),
            self.done.total(),
            worker.memory_info().rss // KIB,
            worker.num_fds(),
            greenlets,
            int(sum(scrape.all("connections", "protocol").values())),
            int(scrape["rooms_in_memory"]),
            int(scrape["rooms_kept"]),
            int(scrape["uploads_running"]),
            sum(1 for _ in (self._server.data_dir / "documents").iterdir()),
        )

    def _settled(self, most: Sample | None) -> Sample:
        """Wait until nobody and nothing is left, and no more than `most` has; return what is then."""
        until, former = time.monotonic() + SETTLE_SECONDS, None
        while True:
            now = self.sample()
            empty = not (now.connections or now.rooms_in_memory or now.rooms_kept or now.uploads or now.files)
            # Timers and the like may still run out: so it is looked at twice.
            settled = now.level == former if most is None else now.has_left_nothing(most)
            if (empty and settled) or time.monotonic() > until:
                return now
            former = now.level
            time.sleep(0.5)

    @staticmethod
    def _row(sample: Sample) -> str:
        return "  ".join(str(value).rjust(len(name)) for name, value in zip(Sample._fields, sample, strict=True))

    def _each_once(self) -> None:
        # What is made at the first use, such as threads, is there before the level is taken.
        for work in OPERATIONS:
            self._do(work, random.Random(self._seed))

    def _churn(self, seed: int, until: float) -> None:
        chance = random.Random(seed)
        while time.monotonic() < until:
            self._do(chance.choice(OPERATIONS), chance)

    def _do(self, work: Callable[[Server, random.Random], None], chance: random.Random) -> None:
        try:
            work(self._server, chance)
        except Exception as error:
            self.failures.append(f"{work.__name__}: {error!r}")
        with self._count:
            self.done[work.__name__] += 1


def drive(server: Server, chance: random.Random) -> None:
    """Upload, turn, look on, bring another, undo; leave politely."""
    with closing(V1Client(server.ws_url)) as driver, closing(V1Client(server.ws_url, driver.room_id)) as viewer:
        driver.upload(chance.choice(TABLES))
        driver.upload(TABLES[1])
        former = driver.see(lambda event: bool(event["former"]))["former"][0]["document"]
        for page in chance.sample((2, 3, 4), 3):
            driver.send("turn", page=page)
            viewer.see(lambda event, page=page: event["page"] == page)
        driver.send("present")
        driver.send("look", ask=1, page=1, first_column=0)
        driver.send("restore", document=former)
        viewer.see(lambda event: event["table"]["document"] == former)


def speak_the_article(server: Server, chance: random.Random) -> None:
    """Send a file and turn by the article's protocol; leave politely."""
    with closing(ArticleClient(server.ws_url)) as client:
        client.send_file(chance.choice(TABLES))
        room_id = client.receive()["uuid"]
        client.turn(2)
        client.receive()
        with closing(ArticleClient(server.ws_url, room_id)) as second:
            second.receive()


def send_no_number(server: Server, chance: random.Random) -> None:
    """Make a mistake for which the article's protocol closes."""
    with closing(ArticleClient(server.ws_url)) as client:
        client.socket.send("no number")
        assert client.wait_for_close()[0] == 1007


def delete(server: Server, chance: random.Random) -> None:
    """Upload, and delete the room before those who look."""
    with closing(V1Client(server.ws_url)) as driver, closing(V1Client(server.ws_url, driver.room_id)) as viewer:
        driver.upload(chance.choice(TABLES))
        driver.send("delete")
        viewer.wait_for("unknown_room")


def cancel(server: Server, chance: random.Random) -> None:
    """Cancel an upload halfway."""
    with closing(V1Client(server.ws_url)) as driver:
        upload = driver.begin("half.tsv", 2 * len(TABLES[1]))
        driver.socket.send(TABLES[1])
        driver.wait_for("ack")
        driver.send("cancel", upload=upload)
        driver.wait_for("snapshot", lambda event: event["notice"] is not None)


def be_refused(server: Server, chance: random.Random) -> None:
    """Bring what is no table, nothing, and too much."""
    with closing(V1Client(server.ws_url)) as driver:
        driver.begin("archive.tsv", 4)
        driver.socket.send(b"PK\x03\x04")
        driver.wait_for("error")
        for size in (0, 1 << 30):
            driver.send("begin", name="odd.tsv", size=size)
            driver.wait_for("error")


def break_off(server: Server, chance: random.Random) -> None:
    """Lose the line within an upload; half of them go on."""
    data = TABLES[2]
    with ExitStack() as clients:
        driver = V1Client(server.ws_url)
        clients.callback(driver.close)
        broken = V1Client(server.ws_url, driver.room_id)
        clients.callback(broken.close)
        upload = broken.begin("broken.tsv", len(data))
        broken.socket.send(data[: len(data) // 2])
        broken.wait_for("ack")
        reset(broken.socket.socket)
        if chance.random() < 0.5:
            return
        driver.send("resume", upload=upload, name="broken.tsv", size=len(data))
        ready = either(driver, "ready")
        if ready["type"] == "error":
            return  # on a busy machine it was given up before
        driver.socket.send(b"".join(data[start:stop] for start, stop in ready["proof"]))
        driver.socket.send(data[ready["offset"] :])
        either(driver, "finished")


def either(client: V1Client, kind: str) -> dict[str, Any]:
    """Wait for an event of this type, or for an error."""
    while (event := client.receive())["type"] not in (kind, "error"):
        pass
    return event


def vanish(server: Server, chance: random.Random) -> None:
    """Be cut off by a reset, in the middle of a frame."""
    client = RawClient(server.port, subprotocol=chance.choice(("", "tsvapp.v1")))
    client.socket.sendall(b"\x82\xfe")
    reset(client.socket)
    client.close()


def stall(server: Server, chance: random.Random) -> None:
    """Read nothing, until the server has had enough of it."""
    with closing(V1Client(server.ws_url)) as driver:
        driver.upload(WIDE)
        stalled = RawClient(server.port, f"/parser/ws/{driver.room_id}", receive_buffer=4 * KIB)
        assert stalled.socket.recv(1)
        since = len(driver.events)
        for turn in range(40):
            driver.send("turn", page=turn % 2 + 1)
            driver.see(lambda event, page=turn % 2 + 1: event["page"] == page)
        told = [event for event in driver.events[since:] if event["type"] == "presence"]
        if (told or [driver.wait_for("presence")])[-1]["members"] == 2:
            driver.wait_for("presence", lambda event: event["members"] == 1)
        stalled.close()


def ask(server: Server, chance: random.Random) -> None:
    """Ask for pages, a download, what is not there, and for a WebSocket from elsewhere."""
    with closing(V1Client(server.ws_url)) as driver:
        driver.upload(TABLES[1])
        paths = {"/": 200, f"/{driver.room_id}.tsv": 200, "/nothing": 404, "/readyz": 200, "/static/js/main.js": 200}
        for path, status in paths.items():
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=40)) as connection:
                connection.request("GET", path)
                answer = connection.getresponse()
                assert answer.status == status, (path, answer.status)
                answer.read(chance.choice((1, -1)))
    with pytest.raises(InvalidStatus):
        open_socket(server.ws_url, origin="http://elsewhere.example")


def reset(sock: socket.socket) -> None:
    """Have the end of this socket be a reset (socket(7), SO_LINGER)."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.shutdown(socket.SHUT_RD)


OPERATIONS = [drive, speak_the_article, send_no_number, delete, cancel, be_refused, break_off, vanish, stall, ask]


def soaked(data_dir: Path, seconds: float, tell: Callable[[str], object] = print) -> Soak:
    """Start a server, soak it for `seconds`, stop it, and return what was seen."""
    server = Server(data_dir, app="tests.support.soaking_app:app", metrics_port=free_port(), **SETTINGS)
    server.start()
    soak = Soak(server, seconds)
    try:
        soak.run(tell)
    finally:
        server.stop()
    soak.failures += [line for line in server.log.splitlines() if " level=ERROR " in line]
    return soak


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        result = soaked(Path(folder) / "data", 60 * float(sys.argv[1]))
    print(json.dumps({"operations": result.done, "connections ended": result.ends}, indent=1))
    print(f"memory: {result.slope:+.0f} KiB for each 1,000 operations, of {result.bound:.0f} that may be")
    print(f"failures: {len(result.failures)}", *result.failures[:20], sep="\n")
    same = result.after.has_left_nothing(result.before)
    print("as before" if same else f"not as before: {result.before.level} has become {result.after.level}")
    sys.exit(not same or result.slope > result.bound or bool(result.failures))
