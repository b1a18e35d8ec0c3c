"""Many at once: whatever they do, in whatever order, everyone ends on the same revision."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from tests.support.client import ArticleClient, V1Client, table
from tests.support.server import Server

Start = Callable[..., Server]
CLIENTS = 50


class Wanderer(threading.Thread):
    """Join, leave, turn and upload at random until told to stop, then stay and see how it ends."""

    def __init__(self, server: Server, rooms: list[str], until: float, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.server, self.rooms, self.until = server, rooms, until
        self.acts = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while time.monotonic() < self.until:
                self.visit(self.random.choice(self.rooms))
        except BaseException as error:
            self.error = error

    def visit(self, room_id: str) -> None:
        client = V1Client(self.server.ws_url, room_id)
        try:
            client.wait_for("snapshot")
            for _ in range(self.random.randrange(8)):
                self.act(client)
        finally:
            if self.random.random() < 0.3:
                client.socket.socket.shutdown(socket.SHUT_RDWR)  # gone without a word
            client.close()

    def act(self, client: V1Client) -> None:
        self.acts += 1
        chance = self.random.random()
        if chance < 0.7:
            client.send("turn", page=self.random.randrange(12))
            client.send("look", ask=self.acts, page=1, first_column=0)
            client.wait_for("page")
        elif chance < 0.8:
            client.send("read", quoting=self.random.choice([True, False, None]))
        else:
            data = table(self.random.randrange(1, 1500))
            client.send("begin", name="random.tsv", size=len(data))
            answer = client.receive()
            while answer["type"] not in ("ready", "error"):
                answer = client.receive()
            if answer["type"] == "ready":
                whole = self.random.random() < 0.7
                client.socket.send(data if whole else data[: len(data) // 2])
                client.wait_for("ack" if not whole else "finished")
                if not whole and self.random.random() < 0.5:
                    client.send("cancel", upload=answer["upload"])


def test_fifty_that_join_leave_turn_and_upload_at_random_end_on_the_same_revision(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server(idle_seconds=0.2, pause_seconds=0.1, abandon_seconds=0.3)
    rooms = []
    watchers: list[V1Client] = []
    for _ in range(5):
        watcher = V1Client(server.ws_url, max_queue=None)
        watcher.upload(table(1000))
        rooms.append(watcher.room_id)
        watchers.append(watcher)
    until = time.monotonic() + 8
    wanderers = [Wanderer(server, rooms, until, seed) for seed in range(CLIENTS)]
    for wanderer in wanderers:
        wanderer.start()
    for wanderer in wanderers:
        wanderer.join(90)
        assert not wanderer.is_alive()
    errors = [wanderer.error for wanderer in wanderers if wanderer.error]
    assert errors == [], server.log
    assert sum(wanderer.acts for wanderer in wanderers) > 200

    for room_id, watcher in zip(rooms, watchers, strict=True):
        # A turn after all else, so that everyone has something to end on; an upload that was left half-way is given
        # up first, for the former table comes back on the page it was on.
        calm = V1Client(server.ws_url, room_id)
        calm.wait_for("snapshot")
        calm.see(lambda event: event["upload"] is None)
        calm.close()
        watcher.send("turn", page=10**6)
        watcher.send("turn", page=1)
        watcher.send("look", ask=0, page=1, first_column=0)
        watcher.wait_for("page")
        late = V1Client(server.ws_url, room_id)
        last = late.wait_for("snapshot")
        assert last["page"] == 1
        assert watcher.see(lambda event, last=last: event["revision"] >= last["revision"])["data"] == last["data"]
        seen = [event["revision"] for event in watcher.events if event["type"] == "snapshot"]
        assert seen == sorted(set(seen))
        late.close()
        watcher.close()
    server.wait_for_log("rooms_in_memory=0")


def test_fifty_quick_turns_may_reach_a_slow_reader_as_fewer_but_end_on_the_last(
    server: Server, clients: ExitStack
) -> None:
    first = ArticleClient(server.ws_url)
    clients.callback(first.close)
    first.send_file(table(5000))
    room_id = first.receive()["uuid"]
    second = ArticleClient(server.ws_url, room_id)
    clients.callback(second.close)
    for page in range(1, 51):
        first.turn(page)
    for client in (first, second):
        while client.receive()["page_no"] != 50:
            pass


def test_two_that_press_next_at_once_go_one_page_on(server: Server, clients: ExitStack) -> None:
    first = V1Client(server.ws_url)
    clients.callback(first.close)
    first.upload(table(1000))
    second = V1Client(server.ws_url, first.room_id)
    clients.callback(second.close)
    for client in (first, second):
        client.send("turn", page=2)
    for client in (first, second):
        client.send("look", ask=1, page=1, first_column=0)
        client.wait_for("page")
        assert client.see(lambda event: event["page"] != 1)["page"] == 2


def test_presence_counts_who_is_here(server: Server, clients: ExitStack) -> None:
    first = V1Client(server.ws_url)
    clients.callback(first.close)
    second = V1Client(server.ws_url, first.room_id)
    assert first.wait_for("presence", lambda event: event["members"] == 2)
    second.close()
    assert first.wait_for("presence", lambda event: event["members"] == 1)


def test_one_who_joins_during_an_upload_sees_how_far_it_has_come(server: Server, clients: ExitStack) -> None:
    uploader = V1Client(server.ws_url)
    clients.callback(uploader.close)
    data = table(50_000)
    uploader.begin("slow.tsv", len(data))
    for start in range(0, 512 << 10, 64 << 10):
        uploader.socket.send(data[start : start + (64 << 10)])
    uploader.wait_for("ack", lambda event: event["offset"] == 512 << 10)
    viewer = V1Client(server.ws_url, uploader.room_id)
    clients.callback(viewer.close)
    snapshot = viewer.wait_for("snapshot")
    assert snapshot["upload"]["stored"] > 0
    stored, rows = snapshot["upload"]["stored"], snapshot["table"]["rows"]
    while stored < 512 << 10:  # what came in the last moment is told a moment later
        event = viewer.wait_for("progress")
        stored, rows = event["upload"]["stored"], event["rows"]
    assert (stored, rows) == (512 << 10, data[: 512 << 10].count(b"\n"))


def test_a_heartbeat_carries_the_revision(start_server: Start) -> None:
    server = start_server(heartbeat_seconds=0.05)
    client = V1Client(server.ws_url)
    client.upload(b"a\tb\n")
    snapshot = client.see(lambda event: event["table"] is not None and event["upload"] is None)
    beat = client.wait_for("heartbeat", lambda event: event["revision"] == snapshot["revision"])
    assert beat["epoch"] == snapshot["epoch"]
    client.close()


def test_a_room_that_is_full_of_viewers_has_places_for_those_who_drive(
    start_server: Callable[..., Server], clients: ExitStack
) -> None:
    server = start_server(room_members=10)

    def connect(room_id: str | None = None) -> V1Client:
        client = V1Client(server.ws_url, room_id)
        clients.callback(client.close)
        return client

    driver = connect()
    watch_id = driver.first["watch_id"]
    for _ in range(8):
        assert connect(watch_id).wait_for("snapshot")
    assert connect(watch_id).wait_for("error")["code"] == "limit_reached"
    assert connect(driver.room_id).wait_for("snapshot")
    assert connect(driver.room_id).wait_for("error")["code"] == "limit_reached"


def test_a_full_room_is_refused_in_words(start_server: Start, clients: ExitStack) -> None:
    server = start_server(room_members=2)
    members = [V1Client(server.ws_url)]
    members.append(V1Client(server.ws_url, members[0].room_id))
    third = V1Client(server.ws_url, members[0].room_id)
    for client in (*members, third):
        clients.callback(client.close)
    error = third.wait_for("error")
    assert (error["code"], error["limit"]) == ("limit_reached", 2)


def test_an_unknown_or_expired_room_is_told_in_words(start_server: Start, clients: ExitStack) -> None:
    server = start_server(room_days=1)
    client = V1Client(server.ws_url, "1b4e28ba-2fa1-4d1e-883f-0016d3cca427")
    clients.callback(client.close)
    assert (client.first["type"], client.first["reason"]) == ("unknown_room", "unknown")
    client.send("turn", page=1)
    assert client.wait_for("error")["code"] == "unknown_room"


def test_a_server_with_as_many_rooms_as_it_takes_refuses_another_and_keeps_the_rest(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server(max_rooms=1)
    first, second = V1Client(server.ws_url), V1Client(server.ws_url)
    for client in (first, second):
        clients.callback(client.close)
    first.upload(table(10))
    second.send("begin", name="table.tsv", size=10)
    error = second.wait_for("error")
    assert (error["code"], error["limit"]) == ("limit_reached", 1)
    first.upload(table(20))


def test_after_everyone_left_no_room_is_in_memory(start_server: Start) -> None:
    server = start_server(idle_seconds=0.1)
    client = V1Client(server.ws_url)
    client.upload(table(10))
    room_id = client.room_id
    client.close()
    server.wait_for_log("rooms_in_memory=0")
    client = V1Client(server.ws_url, room_id)
    assert client.wait_for("snapshot")["table"]["rows"] == 11
    client.close()
