"""Finding out that a client behind a proxy has vanished: the proxy's kernel answers ours, whether it lives or not.

Each round, who has sent nothing since the round before is pinged, which every WebSocket client answers by itself (RFC
6455, section 5.5.3). Rounds are counted and no clock is read: a server that stood still has missed rounds itself.
"""

from __future__ import annotations

from time import monotonic

import gevent

from tsvapp.live.connection import SLICE_SECONDS, Connection
from tsvapp.live.frame import ping_frame
from tsvapp.live.outbox import Slot

ROUNDS = 3
"""Rounds until one who is silent is given up: asked in the first, it has two to answer."""

PING = ping_frame()


class Silence:
    """Watch connections, and drop those from which no sign of life comes for ROUNDS rounds."""

    def __init__(self) -> None:
        self._watched: dict[Connection, tuple[int, int]] = {}
        """What each had given as signs of life by the last round, and how many rounds it has been silent."""

    def watch(self, connection: Connection) -> None:
        """Watch a connection from now on."""
        self._watched[connection] = (connection.signs_of_life, 0)

    def forget(self, connection: Connection) -> None:
        """Watch it no more; one that never was watched is no error."""
        self._watched.pop(connection, None)

    def round(self) -> None:
        """Ask those who are silent, and drop those who were asked and stayed so."""
        started = monotonic()
        for connection, (before, silent) in list(self._watched.items()):
            if connection not in self._watched:
                continue  # it has gone while others ran
            signs = connection.signs_of_life
            silent = silent + 1 if signs == before else 0
            self._watched[connection] = (signs, silent)
            if silent == ROUNDS:
                connection.outbox.end("vanished")
            elif silent:
                connection.outbox.offer(Slot.PING, PING)
            if monotonic() - started > SLICE_SECONDS:
                gevent.sleep(0)
                started = monotonic()
