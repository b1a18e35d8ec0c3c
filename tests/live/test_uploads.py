"""Uploads of `tsvapp.v1`: rows while the rest is on its way, and nothing lost when it breaks off."""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest

from tests.support.client import V1Client, table
from tests.support.server import Server

KIB = 1 << 10
Connect = Callable[..., V1Client]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 1000


def growing(event: dict[str, Any]) -> bool:
    return bool(event["table"] and event["table"]["growing"])


def settled(event: dict[str, Any]) -> bool:
    return bool(event["table"] and not event["table"]["growing"] and event["upload"] is None)


def test_everyone_sees_rows_before_the_upload_has_ended(v1: Connect) -> None:
    uploader = v1()
    viewer = v1(uploader.room_id)
    data = table(100_000)
    uploader.begin("big.tsv", len(data))
    uploader.socket.send(data[: 256 * KIB])
    for client in (uploader, viewer):
        snapshot = client.see(growing)
        assert snapshot["data"][1][0] == "cell 2.0"
        assert snapshot["upload"]["name"] == "big.tsv"
        assert snapshot["upload"]["stored"] < len(data)
    viewer.send("turn", page=20)
    assert uploader.see(lambda event: event["page"] == 20)["first_row"] == 1901


def test_progress_and_the_row_count_grow_for_everyone_until_the_final_count(v1: Connect) -> None:
    uploader = v1()
    viewer = v1(uploader.room_id)
    data = table(30_000)
    finished = uploader.upload(data)
    assert finished["rows"] == 30_001
    end = viewer.see(settled)
    assert end["table"]["rows"] == 30_001
    grown = [event for event in viewer.events if event["type"] == "progress"]
    assert all(before["rows"] <= after["rows"] for before, after in pairwise(grown))


def test_acknowledgements_name_the_stored_bytes_and_the_download_is_identical(server: Server, v1: Connect) -> None:
    uploader = v1()
    data = "größe\tname\r\n".encode() + table(20_000) + b"\xff\xfe broken\tbytes\n\n\nlast row without an end"
    uploader.upload(data, chunk=100_001)
    offsets = [event["offset"] for event in uploader.events if event["type"] == "ack"]
    assert offsets == sorted(offsets)
    with urllib.request.urlopen(f"{server.url}/{uploader.room_id}.tsv") as answer:
        assert hashlib.sha256(answer.read()).digest() == hashlib.sha256(data).digest()


def two_rooms_worth(v1: Connect) -> tuple[V1Client, V1Client]:
    """Return an uploader and a viewer in a room with a table, turned to page 3."""
    uploader = v1()
    uploader.upload(table(1000, word="former"), name="former.tsv")
    viewer = v1(uploader.room_id)
    viewer.see(settled)
    viewer.send("turn", page=3)
    viewer.see(lambda event: event["page"] == 3)
    return uploader, viewer


def start_another(uploader: V1Client, viewer: V1Client) -> str:
    data = table(100_000, word="other")
    upload = uploader.begin("other.tsv", len(data))
    uploader.socket.send(data[: 256 * KIB])
    assert viewer.see(growing)["page"] == 1
    return upload


def assert_former_is_back(event: dict[str, Any], notice: str) -> None:
    assert event["table"]["name"] == "former.tsv"
    assert (event["page"], event["data"][0][0]) == (3, "former 201.0")
    assert event["upload"] is None
    assert event["notice"]["code"] == notice


def test_a_cancelled_upload_brings_the_former_table_and_its_page_back(v1: Connect) -> None:
    uploader, viewer = two_rooms_worth(v1)
    upload = start_another(uploader, viewer)
    viewer.send("cancel", upload=upload)
    assert_former_is_back(viewer.see(settled), "upload_cancelled")
    assert_former_is_back(uploader.see(lambda event: event["notice"] is not None), "upload_cancelled")
    uploader.socket.send(b"a chunk that was on its way")
    uploader.upload(b"a\tb\n1\t2\n", name="next.tsv")
    assert viewer.see(lambda event: settled(event) and event["table"]["name"] == "next.tsv")


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (PNG, "not_a_table", "PNG"),
        (b"PK\x03\x04" + b"\0" * 26 + b"xl/workbook.xml" + b"\0" * 1000, "not_a_table", "Excel"),
        (b"a\tb\n" + b"x\0y\n" * 100, "not_a_table", "NUL"),
    ],
)
def test_what_is_no_table_is_refused_in_words_and_nothing_changes(
    v1: Connect, data: bytes, code: str, words: str
) -> None:
    uploader, viewer = two_rooms_worth(v1)
    upload = uploader.begin("wrong", len(data))
    uploader.socket.send(data)
    error = uploader.wait_for("error")
    assert (error["code"], error["upload"]) == (code, upload)
    assert words in error["message"]
    assert_former_is_back(viewer.see(lambda event: event["notice"] is not None), code)


def test_what_turns_out_to_be_no_table_after_rows_were_shown_brings_the_former_one_back(v1: Connect) -> None:
    uploader, viewer = two_rooms_worth(v1)
    data = table(5_000) + b"\0" * 100 + table(100_000)
    uploader.begin("turns.tsv", len(data))
    uploader.socket.send(data[: 64 * KIB])
    viewer.see(growing)
    for start in range(64 * KIB, len(data), 256 * KIB):
        uploader.socket.send(data[start : start + 256 * KIB])
    assert uploader.wait_for("error")["code"] == "not_a_table"
    assert_former_is_back(viewer.see(settled), "not_a_table")


def test_an_empty_or_too_large_file_is_refused_before_anything_is_sent(v1: Connect) -> None:
    client = v1()
    client.send("begin", name="empty.tsv", size=0)
    assert client.wait_for("error")["code"] == "empty_file"
    client.send("begin", name="huge.tsv", size=(2 << 30) + 1)
    error = client.wait_for("error")
    assert (error["code"], error["limit"]) == ("too_large", 2 << 30)
    assert "TSVAPP_MAX_UPLOAD_BYTES" in error["message"]
    client.socket.send(b"chunks that were on their way are passed over")
    client.upload(b"a\tb\n")


def test_a_row_longer_than_the_limit_is_refused_and_named(start_server: Callable[..., Server]) -> None:
    server = start_server(max_row_bytes=100_000)
    client = V1Client(server.ws_url)
    data = table(10) + b"x" * 200_000
    client.begin("long.tsv", len(data))
    client.socket.send(data)
    error = client.wait_for("error")
    assert (error["code"], error["limit"]) == ("row_too_long", 100_000)
    assert "12" in error["message"]
    client.close()


def test_more_bytes_than_were_announced_end_the_upload(v1: Connect) -> None:
    client = v1()
    client.begin("lie.tsv", 10)
    client.socket.send(b"x" * 11)
    assert client.wait_for("error")["code"] == "too_large"
    assert client.see(lambda event: event["notice"])["table"] is None


def test_a_room_takes_one_upload_at_a_time(v1: Connect) -> None:
    uploader = v1()
    other = v1(uploader.room_id)
    upload = uploader.begin("first.tsv", 20)
    other.send("begin", name="second.tsv", size=20)
    assert other.wait_for("error")["code"] == "upload_running"
    other.socket.send(b"passed over")
    other.send("cancel", upload="another")
    assert other.wait_for("error")["code"] == "no_upload"
    other.send("cancel", upload=upload)
    other.see(lambda event: event["notice"])
    other.upload(b"a\tb\n")


def test_a_chunk_without_an_upload_and_an_unknown_command_are_errors_and_the_connection_lives_on(v1: Connect) -> None:
    client = v1()
    client.socket.send(b"bytes")
    assert client.wait_for("error")["code"] == "no_upload"
    for text in ("not json", "[]", '{"type": "fly"}', '{"type": "turn", "page": "2"}', '{"type": "turn"}'):
        client.socket.send(text)
        assert client.wait_for("error")["code"] == "bad_command"
    client.upload(b"a\tb\n")


def test_the_table_is_read_otherwise_for_everyone_without_uploading_again(v1: Connect) -> None:
    first = v1()
    first.upload(b'name;note\nA;"one;two"\nB;"three"\n', name="notes.csv")
    shown = first.see(settled)
    assert shown["table"]["dialect"] | {"bom": 0} == {
        "encoding": "utf-8",
        "delimiter": ";",
        "quoting": True,
        "row_end": "\n",
        "header": True,
        "bom": 0,
    }
    assert shown["data"][1] == ["A", "one;two"]
    second = v1(first.room_id)
    second.see(settled)
    second.send("read", quoting=False)
    for client in (first, second):
        event = client.see(lambda event: settled(event) and event["table"]["dialect"]["quoting"] is False)
        assert event["data"][1] == ["A", '"one', 'two"']
        assert event["table"]["chosen"] == ["quoting"]
        assert event["table"]["reading"] != shown["table"]["reading"]
    second.send("read", header=False)
    assert first.see(lambda event: settled(event) and event["header"] is None)["table"]["rows"] == 3
    second.send("read", quoting=None, header=None)
    event = first.see(lambda event: settled(event) and not event["table"]["chosen"])
    assert event["data"] == shown["data"]
    second.send("read", delimiter="x")
    assert second.wait_for("error")["code"] == "bad_command"


def test_another_reading_survives_a_restart(server: Server, v1: Connect) -> None:
    client = v1()
    client.upload(b"a,b\n1,2\n")
    client.send("read", delimiter="\t")
    client.see(lambda event: settled(event) and event["table"]["chosen"] == ["delimiter"])
    # Answered behind the re-reading, so that is written down by then.
    client.send("look", ask=1, page=1, first_column=0)
    client.wait_for("page")
    server.kill()
    server.start()
    event = v1(client.room_id).wait_for("snapshot")
    assert event["data"] == [["a,b"], ["1,2"]]
    assert event["table"]["chosen"] == ["delimiter"]


def test_a_large_table_is_read_otherwise_while_it_is_shown(v1: Connect) -> None:
    client = v1()
    data = b'a\t"b"\n' * 2_000_000
    client.upload(data)
    client.see(settled)
    client.send("read", quoting=False)
    event = client.see(lambda event: event["table"] is not None and event["table"]["chosen"] == ["quoting"])
    assert event["data"][1] == ["a", '"b"']
    if event["table"]["growing"]:
        event = client.see(settled)
    assert event["table"]["rows"] == 2_000_000


def test_further_columns_and_whole_cells_are_answered_to_the_one_who_asks(v1: Connect) -> None:
    client = v1()
    wide = "\t".join(f"c{column}" for column in range(1000))
    client.upload(f"{wide}\n{wide}\n{'x' * 5000}\ty\n".encode())
    event = client.see(settled)
    assert (event["table"]["columns"], len(event["data"][0]), len(event["header"])) == (1000, 200, 200)
    assert event["clipped"] == [[2, 0, 5000]]
    client.send("look", ask=7, page=1, first_column=950)
    page = client.wait_for("page")
    assert page["ask"] == 7
    assert page["data"][0] == [f"c{column}" for column in range(950, 1000)]
    assert page["data"][2] == []
    client.send("cell", ask=8, row=3, column=0)
    assert client.wait_for("cell")["text"] == "x" * 5000
    client.send("cell", ask=9, row=30, column=0)
    assert client.wait_for("cell")["text"] == ""


def test_what_an_upload_left_is_gone_from_the_disk(start_server: Callable[..., Server], clients: ExitStack) -> None:
    server = start_server()
    uploader = V1Client(server.ws_url)
    clients.callback(uploader.close)
    uploader.upload(table(10))
    kept = {path.name for path in (server.data_dir / "documents").iterdir()}
    upload = uploader.begin("other.tsv", 1000)
    uploader.socket.send(b"a\tb\n")
    uploader.wait_for("ack")
    uploader.send("cancel", upload=upload)
    # Answered behind the cancel, so that is done by then.
    uploader.send("look", ask=1, page=1, first_column=0)
    uploader.wait_for("page")
    assert {path.name for path in (server.data_dir / "documents").iterdir()} == kept
    uploader.upload(table(20))
    uploader.see(lambda event: settled(event) and event["table"]["rows"] == 21)
    server.restart()
    assert len(list((server.data_dir / "documents").iterdir())) == 4  # the former table can be brought back


def test_the_name_of_a_file_loses_its_directories(v1: Connect) -> None:
    client = v1()
    client.upload(b"a\tb\n", name="C:\\secret\\../../etc/flights.tsv")
    assert client.see(settled)["table"]["name"] == "flights.tsv"
