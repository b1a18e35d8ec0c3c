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


def test_spent_ids_are_forgotten_by_the_store_when_their_time_is_over(store: SharedStore, redis: Redis) -> None:
    store.spend("id", "deleted", 1000.0)
    store.renew_links(ROOM, ["former"], ROOM, "latest", "renewed", 1000.0)
    for key in ("tsvapp:spent:id", "tsvapp:spent:former", "tsvapp:{room}:renewed"):
        assert 0 < int(redis.call("PTTL", key)[1:]) <= 1_000_000


def test_of_the_ids_that_were_replaced_the_latest_are_remembered_and_they_go_with_their_room(
    store: SharedStore,
) -> None:
    for number in range(100):
        store.renew_links(ROOM, [f"w{number}"], ROOM, f"w{number + 1}", "renewed", 1000.0)
    assert (store.spent("w99"), store.spent("w84"), store.spent("w83")) == ("renewed", "renewed", None)
    store.forget(ROOM)
    assert store.spent("w99") is None


def test_a_room_is_kept_no_longer_only_if_it_has_no_document(store: SharedStore, redis: Redis) -> None:
    store.create(ROOM, "epoch", b"{}", "watch", 1.0, b"token")
    store.keep(ROOM, ROOM, "watch", 1.0)
    store.put_document(ROOM, DOCUMENT, b"{}")
    assert not store.forget_empty(ROOM)
    assert store.count_rooms() == 1
    store.forget_document(ROOM, DOCUMENT)
    assert store.forget_empty(ROOM)
    assert store.count_rooms() == 0
    assert int(redis.call("TTL", "tsvapp:{room}")[1:]) > 0
    assert not store.forget_empty(ROOM)


def test_what_is_not_the_id_of_a_document_is_no_upload(store: SharedStore) -> None:
    store.begin("../../secret.txt", ROOM, 1.0)
    store.begin("1" * 32, ROOM, 1.0)
    assert list(store.unfinished()) == ["1" * 32]
