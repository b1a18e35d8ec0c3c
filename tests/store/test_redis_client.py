"""The connections to Redis: each reply belongs to the command that was sent for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.redis import Redis
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_sentinel import RedisSentinel
from tests.support.server import ROOT


@pytest.mark.parametrize("kind", [Redis, RedisSentinel, RedisCluster])
def test_a_command_is_never_answered_by_the_reply_to_one_before_it_that_nobody_waits_for_any_more(
    tmp_path: Path, kind: Callable[[Path], Redis | RedisSentinel | RedisCluster]
) -> None:
    store = kind(tmp_path / "redis")
    store.start()
    try:
        said = subprocess.run(
            [sys.executable, "-m", "tests.support.killed_reader", store.url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=60,
        ).stdout
    finally:
        store.kill()
    answers = json.loads(said)
    assert len(answers) >= 2
    assert answers == dict.fromkeys(answers, "mine")
