"""Long loops on the event loop, cut into slices so that other greenlets run in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TypeVar

import gevent

SLICE_SECONDS = 0.005
"""How long a loop runs before others may: half of the 10 ms that nothing on the event loop may exceed."""

T = TypeVar("T")


def in_slices(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, and let other greenlets run every SLICE_SECONDS.

    Give it a copy of a collection that others may change meanwhile.
    """
    started = monotonic()
    for item in items:
        yield item
        if monotonic() - started > SLICE_SECONDS:
            gevent.sleep(0)
            started = monotonic()
