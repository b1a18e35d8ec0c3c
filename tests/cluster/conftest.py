"""Clients of one worker among several."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.client import ArticleClient, V1Client, table
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


def in_one_room(v1_at: Callable[..., V1Client], one: Server, other: Server) -> tuple[V1Client, V1Client, Any]:
    """Open a room with a table at one worker and join it at the other; return both, and what the second saw."""
    first = v1_at(one)
    first.upload(table(1000))
    far = v1_at(other, first.room_id)
    return first, far, far.see(lambda event: event["table"] is not None)


def turn(by: V1Client, viewer: V1Client, *pages: int) -> None:
    """Turn to these pages, each when the former one is seen by both, together."""
    for page in pages:
        by.send("turn", page=page)
        for each in (by, viewer):
            each.see(lambda event, page=page: event["page"] == page and not event["apart"])
