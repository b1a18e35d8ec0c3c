"""A large upload through a line that is cut again and again, to a server that is killed meanwhile.

`make test` sends 48 MB; `make test-long` the stated size, 1 GB with 50 cuts and three kills. Both print their figures.
"""

from __future__ import annotations

import hashlib
import random
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage

from tests.support.client import V1Client, rows_of_100_bytes
from tests.support.proxy import Proxy
from tests.support.server import Server

MIB = 1 << 20
CHUNK = 256 << 10
WINDOW = 4 * MIB
GROWTH = 64 * MIB
LOST = (ConnectionClosed, InvalidMessage, OSError, EOFError)
"""What a client may meet at the end of a line."""


class Sender:
    """Send one file to its end, over as many lines as that takes; note what each new line is told."""

    def __init__(self, ws_url: str, size: int) -> None:
        self.size = size
        self.room_id: str | None = None
        self.upload: str | None = None
        self.sent = self.acknowledged = 0
        self.twice: list[int] = []
        """Bytes that went out once more, of each line."""
        self._ws_url = ws_url
        self._client: V1Client | None = None

    def go_on(self, stop: int) -> bool:
        """Send until byte `stop` (or the last) has gone out or the line is lost; return whether it is finished."""
        client = None
        try:
            client = self._line()
            if client is None:
                return True
            while self.sent < min(stop, self.size):
                piece = rows_of_100_bytes(self.sent, min(self.sent + CHUNK, self.size))
                while self.sent + len(piece) - self.acknowledged > WINDOW:
                    self._acknowledge(client.wait_for("ack")["offset"])
                client.socket.send(piece)
                self.sent += len(piece)
            if self.sent < self.size:
                return False
            client.wait_for("finished")
            return True
        except TimeoutError:  # an OSError, but of one who waits in vain
            raise AssertionError(f"nothing comes: {client and client.events[-5:]}") from None
        except LOST:
            self._client = None
        return False

    def is_heard(self) -> bool:
        """Say whether there is a line, this one or a new one, on which the server answers."""
        try:
            if client := self._line():
                client.send("cell", ask=1, row=1, column=0)
                while "ask" not in (event := client.receive()):
                    if event["type"] == "ack":
                        self._acknowledge(event["offset"])
                return True
        except LOST:
            self._client = None
        return False

    def _line(self) -> V1Client | None:
        """Return the line there is, or a new one; None if the server says that nothing is missing."""
        if self._client is not None:
            return self._client
        client = V1Client(self._ws_url, self.room_id)
        self.room_id = client.room_id
        shown = client.wait_for("snapshot")
        if shown["upload"] is None and shown["table"] is None:
            assert self.acknowledged == 0, "what was acknowledged is lost"
            self.sent, self.upload = 0, client.begin("large.tsv", self.size)
        else:
            if shown["upload"] is None:
                assert shown["table"]["size"] == self.size
                assert not shown["table"]["growing"]
                return None
            client.send("resume", upload=self.upload, name="large.tsv", size=self.size)
            ready = client.wait_for("ready")
            client.socket.send(b"".join(rows_of_100_bytes(*span) for span in ready["proof"]))
            self._acknowledge(ready["offset"])
            self.twice.append(max(0, self.sent - ready["offset"]))
            self.sent = ready["offset"]
        self._client = client
        return client

    def _acknowledge(self, offset: int) -> None:
        assert offset >= self.acknowledged or offset == self.size - 1, "less is stored than was acknowledged"
        self.acknowledged = offset


def peak_memory(pid: int) -> int:
    """Return the most memory that a process has had, in bytes."""
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) << 10


@pytest.mark.parametrize(
    ("size", "cuts", "kills"),
    [
        pytest.param(48 * 10**6, 12, 2, id="48 MB"),
        pytest.param(1000 * 10**6, 50, 3, id="1 GB", marks=pytest.mark.long),
    ],
)
def test_an_upload_survives_cuts_and_kills_and_no_byte_is_lost(
    start_server: Callable[..., Server],
    clients: ExitStack,
    capsys: pytest.CaptureFixture[str],
    seed: int,
    size: int,
    cuts: int,
    kills: int,
) -> None:
    chooser = random.Random(seed)
    server = start_server()
    proxy = Proxy(server.port, seed=seed)
    clients.callback(proxy.close)
    sender = Sender(proxy.ws_url, size)
    started, fresh = time.monotonic(), peak_memory(server.worker_pid)
    growth = 0
    faults = [server.kill_worker, lambda: (server.kill(), server.start())] * kills
    # The first time as soon as it begins, when the server may not have a byte.
    places = [1, *sorted(chooser.randrange(size - 2 * WINDOW) for _ in range(cuts + kills - 1))]
    killing = {0, *chooser.sample(range(1, cuts + kills), kills - 1)}
    for number, place in enumerate(places):
        while sender.sent < place:
            sender.go_on(place)
        if number in killing:
            growth = max(growth, peak_memory(server.worker_pid) - fresh)
            faults.pop(0)()
        else:
            # Somewhere on its way, in the midst of a frame.
            while not sender.is_heard():
                pass
            before = chooser.randrange(WINDOW // 2)
            proxy.cut_after(before)
            sender.go_on(sender.sent + before + CHUNK)
            proxy.wait_for_cut()
    while not sender.go_on(size):
        pass
    took = time.monotonic() - started
    growth = max(growth, peak_memory(server.worker_pid) - fresh)

    wanted, received = hashlib.sha256(), hashlib.sha256()
    for start in range(0, size, MIB):
        wanted.update(rows_of_100_bytes(start, min(start + MIB, size)))
    with urllib.request.urlopen(f"{server.url}/{sender.room_id}.tsv") as download:
        while piece := download.read(MIB):
            received.update(piece)
    assert received.hexdigest() == wanted.hexdigest()
    assert proxy.cuts >= cuts
    assert len(sender.twice) >= kills
    assert max(sender.twice) <= WINDOW
    assert growth < GROWTH
    left = sorted(path.suffix for path in (server.data_dir / "documents").iterdir())
    assert left == ["", ".index"]
    with capsys.disabled():
        print(
            f"\n  {size / 1e6:,.0f} MB, seed {seed}: {len(sender.twice)} times resumed, {kills} kills, {took:.1f} s,"
            f" most sent twice {max(sender.twice) / MIB:.1f} MiB, memory +{growth / MIB:.0f} MiB"
        )
