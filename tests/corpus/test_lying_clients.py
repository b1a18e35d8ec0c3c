"""What is announced is not what comes: a lie about size or offset ends in words, never in another table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.corpus import encodings, quotes, row_ends, shapes
from tests.corpus.entry import Refused
from tests.corpus.outcome import cut_up, download, send, settled
from tests.support.client import ArticleClient, V1Client, table
from tests.support.server import Server

FORMER = b"former\ttable\n1\t2\n"
FILE = table(20_000)
Connect = Callable[..., V1Client]


@pytest.fixture
def client(v1: Connect) -> V1Client:
    """Return a member of a room that has a table."""
    client = v1()
    client.upload(FORMER)
    settled(client)
    return client


def has_the_former(client: V1Client) -> bool:
    """Say whether one who joins sees the former table, which a refused upload leaves."""
    client.send("turn", page=1)
    event = client.see(lambda event: event["upload"] is None)
    return event["data"] == [["former", "table"], ["1", "2"]]


@pytest.mark.parametrize(
    ("size", "code", "words"),
    [
        ("0", "empty_file", "no bytes"),
        ("-1", "bad_command", "whole number from 0"),
        ("2147483649", "too_large", "TSVAPP_MAX_UPLOAD_BYTES"),
        ("1e15", "bad_command", "whole number"),
        (str(2**63), "too_large", "TSVAPP_MAX_UPLOAD_BYTES"),
        (str(10**40), "bad_command", "whole number"),
        ("17.0", "bad_command", "whole number"),
        ("1.5", "bad_command", "whole number"),
        ('"17"', "bad_command", "whole number"),
        ("true", "bad_command", "whole number"),
        ("null", "bad_command", "whole number"),
        ("[17]", "bad_command", "whole number"),
        ("{}", "bad_command", "whole number"),
        ("NaN", "bad_command", "not JSON"),
        ("Infinity", "bad_command", "not JSON"),
    ],
)
def test_a_size_that_makes_no_sense_is_refused_and_nothing_begins(
    client: V1Client, size: str, code: str, words: str
) -> None:
    client.socket.send('{"type": "begin", "name": "x.tsv", "size": ' + size + "}")
    error = client.wait_for("error")
    assert (error["code"], words in error["message"]) == (code, True), error
    # Bytes that were on their way already are passed over, and the room takes the next file.
    client.socket.send(b"a\tb\n")
    assert has_the_former(client)
    assert client.upload(b"next\tone\n")["rows"] == 1


@pytest.mark.parametrize("size", ["missing", "twice"])
def test_a_size_that_is_missing_is_refused_and_of_two_the_last_counts(client: V1Client, size: str) -> None:
    twice = ', "size": 1, "size": 4' if size == "twice" else ""
    client.socket.send('{"type": "begin", "name": "x.tsv"' + twice + "}")
    if size == "missing":
        assert client.wait_for("error")["code"] == "bad_command"
        assert has_the_former(client)
    else:
        client.wait_for("ready")
        client.socket.send(b"a\tb\n")
        assert client.wait_for("finished")["rows"] == 1


@pytest.mark.parametrize("beyond", [1, 1000, 256 << 10])
def test_more_bytes_than_announced_end_the_upload(client: V1Client, beyond: int) -> None:
    data = FILE + b"x" * beyond
    error = send(client, cut_up(data), len(FILE))
    # A chunk that ends at the announced size finishes the table; only what reaches beyond it is too much.
    assert error["code"] == "too_large"
    assert f"{len(FILE):,}" in error["message"]
    assert has_the_former(client)


def test_bytes_behind_a_finished_upload_are_refused_and_change_nothing(server: Server, client: V1Client) -> None:
    client.upload(FILE)
    client.socket.send(b"more\n")
    assert client.wait_for("error")["code"] == "no_upload"
    assert download(f"{server.url}/{client.room_id}.tsv") == hashlib.sha256(FILE).hexdigest()


def test_fewer_bytes_than_announced_wait_and_can_be_cancelled(client: V1Client) -> None:
    upload = client.begin("short.tsv", len(FILE) + 1)
    client.socket.send(FILE[: 256 << 10])
    assert client.wait_for("ack")["offset"] == 256 << 10
    client.send("cancel", upload=upload)
    assert client.wait_for("snapshot", lambda event: event["upload"] is None)["notice"]["code"] == "upload_cancelled"
    assert has_the_former(client)


def test_empty_chunks_count_for_nothing(server: Server, client: V1Client) -> None:
    client.begin("a.tsv", 8)
    for chunk in (b"", b"a\tb\n", b"", b"", b"c\td\n"):
        client.socket.send(chunk)
    assert client.wait_for("finished")["rows"] == 2
    assert download(f"{server.url}/{client.room_id}.tsv") == hashlib.sha256(b"a\tb\nc\td\n").hexdigest()


def resumed(client: V1Client, upload: str, data: bytes) -> int:
    """Go on with an upload, prove that the file is the same, and return the offset to go on from."""
    client.send("resume", upload=upload, name="a.tsv", size=len(data))
    ready = client.wait_for("ready")
    client.socket.send(b"".join(data[start:stop] for start, stop in ready["proof"]))
    client.wait_for("snapshot", lambda event: event["upload"] and not event["upload"]["paused"])
    return ready["offset"]


@pytest.fixture
def broken(client: V1Client, v1: Connect) -> tuple[V1Client, str]:
    """Return a member of a room whose upload broke off half-way, and the upload."""
    sender = v1(client.room_id)
    upload = sender.begin("a.tsv", len(FILE))
    sender.socket.send(FILE[: 256 << 10])
    sender.wait_for("ack")
    sender.close()
    client.wait_for("snapshot", lambda event: event["upload"] and event["upload"]["paused"])
    return client, upload


def test_a_file_that_is_replayed_from_its_start_after_resuming_is_refused(broken: tuple[V1Client, str]) -> None:
    client, upload = broken
    resumed(client, upload, FILE)
    for chunk in cut_up(FILE):
        client.socket.send(chunk)
    error = client.wait_for("error")
    assert (error["code"], error["upload"]) == ("too_large", upload)
    assert has_the_former(client)


@pytest.mark.parametrize("overlap", [1, 4096, 64 << 10])
def test_bytes_that_overlap_after_resuming_are_refused(broken: tuple[V1Client, str], overlap: int) -> None:
    client, upload = broken
    offset = resumed(client, upload, FILE)
    for chunk in cut_up(FILE[offset - overlap :]):
        client.socket.send(chunk)
    assert client.wait_for("error")["code"] == "too_large"
    assert has_the_former(client)


def test_of_two_that_resume_at_once_only_one_is_heard_and_the_file_is_whole(
    server: Server, broken: tuple[V1Client, str], v1: Connect
) -> None:
    client, upload = broken
    other = v1(client.room_id)
    offset = resumed(other, upload, FILE)
    assert resumed(client, upload, FILE) == offset
    for chunk in cut_up(b"x" * 100_000):
        other.socket.send(chunk)  # of the one that was passed by: not a byte of it is taken
    for chunk in cut_up(FILE[offset:]):
        client.socket.send(chunk)
    assert client.wait_for("finished")["rows"] == 20_001
    assert download(f"{server.url}/{client.room_id}.tsv") == hashlib.sha256(FILE).hexdigest()


def test_uploads_into_one_room_at_once_end_in_one_whole_table(server: Server, client: V1Client, v1: Connect) -> None:
    members = [v1(client.room_id) for _ in range(8)]
    files = [table(2000 + number, word=f"of {number}") for number in range(len(members))]

    def bring(number: int) -> dict[str, Any]:
        return send(members[number], cut_up(files[number], 16 << 10), len(files[number]))

    with ThreadPoolExecutor(len(members)) as pool:
        answers = list(pool.map(bring, range(len(members))))
    whole = [number for number, answer in enumerate(answers) if answer["type"] == "finished"]
    assert whole
    assert all(answer["code"] == "upload_running" for answer in answers if answer["type"] == "error"), answers
    last = download(f"{server.url}/{client.room_id}.tsv")
    assert last in {hashlib.sha256(files[number]).hexdigest() for number in whole}


def test_the_articles_files_into_one_room_at_once_end_in_one_whole_table(
    server: Server, article: Callable[..., ArticleClient]
) -> None:
    first = article()
    first.send_file(FORMER)
    room_id = first.receive()["uuid"]
    members = [article(room_id) for _ in range(6)]
    files = [table(3000 + number, word=f"of {number}") for number in range(len(members))]
    with ThreadPoolExecutor(len(members)) as pool:
        list(pool.map(lambda pair: pair[0].send_file(pair[1]), zip(members, files, strict=True)))
    # What one sends is heard in order: when its close is answered, its file has been taken or has given way.
    for member in members:
        member.close()
    last = article(room_id).receive()
    number = last["total_number"] - 3001
    assert last["data"][1][0] == f"of {number} 2.0"
    assert download(f"{server.url}/{room_id}.tsv") == hashlib.sha256(files[number]).hexdigest()


def test_uploads_into_many_rooms_at_once_each_have_their_own_outcome(server: Server, v1: Connect) -> None:
    entries = [each for group in (encodings, row_ends, shapes, quotes) for each in group.ENTRIES][::4]

    def bring(number: int) -> None:
        each, client, data = entries[number], clients[number], entries[number].make()
        answer = send(client, cut_up(data, each.chunk), len(data))
        if isinstance(each.outcome, Refused):
            assert answer.get("code") == each.outcome.code, each
            return
        assert answer.get("rows") == each.outcome.rows, each
        assert download(f"{server.url}/{client.room_id}.tsv") == hashlib.sha256(data).hexdigest()

    clients = [v1() for _ in entries]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bring, range(len(entries))))


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        "null",
        "[]",
        "{}",
        '{"type": "turn"}',
        '{"type": "turn", "page": "1"}',
        '{"type": ["turn"], "page": 1}',
        '{"type": "read"}',
        '{"type": "read", "encoding": "utf-7"}',
        '{"type": "cell", "ask": 1, "row": 0, "column": 0}',
        "[" * 4_000,
        '{"a":' * 800,
        json.dumps({"type": "begin", "name": "x" * 4_000, "size": "many"}),
        '{"type": "begin", "name": "\\ud800", "size": 4}',
        '{"type": "introduce", "key": "\\udfff' + "0" * 16 + '"}',
    ],
    ids=lambda message: message[:40],
)
def test_what_is_no_command_is_answered_in_words_and_the_connection_lives_on(client: V1Client, message: str) -> None:
    client.socket.send(message)
    error = client.wait_for("error")
    assert error["code"] == "bad_command"
    assert len(error["message"]) < 1000
    assert has_the_former(client)
