"""A server that is killed at any moment: what it announced is there afterwards, and nothing else is left."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

from tests.support.client import V1Client, table
from tests.support.server import Server

PEOPLE = 3


@dataclass
class Told:
    """What one person was told of a room, and what they had asked for when the server was killed."""

    room_id: str = ""
    announced: bytes = b""
    asked: bytes | None = None
    deleting: bool = False
    deleted: bool = False
    former: dict[str, bytes] = field(default_factory=dict)

    def may_be_there(self) -> list[bytes]:
        return [self.announced] if self.asked is None else [self.announced, self.asked]


def live(server: Server, chance: random.Random, rooms: list[Told]) -> None:
    """Upload, bring back, read otherwise, turn and delete until the server is gone."""
    with suppress(WebSocketException, OSError, EOFError):
        while True:
            client, told = V1Client(server.ws_url), Told()
            told.room_id = client.room_id
            rooms.append(told)
            for _ in range(chance.randint(1, 6)):
                act(client, chance, told)
            if chance.random() < 0.5:
                told.deleting = True
                client.send("delete")
                client.wait_for("unknown_room")
                told.deleted = True
            client.close()


def act(client: V1Client, chance: random.Random, told: Told) -> None:
    command = chance.choice(["upload", "upload", "restore", "read", "turn", "cancel"])
    if command == "upload" or not told.announced:
        told.asked = table(chance.randint(1, 3000), word=f"w{chance.random()}")
        finished = client.upload(told.asked, chunk=16 << 10)
        told.former[finished["document"]] = told.asked
        told.announced, told.asked = told.asked, None
    elif command == "restore":
        shown = client.see(lambda event: event["table"] is not None and not event["table"]["growing"])
        kept = [each["document"] for each in shown["former"] if each["document"] in told.former]
        if kept:
            told.asked = told.former[kept[0]]
            client.send("restore", document=kept[0])
            client.see(lambda event: event["table"]["document"] == kept[0])
            told.announced, told.asked = told.asked, None
    elif command == "read":
        client.send("read", quoting=chance.random() < 0.5)
    elif command == "turn":
        client.send("turn", page=chance.randint(1, 30))
    else:
        upload = client.begin("cancelled.tsv", 1 << 20)
        client.socket.send(b"a\tb\n" * 1000)
        client.send("cancel", upload=upload)
        client.see(lambda event: event["upload"] is None)


def assert_what_was_told(server: Server, told: Told) -> None:
    with closing(V1Client(server.ws_url, told.room_id)) as client:
        if told.deleted or (told.deleting and client.first["type"] == "unknown_room"):
            assert client.first["reason"] == "deleted"
            return
        if not told.announced and client.first["type"] == "unknown_room":
            assert client.first["reason"] == "unknown"
            return
        assert client.first["type"] == "welcome"
    try:
        with urllib.request.urlopen(f"{server.url}/{told.room_id}.tsv") as answer:
            assert answer.read() in told.may_be_there()
    except urllib.error.HTTPError as refused:
        refused.close()
        assert not told.announced


@pytest.mark.parametrize("rounds", [2, pytest.param(30, marks=pytest.mark.long)])
def test_a_server_that_is_killed_again_and_again_keeps_what_it_announced_and_leaves_nothing_else(
    tmp_path: Path, seed: int, rounds: int
) -> None:
    chance = random.Random(seed)
    server = Server(tmp_path / "data")
    rooms: list[Told] = []
    server.start()
    for _ in range(rounds):
        begun = len(rooms)
        people = [
            threading.Thread(target=live, args=(server, random.Random(chance.random()), rooms)) for _ in range(PEOPLE)
        ]
        for each in people:
            each.start()
        while not any(told.announced for told in rooms[begun:]):
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.5))  # the moment is chance; nothing is waited for
        server.kill()
        for each in people:
            each.join()
        server.start()
        documents = {path.name.partition(".")[0] for path in (server.data_dir / "documents").iterdir()}
        with closing(sqlite3.connect(server.data_dir / "rooms.sqlite")) as records:
            named = records.execute("SELECT id FROM documents UNION SELECT id FROM unfinished").fetchall()
        assert documents <= {document for (document,) in named}
        for told in rooms:
            assert_what_was_told(server, told)
    server.stop()
    assert "Traceback" not in server.log
