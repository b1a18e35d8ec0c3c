"""A short form of `make chaos`: every fault at least once."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from tests.reliability.chaos import HEAVY, LIGHT, SETTINGS, Chaos
from tests.support.server import Server


def test_nothing_is_lost_stale_or_out_of_order_under_faults(
    start_server: Callable[..., Server], capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    faults = [*LIGHT, *LIGHT, *HEAVY, "cut", "stall"]
    random.Random(seed).shuffle(faults)
    outcome = Chaos(start_server(**SETTINGS), seed).run(iter(faults), lambda outcome: False)
    with capsys.disabled():
        print(f"\n  {outcome}")
    assert outcome.problems == [], f"again with SEED={seed}"
