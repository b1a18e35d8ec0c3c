"""What who can write to Redis has of the files of a worker, and what limits hold where rooms are shared."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import pytest
import redis as redis_py

from tests.cluster.conftest import Workers
from tests.support.client import V1Client, table
from tests.support.redis import Redis
from tests.support.server import Server
from tests.support.waiting import wait_until

BEYOND = "../../secret.txt"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Write a file that is not ours, which BEYOND names from the directory of the documents."""
    path = tmp_path / "secret.txt"
    path.write_bytes(b"secret\tline\n" * 30)
    os.utime(path, (0, 0))  # as old as an abandoned upload
    return path


def test_a_document_that_redis_names_by_a_path_is_shown_to_nobody(redis: Redis, tmp_path: Path, secret: Path) -> None:
    server = Server(tmp_path / "data", redis_url=redis.url)
    server.start()
    with closing(V1Client(server.ws_url)) as owner:
        owner.upload(table(29))
    other = str(uuid4())
    with closing(redis_py.Redis(port=redis.port)) as line:
        fields = line.hgetall(f"tsvapp:{{{owner.room_id}}}")
        state = json.loads(fields[b"state"])
        state["table"] |= {"document": BEYOND, "reading": "0" * 32, "size": secret.stat().st_size}
        line.hset(f"tsvapp:{{{other}}}", mapping={**fields, b"state": json.dumps(state)})
    with closing(V1Client(server.ws_url, other)) as reader:
        assert (reader.first["type"], reader.first["reason"]) == ("unknown_room", "unreadable")
    with closing(V1Client(server.ws_url, owner.room_id)) as reader:
        assert reader.first["type"] == "welcome"
    assert server.stop() == 0
    assert "not the id of a document" in server.log


def test_an_upload_that_redis_names_by_a_path_deletes_no_file(
    start_workers: Workers, redis: Redis, secret: Path
) -> None:
    broken = "0" * 32
    for document in (BEYOND, broken):
        redis.call("HSET", "tsvapp:unfinished", document, f"{'1' * 32} 0.0")
    (one,) = start_workers(1)
    one.wait_for_log(f"nobody went on with is deleted: document {broken[:8]}")
    assert secret.exists()


def test_rooms_without_a_table_leave_place_for_others_at_every_worker(
    start_workers: Workers, redis: Redis, clients: ExitStack
) -> None:
    one, other = start_workers(2, max_rooms=3)
    for number in range(12):
        server = (one, other)[number % 2]
        with closing(V1Client(server.ws_url)) as stranger:
            stranger.begin("large.tsv", 1000)
        wait_until(lambda: redis.call("ZCARD", "tsvapp:rooms") == b":0\r\n")
    for server in (one, other):
        owner = V1Client(server.ws_url)
        clients.callback(owner.close)
        assert owner.upload(table(20))["rows"] == 21
    assert redis.call("ZCARD", "tsvapp:rooms") == b":2\r\n"


def test_a_room_whose_first_upload_ended_at_another_worker_is_kept_from_its_next_one_on(
    start_workers: Workers, redis: Redis, clients: ExitStack
) -> None:
    one, other = start_workers(2)
    first = V1Client(one.ws_url)
    clients.callback(first.close)
    upload = first.begin("a.tsv", 1000)
    second = V1Client(other.ws_url, first.room_id)
    clients.callback(second.close)
    second.see(lambda event: event["upload"] is not None)
    first.send("cancel", upload=upload)
    second.see(lambda event: event["upload"] is None)
    second.upload(table(20))
    assert redis.call("ZCARD", "tsvapp:rooms") == b":1\r\n"
    assert redis.call("TTL", f"tsvapp:{{{first.room_id}}}") == b":-1\r\n"
