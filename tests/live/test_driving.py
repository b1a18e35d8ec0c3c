"""Who may move a room: the link to look only, presenting, bringing back and deleting."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.client import ArticleClient, V1Client, table
from tests.support.server import Server

Connect = Callable[..., V1Client]
ConnectArticle = Callable[..., ArticleClient]
KEY = "k" * 24


def settled(name: str) -> Callable[[dict[str, Any]], bool]:
    """Fit a snapshot that shows the whole table of this name."""
    return lambda event: bool(event["table"] and event["table"]["name"] == name and not event["upload"])


def named(client: V1Client, name: str, key: str = KEY) -> dict[str, Any]:
    client.send("introduce", key=key, name=name, hue=210)
    return client.wait_for("you")["you"]


def with_table(v1: Connect) -> V1Client:
    driver = v1()
    driver.upload(table(1000), name="first.tsv")
    driver.see(settled("first.tsv"))
    return driver


def after_all(client: V1Client) -> None:
    """Wait until everything that this client has said before is done."""
    client.send("look", ask=99, page=1, first_column=0)
    client.wait_for("page", lambda event: event["ask"] == 99)


# Looking only


def test_a_room_has_two_unrelated_ids_and_one_who_looks_only_is_never_told_the_other(v1: Connect) -> None:
    driver = with_table(v1)
    watch_id = driver.first["watch_id"]
    assert watch_id != driver.room_id
    watcher = v1(watch_id)
    assert (watcher.first["room_id"], watcher.first["watch_id"]) == (None, watch_id)
    assert (watcher.first["may_drive"], driver.first["may_drive"]) == (False, True)
    watcher.see(settled("first.tsv"))
    driver.send("turn", page=2)
    watcher.see(lambda event: event["page"] == 2)
    watcher.send("look", ask=1, page=5, first_column=0)
    assert watcher.wait_for("page")["page"] == 5
    watcher.send("renew")
    watcher.wait_for("error")
    driver.send("point", row=102, column=1)
    watcher.wait_for("pointing")
    assert driver.room_id not in json.dumps(watcher.events)


@pytest.mark.parametrize(
    "command",
    [
        {"type": "turn", "page": 2},
        {"type": "begin", "name": "x.tsv", "size": 10},
        {"type": "cancel", "upload": "x"},
        {"type": "read", "quoting": True},
        {"type": "point", "row": 1, "column": 0},
        {"type": "restore", "document": "x"},
        {"type": "delete"},
        {"type": "renew"},
        {"type": "present"},
        {"type": "ask_wheel"},
        {"type": "hand", "member": None},
    ],
    ids=lambda command: command["type"],
)
def test_one_who_may_only_look_moves_nothing(v1: Connect, command: dict[str, Any]) -> None:
    driver = with_table(v1)
    before = driver.see(settled("first.tsv"))["revision"]
    watcher = v1(driver.first["watch_id"])
    watcher.see(settled("first.tsv"))
    watcher.socket.send(json.dumps(command))
    error = watcher.wait_for("error")
    assert error["code"] == "not_allowed"
    assert "look" in error["message"]
    watcher.socket.send(b"a chunk")
    assert watcher.wait_for("error")["code"] == "not_allowed"
    after_all(driver)
    assert driver.see(settled("first.tsv"))["revision"] == before


def test_one_who_looks_only_by_the_articles_protocol_sees_everything_and_moves_nothing(
    server: Server, v1: Connect, article: ConnectArticle
) -> None:
    driver = with_table(v1)
    watch_id = driver.first["watch_id"]
    watcher = article(watch_id)
    assert (watcher.receive()["uuid"], article(driver.room_id).receive()["uuid"]) == (watch_id, driver.room_id)
    driver.send("turn", page=3)
    assert (page := watcher.receive())["page_no"] == 3
    assert page["uuid"] == watch_id
    watcher.turn(5)
    assert watcher.receive() == page
    after_all(driver)
    assert driver.see(lambda event: event["page"] == 3)
    watcher.send_file(b"a\tb\n")
    code, reason = watcher.wait_for_close()
    assert code == 1008
    assert driver.room_id not in reason
    with urllib.request.urlopen(f"{server.url}/{watch_id}.tsv") as download:
        assert download.read() == table(1000)
        assert driver.room_id not in str(download.headers)


def test_the_link_to_look_only_can_be_renewed_and_the_former_is_spent(
    server: Server, v1: Connect, article: ConnectArticle
) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    former = driver.first["watch_id"]
    watcher, reader = v1(former), article(former)
    reader.receive()
    driver.send("renew")
    renewed = driver.wait_for("links")["watch_id"]
    assert other.wait_for("links")["watch_id"] == renewed != former
    gone = watcher.wait_for("unknown_room")
    assert gone["reason"] == "renewed"
    watcher.send("look", ask=1, page=1, first_column=0)
    assert watcher.wait_for("error")["code"] == "unknown_room"
    assert reader.wait_for_close()[0] == 1008
    assert v1(former).first["reason"] == "renewed"
    assert v1(renewed).first["may_drive"] is False
    server.restart()
    assert v1(former).first["reason"] == "renewed"
    again = v1(renewed)
    assert again.first["watch_id"] == renewed
    assert again.wait_for("snapshot")["table"]["name"] == "first.tsv"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{server.url}/{former}.tsv")


def test_a_second_renewal_within_ten_seconds_is_refused_and_changes_nothing(v1: Connect) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    driver.send("renew")
    renewed = other.wait_for("links")["watch_id"]
    for client in (driver, other):
        client.send("renew")
        error = client.wait_for("error")
        assert error["code"] == "too_soon"
        assert "10 seconds" in error["message"]
    assert v1(driver.room_id).first["watch_id"] == renewed


def test_who_asks_for_the_wheel_again_within_two_seconds_is_told_to_wait_whatever_the_key(v1: Connect) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    driver.send("present")
    other.see(lambda event: event["presenter"] is not None)
    other.send("ask_wheel")
    named(other, "Somebody else", "e" * 24)
    other.send("ask_wheel")
    error = other.wait_for("error")
    assert error["code"] == "too_soon"
    assert "2 seconds" in error["message"]
    driver.wait_for("wheel_asked")
    after_all(driver)
    assert sum(event["type"] == "wheel_asked" for event in driver.events) == 1


# People


def test_every_move_names_who_made_it(v1: Connect) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    me = named(driver, "  Été\n\u202e <b>  ")
    assert me["name"] == "Été <b>"
    driver.send("turn", page=2)
    assert other.see(lambda event: event["page"] == 2)["by"] == me
    other.send("turn", page=3)
    guest = driver.see(lambda event: event["page"] == 3)["by"]
    assert guest == other.first["you"]
    assert guest["name"].startswith("Guest ")
    driver.upload(table(5), name="second.tsv")
    assert other.see(settled("second.tsv"))["by"] == me
    driver.send("read", header=False)
    assert other.see(lambda event: event["header"] is None)["by"] == me


def test_a_key_brings_the_same_member_back_and_is_told_to_nobody(v1: Connect) -> None:
    driver = with_table(v1)
    watcher = v1(driver.room_id)
    me = named(driver, "Été")
    driver.close()
    again = v1(driver.room_id)
    assert again.first["you"]["member"] != me["member"]
    assert named(again, "Été") == me
    watcher.wait_for("presence", lambda event: any(each["member"] == me["member"] for each in event["people"]))
    assert KEY not in json.dumps(watcher.events)


def test_the_list_says_where_each_one_looks(v1: Connect) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    watcher = v1(driver.first["watch_id"])
    other.send("at", page=7)
    seen = watcher.wait_for("presence", lambda event: any(each["page"] for each in event["people"]))
    where = {each["member"]: (each["page"], each["may_drive"]) for each in seen["people"]}
    assert where == {
        driver.first["you"]["member"]: (None, True),
        other.first["you"]["member"]: (7, True),
        watcher.first["you"]["member"]: (None, False),
    }
    other.send("at", page=None)
    watcher.wait_for("presence", lambda event: all(each["page"] is None for each in event["people"]))


def test_who_points_is_seen_by_everyone_and_by_one_who_joins_until_another_table_comes(v1: Connect) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    for column in range(4):
        driver.send("point", row=17, column=column)
    last = other.wait_for("pointing", lambda event: event["pointed"]["column"] == 3)["pointed"]
    assert (last["row"], last["member"]) == (17, driver.first["you"]["member"])
    assert v1(driver.room_id).wait_for("snapshot")["pointed"] == last
    driver.send("point", row=None, column=None)
    assert other.wait_for("pointing", lambda event: event["pointed"]["row"] is None)
    driver.send("point", row=18, column=0)
    driver.upload(table(3), name="second.tsv")
    assert v1(driver.room_id).wait_for("snapshot")["pointed"] is None


def test_the_finger_of_one_who_left_is_gone(v1: Connect) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    driver.send("point", row=17, column=1)
    other.wait_for("pointing", lambda event: event["pointed"]["row"] == 17)
    driver.close()
    other.wait_for("pointing", lambda event: event["pointed"]["row"] is None)


# Presenting


def test_while_somebody_presents_only_they_move_the_room(v1: Connect, article: ConnectArticle) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    reader = article(driver.room_id)
    page = reader.receive()
    me = named(driver, "Été")
    driver.send("present")
    assert other.see(lambda event: event["presenter"] is not None)["presenter"] == me
    for kind, fields in (("turn", {"page": 2}), ("delete", {}), ("begin", {"name": "x", "size": 1}), ("present", {})):
        other.send(kind, **fields)
        error = other.wait_for("error")
        assert error["code"] == "not_allowed"
        assert "Été" in error["message"]
    reader.turn(2)
    assert reader.receive() == page
    driver.send("turn", page=4)
    assert other.see(lambda event: event["page"] == 4)
    assert reader.receive()["page_no"] == 4


def test_the_wheel_is_asked_for_and_handed_over_and_given_back_to_everyone(v1: Connect) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    them = other.first["you"]
    other.send("ask_wheel")
    assert other.wait_for("error")["code"] == "not_allowed"
    driver.send("present")
    other.see(lambda event: event["presenter"] is not None)
    other.send("ask_wheel")
    assert driver.wait_for("wheel_asked")["people"] == [them]
    driver.send("ask_wheel")
    assert driver.wait_for("error")["code"] == "not_allowed"
    other.send("hand", member=them["member"])
    assert other.wait_for("error")["code"] == "not_allowed"
    driver.send("hand", member="nobody")
    assert driver.wait_for("error")["code"] == "not_allowed"
    driver.send("hand", member=them["member"])
    assert driver.see(lambda event: event["presenter"] == them)
    other.see(lambda event: event["presenter"] == them)
    other.send("turn", page=2)
    assert driver.see(lambda event: event["page"] == 2)
    other.send("hand", member=None)
    assert driver.see(lambda event: event["presenter"] is None)


def test_an_upload_that_is_on_its_way_when_somebody_begins_to_present_goes_on_whole(
    server: Server, v1: Connect
) -> None:
    driver = with_table(v1)
    presenter = v1(driver.room_id)
    data = table(20_000, word="on its way")
    parts = [data[start : start + (256 << 10)] for start in range(0, len(data), 256 << 10)]
    assert len(parts) >= 3
    driver.begin("second.tsv", len(data))
    driver.socket.send(parts[0])
    driver.wait_for("ack")
    presenter.send("present")
    driver.see(lambda event: event["presenter"] is not None)
    driver.socket.send(parts[1])
    after_all(driver)
    presenter.send("hand", member=None)
    driver.see(lambda event: event["presenter"] is None)
    for part in parts[2:]:
        driver.socket.send(part)
    driver.wait_for("finished")
    with urllib.request.urlopen(f"{server.url}/{driver.room_id}.tsv") as answer:
        assert answer.read() == data


def test_a_presenter_who_comes_back_has_the_wheel_and_one_who_stays_away_lets_go(
    start_server: Callable[..., Server], clients: ExitStack
) -> None:
    server = start_server(wheel_seconds=0.5)

    def connect(room_id: str | None = None) -> V1Client:
        client = V1Client(server.ws_url, room_id)
        clients.callback(client.close)
        return client

    driver = connect()
    driver.upload(table(1000))
    other = connect(driver.room_id)
    me = named(driver, "Été")
    driver.send("present")
    other.see(lambda event: event["presenter"] == me)
    driver.close()
    again = connect(driver.room_id)
    assert named(again, "Été") == me
    again.send("turn", page=2)
    assert other.see(lambda event: event["page"] == 2)["presenter"] == me
    again.close()
    assert other.see(lambda event: event["presenter"] is None)
    other.send("turn", page=3)
    assert other.see(lambda event: event["page"] == 3)


# Bringing back, and deleting


def test_a_former_document_is_brought_back_for_everyone_and_the_newer_can_be_again(server: Server, v1: Connect) -> None:
    driver = with_table(v1)
    other = v1(driver.room_id)
    driver.upload(table(5), name="second.tsv")
    shown = other.see(settled("second.tsv"))
    (former,) = shown["former"]
    assert (former["name"], former["rows"]) == ("first.tsv", 1001)
    other.send("restore", document=former["document"])
    back = driver.see(settled("first.tsv"))
    assert (back["data"][1][0], back["by"]["member"]) == ("cell 2.0", other.first["you"]["member"])
    assert [each["name"] for each in back["former"]] == ["second.tsv"]
    with urllib.request.urlopen(f"{server.url}/{driver.room_id}.tsv") as download:
        assert download.read() == table(1000)
    server.kill()
    server.start()
    again = v1(driver.room_id)
    assert again.see(settled("first.tsv"))["data"] == back["data"]
    again.send("restore", document=shown["table"]["document"])
    assert again.see(settled("second.tsv"))["table"]["rows"] == 6
    again.send("restore", document="no such document")
    assert again.wait_for("error")["code"] == "bad_command"


def test_five_documents_are_kept_and_older_ones_are_gone_from_the_disk(
    start_server: Callable[..., Server], clients: ExitStack
) -> None:
    server = start_server()
    driver = V1Client(server.ws_url)
    clients.callback(driver.close)
    for number in range(8):
        driver.upload(table(number + 1), name=f"{number}.tsv")
    event = driver.see(settled("7.tsv"))
    assert [each["name"] for each in event["former"]] == ["6.tsv", "5.tsv", "4.tsv", "3.tsv"]
    after_all(driver)
    kept = {each["document"] for each in [event["table"], *event["former"]]}
    assert {path.stem for path in (server.data_dir / "documents").iterdir()} == kept
    server.restart()
    assert {path.stem for path in (server.data_dir / "documents").iterdir()} == kept


def test_no_document_is_brought_back_while_another_is_on_its_way(v1: Connect) -> None:
    driver = with_table(v1)
    driver.upload(table(5), name="second.tsv")
    former = driver.see(settled("second.tsv"))["former"][0]["document"]
    upload = driver.begin("third.tsv", 100)
    driver.send("restore", document=former)
    assert driver.wait_for("error")["code"] == "upload_running"
    driver.send("cancel", upload=upload)
    driver.see(lambda event: event["notice"] is not None)
    driver.send("restore", document=former)
    assert driver.see(settled("first.tsv"))


def test_a_deleted_table_is_really_gone_and_everyone_is_told(
    start_server: Callable[..., Server], clients: ExitStack
) -> None:
    server = start_server()
    driver = V1Client(server.ws_url)
    driver.upload(table(1000, word="confidential"), name="wrong.tsv")
    driver.upload(table(10), name="second.tsv")
    watch_id = driver.first["watch_id"]
    other, watcher = V1Client(server.ws_url, driver.room_id), V1Client(server.ws_url, watch_id)
    reader = ArticleClient(server.ws_url, driver.room_id)
    for client in (driver, other, watcher, reader):
        clients.callback(client.close)
    uploading = driver.begin("third.tsv", 1000)
    assert uploading
    other.send("delete")
    for client in (driver, other, watcher):
        assert client.wait_for("unknown_room")["reason"] == "deleted"
    assert reader.wait_for_close()[0] == 1008
    driver.send("turn", page=1)
    assert driver.wait_for("error")["code"] == "unknown_room"
    assert list((server.data_dir / "documents").iterdir()) == []
    server.restart()
    for gone in (driver.room_id, watch_id):
        assert V1Client(server.ws_url, gone).first["reason"] == "deleted"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{server.url}/{gone}.tsv")
    kept = b"".join(path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file())
    assert b"confidential" not in kept
