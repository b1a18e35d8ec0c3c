"""`make run WORKERS=2`, for real: one address, one room at every worker, and nothing is left behind."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.support.client import WAIT_SECONDS, V1Client, table
from tests.support.cluster import Cluster
from tests.support.nginx import nginx_program
from tests.support.redis import redis_program

pytestmark = pytest.mark.nginx

# What is set up already is not made again: -o.
MAKE = ["make", "--silent", "-o", ".venv/.run", "-o", "static/built/meta.json", "run", "WORKERS=2"]


@pytest.fixture
def directory() -> Iterator[Path]:
    """Make a directory with a short path: Unix sockets stand in it."""
    nginx_program()
    redis_program()
    with tempfile.TemporaryDirectory(prefix="tsvapp-test-") as name:
        yield Path(name)


def get(port: int, path: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()


def left(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=WAIT_SECONDS)[1]


def test_one_address_serves_rooms_of_all_workers_through_a_rolling_reload_until_ctrl_c(directory: Path) -> None:
    cluster = Cluster(directory / "data", command=MAKE)
    cluster.start()
    try:
        assert f"open {cluster.url}/ " in cluster.log
        data = table(300)
        with closing(V1Client(cluster.ws_url)) as driver:
            driver.upload(data)
            room_id = driver.room_id
            for port in cluster.worker_ports:
                assert get(port, f"/{room_id}.tsv") == (200, data)
                with closing(V1Client(f"ws://127.0.0.1:{port}", room_id)) as viewer:
                    viewer.send("turn", page=2)
                    viewer.see(lambda event: event["page"] == 2)
                    driver.see(lambda event: event["page"] == 2)
                    driver.send("turn", page=1)
                    for each in (viewer, driver):
                        each.see(lambda event: event["page"] == 1)

        answers = reload_and_ask(cluster, ["/", "/healthz", f"/{room_id}", f"/{room_id}.tsv"])
        assert {status for status, _ in answers} == {200}
        assert answers[3][1] == data
        processes = cluster.processes()
        assert {each.name() for each in processes} >= {"make", "nginx", "redis-server"}
        assert list(directory.glob("tsvapp-*/*.sock"))
    finally:
        cluster.stop()
    assert left(processes) == []
    assert [path.name for path in directory.iterdir()] == ["data"]
    # Redis and the directory have the keys to all rooms: nobody else reads them.
    assert [path for path in directory.rglob("*") if path.stat().st_mode & 0o077] == []
    assert "Traceback" not in cluster.log, cluster.log
    assert room_id not in cluster.log


def reload_and_ask(cluster: Cluster, paths: list[str]) -> list[tuple[int, bytes]]:
    """Ask for these paths over and over while all workers are restarted; return all answers."""
    former = {each.pid for each in cluster.processes() if "gunicorn" in " ".join(each.cmdline())}
    answers = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers.extend(get(cluster.port, path) for path in paths)

    asking = threading.Thread(target=ask)
    asking.start()
    next(each for each in cluster.processes() if "tools.run_workers" in each.cmdline()).send_signal(signal.SIGHUP)
    try:
        cluster.wait_for("all workers have been restarted")
    finally:
        over.set()
        asking.join()
    assert not former & {each.pid for each in cluster.processes()}
    assert len(answers) > len(paths)
    return answers


@pytest.mark.long
@pytest.mark.parametrize(
    "program",
    ["nginx", "redis-server", "gunicorn"],
)
def test_when_a_part_ends_for_good_all_end_and_it_is_named(directory: Path, program: str) -> None:
    cluster = Cluster(directory / "data", count=1)
    cluster.start()
    processes = cluster.processes()
    victim = next(each for each in processes[0].children() if program in " ".join(each.cmdline()))
    victim.kill()
    assert cluster.wait() == 1
    name = {"nginx": "nginx", "redis-server": "Redis", "gunicorn": "worker 1"}[program]
    assert f"tsvapp: {name} has ended (status -9); what it said stands above." in cluster.log
    assert left(processes) == []
    assert [path.name for path in directory.iterdir()] == ["data"]


@pytest.mark.long
def test_when_it_is_killed_itself_its_parts_end_too(directory: Path) -> None:
    cluster = Cluster(directory / "data", count=1)
    cluster.start()
    processes = cluster.processes()
    os.kill(cluster.process.pid, signal.SIGKILL)
    assert left(processes) == []
    cluster.wait()


@pytest.mark.long
def test_a_worker_that_cannot_start_ends_all_with_its_words(directory: Path) -> None:
    cluster = Cluster(directory / "data", TSVAPP_MAX_ROOMS="many")
    cluster.begin()
    assert cluster.wait() == 1
    assert "TSVAPP_MAX_ROOMS is 'many'" in cluster.log
    assert "tsvapp: worker 1 has ended (status 3); what it said stands above." in cluster.log


def test_without_redis_it_says_what_to_do(directory: Path) -> None:
    programs = directory / "bin"
    programs.mkdir()
    (programs / "nginx").symlink_to(shutil.which("true") or "/bin/true")
    cluster = Cluster(directory / "data", PATH=str(programs))
    cluster.begin()
    assert cluster.wait() == 1
    assert cluster.log == (
        "tsvapp: redis-server is missing: install it (apt-get install redis-server), or set TSVAPP_REDIS_URL.\n"
    )
