"""The connections to Redis: what is made of TSVAPP_REDIS_URL, and that each reply belongs to its command."""

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
from tsvapp.errors import StartupError
from tsvapp.store.redis_client import connecting


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


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cr/et@store:6379/0",
        "redis://:s3cr#et@store:6379/0",
        "redis://:s3cr[et@store:6379/0",
        "redis://me:s3cr/et@store/0",
        "redis+sentinel://:s3cr/et@store:26379/name",
        "redis+sentinel://:s3cr[et@store:26379/name",
        "redis+cluster://:s3cr/et@store:6379",
        "redis://:s3cret@store/0?s3cr=1",
    ],
)
def test_a_url_that_cannot_be_parsed_is_refused_without_a_word_of_its_password(url: str) -> None:
    with pytest.raises(StartupError) as refused:
        connecting(url)
    assert "TSVAPP_REDIS_URL cannot be parsed" in refused.value.message
    assert "%2F" in refused.value.message
    assert "s3cr" not in refused.value.message
    assert refused.value.__cause__ is None


def test_a_user_and_an_escaped_password_are_told_to_a_master_that_sentinels_name() -> None:
    master = connecting("redis+sentinel://me:a%2Fb@store:26379/name")()
    said = master.connection_pool.connection_kwargs
    assert (said["username"], said["password"]) == ("me", "a/b")
