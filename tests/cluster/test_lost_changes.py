"""A store that has lost its last changes, as when a replica takes over that was behind: all see the same afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from tests.cluster.conftest import Workers, in_one_room, turn
from tests.support.client import V1Client, table
from tests.support.redis import Redis

At = Callable[..., V1Client]


def test_what_a_store_has_lost_is_told_it_again_by_those_who_know(
    start_workers: Workers, v1_at: At, redis: Redis
) -> None:
    one, other = start_workers(2)
    first, far, together = in_one_room(v1_at, one, other)
    redis.save()
    turn(first, far, 3, 4, 5)
    redis.go_back()
    for each in (first, far):
        again = each.see(lambda event: event["epoch"] != together["epoch"] and not event["apart"])
        assert again["page"] == 5
    turn(far, first, 6)
    turn(first, far, 7)
    expect_one_meaning(first, far)


def test_a_table_that_came_in_after_what_the_store_remembers_stays(
    start_workers: Workers, v1_at: At, redis: Redis
) -> None:
    one, other = start_workers(2)
    first, far, together = in_one_room(v1_at, one, other)
    redis.save()
    first.upload(table(300), name="newer.tsv")
    far.see(lambda event: event["table"]["name"] == "newer.tsv" and event["upload"] is None)
    redis.go_back()
    for each in (first, far):
        again = each.see(lambda event: event["epoch"] != together["epoch"] and not event["apart"])
        assert (again["table"]["name"], again["upload"]) == ("newer.tsv", None)
    assert redis.call("HLEN", f"tsvapp:{{{first.room_id}}}:documents") == b":2\r\n"
    first.upload(table(200), name="newest.tsv")
    far.see(lambda event: event["table"]["name"] == "newest.tsv" and event["upload"] is None)
    expect_one_meaning(first, far)


def test_where_others_have_gone_on_from_what_is_left_that_counts_for_all(
    start_workers: Workers, v1_at: At, redis: Redis
) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(table(1000))
    redis.save()
    first.send("turn", page=3)
    lost = first.see(lambda event: event["page"] == 3)
    os.kill(one.worker_pid, signal.SIGSTOP)
    redis.go_back()
    far = v1_at(other, first.room_id)
    for page in (8, 9):
        far.send("turn", page=page)
        far.see(lambda event, page=page: event["page"] == page)
    assert any((event["epoch"], event["revision"]) == (lost["epoch"], lost["revision"]) for event in snapshots(far))
    os.kill(one.worker_pid, signal.SIGCONT)
    for each in (first, far):
        assert each.see(lambda event: event["epoch"] != lost["epoch"] and not event["apart"])["page"] == 9
    turn(first, far, 5)
    turn(far, first, 6)


def snapshots(client: V1Client) -> list[dict[str, object]]:
    """Return the snapshots that a client was given."""
    return [event for event in client.events if event["type"] == "snapshot"]


def expect_one_meaning(*clients: V1Client) -> None:
    """Expect that a revision of an epoch was the same page of the same table for all of them."""
    told: dict[tuple[object, object], object] = {}
    for event in (event for client in clients for event in snapshots(client)):
        content = (event["page"], event["table"] and event["table"]["name"])
        assert told.setdefault((event["epoch"], event["revision"]), content) == content
