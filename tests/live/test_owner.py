"""Who made a room may always delete it, replace both links, take control back and send a member away."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.live.test_driving import KEY, Connect, ConnectArticle, after_all, named, settled
from tests.support.client import ArticleClient, V1Client, table
from tests.support.server import Server

GUEST = "g" * 24


def owned(v1: Connect) -> V1Client:
    """Make a room with a table under KEY."""
    owner = v1()
    assert owner.first["owns"] is True
    owner.send("introduce", key=KEY, name="Owner")
    assert owner.wait_for("you")["owns"] is True
    owner.upload(table(1000), name="first.tsv")
    owner.see(settled("first.tsv"))
    return owner


def presented_by_a_guest(v1: Connect, owner: V1Client) -> V1Client:
    guest = v1(owner.room_id)
    assert guest.first["owns"] is False
    named(guest, "Guest", GUEST)
    guest.send("present")
    owner.see(lambda event: event["presenter"] is not None)
    return guest


def test_while_a_guest_presents_the_owner_takes_control_back(v1: Connect) -> None:
    owner = owned(v1)
    guest = presented_by_a_guest(v1, owner)
    owner.send("turn", page=2)
    assert owner.wait_for("error")["code"] == "not_allowed"
    owner.send("present")
    guest.see(lambda event: event["presenter"] and event["presenter"]["name"] == "Owner")
    owner.send("turn", page=2)
    assert guest.see(lambda event: event["page"] == 2)


def test_while_a_guest_presents_the_owner_replaces_links_and_deletes(v1: Connect) -> None:
    owner = owned(v1)
    guest = presented_by_a_guest(v1, owner)
    owner.send("renew")
    assert guest.wait_for("links")["room_id"] == owner.room_id
    owner.send("delete")
    assert guest.wait_for("unknown_room")["reason"] == "deleted"


def test_both_links_are_replaced_everyone_else_is_cut_and_the_owner_goes_on_over_a_restart(
    start_server: Callable[..., Server], clients: ExitStack
) -> None:
    server = start_server()

    def connect(some_id: str | None = None) -> V1Client:
        client = V1Client(server.ws_url, some_id)
        clients.callback(client.close)
        return client

    owner = owned(connect)
    room_id, watch_id = owner.room_id, owner.first["watch_id"]
    second = connect(room_id)
    named(second, "Owner", KEY)
    guest, watcher, reader = connect(room_id), connect(watch_id), ArticleClient(server.ws_url, room_id)
    clients.callback(reader.close)
    owner.send("renew", both=True)
    links = owner.wait_for("links")
    assert second.wait_for("links") == links
    assert len({room_id, watch_id, links["room_id"], links["watch_id"]}) == 4
    for client in (guest, watcher):
        assert client.wait_for("unknown_room")["reason"] == "renewed"
    assert reader.wait_for_close()[0] == 1008
    for _ in range(2):
        for former in (room_id, watch_id):
            assert connect(former).first["reason"] == "renewed"
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{server.url}/{former}.tsv")
        again = connect(links["room_id"])
        assert (again.first["room_id"], again.first["may_drive"]) == (links["room_id"], True)
        again.send("introduce", key=KEY, name="Owner")
        assert again.wait_for("you")["owns"] is True
        again.send("turn", page=3)
        assert again.see(lambda event: event["page"] == 3)
        assert connect(links["watch_id"]).first["may_drive"] is False
        with urllib.request.urlopen(f"{server.url}/{links['room_id']}.tsv") as answer:
            assert answer.read() == table(1000)
        server.restart()
    again = connect(links["room_id"])
    named(again, "Owner", KEY)
    again.send("delete")
    again.wait_for("unknown_room")
    for gone in (room_id, links["room_id"], links["watch_id"]):
        assert connect(gone).first["reason"] in ("deleted", "renewed")


def test_an_upload_of_one_who_is_cut_is_paused(v1: Connect) -> None:
    owner = owned(v1)
    guest = v1(owner.room_id)
    guest.begin("second.tsv", 1_000_000)
    guest.socket.send(table(100))
    guest.wait_for("ack")
    owner.send("renew", both=True)
    assert guest.wait_for("unknown_room")["reason"] == "renewed"
    assert owner.see(lambda event: event["upload"] and event["upload"]["paused"])


def test_a_guest_who_presents_is_sent_away_and_everyone_drives_again(v1: Connect) -> None:
    owner = owned(v1)
    guest = presented_by_a_guest(v1, owner)
    twin = v1(owner.first["watch_id"])
    member = named(twin, "Guest", GUEST)["member"]
    other = v1(owner.room_id)
    owner.send("remove", member=member)
    for client in (guest, twin):
        assert client.wait_for("unknown_room")["reason"] == "removed"
    other.see(lambda event: event["presenter"] is None)
    other.send("turn", page=2)
    assert owner.see(lambda event: event["page"] == 2)
    owner.send("remove", member=member)
    assert "not here" in owner.wait_for("error")["message"]


@pytest.mark.parametrize(("kind", "fields"), [("renew", {"both": True}), ("remove", {"member": "m"})])
def test_a_guest_with_the_full_link_and_the_owner_by_the_view_only_link_may_not(
    v1: Connect, kind: str, fields: dict[str, object]
) -> None:
    owner = owned(v1)
    guest, watching = v1(owner.room_id), v1(owner.first["watch_id"])
    named(watching, "Owner", KEY)
    assert not any(event.get("owns") for event in watching.events)
    for client in (guest, watching):
        client.send(kind, **fields)
        assert client.wait_for("error")["code"] == "not_allowed"
    owner.send("remove", member=owner.events[-1]["presenter"] or owner.see(lambda event: True)["by"]["member"])
    assert owner.wait_for("error")["code"] == "not_allowed"


def test_a_room_of_the_articles_protocol_has_no_owner(v1: Connect, article: ConnectArticle) -> None:
    maker = article()
    maker.send_file(table(3))
    guest = v1(maker.receive()["uuid"])
    named(guest, "Guest", GUEST)
    assert not any(event.get("owns") for event in guest.events)
    guest.send("renew")
    assert guest.wait_for("links")
    after_all(guest)
