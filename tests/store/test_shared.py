"""What Redis takes of a document's bytes: nothing with a hole in it, whatever it has lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.redis import Redis
from tsvapp.store.shared import BLOCK_BYTES, SharedStore

ROOM, DOCUMENT = "room", "document"
WHOLE = b"a" * BLOCK_BYTES


@pytest.fixture
def store(redis: Redis) -> Iterator[SharedStore]:
    """Open the store at a Redis that has nothing."""
    store = SharedStore(redis.url)
    store.version()
    yield store
    store.close()


def test_bytes_come_back_block_by_block(store: SharedStore) -> None:
    assert store.put_bytes(ROOM, DOCUMENT, 0, WHOLE + b"bcd")
    assert store.bytes_from(ROOM, DOCUMENT, 2) == WHOLE[2:]
    assert store.bytes_from(ROOM, DOCUMENT, BLOCK_BYTES + 1) == b"cd"
    assert store.bytes_from(ROOM, DOCUMENT, BLOCK_BYTES + 3) == b""


def test_bytes_that_are_there_already_are_taken_once_more(store: SharedStore) -> None:
    assert store.put_bytes(ROOM, DOCUMENT, 0, b"abcd")
    assert store.put_bytes(ROOM, DOCUMENT, 2, b"cdef")
    assert store.bytes_from(ROOM, DOCUMENT, 0) == b"abcdef"


@pytest.mark.parametrize("start", [1, BLOCK_BYTES, BLOCK_BYTES + 2], ids=["in the first", "at a block", "within one"])
def test_bytes_whose_predecessors_are_lost_are_not_taken(store: SharedStore, redis: Redis, start: int) -> None:
    assert store.put_bytes(ROOM, DOCUMENT, 0, (WHOLE + b"bc")[:start])
    assert redis.call("FLUSHALL") == b"+OK\r\n"
    assert not store.put_bytes(ROOM, DOCUMENT, start, b"d")
    assert store.bytes_from(ROOM, DOCUMENT, start - start % BLOCK_BYTES) == b""


def test_of_a_document_that_is_forgotten_nothing_is_left(store: SharedStore, redis: Redis) -> None:
    store.put_bytes(ROOM, DOCUMENT, 0, WHOLE * 2 + b"b")
    store.put_index(ROOM, DOCUMENT, b"index")
    store.forget_bytes(ROOM, DOCUMENT)
    assert redis.call("DBSIZE") == b":0\r\n"
