"""nginx/tsvapp-cluster.conf, in a real nginx: which worker is asked, and who is asked when it does not serve."""

from __future__ import annotations

import socketserver
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.nginx import Nginx

pytestmark = pytest.mark.nginx

WORKERS = 3
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
ROOMS = [str(uuid4()) for _ in range(60)]


class Stub:
    """Stand in for a worker on its Unix socket: answer every GET with its own name, or with 503 while it drains."""

    def __init__(self, path: Path) -> None:
        stub = self
        self.path = path
        self.draining = False
        self.heard = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stub.heard += 1
                body = b"draining" if stub.draining else stub.path.name.encode()
                self.send_response(503 if stub.draining else 200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Retry-After", "5")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        """Go away as gunicorn does: with the socket's file."""
        if self.path.exists():
            self.path.unlink()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


@pytest.fixture
def stubs(tmp_path: Path) -> Iterator[list[Stub]]:
    started = [Stub(tmp_path / f"worker-{number}.sock") for number in range(1, WORKERS + 1)]
    yield started
    for stub in started:
        stub.stop()


@pytest.fixture
def start_nginx(tmp_path: Path) -> Iterator[Callable[[list[Path]], Nginx]]:
    started: list[Nginx] = []

    def start(sockets: list[Path]) -> Nginx:
        started.append(Nginx(tmp_path / f"nginx-{len(started)}", sockets))
        return started[-1]

    yield start
    for nginx in started:
        nginx.stop()


@pytest.fixture
def nginx(stubs: list[Stub], start_nginx: Callable[[list[Path]], Nginx]) -> Nginx:
    return start_nginx([stub.path for stub in stubs])


def ask(nginx: Nginx, path: str, **headers: str) -> str:
    """Say which worker answers."""
    response, body = nginx.get(path, **headers)
    assert response.status == 200
    return body.decode()


def test_the_files_are_valid_without_a_warning(nginx: Nginx) -> None:
    checked = subprocess.run([*nginx.command, "-t"], stderr=subprocess.PIPE, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr


def test_a_room_has_one_worker_by_all_its_addresses_and_rooms_are_spread(nginx: Nginx) -> None:
    served: Counter[str] = Counter()
    for room_id in ROOMS:
        first = ask(nginx, f"/parser/ws/{room_id}", **HANDSHAKE)
        for path in (f"/{room_id}", f"/{room_id}.tsv", f"/{room_id}?page=4", f"/{room_id.replace('-', '%2d')}"):
            assert ask(nginx, path) == first
        served[first] += 1
    # Of 60 a worker has 20 in the mean.
    assert len(served) == WORKERS
    assert min(served.values()) >= 3


@pytest.mark.parametrize("path", ["/", "/healthz", "/parser/ws"])
def test_what_is_of_no_room_is_spread(nginx: Nginx, path: str) -> None:
    assert len({ask(nginx, path) for _ in range(60)}) == WORKERS


def test_the_rooms_of_a_worker_that_went_away_are_spread_and_no_others_move(nginx: Nginx, stubs: list[Stub]) -> None:
    before = {room_id: ask(nginx, f"/{room_id}") for room_id in ROOMS}
    stubs[0].stop()
    gone = stubs[0].path.name
    after = {room_id: ask(nginx, f"/{room_id}") for room_id in ROOMS}
    assert {room_id: name for room_id, name in after.items() if before[room_id] != gone} == {
        room_id: name for room_id, name in before.items() if name != gone
    }
    assert {after[room_id] for room_id in ROOMS if before[room_id] == gone} == {stub.path.name for stub in stubs[1:]}
    for room_id in ROOMS:
        assert ask(nginx, f"/parser/ws/{room_id}", **HANDSHAKE) == after[room_id]


def test_only_the_rooms_of_a_worker_move_when_it_is_taken_out_of_the_file(
    nginx: Nginx, stubs: list[Stub], start_nginx: Callable[[list[Path]], Nginx]
) -> None:
    fewer = start_nginx([stub.path for stub in stubs[1:]])
    for room_id in ROOMS:
        worker = ask(nginx, f"/{room_id}")
        assert worker in (stubs[0].path.name, ask(fewer, f"/{room_id}"))


def test_an_id_is_not_logged_when_its_worker_is_away(nginx: Nginx, stubs: list[Stub]) -> None:
    for stub in stubs:
        stub.stop()
    for room_id in ROOMS[:10]:
        assert nginx.get(f"/{room_id}")[0].status == 502
    said = "".join(nginx.logs())
    for room_id in ROOMS[:10]:
        assert f"/{room_id[:8]}..." in said
        assert room_id[9:] not in said


@pytest.mark.parametrize("headers", [{}, HANDSHAKE])
def test_one_that_drains_is_passed_over(nginx: Nginx, stubs: list[Stub], headers: dict[str, str]) -> None:
    stubs[1].draining = True
    served = {ask(nginx, f"/parser/ws/{room_id}", **headers) for room_id in ROOMS}
    assert served == {stubs[0].path.name, stubs[2].path.name}
    assert stubs[1].heard > 0


def test_when_none_serves_its_own_words_come_through_and_it_is_asked_again_at_once(
    nginx: Nginx, stubs: list[Stub]
) -> None:
    for stub in stubs:
        stub.draining = True
    for room_id in ROOMS[:5]:
        response, body = nginx.get(f"/{room_id}")
        assert (response.status, body, response.headers["Retry-After"]) == (503, b"draining", "5")
    stubs[2].draining = False
    assert ask(nginx, "/") == stubs[2].path.name
