"""How many bytes of large messages are in memory at once, because they are not whole or not stored yet.

Whoever would go beyond waits before it reads on: TCP holds its sender back, and nothing is lost. A message takes all
it needs at once or nothing, so no two can wait for each other. One address has a quarter at most, so it cannot keep
the others from uploading; and who holds bytes for long while others wait for them is closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic

from gevent.event import Event

FREE_BYTES = 64 << 10
"""What every connection may hold without asking: as much as comes with one read."""

SLOW_SECONDS = 30.0
"""How long a message may take while others wait for its bytes."""

LOOK_SECONDS = 1.0
"""How often one that waits looks whether it is still wanted, and who is slow."""


class Receiving:
    """Hand out `most` bytes."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._most_of_one = max(1, most // 4)
        self._of: Counter[str] = Counter()
        self._waiting: dict[Share, Event] = {}
        self._holding: dict[Share, float] = {}

    def share(self, address: str, drop: Callable[[], None]) -> Share:
        """Return the share of one connection; `drop` closes it."""
        return Share(self, address, drop)

    def take(self, share: Share, size: int, ended: Callable[[], bool]) -> None:
        """Give `share` its bytes as soon as they are there; return without them when the connection has ended."""
        # Larger than a quarter it is let through alone, or it would wait for ever.
        share.wanted = min(size, self._most_of_one)
        self._waiting[share] = event = Event()
        try:
            self._hand_out()
            while not event.wait(LOOK_SECONDS) and not ended():
                self._drop_slow()
        finally:
            if self._waiting.pop(share, None) is not None:
                self._hand_out()

    def give_back(self, share: Share) -> None:
        """Take the bytes back, if it has any."""
        if self._holding.pop(share, None) is not None:
            self._free += share.wanted
            self._of[share.address] -= share.wanted
            if not self._of[share.address]:
                del self._of[share.address]
            self._hand_out()

    def held(self, share: Share) -> bool:
        """Say whether it has its bytes."""
        return share in self._holding

    def _hand_out(self) -> None:
        for share, event in list(self._waiting.items()):
            if self._of[share.address] + share.wanted > self._most_of_one:
                continue  # for its own address: nobody else waits for that
            if share.wanted > self._free:
                return  # nobody passes by, or a large one would never have its turn
            del self._waiting[share]
            self._holding[share] = monotonic()
            self._free -= share.wanted
            self._of[share.address] += share.wanted
            event.set()

    def _drop_slow(self) -> None:
        oldest = next(iter(self._holding), None)
        if oldest is not None and monotonic() - self._holding[oldest] > SLOW_SECONDS:
            oldest.drop()


class Share:
    """What one connection holds for the message that is on its way in."""

    __slots__ = ("_all", "address", "drop", "wanted")

    def __init__(self, receiving: Receiving, address: str, drop: Callable[[], None]) -> None:
        self._all = receiving
        self.address = address
        self.drop = drop
        self.wanted = 0

    def take(self, size: int, ended: Callable[[], bool]) -> None:
        """Wait for `size` bytes, unless it has its share already."""
        if not self._all.held(self):
            self._all.take(self, size, ended)

    def give_back(self) -> None:
        """Let others have the bytes."""
        self._all.give_back(self)
