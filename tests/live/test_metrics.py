"""What is told to Prometheus, by the real server and read by the library's own parser."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import struct
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.live.test_broadcaster import join, quiet, room  # noqa: F401  # a fixture
from tests.live.test_costs import Counted
from tests.support.client import ArticleClient, V1Client, open_socket, table
from tests.support.metrics import Scrape
from tests.support.raw import RawClient, request
from tests.support.server import ROOT, Server, free_port
from tsvapp.live.counts import Counts, Spread
from tsvapp.live.live_room import LiveRoom
from tsvapp.room import view
from tsvapp.room.room import Audience

Start = Callable[..., Server]
CLOSE = 8


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server that tells what it has done."""
    server = Server(tmp_path_factory.mktemp("measured") / "data", metrics_port=free_port())
    server.start()
    yield server
    server.stop()


def test_metrics_are_told_under_a_name_of_this_machine_alone(measured: Server) -> None:
    for host, status in (("localhost:1", 200), ("127.0.0.1", 200), ("evil.example", 421), ("xn--", 421)):
        answer = request(int(measured.metrics_port), ["GET /metrics HTTP/1.1", f"Host: {host}", "Connection: close"])
        assert answer.status == status
        assert ("tsvapp_" in answer.body) == (status == 200)


def test_a_session_is_counted(start_server: Start, clients: ExitStack) -> None:
    server = start_server(metrics_port=free_port(), max_upload_bytes=1 << 20)
    data = table(1000)
    driver = V1Client(server.ws_url)
    driver.upload(data)
    watcher = V1Client(server.ws_url, driver.room_id)
    clients.callback(watcher.close)
    reader = ArticleClient(server.ws_url, driver.room_id)
    clients.callback(reader.close)
    reader.receive()
    driver.send("turn", page=2)
    watcher.see(lambda event: event["page"] == 2)
    driver.send("begin", name="huge.tsv", size=1 << 30)
    driver.wait_for("error")
    driver.begin("cancelled.tsv", 1000)
    driver.socket.send(b"a\tb\n")
    upload = driver.wait_for("ack")["upload"]
    driver.send("cancel", upload=upload)
    watcher.wait_for("snapshot", lambda event: event["notice"] is not None)
    with pytest.raises(InvalidStatus):
        open_socket(server.ws_url, origin="http://elsewhere.example")
    driver.close()
    server.wait_for_log("closed room=")

    scrape = Scrape.of(server)
    assert scrape.all("connections", "protocol") == {"tsvapp.v1": 1, "article": 1}
    assert scrape.all("connections_opened_total", "protocol") == {"tsvapp.v1": 2, "article": 1}
    assert scrape["connections_ended_total", "tsvapp.v1", "1000", "closed"] == 1
    assert scrape.all("refusals_total", "status") == {"403": 1}
    assert (scrape["rooms_in_memory"], scrape["rooms_kept"], scrape["members"]) == (1, 1, 2)
    commands = scrape.all("commands_total", "type")
    assert {name: commands[name] for name in ("turn", "begin", "cancel")} == {"turn": 1, "begin": 3, "cancel": 1}
    assert scrape.all("errors_total", "code") == {"too_large": 1}
    assert scrape.all("uploads_total", "event") == {"begun": 2, "paused": 0, "resumed": 0, "finished": 1}
    assert scrape.all("uploads_failed_total", "reason") == {"upload_cancelled": 1}
    assert (scrape["uploads_running"], scrape["upload_bytes_total"]) == (0, len(data) + 4)
    assert scrape["received_bytes_total"] > len(data)
    assert scrape["sent_bytes_total"] > 3 * len("cell 901.0") * 400
    assert scrape["document_bytes"] >= len(data)
    assert scrape["disk_free_bytes"] > 0
    # begin, rows, end, turn, begin, rows and cancelled; some of them told together.
    assert 5 <= scrape["broadcast_seconds_count"] <= scrape["revisions_total"] <= 9
    assert 0 < scrape["broadcast_seconds_sum"] < 60
    assert scrape["frames_encoded_total", "snapshot"] > scrape["broadcast_seconds_count"]
    assert scrape["frames_offered_total", "snapshot"] >= 3
    assert scrape["process_resident_memory_bytes"] > 1 << 20
    assert scrape["process_open_fds"] > 3


def test_no_label_holds_what_a_client_chose(measured: Server) -> None:
    client = V1Client(measured.ws_url)
    client.send("introduce", key="a secret of the browser", name="Somebody", hue=1)
    client.upload(table(10), name="salaries.tsv")
    client.send("no such command")
    client.wait_for("error")
    client.close()
    odd = RawClient(measured.port)
    odd.send(CLOSE, struct.pack("!H", 4711))
    odd.receive()
    odd.close()
    measured.wait_for_log("code=4711")
    text = Scrape.of(measured).text
    for secret in (client.room_id, client.first["watch_id"], client.first["key"]):
        assert secret[:8] not in text
    labels = " ".join(re.findall(r'="([^"]*)"', text))
    for word in ("Somebody", "secret", "salaries", "4711", "no such command"):
        assert word not in labels
    assert 'code="other"' in text


def test_on_a_reload_the_new_worker_is_asked(start_server: Start, clients: ExitStack) -> None:
    server = start_server(metrics_port=free_port())
    former = Scrape.of(server)["process_start_time_seconds"]
    client = V1Client(server.ws_url)
    client.upload(table(10))
    clients.callback(client.close)
    assert Scrape.of(server)["connections_opened_total", "tsvapp.v1"] == 1
    since = len(server.log.splitlines())
    server.signal(signal.SIGHUP)
    server.wait_for_log("Worker exiting", since)
    server.wait_for_log("ready; rooms", since)
    scrape = Scrape.of(server)
    assert scrape["process_start_time_seconds"] > former
    assert scrape.all("connections", "protocol") == {"tsvapp.v1": 0, "article": 0}


def test_metrics_are_not_on_the_public_address(measured: Server) -> None:
    for port, path, status in (
        (measured.port, "/metrics", 404),
        (measured.metrics_port, "/", 404),
        (measured.metrics_port, "/metrics", 200),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, b"tsvapp_connections" in answer.read()) == (status, status == 200)
        connection.close()
    with pytest.raises(ConnectionRefusedError), socket.socket() as elsewhere:
        # Of the loopback network, so it would be answered if any address were listened on.
        elsewhere.connect(("127.0.0.2", measured.metrics_port))


def test_a_port_that_is_taken_takes_no_room_from_anybody(start_server: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = start_server(metrics_port=port)
        assert f"no metrics: port {port} cannot be had" in server.wait_for_log("no metrics")
        assert urllib.request.urlopen(f"{server.url}/readyz").status == 200


def test_a_stall_is_counted(tmp_path: Path, clients: ExitStack) -> None:
    server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="loop", metrics_port=free_port())
    clients.callback(server.stop)
    server.start()
    clients.callback(ArticleClient(server.ws_url).close)
    server.wait_for_log("the event loop stood still")
    scrape = Scrape.of(server)
    assert scrape["event_loop_stalls_total"] >= 1
    assert scrape["event_loop_stall_seconds_total"] > 0.1


def test_a_pass_is_counted_once_however_many_are_told(
    room: LiveRoom,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for audience in Audience:
        for _ in range(40):
            join(room, audience)
    room.change(view.turn, 2)
    quiet(room)
    counted = Counted(room.broadcaster._count)
    monkeypatch.setattr(room.broadcaster, "_count", counted)
    offered, told = room.counts.offered["snapshot"], sum(room.counts.broadcasts.counts)
    room.change(view.turn, 3)
    quiet(room)
    assert counted.calls == 1
    assert room.counts.offered["snapshot"] - offered == 120
    assert sum(room.counts.broadcasts.counts) - told == 1


def test_the_time_of_a_change_that_comes_during_a_pass_begins_with_it(room: LiveRoom) -> None:  # noqa: F811
    member = join(room)
    quiet(room)
    turned = False

    def turn_once() -> None:
        nonlocal turned
        if not turned:
            turned = True
            room.change(view.turn, 5)

    told = sum(room.counts.broadcasts.counts)
    member.outbox.on_offer = turn_once  # type: ignore[attr-defined]
    room.change(view.turn, 2)
    quiet(room)
    assert sum(room.counts.broadcasts.counts) - told == 2


def test_a_spread_counts_what_is_no_longer_than_a_bound_below_it() -> None:
    spread = Spread((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 2.0):
        spread.add(seconds)
    assert spread.counts == [2, 1, 1]
    assert spread.total == pytest.approx(2.65)


@pytest.mark.parametrize(
    ("code", "shown"), [(1000, "1000"), (1015, "1015"), (None, "none"), (3000, "other"), (4999, "other")]
)
def test_a_close_code_that_a_client_made_up_is_no_label_of_its_own(code: int | None, shown: str) -> None:
    counts = Counts()
    counts.end("article", code, "closed", 1, 2)
    assert counts.ended == {("article", shown, "closed"): 1}


def test_every_metric_is_explained(measured: Server) -> None:
    names = {family.name for family in Scrape.of(measured).families if family.name.startswith("tsvapp_")}
    explained = set(re.findall(r"^\| `(tsvapp_\w+)", (ROOT / "docs" / "deploy.md").read_text(), re.MULTILINE))
    assert {name.removesuffix("_total") for name in explained} == names
