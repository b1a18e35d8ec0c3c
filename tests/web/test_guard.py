"""What stands before Flask: the rate limiter first of all, and the names under which the server may be asked for."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import pytest

from tests.support.nginx import Nginx
from tests.support.raw import request
from tests.support.server import Server
from tsvapp import create_app
from tsvapp.live.pace import Pace
from tsvapp.settings import Settings

Start = Callable[..., Server]
EVIL = "evil.example"
HANDSHAKE = (
    *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


class Stopped(BaseException):
    """The rate limiter was asked."""


@pytest.mark.parametrize("host", ["xn--" + "a" * 50, "a b", EVIL, "localhost"])
@pytest.mark.parametrize("path", ["/", "/nowhere", "/parser/ws"])
def test_the_rate_limiter_is_asked_before_anything_is_refused_or_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, path: str
) -> None:
    app = create_app(Settings(data_dir=tmp_path / "data"))

    environ = {"PATH_INFO": path, "HTTP_HOST": host, "REMOTE_ADDR": "192.0.2.1"}
    setup_testing_defaults(environ)

    def stop(self: Pace, count: int = 1) -> None:
        raise Stopped

    monkeypatch.setattr(Pace, "wait", stop)
    with pytest.raises(Stopped):
        app.wsgi_app(environ, lambda *given: None)
    app.extensions["tsvapp"].drain()


@pytest.mark.parametrize("path", ["/", "/healthz", "/static/css/base.css", "/parser/ws"])
def test_a_page_that_had_its_name_resolve_to_this_machine_reaches_nothing(server: Server, path: str) -> None:
    answer = request(server.port, [f"GET {path} HTTP/1.1", f"Host: {EVIL}:80", f"Origin: http://{EVIL}:80", *HANDSHAKE])
    assert answer.status == 421
    assert "TSVAPP_HOSTS" in answer.body
    assert answer.headers["Content-Security-Policy"]


def test_a_name_that_is_given_or_listened_at_is_answered(start_server: Start) -> None:
    server = start_server(hosts="tables.example other.example")
    for host in ("tables.example:8000", "OTHER.example", "127.0.0.1", "localhost:1"):
        assert request(server.port, ["GET /healthz HTTP/1.1", f"Host: {host}"]).status == 200
    assert request(server.port, ["GET /healthz HTTP/1.1", f"Host: {EVIL}"]).status == 421


@pytest.mark.parametrize(("trusted", "status"), [("127.0.0.1", 200), ("192.0.2.9", 421)])
def test_a_trusted_proxy_answers_for_its_own_names_and_nobody_else_does(
    start_server: Start, trusted: str, status: int
) -> None:
    lines = ["GET /healthz HTTP/1.1", "Host: tables.example"]
    server = start_server(trusted_proxies=trusted)
    assert request(server.port, [*lines, "X-Forwarded-For: 192.0.2.1"]).status == status
    assert request(server.port, lines).status == 421


@pytest.mark.nginx
def test_nginx_answers_for_its_server_name_alone(server: Server, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path / "nginx", server.port, names="tables.example")
    try:
        assert nginx.get("/", Host="tables.example")[0].status == 200
        for host in (EVIL, f"127.0.0.1:{nginx.port}", f"tables.example.{EVIL}"):
            assert nginx.get("/", Host=host)[0].status == 421
            connection = HTTPConnection("127.0.0.1", nginx.port, 40)
            headers = dict(line.split(": ", 1) for line in HANDSHAKE)
            connection.request("GET", "/parser/ws", headers={"Host": host, **headers})
            assert connection.getresponse().status == 421
            connection.close()
    finally:
        nginx.stop()


@pytest.mark.nginx
def test_nginx_refuses_a_head_with_a_line_of_more_than_4_kib(
    server: Server, start_nginx: Callable[[int], Nginx]
) -> None:
    nginx = start_nginx(server.port)
    assert nginx.get("/healthz", Cookie="a" * 4000)[0].status == 200
    assert nginx.get("/healthz", Cookie="a" * 4100)[0].status == 400
