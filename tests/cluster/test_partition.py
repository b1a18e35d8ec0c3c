"""One worker alone is cut off from Redis: its people go on among themselves, and afterwards all see the same."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.client import V1Client, table
from tests.support.proxy import FOR_EVER, Proxy
from tests.support.redis import Redis
from tests.support.server import Server
from tests.support.waiting import wait_until

At = Callable[..., V1Client]


@pytest.fixture
def between(redis: Redis) -> Iterator[Proxy]:
    """Stand between one worker and Redis."""
    proxy = Proxy(redis.port)
    yield proxy
    proxy.close()


@pytest.fixture
def workers(redis: Redis, between: Proxy, start_server: Callable[..., Server]) -> tuple[Server, Server]:
    """Start a worker that has Redis behind the proxy, and one that has it at hand."""
    cut_off = start_server(redis_url=f"redis://127.0.0.1:{between.port}/0")
    return cut_off, start_server(redis_url=redis.url)


@pytest.mark.parametrize("fault", ["refused", "silent", "deaf"])
def test_people_at_a_worker_that_is_cut_off_go_on_and_their_last_turn_is_everybodys_afterwards(
    workers: tuple[Server, Server], v1_at: At, between: Proxy, clients: ExitStack, fault: str
) -> None:
    cut_off, other = workers
    first = v1_at(cut_off)
    first.upload(table(1000))
    near, far, its = v1_at(cut_off, first.room_id), v1_at(other, first.room_id), v1_at(other, first.room_id)
    together = far.see(lambda event: event["table"] is not None)
    statuses = ask_on_and_on(f"{cut_off.url}/{first.room_id}.tsv", clients)
    between.part(fault)
    # Where the worker is deaf Redis hears of it, and those at the other worker do.
    first.send("turn", page=7)
    alone = near.see(lambda event: event["page"] == 7)
    assert (alone["apart"], alone["epoch"] != together["epoch"]) == (True, True)
    far.send("turn", page=3)
    assert its.see(lambda event: event["page"] == 3)["apart"] is False
    far.wait_for("presence", lambda event: event["members"] == 2)
    between.mend()
    for each in (first, near, far, its):
        again = each.see(lambda event: event["page"] == 7 and not event["apart"])
        assert again["epoch"] == together["epoch"]
    far.wait_for("presence", lambda event: event["members"] == 4)
    assert {event["page"] for event in far.events if event["type"] == "snapshot"} == {1, 3, 7}
    assert max(statuses) < 500


@pytest.mark.long
def test_a_line_for_news_that_has_gone_dead_without_a_word_is_made_anew(
    workers: tuple[Server, Server], v1_at: At, between: Proxy, redis: Redis
) -> None:
    cut_off, other = workers
    first = v1_at(cut_off)
    first.upload(table(1000))
    far = v1_at(other, first.room_id)
    far.see(lambda event: event["table"] is not None)
    wait_for_listeners(redis, 2)
    # What is open now carries nothing any more, and nobody is told: new lines are well.
    between.stall(FOR_EVER)
    wait_for_listeners(redis, 3)
    far.send("turn", page=5)
    first.see(lambda event: event["page"] == 5 and not event["apart"])


def ask_on_and_on(url: str, clients: ExitStack) -> set[int]:
    """Ask for this until the test ends; return the statuses, which go on to come."""
    statuses, ended = {0}, threading.Event()

    def ask() -> None:
        while not ended.wait(0.1):
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:
                    statuses.add(answer.status)
            except urllib.error.HTTPError as error:
                statuses.add(error.code)
                error.close()

    asking = threading.Thread(target=ask)
    asking.start()
    clients.callback(asking.join)
    clients.callback(ended.set)
    return statuses


def wait_for_listeners(redis: Redis, count: int) -> None:
    """Wait until Redis has so many lines that listen."""
    answer = f":{count}\r\n".encode()
    wait_until(lambda: redis.call("PUBSUB", "SHARDNUMSUB", "tsvapp:news").endswith(answer))
