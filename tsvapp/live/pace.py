"""How fast somebody may go on: so many a second, and some more at once after a rest.

Whoever is faster waits. Waiting loses nothing and needs no answer: a socket that is not read fills up, and TCP holds
its sender back. Closing would punish a viewer whose line was stuck for a moment and lets go of everything at once.
"""

from __future__ import annotations

from time import monotonic

import gevent

BURST_SECONDS = 2.0
"""What may come at once after a rest, as seconds of the rate, where nobody says otherwise."""


class Pace:
    """Let through `rate` a second; one object may be shared by many, who then wait in the order in which they came."""

    __slots__ = ("_burst", "_due", "_step", "_wider")

    def __init__(self, rate: float, burst_seconds: float = BURST_SECONDS, wider: Pace | None = None) -> None:
        """Make a pace; `wider` is one that is kept as well."""
        self._wider = wider
        self._step = 1 / rate
        self._burst = burst_seconds
        self._due = 0.0

    def wait(self, count: int = 1) -> None:
        """Count one, or as many as it is worth, and wait until its turn has come."""
        now = monotonic()
        self._due = max(self._due, now - self._burst) + count * self._step
        if self._due > now:
            gevent.sleep(self._due - now)
        if self._wider is not None:
            self._wider.wait(count)

    @property
    def busy(self) -> bool:
        """Say whether somebody waits."""
        return self._due > monotonic()
