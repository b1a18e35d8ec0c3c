"""Hearing of news: which rooms have changed at other workers, as Redis' channels say it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any

from redis.cluster import RedisCluster

from tsvapp.errors import StoreAway
from tsvapp.store.redis_client import answers
from tsvapp.store.redis_keys import room_key

LISTEN_SECONDS = 5.0
"""How long news is waited for before the line is looked at."""


class Listening:
    """Hear which rooms have something new; a broken line is not mended in silence, for news may have been missed.

    A Cluster has the news of a room at the node that has the room, so there is a line to each node, and on each a
    thread that hears: who waited for one of them would not hear the others.
    """

    def __init__(self, client: Any, room_ids: Iterable[str]) -> None:
        self._client = client
        self._lines: dict[str, Any] = {}
        self._heard: SimpleQueue[str | StoreAway] = SimpleQueue()
        self._leaving: Counter[str] = Counter()
        self._closed = False
        self._room_ids = set(room_ids)
        try:
            # Subscribed to something always, or the line would not be there to break.
            for channel in ("tsvapp:news", *(room_key(each, ":news") for each in self._room_ids)):
                self._line(channel).ssubscribe(channel)
        except BaseException:
            self.close()
            raise

    def _line(self, channel: str) -> Any:
        node, client = "", self._client
        if isinstance(client, RedisCluster):
            found: Any = client.get_node_from_key(channel)  # type: ignore[no-untyped-call]  # as the library has it
            node, client = found.name, client.get_redis_connection(found)
        if node not in self._lines:
            self._lines[node] = line = client.pubsub()
            threading.Thread(target=self._hear, args=(line,), daemon=True).start()
        return self._lines[node]

    def add(self, room_id: str) -> None:
        """Listen for this room too, if that is not so already."""
        if room_id not in self._room_ids:
            self._room_ids.add(room_id)
            channel = room_key(room_id, ":news")
            self._tell(lambda: self._line(channel).ssubscribe(channel))

    def remove(self, room_id: str) -> None:
        """Listen for this room no more."""
        if room_id in self._room_ids:
            self._room_ids.discard(room_id)
            channel = room_key(room_id, ":news")
            self._leaving[channel] += 1
            self._tell(lambda: self._line(channel).sunsubscribe(channel))

    def _tell(self, tell: Callable[[], None]) -> None:
        try:
            with answers():
                tell()
        except StoreAway as error:
            # The library may have mended the line while it said so, and what was told meanwhile is missed.
            self._heard.put(error)
            raise

    def news(self) -> Iterator[str]:
        """Yield the rooms that have something new, as it comes; raise StoreAway when a line breaks."""
        while True:
            heard = self._heard.get()
            if isinstance(heard, StoreAway):
                raise heard
            yield heard

    def _hear(self, line: Any) -> None:
        try:
            while not self._closed:
                with answers():
                    message = line.get_message(timeout=LISTEN_SECONDS)
                if message is None:
                    # Asked when it was silent for so long, and silent since: nobody says that such a line is broken.
                    if line.subscribed and line.health_check_response_counter:
                        raise StoreAway("a line is silent")
                elif message["type"] == "smessage":
                    self._heard.put(message["channel"].decode().partition("{")[2].partition("}")[0])
                elif message["type"] == "sunsubscribe":
                    self._expect_leaving(message["channel"].decode())
        except Exception as error:
            # Whatever it is (the library raises many things when a line is closed by others): nobody hears any more.
            self._heard.put(error if isinstance(error, StoreAway) else StoreAway(repr(error)))
        finally:
            line.close()

    def _expect_leaving(self, channel: str) -> None:
        if not self._leaving[channel]:
            raise StoreAway("a room has moved to another node")
        self._leaving[channel] -= 1

    def close(self) -> None:
        """Let go of the lines; each is closed by who hears it, soon."""
        self._closed = True
