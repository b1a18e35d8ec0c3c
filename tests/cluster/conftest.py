"""A Redis and several workers that share it, all of them real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import ArticleClient, V1Client
from tests.support.redis import Redis
from tests.support.server import Server

Workers = Callable[..., list[Server]]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """Start a Redis for one test."""
    redis = Redis(tmp_path / "redis")
    redis.start()
    yield redis
    redis.kill()


@pytest.fixture
def start_workers(tmp_path: Path, redis: Redis) -> Iterator[Workers]:
    """Start so many workers on one data directory and one Redis; a traceback in a log fails the test."""
    started: list[Server] = []

    def start(count: int = 2, **settings: Any) -> list[Server]:
        servers = [Server(tmp_path / "data", redis_url=redis.url, **settings) for _ in range(count)]
        for server in servers:
            started.append(server)
            server.start()
        return servers

    yield start
    for server in started:
        server.stop()
    for server in started:
        assert "Traceback" not in server.log, server.log


@pytest.fixture
def v1_at(clients: ExitStack) -> Callable[..., V1Client]:
    """Connect a client of `tsvapp.v1` to a worker."""

    def open_client(server: Server, room_id: str | None = None, **options: Any) -> V1Client:
        client = V1Client(server.ws_url, room_id, **options)
        clients.callback(client.close)
        return client

    return open_client


@pytest.fixture
def article_at(clients: ExitStack) -> Callable[..., ArticleClient]:
    """Connect a client of the article's protocol to a worker."""

    def open_client(server: Server, room_id: str | None = None) -> ArticleClient:
        client = ArticleClient(server.ws_url, room_id)
        clients.callback(client.close)
        return client

    return open_client
