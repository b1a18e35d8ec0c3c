"""Large files: memory that does not grow with them, and the first rows at once.

`make test` sends 64 MB; `make test-long` the stated size, 1 GB and 10 million rows, and prints its figures.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
import urllib.request
from collections.abc import Callable

import psutil
import pytest

from tests.support.client import V1Client, rows_of_100_bytes
from tests.support.server import Server

MIB = 1 << 20
GROWTH = 64 * MIB


def upload(client: V1Client, size: int) -> tuple[str, dict[str, object]]:
    client.begin("large.tsv", size)
    digest, sent, acknowledged = hashlib.sha256(), 0, 0
    while sent < size:
        chunk = rows_of_100_bytes(sent, min(sent + (256 << 10), size))
        while sent + len(chunk) - acknowledged > 4 * MIB:
            acknowledged = client.wait_for("ack")["offset"]
        client.socket.send(chunk)
        digest.update(chunk)
        sent += len(chunk)
    return digest.hexdigest(), client.wait_for("finished")


@pytest.mark.parametrize(
    "size",
    [pytest.param(64 * MIB, id="64 MB"), pytest.param(1000 * 10**6, id="1 GB", marks=pytest.mark.long)],
)
def test_a_large_file_is_shown_and_paged_with_memory_that_does_not_grow_with_it(
    start_server: Callable[..., Server], size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server = start_server()
    client = V1Client(server.ws_url)
    worker = psutil.Process(server.worker_pid)
    before = worker.memory_info().rss
    peak, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], worker.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    started = time.monotonic()
    digest, finished = upload(client, size)
    uploaded = time.monotonic() - started
    assert finished["rows"] == -(-size // 100)

    pages = -(-size // 100 // 100)
    client.see(lambda event: event["table"] is not None and not event["table"]["growing"])
    turns = []
    chooser = random.Random(1)
    for page in [pages, 1, *(chooser.randrange(2, pages) for _ in range(100))]:
        started = time.monotonic()
        client.send("look", ask=page, page=page, first_column=0)
        answer = client.wait_for("page")
        turns.append(time.monotonic() - started)
        assert int(answer["data"][0][0]) == (page - 1) * 100
        assert answer["first_row"] == (page - 1) * 100 + 1

    with urllib.request.urlopen(f"{server.url}/{client.room_id}.tsv") as download:
        received = hashlib.sha256()
        while piece := download.read(MIB):
            received.update(piece)
    assert received.hexdigest() == digest
    done.set()
    watching.join()
    client.close()
    turns.sort()
    with capsys.disabled():
        print(
            f"\n  {size / 1e6:,.0f} MB, {finished['rows']:,} rows: {size / 1e6 / uploaded:.0f} MB/s,"
            f" memory +{(peak[0] - before) / MIB:.0f} MiB,"
            f" random page median {turns[51] * 1e3:.1f} ms, p98 {turns[99] * 1e3:.1f} ms"
        )
    assert peak[0] - before < GROWTH


def test_one_gigantic_row_is_refused_long_before_its_end(start_server: Callable[..., Server]) -> None:
    server = start_server()
    client = V1Client(server.ws_url)
    client.begin("line.tsv", 1 << 30)
    sent = 0
    for _ in range(24):
        client.socket.send(b"x" * (256 << 10))
        sent += 256 << 10
    error = client.wait_for("error")
    assert error["code"] == "row_too_long"
    assert error["limit"] == 4 * MIB < sent
    assert "4,194,304" in error["message"]
    client.close()


def test_a_million_columns_are_shown_two_hundred_at_a_time(start_server: Callable[..., Server]) -> None:
    server = start_server()
    client = V1Client(server.ws_url)
    row = "\t".join("1" for _ in range(1_000_000)) + "\n"
    client.upload(row.encode() * 5)
    event = client.see(lambda event: event["table"] is not None and not event["table"]["growing"])
    assert (event["table"]["columns"], [len(cells) for cells in event["data"]]) == (1_000_000, [200] * 5)
    client.send("look", ask=1, page=1, first_column=999_900)
    assert [len(cells) for cells in client.wait_for("page")["data"]] == [100] * 5
    client.close()


def test_fat_cells_are_clipped_until_the_page_fits(start_server: Callable[..., Server]) -> None:
    server = start_server()
    client = V1Client(server.ws_url)
    cells = [f"{number:04d}" + "x" * 20_000 for number in range(100)]
    client.upload(("\n".join("\t".join([cell] * 20) for cell in cells) + "\n").encode())
    event = client.see(lambda event: event["table"] is not None and not event["table"]["growing"])
    assert sum(len(cell) for row in event["data"] for cell in row) <= 512 << 10
    assert [row[0][:4] for row in event["data"]] == [f"{number:04d}" for number in range(100)]
    assert len(event["clipped"]) == 2000
    assert event["clipped"][0] == [0, 0, 20_004]
    client.close()
