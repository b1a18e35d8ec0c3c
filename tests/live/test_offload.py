"""Work in native threads: in turn where it has to be, and its errors where it was given."""

from __future__ import annotations

import itertools
import random
import time

import gevent
import pytest

from tsvapp.errors import Restarting
from tsvapp.live.offload import SingleThread


def test_nobody_is_overtaken_on_the_way_to_a_single_thread() -> None:
    thread, done, numbers = SingleThread(), list[int](), itertools.count()
    chance = random.Random(1)

    def work(number: int) -> None:
        done.append(number)
        time.sleep(chance.random() / 2000)  # in the native thread: so that some wait

    def give() -> None:
        for _ in range(50):
            gevent.sleep(chance.random() / 200)
            thread.run(work, next(numbers))

    gevent.joinall([gevent.spawn(give) for _ in range(10)], raise_error=True)
    assert done == list(range(500))


def test_an_error_is_raised_where_its_work_was_given_and_holds_nobody_up() -> None:
    thread = SingleThread()
    with pytest.raises(ZeroDivisionError):
        thread.run(divmod, 1, 0)
    assert thread.run(divmod, 7, 2) == (3, 1)


def test_work_of_one_who_gave_up_waiting_is_done_all_the_same() -> None:
    thread, done = SingleThread(), list[str]()
    one, other = gevent.spawn(thread.run, done.append, "a"), gevent.spawn(thread.run, done.append, "b")
    gevent.sleep(0)
    one.kill()
    other.join()
    assert done == ["a", "b"]


def test_behind_the_end_nothing_is_taken() -> None:
    thread, done = SingleThread(), list[str]()
    thread.end(lambda: done.append("last"))
    with pytest.raises(Restarting):
        thread.run(done.append, "later")
    assert done == ["last"]
