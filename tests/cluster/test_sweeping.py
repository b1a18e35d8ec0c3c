"""What is swept away is what nobody has records of: not the tables of a single server, nor those of another store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest

from tests.cluster.conftest import Workers
from tests.support.client import V1Client, table
from tests.support.redis import Redis
from tests.support.server import Server


def test_tables_outlive_a_change_from_one_worker_to_several_and_back(
    start_workers: Workers, start_server: Callable[..., Server]
) -> None:
    alone = start_server(abandon_seconds=0.001)
    before = upload(alone)
    alone.stop()
    (one,) = start_workers(1, abandon_seconds=0.001)
    upload(one)
    one.stop()
    shared = sorted((one.data_dir / "shared").iterdir())
    alone.start()
    assert rows(alone, before) == 201
    assert sorted((one.data_dir / "shared").iterdir()) == shared


@pytest.mark.parametrize("lost", ["FLUSHALL", pytest.param("SWAPDB", marks=pytest.mark.long)])
def test_a_store_that_has_lost_its_records_has_nothing_swept(start_workers: Workers, redis: Redis, lost: str) -> None:
    (one,) = start_workers(1, abandon_seconds=0.001)
    room_id = upload(one)
    one.stop()
    documents = sorted((one.data_dir / "shared").iterdir())
    redis.call(*{"FLUSHALL": ["FLUSHALL"], "SWAPDB": ["SWAPDB", "0", "1"]}[lost])
    one.start()
    one.wait_for_log("nothing is swept")
    assert sorted((one.data_dir / "shared").iterdir()) == documents
    if lost == "SWAPDB":
        one.stop()
        redis.call("SWAPDB", "0", "1")
        one.start()
        assert rows(one, room_id) == 201


def test_an_upload_that_waits_for_its_first_bytes_is_left_alone(
    start_workers: Workers, redis: Redis, clients: ExitStack
) -> None:
    (one,) = start_workers(1)
    sender = V1Client(one.ws_url)
    clients.callback(sender.close)
    data = table(200)
    sender.begin("t.tsv", len(data))
    broken = "0" * 32
    redis.call("HSET", "tsvapp:unfinished", broken, f"{'1' * 32} 0.0")
    (other,) = start_workers(1)
    other.wait_for_log(f"nobody went on with is deleted: document {broken[:8]}")
    assert redis.call("HLEN", "tsvapp:unfinished") == b":1\r\n"
    sender.socket.send(data)
    assert sender.wait_for("finished")["rows"] == 201


def upload(server: Server) -> str:
    """Bring a table of 201 rows, leave, and return the room's id."""
    with closing(V1Client(server.ws_url)) as client:
        client.upload(table(200))
        return client.room_id


def rows(server: Server, room_id: str) -> int:
    """Count the rows of the room's table."""
    with closing(V1Client(server.ws_url, room_id)) as client:
        return client.see(lambda event: event["table"] is not None)["table"]["rows"]
