"""A short form of `make chaos`: every fault at least once."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.reliability.chaos import HEAVY, LIGHT, SETTINGS, SHARED, Chaos
from tests.support.redis import Redis
from tests.support.server import Server


def test_nothing_is_lost_stale_or_out_of_order_under_faults(
    start_server: Callable[..., Server], seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    expect_none(capsys, seed, [start_server(**SETTINGS)], [*LIGHT, *LIGHT, *HEAVY, "cut", "stall"])


def test_nor_where_three_workers_share_a_redis(
    start_workers: Callable[..., list[Server]], redis: Redis, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    expect_none(capsys, seed, start_workers(3, **SETTINGS), [*LIGHT, *HEAVY, *SHARED], redis)


def expect_none(
    capsys: pytest.CaptureFixture[str], seed: int, servers: list[Server], faults: list[str], redis: Redis | None = None
) -> None:
    """Commit the faults in an order by chance, and find no problem."""
    random.Random(seed).shuffle(faults)
    outcome = Chaos(servers, seed, redis=redis).run(iter(faults), lambda outcome: False)
    with capsys.disabled():
        print(f"\n  {outcome}")
    assert not outcome.problems, "\n".join(outcome.problems)
