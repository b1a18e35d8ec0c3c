"""Two people of one room at two workers see each other's turns, uploads, pointing and presence, as at one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from tests.cluster.conftest import Workers
from tests.support.client import ArticleClient, V1Client, table
from tests.support.redis import Redis

At = Callable[..., V1Client]


def test_a_table_that_comes_in_at_one_worker_is_seen_at_the_other(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    sender = v1_at(one)
    sender.upload(table(1000))
    viewer = v1_at(other, sender.room_id)
    seen = viewer.see(lambda event: event["table"] is not None)
    assert seen["table"]["rows"] == 1001
    assert seen["data"] == sender.see(lambda event: event["table"] and not event["table"]["growing"])["data"]
    viewer.send("turn", page=3)
    assert sender.see(lambda event: event["page"] == 3)["data"][0][0] == "cell 201.0"
    sender.send("turn", page=5)
    assert viewer.see(lambda event: event["page"] == 5)["data"][0][0] == "cell 401.0"


def test_an_upload_is_seen_at_the_other_worker_while_it_runs(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    sender = v1_at(one)
    data = table(20_000)
    sender.begin("flights.tsv", len(data))
    viewer = v1_at(other, sender.room_id)
    half = len(data) // 2
    for start in range(0, half, 100_000):
        sender.socket.send(data[start : min(start + 100_000, half)])
    seen = viewer.see(lambda event: event["table"] is not None and len(event["data"]) == 100)
    assert seen["table"]["growing"]
    assert seen["upload"]["name"] == "flights.tsv"
    assert seen["data"][1] == [f"cell 2.{column}" for column in range(4)]
    for start in range(half, len(data), 100_000):
        sender.socket.send(data[start : start + 100_000])
    sender.wait_for("finished")
    done = viewer.see(lambda event: event["table"] is not None and not event["table"]["growing"])
    assert (done["table"]["rows"], done["upload"]) == (20_001, None)
    viewer.send("turn", page=201)
    assert viewer.see(lambda event: event["page"] == 201)["data"] == [[f"cell 20001.{n}" for n in range(4)]]


def test_an_identical_file_is_answered_at_the_other_worker_too(start_workers: Workers) -> None:
    one, other = start_workers(2)
    with closing(ArticleClient(one.ws_url)) as sender:
        sender.send_file(table(249))
        page = sender.receive()
        with closing(ArticleClient(other.ws_url, page["uuid"])) as viewer:
            assert viewer.receive() == page
            for _ in range(2):
                sender.send_file(table(249))
                assert sender.receive() == viewer.receive() == page


def test_presence_and_pointing_cross_workers(start_workers: Workers, v1_at: At) -> None:
    one, other = start_workers(2)
    first = v1_at(one)
    first.upload(table(100))
    second = v1_at(other, first.room_id)
    key = "k" * 20
    second.send("introduce", key=key, name="Ada", hue=120)
    who = second.wait_for("you")["you"]
    there = first.wait_for("presence", lambda event: any(each["name"] == "Ada" for each in event["people"]))
    assert there["members"] == 2
    second.send("point", row=7, column=1)
    pointed = first.wait_for("pointing")["pointed"]
    assert (pointed["member"], pointed["row"], pointed["column"]) == (who["member"], 7, 1)
    second.close()
    assert first.wait_for("presence", lambda event: event["members"] == 1)


def test_who_comes_and_goes_is_not_told_to_every_worker_at_once_but_heard_when_each_speaks(
    start_workers: Workers, v1_at: At, redis: Redis
) -> None:
    """With many workers and a crowd that comes and goes, each would read all that all others say."""
    workers = start_workers(3)
    first = v1_at(workers[0])
    first.upload(table(100))
    others = [v1_at(worker, first.room_id) for worker in workers[1:]]
    for each in (first, *others):
        each.wait_for("presence", lambda event: event["members"] == 3)
    redis.call("CONFIG", "RESETSTAT")
    more = [v1_at(worker, first.room_id) for worker in workers]
    for each in (first, *others, *more):
        each.wait_for("presence", lambda event: event["members"] == 6)
    commands = redis.call("INFO", "commandstats").decode()
    assert "cmdstat_evalsha" in commands
    assert "cmdstat_spublish" not in commands


def test_the_articles_protocol_crosses_workers(
    start_workers: Workers, article_at: Callable[..., ArticleClient]
) -> None:
    one, other = start_workers(2)
    first = article_at(one)
    first.send_file(table(250))
    room_id = first.receive()["uuid"]
    second = article_at(other, room_id)
    assert second.receive()["data"][0] == [f"column {n}" for n in range(4)]
    second.turn(2)
    assert first.receive()["page_no"] == second.receive()["page_no"] == 2
    second.send_file(table(99, word="other"))
    assert first.receive()["data"][1][0] == "other 2.0"
