"""Uploads that lose their line: what was stored stays, and the same file goes on where it broke off."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import V1Client, table
from tests.support.server import Server

KIB = 1 << 10
CHUNK = 256 * KIB
DATA = table(60_000, word="large")
Connect = Callable[..., V1Client]


def cut(client: V1Client) -> None:
    """Break the line without a word."""
    client.socket.socket.shutdown(socket.SHUT_RDWR)


def break_off(client: V1Client, chunks: int = 3, name: str = "large.tsv") -> str:
    """Send some chunks and lose the line; return the upload's id."""
    upload = client.begin(name, len(DATA))
    for start in range(0, chunks * CHUNK, CHUNK):
        client.socket.send(DATA[start : start + CHUNK])
    client.wait_for("ack", lambda event: event["offset"] == chunks * CHUNK)
    cut(client)
    return upload


def paused(event: dict[str, Any]) -> bool:
    return bool(event["upload"] and event["upload"]["paused"])


def go_on(client: V1Client, upload: str, name: str = "large.tsv") -> int:
    """Resume, show that the file is the same, and return the offset from which to send."""
    return client.resume(upload, name, DATA)


def send_rest(client: V1Client, offset: int) -> dict[str, Any]:
    for start in range(offset, len(DATA), CHUNK):
        client.socket.send(DATA[start : start + CHUNK])
    return client.wait_for("finished")


def downloaded(server: Server, room_id: str) -> str:
    with urllib.request.urlopen(f"{server.url}/{room_id}.tsv") as answer:
        return hashlib.sha256(answer.read()).hexdigest()


@pytest.fixture
def room(v1: Connect) -> Iterator[tuple[V1Client, V1Client]]:
    """Return an uploader and a viewer in a room that has a table."""
    uploader = v1()
    uploader.upload(table(1000, word="former"), name="former.tsv")
    return uploader, v1(uploader.room_id)


def test_others_see_that_it_is_paused_and_its_rows_stay(room: tuple[V1Client, V1Client]) -> None:
    uploader, viewer = room
    break_off(uploader)
    event = viewer.see(paused)
    assert event["upload"]["stored"] == 3 * CHUNK
    assert event["table"]["name"] == "large.tsv"
    viewer.send("turn", page=5)
    assert viewer.see(lambda event: event["page"] == 5)["data"][0][0] == "large 401.0"


def test_the_same_file_goes_on_where_it_broke_off(server: Server, room: tuple[V1Client, V1Client], v1: Connect) -> None:
    uploader, viewer = room
    upload = break_off(uploader)
    viewer.see(paused)
    again = v1(uploader.room_id)
    offset = go_on(again, upload)
    assert offset == 3 * CHUNK
    assert send_rest(again, offset)["rows"] == 60_001
    end = viewer.see(lambda event: bool(event["table"] and event["upload"] is None))
    assert (end["table"]["name"], end["table"]["rows"]) == ("large.tsv", 60_001)
    assert downloaded(server, uploader.room_id) == hashlib.sha256(DATA).hexdigest()


def test_one_of_which_nothing_has_come_yet_can_be_taken_over(server: Server, v1: Connect) -> None:
    uploader = v1()
    upload = uploader.begin("large.tsv", len(DATA))
    again = v1(uploader.room_id)
    offset = go_on(again, upload)
    assert offset == 0
    send_rest(again, offset)
    assert downloaded(server, uploader.room_id) == hashlib.sha256(DATA).hexdigest()


def test_a_line_that_the_server_has_not_noticed_to_be_dead_does_not_stand_in_the_way(
    server: Server, room: tuple[V1Client, V1Client], v1: Connect
) -> None:
    uploader, _ = room
    upload = uploader.begin("large.tsv", len(DATA))
    for start in range(0, 4 * CHUNK, CHUNK):
        uploader.socket.send(DATA[start : start + CHUNK])
    again = v1(uploader.room_id)
    offset = go_on(again, upload)
    uploader.socket.send(b"what comes from the former line is passed over")
    send_rest(again, offset)
    assert downloaded(server, uploader.room_id) == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("ending", ["kill", "restart"])
def test_it_goes_on_after_the_server_has_ended(
    start_server: Callable[..., Server], clients: ExitStack, ending: str
) -> None:
    server = start_server()
    first = V1Client(server.ws_url)
    first.upload(table(1000, word="former"), name="former.tsv")
    upload = first.begin("large.tsv", len(DATA))
    for start in range(0, 3 * CHUNK, CHUNK):
        first.socket.send(DATA[start : start + CHUNK])
    first.wait_for("ack", lambda event: event["offset"] == 3 * CHUNK)
    if ending == "kill":
        server.kill()
        server.start()
    else:
        server.restart()
    again = V1Client(server.ws_url, first.room_id)
    clients.callback(again.close)
    waiting = again.see(paused)
    assert (waiting["upload"]["stored"], waiting["upload"]["name"]) == (3 * CHUNK, "large.tsv")
    assert (waiting["table"]["name"], waiting["table"]["rows"]) == ("former.tsv", 1001)
    offset = go_on(again, upload)
    assert offset == 3 * CHUNK
    assert send_rest(again, offset)["rows"] == 60_001
    assert downloaded(server, first.room_id) == hashlib.sha256(DATA).hexdigest()
    server.restart()
    assert downloaded(server, first.room_id) == hashlib.sha256(DATA).hexdigest()


def test_one_of_which_every_byte_had_come_is_finished_by_its_last(
    start_server: Callable[..., Server], clients: ExitStack
) -> None:
    server = start_server()
    first = V1Client(server.ws_url)
    upload = first.begin("large.tsv", len(DATA))
    first.socket.send(DATA[:CHUNK])
    first.wait_for("ack")
    server.kill()
    # As if the server had been killed between the last byte and the record of the table.
    (bytes_of,) = (server.data_dir / "documents").iterdir()
    bytes_of.write_bytes(DATA)
    server.start()
    again = V1Client(server.ws_url, first.room_id)
    clients.callback(again.close)
    assert go_on(again, upload) == len(DATA) - 1
    assert send_rest(again, len(DATA) - 1)["rows"] == 60_001
    assert downloaded(server, first.room_id) == hashlib.sha256(DATA).hexdigest()


def test_what_nobody_goes_on_with_is_deleted_though_nobody_opens_its_room(start_server: Callable[..., Server]) -> None:
    server = start_server(abandon_seconds=60)
    client = V1Client(server.ws_url)
    client.begin("large.tsv", len(DATA))
    client.socket.send(DATA[:CHUNK])
    client.wait_for("ack")
    server.kill()
    (left,) = (server.data_dir / "documents").iterdir()
    os.utime(left, (0, 0))
    server.start()
    server.wait_for_log("an upload that nobody went on with is deleted")
    assert not left.exists()
    again = V1Client(server.ws_url, client.room_id)
    assert again.first["reason"] == "unknown"  # it had no table, so it is kept no longer
    again.close()


def test_the_bytes_of_what_nobody_goes_on_with_are_gone_soon_after_their_time_though_the_server_never_stops(
    start_server: Callable[..., Server],
) -> None:
    server = start_server(abandon_seconds=1)
    client = V1Client(server.ws_url)
    client.begin("large.tsv", len(DATA))
    client.socket.send(DATA[:CHUNK])
    client.wait_for("ack")
    server.kill()
    (left,) = (server.data_dir / "documents").iterdir()
    os.utime(left, (time.time() + 3600,) * 2)  # so that it is there when the server has started, however long that took
    server.start()
    server.stop()
    assert left.exists()
    server.start()
    os.utime(left, (0, 0))
    server.wait_for_log("an upload that nobody went on with is deleted")
    assert list((server.data_dir / "documents").iterdir()) == []
    server.restart()
    assert list((server.data_dir / "documents").iterdir()) == []


@pytest.mark.parametrize("ending", ["stop", "reload"])
def test_one_that_is_about_to_be_finished_when_the_server_stops_is_finished_or_goes_on(
    tmp_path: Path, clients: ExitStack, ending: str
) -> None:
    server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="disk")
    clients.callback(server.stop)
    server.start()
    first = V1Client(server.ws_url)
    upload = first.begin("large.tsv", len(DATA))
    for start in range(0, len(DATA), CHUNK):
        first.socket.send(DATA[start : start + CHUNK])
    first.wait_for("ack", lambda event: event["offset"] > len(DATA) - 2 * CHUNK)
    (bytes_of,) = (server.data_dir / "documents").iterdir()
    while bytes_of.stat().st_size < len(DATA):
        pass
    if ending == "stop":
        server.restart()
    else:
        server.signal(signal.SIGHUP)
        server.wait_for_log("Worker exiting")
    again = V1Client(server.ws_url, first.room_id)
    clients.callback(again.close)
    shown = again.wait_for("snapshot")
    if shown["upload"]:
        assert send_rest(again, go_on(again, upload))["rows"] == 60_001
    assert downloaded(server, first.room_id) == hashlib.sha256(DATA).hexdigest()
    assert "Traceback" not in server.log


@pytest.mark.parametrize("change", [0, 100 * KIB - 1, 3 * CHUNK - 1, 3 * CHUNK - 64 * KIB])
def test_another_file_is_refused_and_the_upload_stays_paused(
    room: tuple[V1Client, V1Client], v1: Connect, change: int
) -> None:
    uploader, viewer = room
    upload = break_off(uploader)
    viewer.see(paused)
    again = v1(uploader.room_id)
    again.send("resume", upload=upload, name="large.tsv", size=len(DATA))
    ready = again.wait_for("ready")
    other = bytearray(DATA)
    other[change] ^= 1
    again.socket.send(b"".join(other[start:stop] for start, stop in ready["proof"]))
    again.socket.send(b"a chunk that was on its way")
    covered = any(start <= change < stop for start, stop in ready["proof"])
    if covered:
        assert again.wait_for("error")["code"] == "not_the_same"
        assert again.see(lambda event: event["upload"] is not None)["upload"]["paused"]
        assert send_rest(again, go_on(again, upload))["rows"] == 60_001
    else:
        assert again.wait_for("ack")["offset"] > 3 * CHUNK  # the middle is not compared


def test_a_file_of_another_name_or_size_and_an_upload_that_is_not_there_are_refused(
    room: tuple[V1Client, V1Client], v1: Connect
) -> None:
    uploader, viewer = room
    upload = break_off(uploader)
    viewer.see(paused)
    for asked, code in (
        ({"upload": upload, "name": "other.tsv", "size": len(DATA)}, "not_the_same"),
        ({"upload": upload, "name": "large.tsv", "size": 5}, "not_the_same"),
        ({"upload": "another", "name": "large.tsv", "size": len(DATA)}, "no_upload"),
    ):
        viewer.send("resume", **asked)
        assert viewer.wait_for("error")["code"] == code
    assert send_rest(viewer, go_on(viewer, upload))["rows"] == 60_001


def test_a_paused_upload_can_be_cancelled_by_anyone(room: tuple[V1Client, V1Client]) -> None:
    uploader, viewer = room
    upload = break_off(uploader)
    viewer.see(paused)
    viewer.send("cancel", upload=upload)
    assert viewer.see(lambda event: event["upload"] is None)["table"]["name"] == "former.tsv"
    viewer.upload(b"a\tb\n")


def test_after_a_while_the_former_table_and_its_page_are_shown_and_the_upload_can_still_go_on(
    start_server: Callable[..., Server], clients: ExitStack
) -> None:
    server = start_server(pause_seconds=0.2)
    uploader = V1Client(server.ws_url)
    uploader.upload(table(1000, word="former"), name="former.tsv")
    viewer = V1Client(server.ws_url, uploader.room_id)
    viewer.send("turn", page=3)
    viewer.see(lambda event: event["page"] == 3)
    clients.callback(viewer.close)
    upload = break_off(uploader)
    back = viewer.see(lambda event: bool(event["notice"] and event["notice"]["code"] == "upload_paused"))
    assert (back["table"]["name"], back["page"], back["data"][0][0]) == ("former.tsv", 3, "former 201.0")
    assert back["upload"]["paused"]
    assert send_rest(viewer, go_on(viewer, upload))["rows"] == 60_001
    assert viewer.see(lambda event: event["upload"] is None)["table"]["name"] == "large.tsv"


def test_in_the_end_it_is_given_up_and_its_bytes_are_deleted(
    start_server: Callable[..., Server], clients: ExitStack
) -> None:
    server = start_server(pause_seconds=0.1, abandon_seconds=0.3)
    uploader = V1Client(server.ws_url)
    uploader.upload(table(1000, word="former"), name="former.tsv")
    kept = sorted(path.name for path in (server.data_dir / "documents").iterdir())
    viewer = V1Client(server.ws_url, uploader.room_id)
    clients.callback(viewer.close)
    break_off(uploader)
    end = viewer.see(lambda event: bool(event["notice"] and event["notice"]["code"] == "upload_lost"))
    assert (end["table"]["name"], end["upload"]) == ("former.tsv", None)
    viewer.upload(b"a\tb\n")
    assert len(list((server.data_dir / "documents").iterdir())) == len(kept) + 2


def test_an_upload_of_which_nothing_was_stored_ends_with_its_line(room: tuple[V1Client, V1Client]) -> None:
    uploader, viewer = room
    uploader.begin("large.tsv", len(DATA))
    viewer.see(lambda event: event["upload"] is not None)
    cut(uploader)
    assert viewer.see(lambda event: event["upload"] is None)["notice"]["code"] == "upload_lost"
