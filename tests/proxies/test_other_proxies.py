"""The configurations of docs/deploy.md in the real proxies, with TLS and without."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.client import WAIT_SECONDS, ArticleClient, V1Client, open_socket, table
from tests.support.proxies import COMMANDS, HAPROXY_DEFAULTS, Certificate, Proxy, changed
from tests.support.raw import PING, PONG, RawClient
from tests.support.server import Server

pytestmark = pytest.mark.proxies

StartProxy = Callable[..., Proxy]

SILENT_SECONDS = 200


@pytest.fixture(scope="module", params=COMMANDS)
def proxy(
    request: pytest.FixtureRequest,
    server: Server,
    certificate: Certificate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    """Start each proxy once for the tests of this module."""
    proxy = Proxy(request.param, tmp_path_factory.mktemp("proxy") / "run", server.port, certificate)
    proxy.start()
    yield proxy
    proxy.stop()


def options(proxy: Proxy, scheme: str) -> dict[str, ssl.SSLContext]:
    """Return how a WebSocket client trusts the proxy."""
    return {"ssl": proxy.certificate.context()} if scheme == "https" else {}


def get(proxy: Proxy, scheme: str, path: str) -> bytes:
    with urllib.request.urlopen(proxy.url(scheme) + path, context=proxy.certificate.context()) as answer:
        assert answer.status == 200
        body: bytes = answer.read()
        return body


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_page_connects_uploads_and_turns(proxy: Proxy, scheme: str) -> None:
    assert b"static/built/main-" in get(proxy, scheme, "/")
    ws_url = proxy.url(scheme.replace("http", "ws"))
    browser = {"origin": proxy.origin(scheme), **options(proxy, scheme)}
    data = table(20_000)
    with closing(V1Client(ws_url, **browser)) as first:
        assert first.upload(data)["rows"] == 20_001
        with closing(V1Client(ws_url, first.room_id, **browser)) as second:
            second.wait_for("snapshot")
            second.send("turn", page=7)
            for client in (first, second):
                client.see(lambda event: event["page"] == 7)
        assert get(proxy, scheme, f"/{first.room_id}.tsv") == data


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("origin", ["https://evil.example", "{other}"])
def test_a_page_of_another_origin_is_refused(proxy: Proxy, scheme: str, origin: str) -> None:
    # The other scheme at the same host and port.
    other = proxy.origin(scheme).replace("https:", "x:").replace("http:", "https:").replace("x:", "http:")
    with pytest.raises(InvalidStatus) as refused:
        open_socket(
            proxy.url(scheme.replace("http", "ws")), origin=origin.format(other=other), **options(proxy, scheme)
        )
    assert refused.value.response.status_code == 403


def test_a_client_cannot_choose_its_scheme(proxy: Proxy) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_socket(
            proxy.url("ws"),
            origin=proxy.origin("http").replace("http:", "https:"),
            additional_headers={"X-Forwarded-Proto": "https"},
        )
    assert refused.value.response.status_code == 403


def test_a_client_that_only_listens_outlives_the_timeouts_of_a_proxy_that_names_nobody(
    start_server: Callable[..., Server], start_proxy: StartProxy
) -> None:
    """HAProxy as Debian ships it closes what was silent for 50 s; here 2 s, and the server's periods are as short."""
    server = start_server(vanish_seconds=1.5)

    def short(text: str) -> str:
        defaults = {HAPROXY_DEFAULTS.format(milliseconds=50_000): HAPROXY_DEFAULTS.format(milliseconds=2000)}
        return changed(text, {**defaults, "    option forwardfor\n": ""})

    proxy = start_proxy("haproxy", server, change=short)
    with closing(RawClient(proxy.plain)) as client:
        for _ in range(4):
            assert client.receive() == (PING, b"")
            client.send(PONG, b"")


@pytest.mark.long
def test_clients_that_only_listen_are_kept_behind_every_proxy(server: Server, start_proxy: StartProxy) -> None:
    with ExitStack() as stack:
        driver = stack.enter_context(closing(ArticleClient(server.ws_url)))
        driver.send_file(table(249))
        room_id = driver.receive()["uuid"]
        listeners = []
        for kind in COMMANDS:
            proxy = start_proxy(kind, server)
            for scheme in ("http", "https"):
                ws_url = proxy.url(scheme.replace("http", "ws"))
                socket = open_socket(ws_url, room_id, ping_interval=None, **options(proxy, scheme))
                listeners.append(stack.enter_context(closing(socket)))
                socket.recv()
        with pytest.raises(TimeoutError):
            listeners[0].recv(SILENT_SECONDS)
        driver.turn(2)
        for socket in listeners:
            assert json.loads(socket.recv(WAIT_SECONDS))["page_no"] == 2
