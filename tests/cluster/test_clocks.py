"""Workers whose clocks are weeks apart: what is in use is deleted nowhere, and what is not is deleted in its time."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from contextlib import closing

from tests.cluster.conftest import Workers
from tests.support.client import V1Client, table
from tests.support.redis import Redis
from tests.support.waiting import wait_until

At = Callable[..., V1Client]


def test_clocks_that_differ_cost_nobody_a_room_or_an_upload(start_workers: Workers, v1_at: At, redis: Redis) -> None:
    ahead, behind = start_workers(2, app="tests.support.shifted_app:app", idle_seconds=0.5)
    for worker, put in ((ahead, signal.SIGRTMIN), (behind, signal.SIGRTMIN + 1)):
        os.kill(worker.worker_pid, put)
        worker.wait_for_log("the clock is put")
    left = []
    for worker in (ahead, behind):
        with closing(V1Client(worker.ws_url)) as leaver:
            leaver.upload(table(200))
            left.append(leaver.room_id)
        worker.wait_for_log("evicted")
    data = table(3000)
    third = len(data) // 3
    pairs = []
    for here, there in ((behind, ahead), (ahead, behind)):
        sender = v1_at(here)
        sender.begin("slowly.tsv", len(data))
        sender.socket.send(data[:third])
        sender.wait_for("ack")
        viewer = v1_at(there, sender.room_id)
        viewer.see(lambda event: event["table"] is not None)
        pairs.append((sender, viewer))
    wait_for_sweeps(redis)
    for sender, viewer in pairs:
        sender.socket.send(data[third:])
        assert sender.wait_for("finished")["rows"] == 3001
        viewer.see(lambda event: event["upload"] is None and event["table"])
        viewer.send("turn", page=3)
        sender.see(lambda event: event["page"] == 3)
        assert viewer.see(lambda event: event["page"] == 3)["data"][0][0] == "cell 201.0"
    for worker in (ahead, behind):
        for room_id in left:
            assert v1_at(worker, room_id).see(lambda event: event["table"])["table"]["rows"] == 201
        assert not re.search("expired|is deleted", worker.log)


def test_a_room_that_nobody_uses_expires_whatever_the_clocks_of_workers_say(
    start_workers: Workers, redis: Redis
) -> None:
    # Longer than a beat: that nobody is here any more has to be said before the room leaves the memory.
    (behind,) = start_workers(1, app="tests.support.shifted_app:app", idle_seconds=2)
    os.kill(behind.worker_pid, signal.SIGRTMIN + 1)
    behind.wait_for_log("the clock is put")
    with closing(V1Client(behind.ws_url)) as leaver:
        leaver.upload(table(200))
    behind.wait_for_log("evicted")
    eight_days_ago = int(re.findall(rb"\d+", redis.call("TIME"))[2]) - 8 * 24 * 3600
    assert redis.call("ZADD", "tsvapp:rooms", "XX", "CH", str(eight_days_ago), leaver.room_id) == b":1\r\n"
    behind.wait_for_log(f"expired room={leaver.room_id[:8]}")


def wait_for_sweeps(redis: Redis) -> None:
    """Wait until both workers have looked several times for rooms and uploads that are left."""
    redis.call("CONFIG", "RESETSTAT")

    def have_looked() -> bool:
        said = redis.call("INFO", "commandstats").decode()
        return all(int(calls) > 20 for calls in re.findall(r"cmdstat_zrangebyscore:calls=(\d+)", said) or ["0"])

    wait_until(have_looked)
