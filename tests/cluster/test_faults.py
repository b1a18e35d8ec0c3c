"""What goes wrong between workers: those at one go on together, and afterwards all see the same."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.cluster.conftest import Workers, in_one_room
from tests.support.client import WAIT_SECONDS, V1Client, open_socket, table
from tests.support.redis import Redis

At = Callable[..., V1Client]
CHUNK = 200_000


def test_while_redis_is_away_those_at_one_worker_go_on_and_its_last_turn_is_everybodys_afterwards(
    start_workers: Workers, v1_at: At, redis: Redis
) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(table(1000))
    second, far = v1_at(one, first.room_id), v1_at(other, first.room_id)
    together = far.see(lambda event: event["table"] is not None)
    redis.kill()
    assert far.see(lambda event: event["apart"])["page"] == 1
    first.see(lambda event: event["apart"])
    first.send("turn", page=7)
    seen = second.see(lambda event: event["page"] == 7)
    assert (seen["apart"], seen["epoch"] != together["epoch"]) == (True, True)
    assert seen["data"][0][0] == "cell 601.0"
    redis.start()
    for each in (first, second, far):
        again = each.see(lambda event: event["page"] == 7 and not event["apart"])
        assert again["epoch"] == together["epoch"]


@pytest.mark.parametrize("turns", [1, pytest.param(60, marks=pytest.mark.long)])
def test_a_redis_that_stands_still_is_one_that_is_away(
    start_workers: Workers, v1_at: At, redis: Redis, turns: int
) -> None:
    one, other = start_workers(2, heartbeat_seconds=1)
    first = v1_at(one)
    first.upload(table(1000))
    far = v1_at(other, first.room_id)
    far.see(lambda event: event["table"] is not None)
    redis.signal(signal.SIGSTOP)
    for turn in range(turns):
        # Each is told at once, and a second of standing still goes by until the next.
        page = 4 + turn % 2
        first.send("turn", page=page)
        assert first.see(lambda event, page=page: event["page"] == page)["apart"]
        far.see(lambda event: event["apart"])
        far.wait_for("heartbeat")
    redis.signal(signal.SIGCONT)
    for each in (first, far):
        each.see(lambda event: event["page"] == page and not event["apart"])


def test_a_redis_that_has_lost_everything_is_told_it_again(start_workers: Workers, v1_at: At, redis: Redis) -> None:
    one, other = start_workers(2)
    first, far, _ = in_one_room(v1_at, one, other)
    assert redis.call("FLUSHALL") == b"+OK\r\n"
    first.send("turn", page=3)
    latest = first.see(lambda event: event["page"] == 3)
    assert far.see(lambda event: event["page"] == 3)["data"] == latest["data"]
    late = v1_at(other, first.room_id)
    assert late.see(lambda event: event["table"] is not None)["page"] == 3


def test_who_comes_to_a_room_that_is_not_here_while_redis_is_away_is_asked_to_come_again(
    start_workers: Workers, v1_at: At, redis: Redis, clients: ExitStack
) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(table(100))
    redis.kill()
    socket = open_socket(other.ws_url, first.room_id, subprotocols=["tsvapp.v1"])
    clients.callback(socket.close)
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=WAIT_SECONDS)
    words = "The server cannot reach its records just now. Try again in a moment."
    assert closed.value.rcvd
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, words)
    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        urllib.request.urlopen(f"{other.url}/{first.room_id}.tsv")
    answer = refused.value.read().decode()
    assert words in answer
    assert str(redis.port) not in answer


def test_a_killed_worker_takes_its_people_along_and_its_upload_goes_on_at_another(
    start_workers: Workers, v1_at: At
) -> None:
    one, other = start_workers(2)
    sender = v1_at(one)
    data = table(30_000)
    upload = sender.begin("flights.tsv", len(data))
    viewer = v1_at(other, sender.room_id)
    viewer.wait_for("presence", lambda event: event["members"] == 2)
    sender.socket.send(data[:200_000])
    sender.wait_for("ack")
    viewer.see(lambda event: event["table"] is not None)
    one.kill()
    viewer.wait_for("presence", lambda event: event["members"] == 1)
    viewer.see(lambda event: event["upload"] and event["upload"]["paused"])
    again = v1_at(other, sender.room_id)
    again.send("resume", upload=upload, name="flights.tsv", size=len(data))
    ready = again.wait_for("ready")
    assert ready["offset"] == 200_000
    again.socket.send(b"".join(data[start:stop] for start, stop in ready["proof"]))
    again.send_rest(data, ready["offset"], CHUNK)
    assert again.wait_for("finished")["rows"] == 30_001
    assert viewer.see(lambda event: event["upload"] is None and event["table"] is not None)["table"]["rows"] == 30_001


@pytest.mark.parametrize("is_let", [False, True], ids=["before it is let go on", "before it has shown its file"])
def test_who_goes_on_with_an_upload_while_redis_is_away_is_asked_to_do_so_again_and_can(
    start_workers: Workers, v1_at: At, redis: Redis, is_let: bool
) -> None:
    one, other = start_workers(2)
    sender, data = v1_at(one), table(30_000)
    upload = sender.begin("flights.tsv", len(data))
    again = v1_at(other, sender.room_id)
    sender.socket.send(data[:CHUNK])
    again.see(lambda event: event["upload"] and event["upload"]["stored"] == CHUNK)
    sender.close()
    again.see(lambda event: event["upload"] and event["upload"]["paused"])
    resume = {"upload": upload, "name": "flights.tsv", "size": len(data)}
    if is_let:
        again.send("resume", **resume)
        ready = again.wait_for("ready")
        redis.kill()
        again.socket.send(b"".join(data[start:stop] for start, stop in ready["proof"]))
    else:
        redis.kill()
        again.send("resume", **resume)
    assert is_away(again.wait_for("error"), upload)
    again.see(lambda event: event["apart"])
    redis.start()
    again.see(lambda event: event["upload"] and event["upload"]["paused"] and not event["apart"])
    assert go_on(again, upload, data) == CHUNK


def test_an_upload_whose_last_byte_comes_while_redis_is_away_is_finished_afterwards(
    start_workers: Workers, v1_at: At, redis: Redis
) -> None:
    one, other = start_workers(2)
    sender, data = v1_at(one), table(30_000)
    upload = sender.begin("flights.tsv", len(data))
    sender.socket.send(data[:CHUNK])
    viewer = v1_at(other, sender.room_id)
    viewer.see(lambda event: event["upload"] and event["upload"]["stored"] == CHUNK)
    redis.kill()
    sender.see(lambda event: event["apart"])
    sender.send_rest(data, CHUNK, CHUNK)
    assert is_away(sender.wait_for("error"), upload)
    redis.start()
    # It is there to be gone on with, by anybody.
    viewer.see(lambda event: event["upload"] and event["upload"]["paused"] and not event["apart"])
    assert go_on(viewer, upload, data) == len(data) - 1
    sender.see(lambda event: event["upload"] is None and event["table"] is not None)
    assert sender.events[-1]["table"]["rows"] == 30_001


def is_away(error: dict[str, Any], upload: str) -> bool:
    return (error["code"], error["upload"]) == ("store_away", upload)


def go_on(sender: V1Client, upload: str, data: bytes) -> int:
    """Go on with an upload until it is finished; return where it went on."""
    offset = sender.resume(upload, "flights.tsv", data)
    sender.send_rest(data, offset, CHUNK)
    assert sender.wait_for("finished")["rows"] == 30_001
    return offset


def test_a_worker_that_starts_before_redis_serves_as_soon_as_that_is_there(
    start_workers: Workers, v1_at: At, redis: Redis
) -> None:
    redis.kill()
    (worker,) = start_workers(1)
    worker.wait_for_log("the shared store is waited for")
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(f"{worker.url}/readyz")
    redis.start()
    worker.wait_for_log("the shared store is there")
    client = v1_at(worker)
    assert client.upload(table(100))["rows"] == 101
