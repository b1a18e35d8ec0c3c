"""Who has a room's id has the room: through a whole session, at LOG_LEVEL=DEBUG, no log, header or page tells it."""

from __future__ import annotations

import re
import signal
import socket
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.support.client import ArticleClient, V1Client, table
from tests.support.logfmt import parse
from tests.support.metrics import Scrape
from tests.support.nginx import Nginx
from tests.support.raw import RawClient
from tests.support.server import Server, free_port
from tsvapp.web.pages import SECURITY_HEADERS

pytestmark = pytest.mark.nginx

WAIT_SECONDS = 40
NAME = "wages of everyone\r\ntime=0 level=ERROR msg=forged.tsv"
PERSON = "Forged\r\nPerson"


class Session:
    """Do all that there is to do in rooms, at one address, and keep what came back."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.ws_url = f"ws://127.0.0.1:{port}"
        self.secrets: set[str] = set()
        self.heads: list[str] = []
        self.bodies: list[str] = []

    def run(self) -> None:
        """Upload, turn, fail, undo, renew, delete; each kind of end; each kind of bad request."""
        with ExitStack() as clients:
            driver = self.v1(clients)
            room_id, watch_id = driver.room_id, driver.first["watch_id"]
            driver.send("introduce", key=driver.first["key"], name=PERSON, hue=1)
            driver.upload(table(300), name=NAME)
            former = driver.upload(table(200), name="second.tsv")["document"]
            self.v1(clients, watch_id).see(lambda event: event["table"] is not None)
            reader = ArticleClient(self.ws_url, room_id)
            clients.callback(reader.close)
            reader.receive()
            driver.send("turn", page=2)
            driver.see(lambda event: event["page"] == 2)
            listed = driver.see(lambda event: bool(event["former"]))["former"][0]["document"]
            assert former != listed
            driver.send("restore", document=listed)
            driver.wait_for("snapshot", lambda event: event["table"]["document"] == listed)
            for bad in ("nonsense", {"name": NAME}, {"size": 1 << 60}):
                driver.send("begin", **(bad if isinstance(bad, dict) else {}))
                driver.wait_for("error")
            driver.begin(NAME, 4)
            driver.socket.send(b"PK\x03\x04")
            driver.wait_for("error")
            self.ask_for(room_id, "GET", "HEAD", "POST", "OPTIONS")
            self.ask_for(watch_id, "GET")
            driver.send("renew")
            self.secrets.add(driver.wait_for("links")["watch_id"])
            with closing(ArticleClient(self.ws_url, room_id)) as mistaken:
                mistaken.socket.send("no number")
                assert mistaken.wait_for_close()[0] == 1007
            broken = RawClient(self.port, f"/parser/ws/{room_id}")
            broken.socket.sendall(b"\xff" * 64)
            broken.close()
            driver.send("delete")
            driver.wait_for("unknown_room")
            self.ask_for(room_id, "GET")
            with closing(V1Client(self.ws_url, watch_id)) as late:
                assert late.first["type"] == "unknown_room"

    def v1(self, clients: ExitStack, some_id: str | None = None) -> V1Client:
        """Connect, and remember what the owner is told and nobody else."""
        client = V1Client(self.ws_url, some_id)
        clients.callback(client.close)
        self.secrets |= {client.first["watch_id"], client.first["key"]}
        self.secrets |= {client.first["room_id"]} - {None}
        assert client.socket.response is not None
        self.heads.append(str(client.socket.response.headers))
        return client

    def ask_for(self, some_id: str, *methods: str) -> None:
        """Send requests of every kind that name an id."""
        hexadecimal = "".join(f"%{ord(each):02x}" for each in some_id)
        for path in (
            f"/{some_id}",
            f"/{some_id.upper()}",
            f"/{some_id}.tsv",
            f"/{some_id}x",
            f"/{some_id.replace('-', '')}",
            f"/{some_id.replace('-', '%2d')}",
            f"/{hexadecimal}",
            f"/static/{some_id}",
            f"/parser/ws/{some_id}",
            f"/nothing/{some_id}?room={some_id}",
            f"/{some_id}/{'x' * 5000}",
            "/healthz",
            "/metrics",
        ):
            for method in methods:
                self.raw(
                    f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nReferer: http://localhost/{some_id}\r\n"
                    "Connection: close\r\n"
                )
        for lines in (
            f"GET /{some_id}\r\n",
            f"GET /{some_id} HTTP/9.9\r\nHost: localhost\r\n",
            f"G=T /{some_id} HTTP/1.1\r\nHost: localhost\r\n",
            f"GET /{some_id} HTTP/1.1\r\nHost: localhost\r\nX /{some_id}: 1\r\n",
            f"GET /{some_id} HTTP/1.1\r\nHost: localhost\r\n /{some_id}\r\n",
            f"GET /{some_id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: {some_id * 500}\r\n",
            f"POST /{some_id} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {some_id}\r\n",
            f"POST /{some_id} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {some_id}\r\n",
            f"GET /parser/ws/{some_id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: http://b/{some_id}\r\n",
            f"{some_id}\r\n",
            f"/{some_id}\0\r\n",
        ):
            self.raw(lines)

    def raw(self, lines: str) -> None:
        """Send a request as it is, and keep the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_SECONDS) as sock:
            sock.sendall(f"{lines}\r\n".encode("latin-1"))
            answer = b""
            try:
                while piece := sock.recv(1 << 16):
                    answer += piece
            except ConnectionResetError:
                pass
        head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
        # Who names a room in another way is told its address, and nobody else is.
        self.heads.append(re.sub(r"(?m)^Location: .*$", "", head))
        if not (head.startswith("HTTP/1.1 200") and "attachment" in head):
            self.bodies.append(body)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Session], Server, str, str]]:
    """Return the sessions, the server, what Prometheus was told, and nginx's logs."""
    directory = tmp_path_factory.mktemp("secrets")
    server = Server(directory / "data", metrics_port=free_port())
    server.environ["LOG_LEVEL"] = "DEBUG"
    server.start()
    nginx = Nginx(directory / "nginx", server.port)
    try:
        sessions = [Session(server.port), Session(nginx.port)]
        for session in sessions:
            session.run()
        metrics = Scrape.of(server).text
        since = len(server.log.splitlines())
        with closing(V1Client(nginx.ws_url)) as client:
            sessions[1].secrets |= {client.room_id, client.first["watch_id"], client.first["key"]}
            client.upload(table(10))
            server.signal(signal.SIGHUP)
            server.wait_for_log("Worker exiting", since)
        server.stop()
        sessions[1].raw(f"GET /{client.room_id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
        yield sessions, server, metrics, "".join(nginx.logs())
    finally:
        server.stop()
        nginx.stop()


def plain(text: str) -> str:
    """Undo what could hide an id: its case, dashes, percent-encoding."""
    for _ in range(3):
        text = urllib.parse.unquote(text)
    return text.lower().replace("-", "")


def test_no_id_and_no_key_is_in_what_others_can_read(told) -> None:
    sessions, server, metrics, nginx_logs = told
    written = {"the server's log": server.log, "nginx's logs": nginx_logs, "the metrics": metrics}
    for number, session in enumerate(sessions):
        written |= {f"{number}: {head}": head for head in session.heads}
        written |= {f"{number}: a body: {body}": body for body in session.bodies}
    secrets = set.union(*(session.secrets for session in sessions))
    assert len(secrets) > 10
    for where, text in written.items():
        for secret in secrets:
            assert plain(secret) not in plain(text), where


def test_no_name_of_a_file_or_person_is_in_a_log(told) -> None:
    _, server, metrics, nginx_logs = told
    for text in (server.log, metrics, nginx_logs):
        assert "wages" not in text
        assert "second.tsv" not in text
        assert "Forged" not in text


def test_every_line_of_the_log_can_be_read(told) -> None:
    _, server, _, _ = told
    lines = [parse(line.rstrip("\n")) for line in server.log.splitlines(keepends=True)]
    assert all({"time", "level", "logger", "msg"} <= line.keys() for line in lines)
    ends = [line for line in lines if line["msg"] == "closed"]
    assert {"room", "protocol", "code", "why", "seconds", "received", "sent"} <= ends[0].keys()
    assert {"1000", "1007", "1002"} <= {line["code"] for line in ends}
    assert any(line["logger"] == "gunicorn.error" for line in lines)
    assert not any(line["level"] == "ERROR" for line in lines), server.log


def test_every_answer_that_is_one_has_the_security_headers(told) -> None:
    sessions, *_ = told
    statuses = set()
    for session in sessions:
        for head in session.heads:
            status = re.match(r"HTTP/1\.[01] (\d+)", head)
            if status is None or status[1] == "101":
                continue  # of a WebSocket, or no answer: HTTP/0.9 has no head
            statuses.add(status[1])
            headers = {name.lower() for name in re.findall(r"^([\w-]+): ", head, re.MULTILINE)}
            assert {name.lower() for name in SECURITY_HEADERS} <= headers, head
            assert "cache-control" in headers, head
            names = re.findall(r"^([\w-]+): ", head, re.MULTILINE)
            assert len(set(names)) == len(names), head
    assert {"200", "400", "404", "405", "426", "502"} <= statuses
