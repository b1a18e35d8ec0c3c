"""The client of Redis: how it connects, and what counts as no answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import ConnectionPool
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from tsvapp.errors import StartupError, StoreAway

ANSWER_SECONDS = 2.0
"""How long an answer is waited for: people wait with it."""


class Paired(ConnectionPool):
    """Pool connections on which each reply belongs to the next command.

    A connection comes back while an exception ends what it was taken for: a greenlet is killed or times out while it
    waits for a reply, or one of several replies in a pipeline cannot be parsed. Replies may then be on their way that
    nobody reads, and the next command would take one for its own, which can be another room's state. So such a
    connection is closed; it connects again when it is next used. The library closes it in some of these cases only: not
    with Sentinel (`disconnect_on_error` is False there), nor in a pipeline.
    """

    def release(self, connection: Any) -> None:
        """Take a connection back."""
        if sys.exc_info()[1] is not None:
            connection.disconnect()
        super().release(connection)


class PairedBySentinel(Paired, SentinelConnectionPool):
    """The same, connected to the master that sentinels name."""


@contextmanager
def answers() -> Iterator[None]:
    """Raise StoreAway where Redis does not answer what is asked within."""
    try:
        yield
    except (RedisError, RedisClusterException, OSError) as error:  # the second is none of the first
        raise StoreAway(str(error)) from error


def connecting(url: str) -> Callable[[], Any]:
    """Return what connects to the store; raise StartupError if `url` is none."""
    options: dict[str, Any] = {
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": ANSWER_SECONDS,
        "health_check_interval": 5,
        "retry": Retry(NoBackoff(), 0),
    }
    try:
        return _connecting(url, options)
    except (ValueError, TypeError):
        # Without the library's words: they repeat a part of the URL, which may be one of the password.
        raise StartupError(
            "TSVAPP_REDIS_URL cannot be parsed. It looks like redis://127.0.0.1:6379/0,"
            " redis+sentinel://host:26379,host:26379/name or redis+cluster://host:6379; in a user name and a password"
            " each of / # ? % @ : [ ] is written as %2F, %23 and so on."
        ) from None


def _connecting(url: str, options: dict[str, Any]) -> Callable[[], Any]:
    parts = urlsplit(url)
    if parts.scheme == "redis+cluster":
        plain = url.replace("redis+cluster", "redis", 1)
        redis.connection.parse_url(plain)  # type: ignore[no-untyped-call]
        # It asks for the nodes at once, and may have to be asked again: they may not be there yet.
        return lambda: RedisCluster.from_url(plain, connection_pool_class=Paired, **options)
    if parts.scheme == "redis+sentinel":
        hosts = parts.netloc.rpartition("@")[2].split(",")
        pairs = [(host or "localhost", int(port or 26379)) for host, _, port in (each.partition(":") for each in hosts)]
        said = {"username": parts.username, "password": parts.password}
        sentinel = Sentinel(  # type: ignore[no-untyped-call]  # as the library has it
            pairs,
            sentinel_kwargs=options,
            **{name: unquote(text) for name, text in said.items() if text},
            **options,
        )
        master = sentinel.master_for(  # type: ignore[no-untyped-call]
            parts.path.strip("/") or "mymaster", connection_pool_class=PairedBySentinel
        )
        return lambda: master
    single = redis.Redis.from_pool(Paired.from_url(url, **options))
    single.connection_pool.make_connection()  # which an option fails that there is not; nothing is connected yet
    return lambda: single
