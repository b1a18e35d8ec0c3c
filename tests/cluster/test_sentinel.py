"""A Redis that is looked after by sentinels: its replica takes over, and nobody is left behind."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import Workers, in_one_room, turn
from tests.support.client import V1Client
from tests.support.redis_sentinel import RedisSentinel

At = Callable[..., V1Client]


@pytest.fixture
def sentinel(tmp_path: Path) -> Iterator[RedisSentinel]:
    """Start a master, a replica and three sentinels for one test."""
    sentinel = RedisSentinel(tmp_path / "redis")
    sentinel.start()
    yield sentinel
    sentinel.kill()


@pytest.fixture
def redis_url(sentinel: RedisSentinel) -> str:
    """Name the sentinels."""
    return sentinel.url


def test_a_replica_takes_over_and_what_was_turned_to_meanwhile_is_everybodys(
    start_workers: Workers, v1_at: At, sentinel: RedisSentinel
) -> None:
    one, other = start_workers(2)
    first, far, together = in_one_room(v1_at, one, other)
    assert sentinel.master.call("WAIT", "1", "5000") == b":1\r\n"
    sentinel.master.kill()
    far.see(lambda event: event["apart"])
    first.see(lambda event: event["apart"])
    first.send("turn", page=7)
    assert first.see(lambda event: event["page"] == 7)["apart"]
    sentinel.wait_until_promoted()
    for each in (first, far):
        again = each.see(lambda event: event["page"] == 7 and not event["apart"])
        assert again["epoch"] == together["epoch"]
    far.send("turn", page=3)
    first.see(lambda event: event["page"] == 3 and not event["apart"])


def test_a_replica_that_was_behind_is_told_what_it_has_not_heard(
    start_workers: Workers, v1_at: At, sentinel: RedisSentinel
) -> None:
    one, other = start_workers(2)
    first, far, together = in_one_room(v1_at, one, other)
    assert sentinel.master.call("WAIT", "1", "5000") == b":1\r\n"
    # A replica that stands still hears nothing, and what its socket holds is lost with the line to its master.
    sentinel.replica.signal(signal.SIGSTOP)
    assert sentinel.master.call("CLIENT", "KILL", "TYPE", "replica").startswith(b":")
    first.send("turn", page=5)
    assert far.see(lambda event: event["page"] == 5)["epoch"] == together["epoch"]
    sentinel.master.kill()
    sentinel.replica.signal(signal.SIGCONT)
    sentinel.wait_until_promoted()
    for each in (first, far):
        again = each.see(lambda event: event["epoch"] != together["epoch"] and not event["apart"])
        assert again["page"] == 5
    far.send("turn", page=6)
    first.see(lambda event: event["page"] == 6 and not event["apart"])


@pytest.mark.long
def test_a_former_master_that_comes_back_is_not_written_to(
    start_workers: Workers, v1_at: At, sentinel: RedisSentinel
) -> None:
    one, other = start_workers(2)
    first, far, _ = in_one_room(v1_at, one, other)
    assert sentinel.master.call("WAIT", "1", "5000") == b":1\r\n"
    sentinel.master.signal(signal.SIGSTOP)
    for each in (first, far):
        each.see(lambda event: event["apart"])
    sentinel.wait_until_promoted()
    sentinel.master.signal(signal.SIGCONT)
    turn(first, far, 4)
    turn(far, first, 5)
