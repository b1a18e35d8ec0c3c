"""Clients of one worker among several."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.client import WAIT_SECONDS, ArticleClient, V1Client
from tests.support.server import Server

Workers = Callable[..., list[Server]]


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


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so; fail when a deadline passes."""
    until = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < until, "it is not so"
        time.sleep(0.02)
