"""Who drives, what is brought back, read otherwise or deleted: at whichever worker they are."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.conftest import Workers
from tests.support.client import V1Client, table
from tests.support.server import Server

At = Callable[..., V1Client]


def test_a_former_table_is_brought_back_at_another_worker(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(table(300), name="first.tsv")
    first.upload(table(200), name="second.tsv")
    second = v1_at(other, first.room_id)
    seen = second.see(lambda event: event["table"] is not None)
    second.send("restore", document=seen["former"][0]["document"])
    for client in (first, second):
        back = client.see(lambda event: bool(event["former"]) and event["table"]["name"] == "first.tsv")
        assert [each["name"] for each in back["former"]] == ["second.tsv"]
        assert back["table"]["rows"] == 301
    for server in (one, other):
        with urllib.request.urlopen(f"{server.url}/{first.room_id}.tsv") as answer:
            assert answer.read() == table(300)


def reads(delimiter: str) -> Callable[[dict[str, Any]], bool]:
    """Say whether a snapshot shows a whole table that is read with this delimiter."""
    return lambda event: (
        event["table"] is not None
        and event["table"]["dialect"]["delimiter"] == delimiter
        and not event["table"]["growing"]
    )


def test_a_table_is_read_otherwise_at_another_worker(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(b"a;b\n1;2\n")
    second = v1_at(other, first.room_id)
    second.see(reads(";"))
    second.send("read", delimiter="\t")
    for client in (first, second):
        assert client.see(reads("\t"))["data"] == [["a;b"], ["1;2"]]
    second.send("read", delimiter=None)
    for client in (first, second):
        client.see(reads(";"))
    assert v1_at(one, first.room_id).see(reads(";"))["data"] == [["a", "b"], ["1", "2"]]


def test_a_table_that_comes_in_at_another_worker_is_read_otherwise_once_it_is_whole(
    start_workers: Workers, v1_at: At
) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    data = b"a;b\n1;2\n" * 1000
    first.begin("t.csv", len(data))
    first.socket.send(data[:4000])
    second = v1_at(other, first.room_id)
    second.see(lambda event: event["table"] is not None)
    second.send("read", delimiter="\t")
    assert "once it is whole" in second.wait_for("error")["message"]
    first.socket.send(data[4000:])
    second.see(reads(";"))
    second.send("read", delimiter="\t")
    first.see(reads("\t"))


def test_a_table_that_is_deleted_at_one_worker_is_gone_at_all(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(table(100))
    second, watcher = v1_at(other, first.room_id), v1_at(other, first.first["watch_id"])
    second.see(lambda event: event["table"] is not None)
    first.send("delete")
    for client in (first, second, watcher):
        assert client.wait_for("unknown_room")["reason"] == "deleted"
    for server in (one, other):
        assert v1_at(server, first.room_id).first["reason"] == "deleted"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{server.url}/{first.room_id}.tsv")
    assert [path.name for path in (one.data_dir / "shared").iterdir()] == ["store"]


def test_a_renewed_link_to_look_only_ends_the_former_one_at_all_workers(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(table(100))
    second, watcher = v1_at(other, first.room_id), v1_at(other, first.first["watch_id"])
    second.see(lambda event: event["table"] is not None)
    first.send("renew")
    renewed = first.wait_for("links")["watch_id"]
    assert second.wait_for("links")["watch_id"] == renewed
    assert watcher.wait_for("unknown_room")["reason"] == "renewed"
    assert v1_at(other, renewed).see(lambda event: event["table"] is not None)
    assert v1_at(one, first.first["watch_id"]).first["reason"] == "renewed"


def test_the_wheel_is_asked_for_and_handed_over_across_workers(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2, wheel_seconds=1)
    first = v1_at(one)
    first.upload(table(500))
    second = v1_at(other, first.room_id)
    first.wait_for("presence", lambda event: event["members"] == 2)
    first.send("present")
    presenting = second.see(lambda event: event["presenter"] is not None)
    second.send("turn", page=2)
    assert second.wait_for("error")["code"] == "not_allowed"
    second.send("ask_wheel")
    (asking,) = first.wait_for("wheel_asked")["people"]
    first.send("hand", member=asking["member"])
    handed = second.see(lambda event: event["presenter"] and event["presenter"] != presenting["presenter"])
    assert handed["presenter"]["member"] == asking["member"]
    second.send("turn", page=3)
    first.see(lambda event: event["page"] == 3)
    other.kill()
    assert first.wait_for("snapshot", lambda event: event["presenter"] is None)


def test_a_presenter_who_was_alone_at_a_worker_keeps_the_wheel_by_coming_back_at_another(
    start_workers: Workers, v1_at: At
) -> None:
    one, other, third = start_workers(3, wheel_seconds=4, heartbeat_seconds=1)
    viewer = v1_at(one)
    viewer.upload(table(100))
    key = "k" * 20
    presenter = v1_at(other, viewer.room_id)
    presenter.send("introduce", key=key, name="Ada", hue=120)
    presenter.wait_for("you")
    presenter.send("present")
    viewer.see(lambda event: event["presenter"] is not None)
    presenter.close()
    again = v1_at(third, viewer.room_id)
    again.send("introduce", key=key, name="Ada", hue=120)
    you = again.wait_for("you")["you"]
    # Longer than the wheel waits for a presenter who is gone.
    for _ in range(8):
        again.wait_for("heartbeat")
    latest = [event for event in again.events if event["type"] == "snapshot"][-1]
    assert latest["presenter"] == you


def test_twenty_turns_at_once_at_two_workers_end_on_one_page_for_all(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(table(5000))
    clients = [first, *(v1_at(server, first.room_id) for server in (one, other, other))]
    for client in clients:
        client.see(lambda event: event["table"] is not None)
    for number in range(20):
        clients[number % 4].send("turn", page=number % 40 + 2)
    for client in clients:  # answered when its turns are done
        client.send("look", ask=1, page=1, first_column=0)
    for client in clients:
        client.wait_for("page")
    first.send("turn", page=50)
    for client in clients:
        client.see(lambda event: event["page"] == 50)
    second = v1_at(other, first.room_id)
    latest = second.see(lambda event: event["table"] is not None)
    for client in clients:
        same = client.see(lambda event: event["revision"] == latest["revision"])
        assert (same["page"], same["data"]) == (latest["page"], latest["data"])


def owned_at(v1_at: At, server: Server, room_id: str | None = None) -> V1Client:
    client = v1_at(server, room_id)
    client.send("introduce", key="o" * 20, name="Owner")
    client.wait_for("you", lambda event: event["owns"])
    return client


def test_both_links_are_replaced_at_every_worker_and_the_owner_stays_everywhere(
    start_workers: Workers, v1_at: At
) -> None:
    one, other = start_workers(2)
    first = owned_at(v1_at, one)
    first.upload(table(100))
    room_id, watch_id = first.room_id, first.first["watch_id"]
    second = owned_at(v1_at, other, room_id)
    guest, watcher = v1_at(other, room_id), v1_at(other, watch_id)
    first.send("renew", both=True)
    links = first.wait_for("links")
    assert second.wait_for("links", lambda event: event["watch_id"] == links["watch_id"])["room_id"] == links["room_id"]
    for client in (guest, watcher):
        assert client.wait_for("unknown_room")["reason"] == "renewed"
    for server in (one, other):
        assert v1_at(server, room_id).first["reason"] == "renewed"
        assert v1_at(server, watch_id).first["reason"] == "renewed"
        again = v1_at(server, links["room_id"])
        assert (again.first["may_drive"], again.first["room_id"]) == (True, links["room_id"])
        assert again.see(lambda event: event["table"] is not None)
        assert v1_at(server, links["watch_id"]).first["may_drive"] is False
    (third,) = start_workers(1)
    assert v1_at(third, links["room_id"]).first["may_drive"] is True
    assert owned_at(v1_at, third, links["room_id"])
    second.send("delete")
    first.wait_for("unknown_room")
    assert v1_at(third, links["room_id"]).first["reason"] == "deleted"


def test_a_guest_at_another_worker_is_sent_away(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    owner = owned_at(v1_at, one)
    owner.upload(table(100))
    guest, friend = v1_at(other, owner.room_id), v1_at(other, owner.room_id)
    owner.wait_for("presence", lambda event: event["members"] == 3)
    owner.send("remove", member=guest.first["you"]["member"])
    assert guest.wait_for("unknown_room")["reason"] == "removed"
    owner.send("turn", page=2)
    assert friend.see(lambda event: event["page"] == 2)
