"""nginx/tsvapp.conf, in a real nginx: what it forwards, to a stub; what works through it, with the real server."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.support.client import ArticleClient, V1Client, open_socket, table
from tests.support.nginx import CONF, WAIT_SECONDS, Nginx
from tests.support.server import ROOT, Server, free_port
from tsvapp.settings import Settings
from tsvapp.web.assets import KEPT, Assets
from tsvapp.web.pages import SECURITY_HEADERS

pytestmark = pytest.mark.nginx

ROOM = "1f0e8a52-7c3d-4b6a-9e21-5d4c3b2a1f00"
MASKED = "1f0e8a52..."

HANDSHAKE = {
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@contextmanager
def stub_upstream() -> Iterator[tuple[int, list[http.client.HTTPMessage]]]:
    """Answer every request with "ok"; yield the port and the headers that have come."""
    heard: list[http.client.HTTPMessage] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1], heard
        finally:
            server.shutdown()
            thread.join()


class TestForwarding:
    """What reaches the application, and what is written down."""

    @pytest.fixture
    def heard(self) -> Iterator[tuple[int, list[http.client.HTTPMessage]]]:
        with stub_upstream() as stub:
            yield stub

    @pytest.fixture
    def headers(self, heard: tuple[int, list[http.client.HTTPMessage]]) -> list[http.client.HTTPMessage]:
        return heard[1]

    @pytest.fixture
    def nginx(self, heard: tuple[int, list[http.client.HTTPMessage]], start_nginx: Callable[[int], Nginx]) -> Nginx:
        return start_nginx(heard[0])

    def test_the_file_is_valid_without_a_warning(self, nginx: Nginx) -> None:
        checked = subprocess.run([*nginx.command, "-t"], stderr=subprocess.PIPE, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        assert "[warn]" not in checked.stderr

    @pytest.mark.parametrize("path", ["/parser/ws", f"/parser/ws/{ROOM}"])
    @pytest.mark.parametrize("upgrade", ["websocket", "WebSocket"])
    def test_a_websocket_is_forwarded(
        self, nginx: Nginx, headers: list[http.client.HTTPMessage], path: str, upgrade: str
    ) -> None:
        nginx.get(path, Upgrade=upgrade, Connection="Upgrade", **HANDSHAKE)
        assert headers[0]["Upgrade"] == "websocket"
        assert headers[0]["Connection"] == "upgrade"
        assert headers[0]["Sec-WebSocket-Key"] == HANDSHAKE["Sec-WebSocket-Key"]

    @pytest.mark.parametrize("path", ["/", "/parser/ws", "/healthz"])
    @pytest.mark.parametrize("upgrade", ["h2c", "websocket, h2c", "TLS/1.0"])
    def test_no_other_upgrade_is_forwarded(
        self, nginx: Nginx, headers: list[http.client.HTTPMessage], path: str, upgrade: str
    ) -> None:
        nginx.get(path, Upgrade=upgrade, Connection="Upgrade, HTTP2-Settings", HTTP2_Settings="AAMA")
        assert headers[0]["Upgrade"] is None
        assert headers[0]["Connection"] == "close"

    @pytest.mark.parametrize("path", ["/", "/parser/ws"])
    def test_the_browsers_host_and_address_are_passed_on(
        self, nginx: Nginx, headers: list[http.client.HTTPMessage], path: str
    ) -> None:
        nginx.get(path, Host="tables.example:8443", X_Forwarded_For="10.0.0.1", X_Forwarded_Proto="https")
        assert headers[0].get_all("Host") == ["tables.example:8443"]
        assert headers[0].get_all("X-Forwarded-For") == ["127.0.0.1"]
        assert headers[0].get_all("X-Forwarded-Proto") == ["http"]

    @pytest.mark.parametrize(
        ("path", "logged"),
        [
            (f"/{ROOM}", f"/{MASKED}"),
            (f"/{ROOM}.tsv", f"/{MASKED}.tsv"),
            (f"/parser/ws/{ROOM}", f"/parser/ws/{MASKED}"),
            (f"/{ROOM.upper()}", f"/{MASKED.upper()}"),
            (f"/{ROOM.replace('-', '%2d')}", f"/{MASKED}"),
            (f"/{ROOM.replace('-', '')}", f"/{MASKED}"),
            (f"/{ROOM}%0A", f"/{MASKED}"),
            (f"/x%0A/{ROOM}", rf"/x\x0A/{MASKED}"),
            (f"/{ROOM}/{ROOM}", f"/{MASKED}"),
            (f"/?room={ROOM}", "/"),
            ("/healthz", "/healthz"),
        ],
    )
    def test_an_id_is_never_logged_in_full(self, nginx: Nginx, path: str, logged: str) -> None:
        nginx.get(path, Referer=f"{nginx.url}/{ROOM}")
        access, errors = nginx.logs()
        assert f'"GET {logged} HTTP/1.1" 200' in access
        assert ROOM[9:] not in (access + errors).lower()
        assert ROOM.replace("-", "")[8:] not in (access + errors).lower()

    def test_an_id_is_not_logged_when_the_application_is_down(self, start_nginx: Callable[[int], Nginx]) -> None:
        nginx = start_nginx(free_port())
        response, _ = nginx.get(f"/{ROOM}")
        access, errors = nginx.logs()
        assert response.status == 502
        assert f"/{MASKED} HTTP/1.1" in access
        assert ROOM[9:] not in access + errors

    def test_an_id_is_not_logged_when_nginx_itself_has_no_descriptor_left(
        self, heard: tuple[int, list[http.client.HTTPMessage]], tmp_path: Path
    ) -> None:
        nginx = Nginx(tmp_path / "nginx", heard[0], main="worker_rlimit_nofile 24;")
        with ExitStack() as idle:
            idlers = [
                idle.enter_context(socket.create_connection(("127.0.0.1", nginx.port), timeout=WAIT_SECONDS))
                for _ in range(40)
            ]
            (worker,) = psutil.Process(nginx.pid).children()
            until = time.monotonic() + WAIT_SECONDS
            while worker.num_fds() < 24:
                assert time.monotonic() < until
            idlers[0].sendall(f"GET /{ROOM} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            assert b" 500 " in idlers[0].recv(4096)
        access, errors = nginx.logs()
        assert f"/{MASKED} HTTP/1.1" in access
        assert ROOM[9:] not in access + errors

    @pytest.mark.parametrize("path", ["/static/js/main.js", "/static/none.js", "/static/built/none.js", "/readyz"])
    def test_what_nginx_answers_by_itself_has_the_security_headers_once(self, nginx: Nginx, path: str) -> None:
        response, _ = nginx.get(path, source="127.0.0.2")
        policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        for name, value in (SECURITY_HEADERS | {"Content-Security-Policy": policy}).items():
            assert response.headers.get_all(name) == [value]
        assert response.headers.get_all("Cache-Control") == ["no-cache" if path.startswith("/static/") else "no-store"]

    def test_whether_the_server_is_ready_is_told_to_its_own_machine(
        self, nginx: Nginx, headers: list[http.client.HTTPMessage]
    ) -> None:
        assert nginx.get("/readyz", source="127.0.0.2")[0].status == 403
        assert headers == []
        assert nginx.get("/readyz")[0].status == nginx.get("/healthz", source="127.0.0.2")[0].status == 200

    def test_a_large_body_is_refused(self, nginx: Nginx, headers: list[http.client.HTTPMessage]) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=WAIT_SECONDS)) as connection:
            connection.request("POST", "/", headers={"Content-Length": str(1 << 20)})
            assert connection.getresponse().status == 413
        assert headers == []


class TestServer:
    """The main job, with nginx between the clients and the real server."""

    @pytest.fixture
    def nginx(self, server: Server, start_nginx: Callable[[int], Nginx]) -> Nginx:
        return start_nginx(server.port)

    def test_an_article_client_uploads_and_everybody_gets_the_page(self, nginx: Nginx) -> None:
        data = table(100_000)
        with closing(ArticleClient(nginx.ws_url)) as first:
            first.send_file(data)
            page = first.receive()
            assert (page["page_no"], page["total_number"], len(page["data"])) == (1, 100_001, 100)
            with closing(ArticleClient(nginx.ws_url, page["uuid"])) as second:
                assert second.receive() == page
                second.turn(1000)
                turned = second.receive()
                assert turned["page_no"] == 1000
                assert turned["data"][0][0] == "cell 99901.0"
                assert first.receive() == turned
        response, body = nginx.get(f"/{page['uuid']}.tsv")
        assert response.status == 200
        assert body == data

    def test_v1_is_negotiated_and_its_upload_reaches_everybody(self, nginx: Nginx) -> None:
        data = table(20_000)
        with closing(V1Client(nginx.ws_url)) as first:
            assert first.first["type"] == "welcome"
            assert first.upload(data)["rows"] == 20_001
            with closing(V1Client(nginx.ws_url, first.room_id)) as second:
                assert second.wait_for("snapshot")["table"]["rows"] == 20_001
                second.send("turn", page=7)
                for client in (first, second):
                    client.wait_for("snapshot", lambda event: event["page"] == 7)

    def test_a_page_of_the_same_origin_may_connect(self, nginx: Nginx) -> None:
        with open_socket(nginx.ws_url, origin=nginx.url, subprotocols=["tsvapp.v1"]) as websocket:
            assert websocket.subprotocol == "tsvapp.v1"

    def test_a_page_of_another_origin_may_not(self, nginx: Nginx) -> None:
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{nginx.ws_url}/parser/ws", origin="http://elsewhere.example")
        assert refused.value.response.status_code == 403

    def test_h2c_is_refused_in_words(self, nginx: Nginx) -> None:
        response, _ = nginx.get("/parser/ws", Upgrade="h2c", Connection="Upgrade", **HANDSHAKE)
        assert response.status in (400, 426)

    def test_the_log_masks_the_room_of_a_websocket(self, nginx: Nginx) -> None:
        with closing(V1Client(nginx.ws_url)) as client:
            client.upload(table(10))
        with closing(V1Client(nginx.ws_url, client.room_id)):
            pass
        access, errors = nginx.logs()
        assert f'"GET /parser/ws/{client.room_id[:8]}... HTTP/1.1" 101' in access
        assert client.room_id[9:] not in access + errors

    def test_a_built_file_is_kept_compressed_and_safe(self, nginx: Nginx) -> None:
        path = "/" + Assets(ROOT / "static" / "built" / "meta.json").path("static/js/main.js")
        plain, body = nginx.get(path)
        assert body == (ROOT / path[1:]).read_bytes()
        assert plain.headers.get_content_type() in ("application/javascript", "text/javascript")
        assert plain.headers["Cache-Control"] == KEPT
        assert plain.headers["X-Content-Type-Options"] == "nosniff"
        assert plain.headers["Server"] == "nginx"

        again, body = nginx.get(path, If_None_Match=plain.headers["ETag"])
        assert (again.status, body) == (304, b"")

        compressed, body = nginx.get(path, Accept_Encoding="gzip")
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in compressed.headers["Vary"]

    @pytest.mark.parametrize("path", ["/static/", "/static/none.js", "/static/../wsgi.py", "/static/%2e%2e/wsgi.py"])
    def test_nothing_but_static_files_is_served(self, nginx: Nginx, path: str) -> None:
        response, _ = nginx.get(path)
        assert response.status == 404

    @pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//metrics", "/%6detrics"])
    def test_metrics_are_not_to_be_had_here(self, nginx: Nginx, path: str) -> None:
        response, body = nginx.get(path)
        assert response.status in (308, 404)
        assert b"tsvapp_" not in body

    @pytest.mark.parametrize("path", ["/", "/healthz", "/nothing"])
    def test_the_applications_answer_comes_through_as_it_is(self, nginx: Nginx, server: Server, path: str) -> None:
        def own(response: http.client.HTTPResponse) -> list[tuple[str, str]]:
            of_the_hop = {"date", "server", "connection", "transfer-encoding"}
            return sorted(pair for pair in response.headers.items() if pair[0].lower() not in of_the_hop)

        through, body = nginx.get(path)
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_SECONDS)) as connection:
            connection.request("GET", path)
            direct = connection.getresponse()
            assert (through.status, body) == (direct.status, direct.read())
        assert own(through) == own(direct)
        assert through.headers["Content-Security-Policy"]


def test_timeouts_nest() -> None:
    """The server's heartbeat comes before the client's watchdog barks, and that before nginx gives up."""
    watchdog = re.search(r"WATCHDOG_MS = ([\d_]+);", (ROOT / "static" / "js" / "connection.js").read_text())
    nginx = re.findall(r"proxy_read_timeout (\d+)s;", CONF.read_text())
    assert watchdog
    assert Settings().heartbeat_seconds < int(watchdog[1]) / 1000 < int(nginx[0])
