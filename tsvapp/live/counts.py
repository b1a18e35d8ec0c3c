"""What this process has done so far, in plain integers: counting costs next to nothing where it is done.

What can be counted when somebody asks (`live/metrics.py`) is not counted here. No key holds an id, a name or anything
else that a client may choose.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

BROADCAST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Where the buckets end: a turn to one viewer takes about 2 ms, to thousands some 100 ms."""

CLOSE_CODES = range(1000, 1016)
"""Those of RFC 6455, section 7.4.1; a client may send any up to 4999, which count as one."""


class Spread:
    """Count how often something took how long."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds


class Counts:
    """Hold the counts of one process; each only grows."""

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()
        """Connections, by protocol."""
        self.ended: Counter[tuple[str, str, str]] = Counter()
        """Connections, by protocol, close code and why."""
        self.ended_received = 0
        self.ended_sent = 0
        """Bytes of connections that have ended; those of open ones are on them."""
        self.refused: Counter[int] = Counter()
        """Handshakes that the gate refused, by status."""
        self.commands: Counter[tuple[str, str]] = Counter()
        """By protocol and type."""
        self.errors: Counter[str] = Counter()
        """Commands that could not be done, by the error's code."""
        self.revisions = 0
        self.uploads: Counter[str] = Counter()
        """What has happened to uploads."""
        self.uploads_failed: Counter[str] = Counter()
        """By the code of the notice."""
        self.upload_bytes = 0
        self.encoded: Counter[str] = Counter()
        """Frames of broadcasts, by kind; each goes to all of an audience."""
        self.offered: Counter[str] = Counter()
        """Members to whom a broadcast's frame was offered, by kind."""
        self.broadcasts = Spread(BROADCAST_SECONDS)
        """From a change until everyone in the room was offered it."""
        self.stalls = 0
        self.stall_seconds = 0.0

    def end(self, protocol: str, code: int | None, why: str | None, received: int, sent: int) -> None:
        """Count a connection that has ended."""
        shown = "none" if code is None else str(code) if code in CLOSE_CODES else "other"
        self.ended[protocol, shown, why or "failed"] += 1
        self.ended_received += received
        self.ended_sent += sent
