"""Rooms in a Redis Cluster: each room's records and news are at the node that has its slot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.conftest import Workers, in_one_room
from tests.support.client import V1Client, table
from tests.support.redis import Redis
from tests.support.redis_cluster import RedisCluster
from tests.support.server import Server
from tests.support.waiting import wait_until
from tsvapp.store.shared import SharedStore

At = Callable[..., V1Client]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """Start a Cluster for all tests here: each has rooms of its own, and brings back what it has taken away."""
    cluster = RedisCluster(tmp_path_factory.mktemp("redis"))
    cluster.start()
    yield cluster
    cluster.kill()


@pytest.fixture
def cluster(nodes: RedisCluster) -> RedisCluster:
    """Give the Cluster, whole."""
    nodes.wait_until_whole()
    for node in nodes.nodes:
        node.call("FLUSHALL")
    return nodes


@pytest.fixture
def redis_url(cluster: RedisCluster) -> str:
    """Name the Cluster."""
    return cluster.url


def test_two_people_at_two_workers_see_the_same_whichever_node_has_their_room(
    start_workers: Workers, v1_at: At, cluster: RedisCluster
) -> None:
    one, other = start_workers(2)
    for first in a_room_at_each_node(v1_at, one, cluster):
        second = v1_at(other, first.room_id)
        second.send("introduce", key="k" * 20, name="Ada", hue=120)
        first.wait_for("presence", lambda event: any(each["name"] == "Ada" for each in event["people"]))
        data = table(5000)
        half = len(data) // 2
        first.begin("flights.tsv", len(data))
        first.socket.send(data[:half])
        assert second.see(lambda event: event["table"] is not None)["table"]["growing"]
        first.socket.send(data[half:])
        assert first.wait_for("finished")["rows"] == 5001
        assert second.see(lambda event: event["upload"] is None and event["table"])["table"]["rows"] == 5001
        second.send("turn", page=3)
        assert first.see(lambda event: event["page"] == 3)["data"][0][0] == "cell 201.0"
        second.send("point", row=7, column=1)
        assert first.wait_for("pointing")["pointed"]["row"] == 7
        first.upload(table(200), name="newer.tsv")
        former = second.see(lambda event: event["former"] and event["table"]["name"] == "newer.tsv")["former"]
        second.send("restore", document=former[0]["document"])
        back = first.see(lambda event: event["former"] and event["table"]["name"] == "flights.tsv")
        assert back["data"][1][0] == "cell 2.0"
        second.close()
        first.wait_for("presence", lambda event: event["members"] == 1)


def test_a_room_that_is_deleted_is_gone_at_every_worker(
    start_workers: Workers, v1_at: At, cluster: RedisCluster
) -> None:
    one, other = start_workers(2)
    rooms = a_room_at_each_node(v1_at, one, cluster)
    for first in rooms:
        first.upload(table(10))
        second = v1_at(other, first.room_id)
        second.see(lambda event: event["table"] is not None)
        first.send("delete")
        for each in (first, second):
            assert each.wait_for("unknown_room")["reason"] == "deleted"
    wait_until(lambda: [path.name for path in (one.data_dir / "shared").iterdir()] == ["store"])


def test_news_of_a_room_does_not_wait_for_the_news_of_rooms_at_other_nodes(cluster: RedisCluster) -> None:
    store = SharedStore(cluster.url)
    store.version()
    rooms = list({cluster.node_of(f"tsvapp:{{{name}}}").port: name for name in "abcdefghijklmnop"}.values())
    assert len(rooms) == len(cluster.nodes)
    for room_id in rooms:
        store.create(room_id, "epoch", b"{}", f"watch of {room_id}", 0.0, b"change 00000")
    listening = store.listen(rooms[:2])
    listening.add(rooms[2])
    heard = listening.news()
    # One line after the other would be heard for five seconds each: far longer in all than a test may take.
    for serial in range(1, 41):
        for room_id in rooms:
            latest, token = (b"change %05d" % number for number in (serial - 1, serial))
            assert store.commit(room_id, latest, b"{}", token) == serial + 1
            assert next(heard) == room_id
    listening.close()
    store.close()


def test_while_a_node_is_away_those_at_one_worker_go_on_and_afterwards_all_see_the_same(
    start_workers: Workers, v1_at: At, cluster: RedisCluster
) -> None:
    one, other = start_workers(2)
    first, _, _ = a_room_at_each_node(v1_at, one, cluster)
    first.upload(table(1000))
    far = v1_at(other, first.room_id)
    together = far.see(lambda event: event["table"] is not None)
    node = cluster.node_of(f"tsvapp:{{{first.room_id}}}")
    node.kill()
    for each in (first, far):
        each.see(lambda event: event["apart"])
    first.send("turn", page=7)
    assert first.see(lambda event: event["page"] == 7)["apart"]
    node.start()
    for each in (first, far):
        again = each.see(lambda event: event["page"] == 7 and not event["apart"])
        assert again["epoch"] == together["epoch"]


def test_a_room_that_moves_to_another_node_is_followed_there(
    start_workers: Workers, v1_at: At, cluster: RedisCluster
) -> None:
    one, other = start_workers(2)
    first, far, _ = in_one_room(v1_at, one, other)
    key = f"tsvapp:{{{first.room_id}}}"
    target = next(node for node in cluster.nodes if node is not cluster.node_of(key))
    cluster.move(key, target)
    # Both workers listen there before anybody turns: what is told from now on is heard.
    wait_for_listeners(target, f"{key}:news", 2)
    for sender, viewer, page in ((first, far, 4), (far, first, 5)):
        sender.send("turn", page=page)
        viewer.see(lambda event, page=page: event["page"] == page and not event["apart"])


@pytest.mark.long
def test_a_worker_that_starts_before_the_cluster_serves_as_soon_as_that_is_there(
    start_workers: Workers, v1_at: At, cluster: RedisCluster
) -> None:
    cluster.kill()
    (worker,) = start_workers(1)
    worker.wait_for_log("the shared store is waited for")
    for node in cluster.nodes:
        node.start()
    worker.wait_for_log("the shared store is there")
    assert v1_at(worker).upload(table(100))["rows"] == 101


def a_room_at_each_node(v1_at: At, server: Server, cluster: RedisCluster) -> list[V1Client]:
    """Open rooms at a worker until each node has one."""
    rooms: dict[int, V1Client] = {}
    while len(rooms) < len(cluster.nodes):
        client = v1_at(server)
        rooms.setdefault(cluster.node_of(f"tsvapp:{{{client.room_id}}}").port, client)
    return list(rooms.values())


def wait_for_listeners(redis: Redis, channel: str, count: int) -> None:
    """Wait until so many listen for the channel there."""
    answer = f"\r\n:{count}\r\n".encode()
    wait_until(lambda: redis.call("PUBSUB", "SHARDNUMSUB", channel).endswith(answer))
