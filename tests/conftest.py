"""Fixtures for every test: a real server, and clients that are closed at the end."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import ArticleClient, V1Client
from tests.support.nginx import Nginx
from tests.support.redis import Redis
from tests.support.server import ROOT, Server

SEED = 20261126


def pytest_sessionstart() -> None:
    """Stop where the viewer is not built of what is there: it would be another one that is tested."""
    meta = ROOT / "static" / "built" / "meta.json"
    sources = [path for part in ("js", "css") for path in (ROOT / "static" / part).rglob("*.*s")]
    if not meta.exists() or max(path.stat().st_mtime for path in sources) > meta.stat().st_mtime:
        pytest.exit("The viewer has to be built: run `make static/built/meta.json`.", returncode=4)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Decide what chance decides: SEED from the environment, or the same each time; long tests try another each time.

    It is printed, and so shown when the test fails.
    """
    another = request.node.get_closest_marker("long") is not None
    seed = int(os.environ.get("SEED") or (random.randrange(1 << 32) if another else SEED))
    print(f"again with SEED={seed}")
    return seed


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers with other settings, all on one data directory; a traceback in a log fails the test."""
    servers: list[Server] = []

    def start(**settings: Any) -> Server:
        server = Server(tmp_path / "data", **settings)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()
    for server in servers:
        assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with the default settings for the tests of a module; each test has rooms of its own."""
    server = Server(tmp_path_factory.mktemp("server") / "data")
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.log, server.log


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """Start a Redis for one test."""
    redis = Redis(tmp_path / "redis")
    redis.start()
    yield redis
    redis.kill()


@pytest.fixture
def redis_url(redis: Redis) -> str:
    """Name the Redis that workers share; modules about other kinds of it name theirs."""
    return redis.url


@pytest.fixture
def start_workers(redis_url: str, start_server: Callable[..., Server]) -> Callable[..., list[Server]]:
    """Start so many workers that share one Redis, each as `start_server` does."""

    def start(count: int = 2, **settings: Any) -> list[Server]:
        return [start_server(redis_url=redis_url, **settings) for _ in range(count)]

    return start


@pytest.fixture
def start_nginx(tmp_path: Path) -> Iterator[Callable[[int], Nginx]]:
    """Start nginx in front of a port."""
    started: list[Nginx] = []

    def start(upstream_port: int) -> Nginx:
        started.append(Nginx(tmp_path / f"nginx-{len(started)}", upstream_port))
        return started[-1]

    yield start
    for nginx in started:
        nginx.stop()


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    """Close, at the end, what was entered."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def article(server: Server, clients: ExitStack) -> Callable[..., ArticleClient]:
    """Connect clients of the article's protocol to the server."""

    def open_client(room_id: str | None = None) -> ArticleClient:
        client = ArticleClient(server.ws_url, room_id)
        clients.callback(client.close)
        return client

    return open_client


@pytest.fixture
def v1(server: Server, clients: ExitStack) -> Callable[..., V1Client]:
    """Connect clients of `tsvapp.v1` to the server."""

    def open_client(room_id: str | None = None, **options: Any) -> V1Client:
        client = V1Client(server.ws_url, room_id, **options)
        clients.callback(client.close)
        return client

    return open_client
