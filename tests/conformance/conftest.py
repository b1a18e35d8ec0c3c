"""A server and an nginx before it, for all cases; each case leaves the server alive and its log without a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conformance.case import Case, play
from tests.support.client import ArticleClient, table
from tests.support.nginx import Nginx
from tests.support.raw import PING, PONG, RawClient
from tests.support.server import Server

RATES = ("messages_per_second", "messages_per_address", "requests_per_address", "connects_per_address")


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start one server for all cases; each has a room of its own, or shares one that it only turns."""
    # All of them come from one address, one behind the other as fast as they can.
    server = Server(tmp_path_factory.mktemp("conformance") / "data", **dict.fromkeys(RATES, 1_000_000))
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="session", params=["direct", pytest.param("nginx", marks=pytest.mark.nginx)])
def door(request: pytest.FixtureRequest, house: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port by which the server is reached."""
    if request.param == "direct":
        yield house.port
        return
    nginx = Nginx(Path(tmp_path_factory.mktemp("door")) / "nginx", house.port)
    yield nginx.port
    nginx.stop()


@pytest.fixture(scope="session")
def room_path(house: Server) -> str:
    """Return the address of a room with a table of three pages."""
    client = ArticleClient(house.ws_url)
    client.send_file(table(249))
    room_id = client.receive()["uuid"]
    client.close()
    return f"/parser/ws/{room_id}"


@pytest.fixture(scope="session")
def witness(house: Server) -> Iterator[RawClient]:
    """Be connected the whole time."""
    with closing(RawClient(house.port)) as client:
        yield client


@pytest.fixture
def run(door: int, room_path: str, house: Server, witness: RawClient) -> Callable[[Case], None]:
    """Play a case; the server is as well as before."""

    def run(case: Case) -> None:
        play(case, door, room_path)
        witness.send(PING, b"alive")
        assert witness.receive() == (PONG, b"alive")
        assert "Traceback" not in house.log, house.log

    return run
