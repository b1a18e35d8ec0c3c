"""Giants: a table with flat memory or a quick refusal, and never a page that stops everybody.

`make test` sends a small part of each; `make test-long` the stated size, within 1 s and 100 MB/s
besides the time that the machine takes to write as much.
"""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from tests.corpus.entry import CHUNK
from tests.corpus.outcome import send, settled
from tests.support.client import ArticleClient, V1Client
from tests.support.server import Server

MIB = 1 << 20
FLAT = 96 * MIB
SECOND, BYTES_PER_SECOND = 1.0, 100e6


class Giant(NamedTuple):
    """A file that is one block again and again, each a row of this one cell; or the code of its refusal."""

    block: bytes
    cell: str = ""
    code: str | None = None

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield `size` bytes of it."""
        whole = self.block * (CHUNK // len(self.block))
        for sent in range(0, size, len(whole)):
            yield whole[: size - sent]


GIANTS = {
    "one line": Giant(b"x", code="row_too_long"),
    "rows of 64 bytes": Giant(b"x" * 63 + b"\n", "x" * 63),
    "newlines": Giant(b"\n"),
    "rows of one byte": Giant(b"x\n", "x"),
    "returns": Giant(b"\r"),
    "quotes": Giant(b'"', code="row_too_long"),
    "quotes and newlines": Giant(b'"\n"\n', "\n"),
    "quotes and commas": Giant(b'",', code="row_too_long"),
    "tabs": Giant(b"\t", code="row_too_long"),
    "bytes that are no character": Giant(b"\xff\n", "ÿ"),
}
SIZES = [pytest.param(8 * MIB, id="8 MB"), pytest.param(10**9, id="1 GB", marks=pytest.mark.long)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("giant", GIANTS.values(), ids=GIANTS)
def test_a_giant_is_a_table_with_flat_memory_or_is_refused_at_once(
    server: Server,
    v1: Callable[..., V1Client],
    giant: Giant,
    size: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    writing = seconds_to_write(tmp_path, size)
    client, worker = v1(), psutil.Process(server.worker_pid)
    client.upload(b"former\ttable\n1\t2\n")
    former = settled(client)
    before = worker.memory_info().rss
    peak, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], worker.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        started = time.monotonic()
        answer = send(client, giant.chunks(size), size)
        seconds = time.monotonic() - started
        snapshot = settled(client, former["revision"])
        if giant.code:
            assert answer["code"] == giant.code, answer
            assert snapshot["table"]["document"] == former["table"]["document"]
        else:
            is_whole(client, snapshot, giant, size)
    finally:
        done.set()
        watching.join()
        client.send("delete")  # or the next would have less memory for its files
    with capsys.disabled():
        memory = (peak[0] - before) / MIB
        print(f"\n  {size / 1e6:,.0f} MB: {answer['type']} after {seconds:.1f} s, memory +{memory:.0f} MiB")
    assert peak[0] - before < FLAT
    if size >= 10**9:
        # A refusal comes long before the end, so it has the second alone.
        assert seconds < SECOND + (0 if giant.code else size / BYTES_PER_SECOND + writing)


def seconds_to_write(place: Path, size: int) -> float:
    """Return how long this machine takes to write `size` bytes, which is no time of the server's.

    A virtual one fetches the memory for a file as that grows, and may take 4 s for a GB.
    """
    file = place / "written"
    started = time.monotonic()
    with file.open("wb") as out:
        for _ in range(0, size, CHUNK):
            out.write(bytes(CHUNK))
    seconds = time.monotonic() - started
    file.unlink()
    return seconds


def is_whole(client: V1Client, snapshot: dict[str, Any], giant: Giant, size: int) -> None:
    """Hold a giant to its rows, and to its last page."""
    rows = size // len(giant.block)
    assert (snapshot["table"]["rows"], snapshot["table"]["columns"]) == (rows, 1)
    pages = -(-rows // 100)
    for page in (pages, pages // 2, 1):
        client.send("look", ask=page, page=page, first_column=0)
        answer = client.wait_for("page")
        assert answer["data"] == [[giant.cell]] * min(100, rows - (page - 1) * 100)


@pytest.mark.parametrize("rows", [3, pytest.param(100, marks=pytest.mark.long)])
def test_a_page_of_millions_of_cells_is_shown_by_both_protocols_and_others_are_served_meanwhile(
    server: Server, v1: Callable[..., V1Client], article: Callable[..., ArticleClient], rows: int
) -> None:
    client, worker = v1(), psutil.Process(server.worker_pid)
    row = b"\t" * (4 * MIB - 1) + b"\n"
    send(
        client,
        (row[start : start + CHUNK] for _ in range(rows) for start in range(0, len(row), CHUNK)),
        rows * len(row),
    )
    assert settled(client)["table"]["columns"] == 4 * MIB
    before = worker.memory_info().rss
    page = article(client.room_id).receive()
    columns = 4 * MIB if rows * len(row) <= 16 * MIB else 16 * MIB // (100 * 16)
    assert [len(cells) for cells in page["data"]] == [columns] * rows
    client.send("look", ask=1, page=1, first_column=4 * MIB - 3)
    # The loop is free while that is cut.
    with urllib.request.urlopen(f"{server.url}/healthz") as answer:
        assert answer.status == 200
    assert client.wait_for("page")["data"] == [[""] * 3] * rows
    assert worker.memory_info().rss - before < 400 * MIB
