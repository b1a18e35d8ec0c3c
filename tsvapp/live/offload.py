"""Work that would hold the event loop: disk, SQLite, cutting and compressing pages. It runs in native threads.

gevent does not make files asynchronous, so a slow disk would stop every room (fsync of a large file takes most of a
second). What runs here must take no lock: a lock that gevent has patched belongs to the event loop's thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import gevent
from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool

from tsvapp.errors import Restarting

P = ParamSpec("P")
R = TypeVar("R")


def offload(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `work` in gevent's native threads; wait for it, return its result or raise its error."""
    return _run(gevent.get_hub().threadpool, work, *args, **kwargs)


class SingleThread:
    """Run work in one native thread, one after the other: what SQLite wants."""

    def __init__(self) -> None:
        self._pool = ThreadPool(1)
        self._waiting: deque[tuple[tuple[Any, ...], AsyncResult[Any]]] = deque()
        self._ended = False

    def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` after all that was given before; wait for it, return its result or raise its error.

        Raise Restarting after the end.
        """
        if self._ended:
            raise Restarting("The server is restarting. Try again in a moment.")
        return self._in_turn(work, *args, **kwargs)

    def end(self, work: Callable[[], None]) -> None:
        """Run `work` as the last that is run here; wait for it."""
        self._ended = True
        self._in_turn(work)

    def _in_turn(self, work: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        # A pool of one is no queue: who waits for a free place in it may be overtaken by who comes later, and an older
        # record would be written over a newer one.
        done: AsyncResult[Any] = AsyncResult()
        self._waiting.append(((work, args, kwargs), done))
        if len(self._waiting) == 1:
            gevent.spawn(self._work_off)
        result: R = _returned(done.get())
        return result

    def _work_off(self) -> None:
        while self._waiting:
            work, done = self._waiting[0]
            done.set(self._pool.spawn(_settle, *work).get())
            self._waiting.popleft()


def _run(pool: ThreadPool, work: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    # The error travels as a value: a pool prints what its jobs raise, though the waiter gets it as well.
    result: R = _returned(pool.spawn(_settle, work, args, kwargs).get())
    return result


def _returned(settled: Any) -> Any:
    result, error = settled
    if error is not None:
        raise error
    return result


def _settle(work: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, BaseException | None]:
    try:
        return work(*args, **kwargs), None
    except Exception as error:
        return None, error
