"""Rooms on the disk: they expire, they survive what is lost of them, and a broken one costs nobody else."""

from __future__ import annotations

import json
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import gevent
import pytest

from tests.support.client import ArticleClient, V1Client, table
from tests.support.server import Server
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.records import Records
from tsvapp.live.uploads import Uploads
from tsvapp.room import view
from tsvapp.room.people import person
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore

Start = Callable[..., Server]
DAY_SECONDS = 24 * 3600


def room_with_a_table(server: Server, rows: int = 250) -> str:
    client = V1Client(server.ws_url)
    client.upload(table(rows), name="kept.tsv")
    client.close()
    return client.room_id


def look_at(server: Server, room_id: str) -> dict[str, object]:
    client = V1Client(server.ws_url, room_id)
    event = client.wait_for("snapshot") if client.first["type"] == "welcome" else client.first
    client.close()
    return event


def documents(server: Server) -> list[str]:
    return sorted(path.name for path in (server.data_dir / "documents").iterdir())


def test_a_room_that_nobody_used_for_its_days_is_deleted_and_its_id_never_becomes_a_room(start_server: Start) -> None:
    server = start_server(room_days=3)
    kept = room_with_a_table(server)
    kept_files = documents(server)
    expired = room_with_a_table(server)
    server.stop()
    server.forget_use(kept, days=2)
    server.forget_use(expired, days=4)
    server.start()
    server.wait_for_log(f"expired room={expired[:8]}")
    assert look_at(server, kept)["type"] == "snapshot"
    gone = look_at(server, expired)
    assert (gone["type"], gone["reason"]) == ("unknown_room", "expired")
    assert documents(server) == kept_files
    client = ArticleClient(server.ws_url, expired)
    code, reason = client.wait_for_close()
    assert code == 1008
    assert "deleted" in reason
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{server.url}/{expired}.tsv")


def test_looking_at_a_room_puts_its_end_off(start_server: Start) -> None:
    server = start_server(room_days=3)
    room_id = room_with_a_table(server)
    server.stop()
    server.forget_use(room_id, days=2)
    server.start()
    look_at(server, room_id)
    server.stop()
    with closing(sqlite3.connect(server.data_dir / "rooms.sqlite")) as records:
        (used_at,) = records.execute("SELECT used_at FROM rooms").fetchone()
    assert used_at > time.time() - DAY_SECONDS


@pytest.mark.parametrize("damage", ["lost", "cut", "of another"])
def test_a_row_index_that_does_not_fit_is_made_anew_from_the_bytes(start_server: Start, damage: str) -> None:
    server = start_server()
    room_id = room_with_a_table(server, rows=5000)
    before = look_at(server, room_id)
    server.stop()
    (index,) = (server.data_dir / "documents").glob("*.index")
    if damage == "lost":
        index.unlink()
    elif damage == "cut":
        index.write_bytes(index.read_bytes()[:-5])
    else:
        index.write_bytes(index.read_bytes() + bytes(8))
    server.start()
    after = look_at(server, room_id)
    assert after["data"] == before["data"]
    assert after["table"]["rows"] == 5001  # type: ignore[index]
    server.restart()
    assert look_at(server, room_id)["data"] == before["data"]
    assert server.log.count("is made anew") == 1


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_a_document_that_is_damaged_costs_its_room_only(tmp_path_factory: pytest.TempPathFactory, damage: str) -> None:
    server = Server(tmp_path_factory.mktemp("damaged") / "data")
    server.start()
    broken, whole = room_with_a_table(server), room_with_a_table(server)
    server.stop()
    with closing(sqlite3.connect(server.data_dir / "rooms.sqlite")) as records:
        (record,) = records.execute("SELECT record FROM rooms WHERE room_id = ?", (broken,)).fetchone()
    document = server.data_dir / "documents" / json.loads(record)["document"]["id"]
    if damage == "lost":
        document.unlink()
    else:
        document.write_bytes(document.read_bytes()[:100])
    server.start()
    gone = look_at(server, broken)
    assert (gone["type"], gone["reason"]) == ("unknown_room", "unreadable")
    assert look_at(server, whole)["type"] == "snapshot"
    server.stop()


def test_a_page_turn_is_written_down_behind_and_survives_a_stop(start_server: Start) -> None:
    server = start_server()
    room_id = room_with_a_table(server)
    client = V1Client(server.ws_url, room_id)
    client.send("turn", page=3)
    client.see(lambda event: event["page"] == 3)
    server.restart()
    assert look_at(server, room_id)["page"] == 3
    client.close()


def test_an_upload_that_a_kill_broke_off_leaves_the_former_table_and_in_the_end_no_file(start_server: Start) -> None:
    server = start_server(abandon_seconds=0.5)
    room_id = room_with_a_table(server)
    kept = documents(server)
    client = V1Client(server.ws_url, room_id)
    data = table(50_000)
    client.begin("other.tsv", len(data))
    client.socket.send(data[: 256 << 10])
    client.wait_for("ack")
    server.kill()
    server.start()
    after = look_at(server, room_id)
    assert after["table"]["name"] == "kept.tsv"  # type: ignore[index]
    client = V1Client(server.ws_url, room_id)
    assert client.see(lambda event: event["upload"] is None)["table"]["name"] == "kept.tsv"
    # Bytes go after the announcement; a command that is answered later has seen them go.
    client.begin("third.tsv", 10)
    client.close()
    server.wait_for_log(f"closed room={room_id[:8]}")
    server.stop()
    assert [name for name in documents(server) if name not in kept] == []


def test_nothing_older_is_written_behind_a_document_that_is_being_announced(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    store = LocalStore(tmp_path)
    assert store.own()
    records = Records(store, settings)
    records.open()
    room = LiveRoom("1b4e28ba-2fa1-4d1e-883f-0016d3cca427", "watch", "epoch", 0.0, settings)
    running = Uploads(store, records, settings).begin(room, "table.tsv", 4, person("room", "key"), "sender")
    running.document.append(b"a\tb\n")
    running.document.seal()
    reading, described = running.described(growing=False)
    room.change(view.finish, described, readings=[reading])
    room.document = running.document
    records.save(room, room.state, reading)

    room.unsaved = room.finishing = True
    room.used_at = 5.0
    records.save_if_needed(room)
    assert store.load_room(room.room_id)[1] == 0.0  # type: ignore[index]
    assert room.unsaved

    room.finishing = False
    records.save_if_needed(room)
    assert store.load_room(room.room_id)[1] == 5.0  # type: ignore[index]
    assert not room.unsaved
    records.close()


def test_a_room_whose_first_upload_a_kill_broke_off_is_still_there(start_server: Start) -> None:
    server = start_server()
    client = V1Client(server.ws_url)
    client.begin("first.tsv", 1000)
    server.kill()
    server.start()
    again = look_at(server, client.room_id)
    assert (again["type"], again["table"], again["upload"]) == ("snapshot", None, None)
    # Nothing came of it, so there is nothing to be kept.
    server.restart()
    assert look_at(server, client.room_id)["reason"] == "unknown"
    assert server.log.count("Traceback") == 0
    client.close()


def test_rooms_that_come_while_another_is_deleted_are_counted(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    store = LocalStore(tmp_path)
    assert store.own()
    records = Records(store, settings)
    records.open()
    rooms = [LiveRoom(str(uuid4()), str(uuid4()), "epoch", 0.0, settings) for _ in range(9)]
    records.save(rooms[0], rooms[0].state, None)
    at_once = [gevent.spawn(records.save, room, room.state, None) for room in rooms[1:]]
    at_once.append(gevent.spawn(records.spend, rooms[0].room_id, "deleted"))
    gevent.joinall(at_once, raise_error=True)
    assert records.count == store.count_rooms() == 8
    records.close()


def test_a_room_that_was_forgotten_meanwhile_comes_back_with_a_higher_revision(start_server: Start) -> None:
    server = start_server(idle_seconds=0.2)
    client = V1Client(server.ws_url)
    client.upload(table(250))
    client.send("cancel", upload=client.begin("other.tsv", 1000))
    before = client.see(lambda event: bool(event["notice"]))
    client.close()
    server.wait_for_log(f"evicted room={client.room_id[:8]}")
    after = look_at(server, client.room_id)
    assert after["epoch"] == before["epoch"]
    assert after["revision"] > before["revision"]  # type: ignore[operator]
