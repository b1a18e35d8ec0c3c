"""The lock of a data directory: one owner at a time, and none when the owner is gone, however it went."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tsvapp.store.lock import DirectoryLock

HOLDER = """
import sys
from pathlib import Path
from tsvapp.store.lock import DirectoryLock

lock = DirectoryLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""


class Holder:
    """Be another process that tries to take the lock; `has_it` says whether it could."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.has_it = self.process.stdout.readline() == "True\n"

    def release(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "released\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def lock(path: Path) -> Iterator[DirectoryLock]:
    lock = DirectoryLock(path)
    yield lock
    lock.release()


@pytest.fixture
def other_process(path: Path) -> Iterator[Callable[[], Holder]]:
    with ExitStack() as stack:

        def start() -> Holder:
            holder = Holder(path)
            stack.callback(holder.kill)
            return holder

        yield start


def test_a_free_lock_is_taken(lock):
    assert lock.acquire()


def test_a_lock_that_we_have_is_ours_to_take_again(lock):
    assert lock.acquire()
    assert lock.acquire()


def test_a_lock_that_another_process_has_is_refused_without_waiting(lock, other_process):
    assert other_process().has_it
    assert not lock.acquire()


def test_another_process_is_refused_a_lock_that_we_have(lock, other_process):
    lock.acquire()
    assert not other_process().has_it


def test_a_lock_that_its_holder_lets_go_is_free(lock, other_process):
    holder = other_process()
    assert not lock.acquire()
    holder.release()
    assert lock.acquire()


def test_a_lock_is_taken_back_when_its_holder_is_killed(lock, other_process):
    holder = other_process()
    assert holder.has_it
    holder.kill()
    assert lock.acquire()


def test_a_lock_that_we_let_go_is_free_for_others(lock, other_process):
    lock.acquire()
    lock.release()
    assert other_process().has_it


def test_a_program_that_we_start_does_not_keep_the_lock(lock, other_process):
    lock.acquire()
    command = [sys.executable, "-c", "print('here', flush=True); input()"]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, close_fds=False)
    with program:
        program.stdout.readline()
        lock.release()
        assert other_process().has_it


def test_the_holder_is_named_with_its_parent(lock, other_process):
    holder = other_process()
    assert lock.owner() == f"{holder.process.pid} {os.getpid()}"


def test_the_last_holder_is_named_and_no_rest_of_a_longer_name(lock, path):
    path.write_text("123456789 123456789")
    lock.acquire()
    assert lock.owner() == f"{os.getpid()} {os.getppid()}"


def test_whoever_is_refused_does_not_change_the_name(lock, other_process):
    holder = other_process()
    lock.acquire()
    assert lock.owner().startswith(f"{holder.process.pid} ")


def test_nobody_is_named_where_there_never_was_a_holder(lock):
    assert lock.owner() == ""


def test_to_let_go_of_what_we_do_not_have_does_nothing(lock, other_process):
    holder = other_process()
    lock.release()
    assert holder.has_it
    assert not lock.acquire()
