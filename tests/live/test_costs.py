"""What a turn and an idle viewer cost, in counts that no noise can change."""

from __future__ import annotations

import os
import signal
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from tests.live.test_broadcaster import join, quiet, room  # noqa: F401  # a fixture
from tests.support.client import ArticleClient, V1Client, table
from tests.support.logfmt import parse
from tests.support.server import Server
from tsvapp.live import pages
from tsvapp.live.live_room import LiveRoom
from tsvapp.room import view
from tsvapp.room.room import Audience

VIEWERS = 40
MIB = 1 << 20


class Counted:
    """Call the real one, and count."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self.calls = 0
        self._real = real

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self._real(*args, **kwargs)


def test_a_turn_is_read_once_framed_once_for_each_audience_and_compressed_once(
    room: LiveRoom,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for audience in Audience:
        for _ in range(VIEWERS):
            join(room, audience)
    room.change(view.turn, 2)
    quiet(room)
    reading = room.reading()
    assert reading is not None
    reads, frames, packers = Counted(reading.blob.read), Counted(pages.message_frame), Counted(zlib.compressobj)
    monkeypatch.setattr(reading.blob, "read", reads)
    monkeypatch.setattr(pages, "message_frame", frames)
    monkeypatch.setattr(zlib, "compressobj", packers)
    # From here on a snapshot of this table is large enough to be compressed.
    monkeypatch.setattr("tsvapp.room.events.DEFLATE_FROM", 100)
    room.change(view.turn, 3)
    quiet(room)
    assert (reads.calls, frames.calls, packers.calls) == (1, 3, 1)


class Costs(NamedTuple):
    greenlets: int
    send: int
    recv: int


def costs_of(server: Server) -> Costs:
    """Ask the worker for its counts."""
    since = len(server.log.splitlines())
    os.kill(server.worker_pid, signal.SIGRTMIN)
    line = parse(server.wait_for_log("msg=counted", since).rstrip())
    return Costs(*(int(line[name]) for name in Costs._fields))


def counting(tmp_path: Path, clients: ExitStack, **settings: object) -> tuple[Server, V1Client]:
    """Start a server that counts, and a client in a room with a table."""
    server = Server(tmp_path / "data", app="tests.support.counting_app:app", **settings)
    clients.callback(server.stop)
    server.start()
    driver = V1Client(server.ws_url)
    clients.callback(driver.close)
    driver.upload(table(1000))
    return server, driver


def test_a_viewer_costs_one_greenlet_and_one_send_for_each_message(tmp_path: Path, clients: ExitStack) -> None:
    server, driver = counting(tmp_path, clients, heartbeat_seconds=3600)
    before = costs_of(server)
    viewers = [V1Client(server.ws_url, driver.room_id) for _ in range(VIEWERS)]
    for viewer in viewers:
        clients.callback(viewer.close)
        viewer.wait_for("presence", lambda event: event["members"] == VIEWERS + 1)
    driver.wait_for("presence", lambda event: event["members"] == VIEWERS + 1)
    idle = costs_of(server)
    # Not "==": the greenlet that told of the upload may have ended meanwhile.
    assert idle.greenlets - before.greenlets <= VIEWERS
    driver.send("turn", page=7)
    for each in (driver, *viewers):
        each.wait_for("snapshot", lambda event: event["page"] == 7)
    turned = costs_of(server)
    assert turned.send - idle.send == VIEWERS + 1
    # One for the turn; each greenlet that waits for bytes has called once already.
    assert turned.recv - idle.recv == 1


def test_an_idle_uploader_of_the_article_keeps_nothing_of_its_file(server: Server, clients: ExitStack) -> None:
    worker = psutil.Process(server.worker_pid)
    data = table(12_000, columns=8)
    assert len(data) > MIB

    def upload() -> None:
        client = ArticleClient(server.ws_url)
        clients.callback(client.close)
        client.send_file(data)
        client.receive()

    for _ in range(5):
        upload()
    before = worker.memory_info().rss
    for _ in range(64):
        upload()
    assert worker.memory_info().rss - before < 24 * MIB


def test_an_idle_viewer_costs_one_send_for_each_heartbeat_of_a_few_bytes(tmp_path: Path, clients: ExitStack) -> None:
    server, driver = counting(tmp_path, clients, heartbeat_seconds=0.3)
    viewers = [driver, *(V1Client(server.ws_url, driver.room_id) for _ in range(VIEWERS))]
    for viewer in viewers:
        clients.callback(viewer.close)
        viewer.wait_for("presence", lambda event: event["members"] == VIEWERS + 1)
    for viewer in viewers:
        viewer.events.clear()
    before = costs_of(server)
    beats = [[viewer.wait_for("heartbeat") for _ in range(5)] for viewer in viewers]
    after = costs_of(server)
    assert after.recv == before.recv
    assert after.greenlets - before.greenlets <= 1  # the one that tells it, while it does
    assert {event["type"] for viewer in viewers for event in viewer.events} == {"heartbeat"}
    # Whole heartbeats were sent to everyone, or one is on its way.
    assert (after.send - before.send) <= (len(beats[0]) + 1) * len(viewers)
    assert max(len(str(beat)) for each in beats for beat in each) < 125
