"""gunicorn.conf.py at a real gunicorn: where it listens, and that it runs one worker."""

from __future__ import annotations

import http.client
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, unix_connect

from tests.support.client import WAIT_SECONDS, V1Client, table
from tests.support.server import ROOT, Server

ELSEWHERE: dict[str, Any] = {"additional_headers": {"X-Forwarded-For": "10.0.0.2"}}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "worker-1.sock"


@pytest.fixture(scope="module")
def server(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("data"), sockets_per_address=1, hosts="tables.example")
    server.environ["BIND"] = f"unix:{path},127.0.0.1:{server.port}"
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.log, server.log
    assert not path.exists()


class TestUnixSocket:
    """A server that listens on a Unix socket and, beside it, on a port."""

    def connect(self, path: Path, room_id: str = "", **options: Any) -> ClientConnection:
        address = "ws://tables.example/parser/ws" + f"/{room_id}" * bool(room_id)
        return unix_connect(str(path), address, compression=None, **options)

    def test_pages_tables_and_downloads_go_over_it(self, server: Server, path: Path) -> None:
        data = table(20_000)
        with self.connect(path) as websocket:
            websocket.send(data)
            assert '"total_number":20001' in websocket.recv(WAIT_SECONDS)
            websocket.send("2")
            page = websocket.recv(WAIT_SECONDS)
        room_id = page.split('"uuid":"')[1][:36]
        for address, body in (("/healthz", b"ok\n"), (f"/{room_id}.tsv", data)):
            with closing(http.client.HTTPConnection("tables.example")) as connection:
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.connect(str(path))
                connection.request("GET", address)
                assert connection.getresponse().read() == body

    def test_nobody_but_its_owner_and_its_group_gets_past_nginx(self, server: Server, path: Path) -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o770

    def test_both_ways_lead_to_the_same_rooms(self, server: Server, path: Path) -> None:
        with (
            closing(V1Client(server.ws_url)) as driver,
            self.connect(path, room_id=driver.room_id, **ELSEWHERE) as other,
        ):
            driver.upload(table(300))
            assert '"total_number":301' in other.recv(WAIT_SECONDS)

    def test_a_proxy_on_it_is_believed(self, server: Server, path: Path) -> None:
        by_tls = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"}
        with self.connect(path, additional_headers=by_tls, origin="https://tables.example"):
            with pytest.raises(InvalidStatus, match="429"):
                self.connect(path, additional_headers=by_tls)
            with self.connect(path, **ELSEWHERE):
                pass


ASKED_TO_END_EARLY = """
import os, pathlib, runpy, signal

globals().update(runpy.run_path({conf!r}))


def post_fork(server, worker):
    marked = pathlib.Path({mark!r})
    if marked.exists():
        marked.unlink()
        os.kill(worker.pid, signal.SIGTERM)
"""


def test_a_worker_that_is_asked_to_end_before_it_has_handlers_of_its_own_ends(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    conf, mark = tmp_path / "conf.py", tmp_path / "mark"
    conf.write_text(ASKED_TO_END_EARLY.format(conf=str(ROOT / "gunicorn.conf.py"), mark=str(mark)))
    server.command[server.command.index("gunicorn.conf.py")] = str(conf)
    server.start()
    first = server.worker_pid
    mark.touch()
    server.signal(signal.SIGHUP)
    server.wait_for_log(rf"Worker exiting \(pid: (?!{first}\b)")
    server.wait_until_answering()
    assert server.stop() == 0
    assert server.log.count("Booting worker") == 3


class TestOneWorker:
    """What is said to who wants two in one gunicorn."""

    @pytest.mark.parametrize(("options", "environ"), [(["--workers", "2"], {}), ([], {"WEB_CONCURRENCY": "2"})])
    def test_two_are_refused_in_words(self, tmp_path: Path, options: list[str], environ: dict[str, str]) -> None:
        server = Server(tmp_path / "data")
        server.command[-1:-1] = options
        server.environ |= environ
        ended = subprocess.run(
            server.command, cwd=ROOT, env=server.environ, stderr=subprocess.PIPE, text=True, timeout=40
        )
        said = ended.stderr
        assert ended.returncode == 1
        assert said.startswith("tsvapp cannot start. A gunicorn runs one worker of tsvapp, not 2:")
        assert "TSVAPP_REDIS_URL" in said
        assert "make run WORKERS=2" in said
        assert "Traceback" not in said
        assert said.count("\n") == 1

    def test_none_is_added_to_a_running_one(self, start_server: Callable[..., Server]) -> None:
        server = start_server()
        server.signal(signal.SIGTTIN)
        server.wait_for_log("A gunicorn runs one worker of tsvapp, not 2")
        server.stop()
        assert server.log.count("Booting worker") == 1
