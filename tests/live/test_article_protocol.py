"""The article's protocol, played as its client plays it: a binary message is a file, a text message a page number."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.support.client import ArticleClient, V1Client, table
from tests.support.server import Server
from tsvapp.room.protocol import NO_ROOM

Connect = Callable[..., ArticleClient]


def test_two_connections_see_the_same_pages_and_a_third_gets_the_current_one(article: Connect) -> None:
    first = article()
    first.send_file(table(249))
    page = first.receive()
    assert list(page) == ["uuid", "page_no", "total_number", "data"]
    assert (page["page_no"], page["total_number"], len(page["data"])) == (1, 250, 100)
    assert page["data"][0] == ["column 0", "column 1", "column 2", "column 3"]

    second = article(page["uuid"])
    assert second.receive() == page

    second.turn(3)
    last = second.receive()
    assert first.receive() == last
    assert (last["page_no"], len(last["data"])) == (3, 50)
    assert last["data"][-1][0] == "cell 250.0"

    third = article(page["uuid"])
    assert third.receive() == last


def test_the_table_is_still_there_after_the_last_one_left_and_came_back(article: Connect) -> None:
    first = article()
    first.send_file(table(249))
    room_id = first.receive()["uuid"]
    first.turn(2)
    page = first.receive()
    first.close()
    assert article(room_id).receive() == page


def test_the_answer_is_text_with_json(article: Connect) -> None:
    client = article()
    client.send_file(b"a\tb\n1\t2\n")
    message = client.socket.recv(10)
    assert isinstance(message, str)
    assert json.loads(message)["data"] == [["a", "b"], ["1", "2"]]


def test_a_page_number_that_changes_nothing_is_answered_to_everyone(article: Connect) -> None:
    first = article()
    first.send_file(table(10))
    page = first.receive()
    second = article(page["uuid"])
    assert second.receive() == page
    second.turn(1)
    assert first.receive() == page
    assert second.receive() == page


@pytest.mark.parametrize(("asked", "shown"), [("0", 1), ("-5", 1), ("99", 3), (" 2 ", 2), ("9" * 60, 3)])
def test_a_page_out_of_range_is_clamped(article: Connect, asked: str, shown: int) -> None:
    client = article()
    client.send_file(table(249))
    client.receive()
    client.turn(asked)
    assert client.receive()["page_no"] == shown


def test_another_file_replaces_the_table_for_everyone(article: Connect) -> None:
    first = article()
    first.send_file(table(10, word="old"))
    second = article(first.receive()["uuid"])
    second.receive()
    second.send_file(table(20, word="new"))
    assert second.receive()["data"] == first.receive()["data"]
    assert article(second.socket.request.path.rsplit("/")[-1]).receive()["total_number"] == 21


def test_the_same_file_sent_three_times_is_answered_three_times(article: Connect) -> None:
    client = article()
    viewer = None
    for _ in range(3):
        client.send_file(table(249))
        page = client.receive()
        assert (page["page_no"], page["total_number"]) == (1, 250)
        viewer = viewer or article(page["uuid"])
        assert viewer.receive() == page


def test_a_file_that_differs_behind_its_first_page_is_answered(article: Connect) -> None:
    client = article()
    client.send_file(table(249))
    first = client.receive()
    client.send_file(table(249).replace(b"cell 240.1", b"another"))
    assert client.receive() == first


def test_an_upload_over_v1_is_answered_once_finished_and_not_when_begun(
    article: Connect, v1: Callable[..., V1Client]
) -> None:
    client = article()
    data = table(249)
    client.send_file(data)
    page = client.receive()
    uploader = v1(page["uuid"])
    uploader.begin("table.tsv", len(data))
    # If the beginning had been answered, its answer would come before that of this page number.
    client.turn(3)
    assert client.receive()["page_no"] == 3
    uploader.socket.send(data)
    uploader.wait_for("finished")
    assert client.receive() == page


def test_an_id_that_the_server_has_not_made_is_closed_with_a_reason(article: Connect) -> None:
    code, reason = article("1b4e28ba-2fa1-4d1e-883f-0016d3cca427").wait_for_close()
    assert (code, reason) == (1008, NO_ROOM["unknown"])


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("two", 1007),
        ("1.5", 1007),
        ("", 1007),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, 1003),
        (b"", 1003),
        (b"x" * ((16 << 20) + 1), 1009),
    ],
)
def test_a_mistake_closes_with_a_code_and_a_reason(article: Connect, message: str | bytes, code: int) -> None:
    client = article()
    client.socket.send(message)
    closed_with, reason = client.wait_for_close()
    assert closed_with == code
    assert reason


def test_a_refused_file_leaves_the_table_as_it_was(article: Connect) -> None:
    first = article()
    first.send_file(table(150))
    page = first.receive()
    second = article(page["uuid"])
    second.receive()
    second.send_file(b"PK\x03\x04" + b"\0" * 100)
    assert second.wait_for_close()[0] == 1003
    first.turn(2)
    while (page := first.receive())["page_no"] != 2:
        pass
    assert (page["total_number"], page["data"][-1][0]) == (151, "cell 151.0")


def test_a_file_replaces_an_upload_that_is_running(article: Connect, v1: Callable[..., V1Client]) -> None:
    uploader = v1()
    data = table(50_000)
    upload = uploader.begin("slow.tsv", len(data))
    uploader.socket.send(data[: 256 << 10])
    uploader.wait_for("ack")
    client = article(uploader.room_id)
    client.receive()
    client.send_file(b"quick\tfile\n")
    snapshot = uploader.see(lambda event: event["table"] and event["table"]["rows"] == 1)
    assert snapshot["upload"] is None
    assert upload
    while (page := client.receive())["data"] != [["quick", "file"]]:
        assert page["data"]


def test_cells_arrive_as_the_file_has_them(article: Connect) -> None:
    client = article()
    client.send_file('id\tname\t\n007\t  padded \té"\n\n1e5\t"quoted"x\n'.encode())
    assert client.receive()["data"] == [
        ["id", "name", ""],
        ["007", "  padded ", 'é"'],
        [""],
        ["1e5", '"quoted"x'],
    ]


def test_both_protocols_share_one_room(article: Connect, v1: Callable[..., V1Client]) -> None:
    viewer = v1()
    client = article(viewer.room_id)
    client.send_file(table(249))
    client.receive()
    viewer.see(lambda event: event["table"] and not event["table"]["growing"])
    viewer.send("turn", page=2)
    viewer.see(lambda event: event["page"] == 2)
    while client.receive()["page_no"] != 2:
        pass


def test_the_room_is_the_same_after_the_server_is_killed(server: Server, article: Connect) -> None:
    client = article()
    client.send_file(table(249))
    page = client.receive()
    server.kill()
    server.start()
    assert article(page["uuid"]).receive() == page
