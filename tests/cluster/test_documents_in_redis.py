"""Workers that see no common directory: documents are in Redis, and each worker has copies of what is looked at."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import Workers
from tests.support.client import WAIT_SECONDS, V1Client, table
from tests.support.redis import Redis
from tests.support.server import ROOT, Server, free_port

At = Callable[..., V1Client]
CHUNK = 200_000
LARGE = 8 << 20


@pytest.fixture
def start_apart(redis: Redis, tmp_path: Path) -> Iterator[Workers]:
    """Start so many workers, each with a directory of its own; a traceback in a log fails the test."""
    servers: list[Server] = []

    def start(count: int = 2, **settings: Any) -> list[Server]:
        settings = {"redis_document_bytes": LARGE, **settings}
        for number in range(count):
            server = Server(tmp_path / f"worker-{number}", redis_url=redis.url, **settings)
            servers.append(server)
            server.start()
        return servers[-count:]

    yield start
    for server in servers:
        server.stop()
    for server in servers:
        assert "Traceback" not in server.log, server.log


def download(server: Server, room_id: str) -> bytes:
    with urllib.request.urlopen(f"{server.url}/{room_id}.tsv", timeout=WAIT_SECONDS) as answer:
        body: bytes = answer.read()
        return body


def has_table(event: dict[str, Any]) -> bool:
    return event["table"] is not None and event["upload"] is None


def begun(v1_at: At, server: Server, data: bytes) -> tuple[V1Client, str]:
    """Begin an upload in a new room, with one chunk that is acknowledged; return its sender and its id."""
    sender = v1_at(server)
    upload = sender.begin("flights.tsv", len(data))
    sender.socket.send(data[:CHUNK])
    sender.wait_for("ack")
    return sender, upload


def copies(server: Server) -> set[str]:
    """Name the files of documents that a worker has."""
    return {path.name for path in (server.data_dir / "cache").iterdir() if len(path.name) == 32}


def keys(redis: Redis, pattern: str) -> int:
    """Count the keys of Redis that look so."""
    answer = redis.call("EVAL", f"return #redis.call('KEYS', '{pattern}')", "0")
    return int(answer[1:-2])


def test_what_comes_in_at_one_worker_is_seen_growing_and_downloaded_at_another(start_apart: Workers, v1_at: At) -> None:
    one, other = start_apart(2)
    data = table(60_000)
    sender = v1_at(one)
    sender.begin("flights.tsv", len(data))
    far = v1_at(other, sender.room_id)
    sender.socket.send(data[:CHUNK])
    growing = far.see(lambda event: event["table"] is not None)
    assert growing["data"][1][0] == "cell 2.0"
    assert growing["table"]["growing"]
    sender.send_rest(data, CHUNK, CHUNK)
    assert far.see(has_table)["table"]["rows"] == 60_001
    far.send("turn", page=600)
    turned = [each.see(lambda event: event["page"] == 600) for each in (sender, far)]
    assert turned[0]["data"] == turned[1]["data"]
    assert [download(each, sender.room_id) for each in (one, other)] == [data, data]


def test_a_worker_without_copies_fetches_what_is_opened(start_apart: Workers, v1_at: At, redis: Redis) -> None:
    (one,) = start_apart(1)
    first = v1_at(one)
    data, newer = table(30_000), table(20)
    first.upload(data)
    first.see(has_table)
    first.upload(newer)
    former = first.see(lambda event: bool(has_table(event) and event["former"]))["former"][0]["document"]
    one.stop()
    shutil.rmtree(one.data_dir)
    (again,) = start_apart(1)
    late = v1_at(again, first.room_id)
    assert late.see(has_table)["table"]["rows"] == 21
    assert len(copies(again)) == 1
    late.send("restore", document=former)
    assert late.see(lambda event: event["table"]["document"] == former)["table"]["rows"] == 30_001
    assert download(again, first.room_id) == data
    assert "is made anew" not in again.log


def test_an_upload_goes_on_at_another_worker_from_what_was_acknowledged(start_apart: Workers, v1_at: At) -> None:
    one, other = start_apart(2)
    data = table(60_000)
    sender, upload = begun(v1_at, one, data)
    sender.socket.send(data[CHUNK : 2 * CHUNK])
    sender.wait_for("ack")
    one.kill()
    again = v1_at(other, sender.room_id)
    assert again.resume(upload, "flights.tsv", data) == 2 * CHUNK
    again.send_rest(data, 2 * CHUNK, CHUNK)
    assert again.wait_for("finished")["rows"] == 60_001
    assert download(other, sender.room_id) == data


def test_an_upload_waits_while_redis_is_away(start_apart: Workers, v1_at: At, redis: Redis) -> None:
    one, other = start_apart(2)
    data = table(60_000)
    sender, upload = begun(v1_at, one, data)
    redis.kill()
    sender.socket.send(data[CHUNK : 2 * CHUNK])
    error = sender.wait_for("error")
    assert (error["code"], error["upload"]) == ("store_away", upload)
    redis.start()
    far = v1_at(other, sender.room_id)
    assert far.resume(upload, "flights.tsv", data) == CHUNK
    far.send_rest(data, CHUNK, CHUNK)
    far.wait_for("finished")
    v1_at(one, sender.room_id).see(has_table)
    assert [download(each, sender.room_id) for each in (one, other)] == [data, data]


def test_what_redis_has_lost_it_gets_again_in_the_midst_of_an_upload_too(
    start_apart: Workers, v1_at: At, redis: Redis
) -> None:
    one, other = start_apart(2)
    first, sender = v1_at(one), v1_at(one)
    first.upload(table(1000))
    first.see(has_table)
    data = table(60_000)
    sender.begin("flights.tsv", len(data))
    for start in range(0, 6 * CHUNK, CHUNK):
        sender.socket.send(data[start : start + CHUNK])
    sender.wait_for("ack", lambda event: event["offset"] == 6 * CHUNK)
    assert redis.call("FLUSHALL") == b"+OK\r\n"
    first.send("turn", page=3)
    first.see(lambda event: event["page"] == 3)
    sender.send_rest(data, 6 * CHUNK, CHUNK)
    sender.wait_for("finished")
    late = v1_at(other, sender.room_id)
    assert late.see(has_table)["table"]["rows"] == 60_001
    assert download(other, sender.room_id) == data
    assert v1_at(other, first.room_id).see(has_table)["table"]["rows"] == 1001
    assert download(other, first.room_id) == download(one, first.room_id)


def test_a_deleted_table_leaves_no_byte_in_redis_and_no_copy(start_apart: Workers, v1_at: At, redis: Redis) -> None:
    one, other = start_apart(2)
    first = v1_at(one)
    first.upload(table(30_000))
    first.see(has_table)
    first.upload(table(10))
    far = v1_at(other, first.room_id)
    far.see(has_table)
    assert keys(redis, "tsvapp:*:bytes:*") > 1
    assert copies(other)
    first.send("delete")
    for each in (first, far):
        each.wait_for("unknown_room")
    assert [keys(redis, f"tsvapp:{{{first.room_id}}}:{part}*") for part in ("bytes", "index", "documents")] == [0] * 3
    assert (copies(one), copies(other)) == (set(), set())


def test_a_cancelled_upload_leaves_no_byte_in_redis(start_apart: Workers, v1_at: At, redis: Redis) -> None:
    (one,) = start_apart(1)
    sender = v1_at(one)
    upload = sender.begin("flights.tsv", 3 * CHUNK)
    sender.socket.send(table(60_000)[:CHUNK])
    sender.wait_for("ack")
    assert keys(redis, "tsvapp:*:bytes:*") == 1
    sender.send("cancel", upload=upload)
    sender.see(lambda event: event["upload"] is None)
    one.stop()  # all that was begun is done before it ends
    assert keys(redis, "tsvapp:*:bytes:*") == 0


def test_copies_take_no_more_than_their_share_but_for_what_is_open(start_apart: Workers, v1_at: At) -> None:
    (one,) = start_apart(1, cache_bytes=300_000, abandon_seconds=2.0, idle_seconds=0.5)
    clients = [v1_at(one) for _ in range(4)]
    for client in clients:
        client.upload(table(5_000))
        client.see(has_table)
    assert len(copies(one)) == 4
    for client in clients[1:]:
        client.close()
    seen = 0
    while len(copies(one)) > 1:  # rooms leave the memory one after the other
        one.wait_for_log("copies of documents make place", since=seen)
        seen = len(one.log.splitlines())
    clients[0].send("turn", page=2)
    clients[0].see(lambda event: event["page"] == 2)
    again = v1_at(one, clients[3].room_id)
    assert again.see(has_table)["table"]["rows"] == 5_001


def test_a_file_that_is_larger_than_redis_may_hold_is_refused_in_words(start_apart: Workers, v1_at: At) -> None:
    (one,) = start_apart(1, redis_document_bytes=1000)
    client = v1_at(one)
    assert client.first["limits"]["upload_bytes"] == 1000
    client.send("begin", name="flights.tsv", size=1001)
    error = client.wait_for("error")
    assert (error["code"], error["limit"]) == ("too_large", 1000)
    assert "TSVAPP_REDIS_DOCUMENT_BYTES" in error["message"]


def test_a_redis_that_is_full_ends_the_upload_in_words_and_the_former_table_stays(
    start_apart: Workers, v1_at: At, redis: Redis
) -> None:
    (one,) = start_apart(1)
    client = v1_at(one)
    client.upload(table(100))
    former = client.see(has_table)
    used = re.search(rb"used_memory:(\d+)", redis.call("INFO", "memory"))
    assert used
    redis.call("CONFIG", "SET", "maxmemory", str(int(used[1]) + 2_000_000))
    data = table(120_000)
    client.begin("flights.tsv", len(data))
    client.send_rest(data, 0, CHUNK)
    error = client.wait_for("error")
    assert error["code"] == "storage_failed"
    assert "full" in error["message"]
    redis.call("CONFIG", "SET", "maxmemory", "0")
    assert client.see(has_table)["table"]["document"] == former["table"]["document"]


def test_a_directory_has_one_worker(start_apart: Workers) -> None:
    (one,) = start_apart(1)
    environ = {**one.environ, "PORT": str(free_port())}
    second = subprocess.run(one.command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert second.returncode != 0
    assert "is in use by another server" in second.stderr


def test_documents_in_redis_need_a_redis(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", redis_document_bytes=LARGE)
    ended = subprocess.run(
        server.command, cwd=ROOT, env=server.environ, capture_output=True, text=True, timeout=WAIT_SECONDS
    )
    assert ended.returncode != 0
    assert "TSVAPP_REDIS_DOCUMENT_BYTES is of use with TSVAPP_REDIS_URL only" in ended.stderr
