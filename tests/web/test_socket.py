"""The gate before the WebSocket, at a real server: which handshakes pass, and what the others are answered."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from tests.support.client import WAIT_SECONDS, V1Client, open_socket, table
from tests.support.logfmt import parse
from tests.support.raw import Answer, read_answer, request
from tests.support.server import Server

LISTED = ("https://tables.example", "http://other.example:8080")

# The key of RFC 6455, section 1.3, and the answer that it gives there.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

NO_ROOM = "4a4b5cc2-9894-4f10-adbb-bd9bdc91a668"
OF_VERSION_1 = "4a4b5cc2-9894-1f10-adbb-bd9bdc91a668"

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


NAMES = ["tables.local", "xn--tbl-6na.example"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start one server for all, because none of these tests changes anything of it."""
    server = Server(tmp_path_factory.mktemp("server"), allowed_origins=" ".join(LISTED), hosts=" ".join(NAMES))
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.log, server.log


def ask(
    server: Server,
    path: str = "/parser/ws",
    method: str = "GET",
    without: tuple[str, ...] = (),
    version: str = "1.1",
    **changes: str,
) -> Answer:
    """Send a handshake, changed as wished (underscores stand for dashes), and read the answer."""
    headers = {"Host": f"127.0.0.1:{server.port}", **HANDSHAKE}
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [
        f"{method} {path} HTTP/{version}",
        *(f"{name}: {headers[name]}" for name in headers if name not in without),
    ]
    return request(server.port, lines)


def plain(server: Server, path: str = "/parser/ws", method: str = "GET", **headers: str) -> Answer:
    """Send a request that is no handshake."""
    return ask(server, path, method, without=tuple(HANDSHAKE), **headers)


def is_refused(answer: Answer, status: int) -> bool:
    """Say whether an answer refuses in words, and shows nothing of the inside."""
    assert answer.status == status, answer
    assert answer.body.strip()
    assert "Traceback" not in answer.body
    assert answer.headers["Content-Security-Policy"]
    return True


# Handshakes that pass


@pytest.mark.parametrize("path", ["/parser/ws", f"/parser/ws/{NO_ROOM}", f"/parser/ws/{NO_ROOM.upper()}"])
def test_a_handshake_passes(server, path):
    answer = ask(server, path)
    assert answer.status == 101
    assert answer.headers["Sec-WebSocket-Accept"] == ACCEPT
    assert answer.headers["Upgrade"].lower() == "websocket"
    assert answer.headers["Connection"].lower() == "upgrade"


@pytest.mark.parametrize(
    "changes",
    [{"Upgrade": "WebSocket"}, {"Connection": "keep-alive, Upgrade"}, {"Connection": "upgrade"}, {"Cookie": "a=b"}],
    ids=str,
)
def test_a_handshake_passes_as_browsers_and_programs_spell_it(server, changes):
    assert ask(server, **changes).status == 101


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, None),
        ("tsvapp.v1", "tsvapp.v1"),
        ("tsvapp.v9, tsvapp.v1", "tsvapp.v1"),
        ("chat", None),
        ("TSVAPP.V1", None),
    ],
)
def test_the_protocol_is_ours_if_it_is_offered(server, offered, chosen):
    answer = ask(server, **({"Sec_WebSocket_Protocol": offered} if offered else {}))
    assert (answer.status, answer.headers["Sec-WebSocket-Protocol"]) == (101, chosen)


@pytest.mark.parametrize("offered", ["permessage-deflate", "permessage-deflate; client_max_window_bits", "x-odd"])
def test_no_extension_is_negotiated(server, offered):
    answer = ask(server, Sec_WebSocket_Extensions=offered)
    assert (answer.status, answer.headers["Sec-WebSocket-Extensions"]) == (101, None)


# Handshakes that do not


@pytest.mark.parametrize(
    "room_id",
    ["nonsense", OF_VERSION_1, NO_ROOM[:-1], NO_ROOM + "0", NO_ROOM.replace("-", ""), "", "..%2f..%2fhealthz", "%00"],
)
def test_a_malformed_id_is_not_found(server, room_id):
    assert is_refused(ask(server, f"/parser/ws/{room_id}"), 404)
    assert is_refused(plain(server, f"/parser/ws/{room_id}"), 404)


@pytest.mark.parametrize("path", ["/", "/healthz", f"/{NO_ROOM}", f"/{NO_ROOM}.tsv", "/static/css/base.css"])
def test_other_addresses_speak_no_websocket(server, path):
    answer = ask(server, path)
    assert is_refused(answer, 404)
    assert answer.body == "There is no WebSocket at this address.\n"


@pytest.mark.parametrize("path", ["/parser/ws", f"/parser/ws/{NO_ROOM}"])
@pytest.mark.parametrize("without", [tuple(HANDSHAKE), ("Upgrade",), ("Connection",)], ids=", ".join)
def test_a_plain_request_is_told_to_upgrade(server, path, without):
    answer = ask(server, path, without=without)
    assert is_refused(answer, 426)
    assert answer.headers["Upgrade"] == "websocket"
    assert "upgrade" in answer.headers["Connection"].lower()
    assert answer.headers["Sec-WebSocket-Version"] == "13"


@pytest.mark.parametrize("version", ["12", "8", "0", "", "13, 8", "thirteen"])
def test_another_version_is_told_ours(server, version):
    answer = ask(server, Sec_WebSocket_Version=version)
    assert is_refused(answer, 426)
    assert answer.headers["Sec-WebSocket-Version"] == "13"


def test_a_handshake_without_a_version_is_told_ours(server):
    assert is_refused(ask(server, without=("Sec-WebSocket-Version",)), 426)


@pytest.mark.parametrize(
    "key", ["", "x", "AAAA", KEY[:-4], KEY + "AAAA", "A" * 24, KEY[:-1], "é" * 24, " " * 24, KEY[:-3] + "===", "*" * 24]
)
def test_a_broken_key_is_refused(server, key):
    answer = ask(server, Sec_WebSocket_Key=key)
    assert is_refused(answer, 400)
    assert answer.body == "Sec-WebSocket-Key must be 16 bytes in base64.\n"


def test_a_handshake_without_a_key_is_refused(server):
    assert is_refused(ask(server, without=("Sec-WebSocket-Key",)), 400)


@pytest.mark.parametrize("path", ["/parser/ws", f"/parser/ws/{NO_ROOM}"])
def test_a_handshake_that_names_no_host_is_refused(server, path):
    for answer in (ask(server, path, without=("Host",)), ask(server, path, Host="")):
        assert is_refused(answer, 400)


def test_a_handshake_by_an_older_http_is_refused(server):
    assert is_refused(ask(server, version="1.0"), 400)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_another_method_than_get_is_refused(server, method):
    for answer in (ask(server, method=method), plain(server, method=method)):
        assert is_refused(answer, 405)
        assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_a_handshake_with_a_method_that_other_addresses_take_is_refused(server, method):
    answer = ask(server, method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


HOST = b"Host: tables.local\r\n"
HEAD = HOST + "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items()).encode()
GET = b"GET /parser/ws HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"GET /parser/ws HTTP/1.0\r\n" + HEAD.removeprefix(HOST) + b"\r\n", 400, id="HTTP/1.0, no host"),
        pytest.param(b"GET /parser/ws HTTP/2.0\r\n" + HEAD + b"\r\n", 400, id="HTTP/2.0"),
        pytest.param(b"GET /parser/ws\r\n\r\n", 400, id="HTTP/0.9"),
        pytest.param(GET + HOST + HEAD + b"\r\n", 400, id="two hosts"),
        pytest.param(GET + HEAD + b"Sec-WebSocket-Key: " + KEY.encode() + b"\r\n\r\n", 400, id="two keys"),
        pytest.param(GET + HEAD + b"Sec-WebSocket-Version: 13\r\n\r\n", 426, id="two versions"),
        pytest.param(GET + HEAD + b"Upgrade: h2c\r\n\r\n", 426, id="two upgrades"),
        pytest.param(GET + HEAD.replace(b": websocket", b": h2c") + b"\r\n", 426, id="another upgrade"),
        pytest.param(GET + HEAD.replace(b": Upgrade", b": keep-alive") + b"\r\n", 426, id="another connection"),
        pytest.param(GET + HEAD + b"Sec-WebSocket-Protocol: \xe9\xff\r\n\r\n", 400, id="a protocol that is no ASCII"),
        pytest.param(GET + HEAD + b"Content-Length: 5\r\n\r\nhello", 400, id="a body"),
        pytest.param(GET + HEAD + b"Content-Length: 5\r\n\r\n", 400, id="a body that does not come"),
        pytest.param(GET + HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, id="a chunked body"),
        pytest.param(GET + HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 400, id="a body without an end"),
        pytest.param(GET + HEAD + b"Content-Length: -5\r\n\r\n", 400, id="a length below zero"),
        pytest.param(GET + HEAD + b"Expect: cake\r\n\r\n", 417, id="an expectation"),
        pytest.param(GET + HEAD + b"\r\n" + GET + HEAD + b"\r\n", 400, id="a second request behind it"),
        pytest.param(GET + HEAD + b"\r\n" + b"\x81\x80\x00\x00\x00\x00", 400, id="a frame behind it"),
        pytest.param(b"\x00\xff\x16\x03\x01" * 20 + b"\r\n\r\n", 400, id="garbage"),
        pytest.param(b"\x16\x03\x01\x00\xa5\x01\x00" + b"x" * 160 + b"\r\n\r\n", 400, id="TLS"),
        pytest.param(b"GET /parser/\xff\x00ws HTTP/1.1\r\n" + HEAD + b"\r\n", 400, id="an address of garbage"),
        pytest.param(b"G<T /parser/ws HTTP/1.1\r\n" + HEAD + b"\r\n", 400, id="no method"),
        pytest.param(b"BREW /parser/ws HTTP/1.1\r\n" + HEAD + b"\r\n", 405, id="an odd method"),
        pytest.param(b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n" + HEAD + b"\r\n", 404, id="CONNECT"),
        pytest.param(GET + HEAD + b"nonsense\r\n\r\n", 400, id="no header"),
        pytest.param(GET + HEAD + b"X: a\x00b\r\n\r\n", 400, id="a NUL"),
        pytest.param((GET + HEAD + b"\r\n").replace(b"\r\n", b"\n"), 400, id="other row ends"),
        pytest.param(b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 414, id="a long address"),
        pytest.param(b"GET /" + b"a" * 1_000_000, 414, id="an address without an end"),
        pytest.param(GET + HEAD + b"X: " + b"a" * 9000 + b"\r\n\r\n", 431, id="a long header"),
        pytest.param(GET + HEAD + b"X: " + b"a" * 1_000_000, 431, id="a header without an end"),
        pytest.param(GET + HEAD + b"".join(b"X%d: 1\r\n" % n for n in range(100)) + b"\r\n", 431, id="many headers"),
    ],
)
def test_what_is_no_handshake_is_answered_in_plain_words_and_the_log_has_nothing_of_it(server, sent, status):
    with closing(socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS)) as peer:
        peer.sendall(sent)
        answer = read_answer(peer)
    assert (answer.status, "Traceback" in answer.body + server.log) == (status, False)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8" or status in (404, 405)
    assert "Invalid request" not in server.log


def test_headers_that_are_not_of_the_handshake_do_not_break_it(server):
    assert ask(server, X_Odd="é" * 1000, Cookie="é", Sec_WebSocket_Extensions="é;;,=", TE="trailers").status == 101
    assert ask(server, **{f"X_{number}": "a" * 4000 for number in range(10)}).status == 101


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_handshake_that_comes_in_pieces_passes(server, size):
    with closing(socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS)) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        text = GET + HEAD + b"\r\n"
        for start in range(0, len(text), size):
            peer.sendall(text[start : start + size])
        assert read_answer(peer).status == 101


def test_a_long_head_stops_nobody(server):
    since = len(server.log.splitlines())
    with closing(socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS)) as peer:
        peer.sendall(GET + HEAD + b"X: " + b"a" * 8000 + b"\r\nX: " + b"a" * 1_000_000)
        assert read_answer(peer).status == 431
    assert plain(server, "/healthz").status == 200
    assert "stood still" not in "".join(server.log.splitlines()[since:])


# Origins


@pytest.mark.parametrize("origin", LISTED)
def test_a_page_of_a_listed_origin_may_connect(server, origin):
    assert ask(server, Origin=origin).status == 101


def test_a_page_of_the_same_origin_may_connect(server):
    assert ask(server, Origin=server.url).status == 101


def test_a_page_of_the_same_origin_may_connect_by_any_name_of_the_server(server):
    assert ask(server, Host="tables.local", Origin="http://tables.local").status == 101
    assert ask(server, Host="[::1]:80", Origin="http://[::1]").status == 101


def test_a_program_without_an_origin_may_connect(server):
    assert ask(server).status == 101


@pytest.mark.parametrize("trusted", ["127.0.0.1", "192.0.2.1"])
def test_the_scheme_is_believed_from_a_trusted_proxy_alone(start_server, trusted):
    server = start_server(trusted_proxies=trusted)
    secure = server.url.replace("http:", "https:")
    believed = trusted == "127.0.0.1"
    assert ask(server, X_Forwarded_Proto="https", Origin=secure).status == (101 if believed else 403)
    assert ask(server, X_Forwarded_Proto="https", Origin=server.url).status == (403 if believed else 101)
    assert ask(server, X_Forwarded_Proto="https, http", Origin=secure).status == 403


@pytest.mark.parametrize("second", ["https://evil.example", "{url}", ""])
def test_two_origins_are_none(server, second):
    mine = server.url
    assert is_refused(ask(server, Origin=f"{mine}\r\nOrigin: {second.format(url=mine)}"), 403)
    assert is_refused(ask(server, Origin=f"https://evil.example\r\nOrigin: {mine}"), 403)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("tables.local", "http://tables.local."),
        ("tables.local.", "http://tables.local"),
        ("tables.local", "http://TABLES.local"),
        ("tables.local:8000", "http://tables.local"),
        ("tables.local:8000", "http://tables.local:80"),
        ("tables.local", "http://xn--tables-.local"),
        ("xn--tbl-6na.example", "http://täbl.example"),
        ("[::1]:8000", "http://[0:0:0:0:0:0:0:1]:8000"),
        ("[::1]:8000", "http://::1:8000"),
        ("[::1]:8000", "http://127.0.0.1:8000"),
        ("127.0.0.1:8000", "http://[::ffff:127.0.0.1]:8000"),
        ("127.0.0.1:8000", "http://127.1:8000"),
        ("127.0.0.1:8000", "http://2130706433:8000"),
        ("localhost:8000", "http://127.0.0.1:8000"),
        ("127.0.0.1:8000", "http://localhost:8000"),
    ],
)
def test_another_name_of_the_same_place_is_another_origin(server, host, origin):
    assert is_refused(ask(server, Host=host, Origin=origin), 403)
    exact = host.removesuffix(".")
    assert ask(server, Host=exact, Origin=f"http://{exact}").status == 101


def test_behind_a_front_door_the_scheme_is_the_one_that_the_browser_sees(server):
    secure = server.url.replace("http:", "https:")
    assert ask(server, X_Forwarded_Proto="https", Origin=secure).status == 101
    assert is_refused(ask(server, X_Forwarded_Proto="https", Origin=server.url), 403)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1{port}",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}/path",
        "http://127.0.0.1:{port}?",
        "http://127.0.0.1:{port}#",
        "http://user@127.0.0.1:{port}",
        "http://evil.example@127.0.0.1:{port}",
        "http://127.0.0.1:{port}@evil.example",
        "http://sub.127.0.0.1:{port}",
        "http://127.0.0.1.evil.example:{port}",
        "HTTP://127.0.0.1:{port}",
        "http://LOCALHOST:{port}",
        "http://localhost:{port}",
        "127.0.0.1:{port}",
        "//127.0.0.1:{port}",
        "http:127.0.0.1:{port}",
        "http://127.0.0.1:{port} https://tables.example",
        "http://127.0.0.1:{port}, http://evil.example",
        "https://tables.example/",
        "https://tables.example:443",
        "https://tables.example.evil.example",
        "https://www.tables.example",
        "HTTPS://tables.example",
        "http://tables.example",
        "http://[",
        "http://[::1",
        "http://]",
        "http://",
        "javascript:alert(1)",
        "file://",
        "é",
    ],
)
def test_only_exactly_the_same_or_a_listed_origin_may_connect(server, origin):
    answer = ask(server, Origin=origin.format(port=server.port))
    assert is_refused(answer, 403)
    assert "TSVAPP_ALLOWED_ORIGINS" in answer.body


@pytest.mark.parametrize("host", ["", "exa mple", "a/b", "user@evil", "[", "é"])
@pytest.mark.parametrize("origin", ["http://", "http://{host}", "https://evil.example"])
def test_a_broken_host_is_nobodys_origin_and_breaks_nothing(server, host, origin):
    answer = ask(server, Host=host, Origin=origin.format(host=host))
    assert answer.status in (400, 403)
    assert "Traceback" not in answer.body


@pytest.mark.parametrize("host", [".", ".example", "a..b", "a" * 64, "x" * 300, "é", "xn--", "xn--a.example"])
@pytest.mark.parametrize("path", ["/", "/nowhere", "/parser/ws", f"/parser/ws/{NO_ROOM}"])
def test_a_host_that_nobody_can_have_is_refused_everywhere(server, host, path):
    for answer in (ask(server, path, Host=host), plain(server, path, Host=host)):
        assert is_refused(answer, 400)
        assert "Host" in answer.body


@pytest.mark.parametrize(
    "changes",
    [{"Sec_WebSocket_Protocol": "é"}, {"Sec_WebSocket_Protocol": "tsvapp.v1, \xff"}, {"Connection": "Upgrade, é"}],
    ids=str,
)
def test_a_header_that_is_not_ascii_where_it_must_be_is_refused(server, changes):
    assert is_refused(ask(server, **changes), 400)


@pytest.mark.parametrize(("proto", "scheme"), [("wss", "https"), ("WSS", "https"), ("HTTPS", "https"), ("ws", "http")])
def test_traefiks_names_of_a_scheme_count(server, proto, scheme):
    """Traefik 3 sends these headers with a handshake: https://doc.traefik.io/traefik/getting-started/faq/."""
    forwarded = {
        "X_Forwarded_For": "198.51.100.7",
        "X_Forwarded_Host": "tables.local",
        "X_Forwarded_Port": "443",
        "X_Forwarded_Proto": proto,
        "X_Forwarded_Server": "traefik",
        "X_Real_Ip": "198.51.100.7",
    }
    assert ask(server, Host="tables.local", Origin=f"{scheme}://tables.local", **forwarded).status == 101
    assert is_refused(ask(server, Host="tables.local", Origin=f"{proto}://tables.local", **forwarded), 403)


def test_two_proxies_in_a_row_are_believed_as_far_as_they_are_trusted(start_server):
    server = start_server(trusted_proxies="127.0.0.1 10.0.0.0/8")
    secure = server.url.replace("http:", "https:")
    row = {"X_Forwarded_Proto": "https, http", "Origin": secure}
    assert ask(server, X_Forwarded_For="198.51.100.7, 10.0.0.1", **row).status == 101
    assert is_refused(ask(server, X_Forwarded_For="198.51.100.7", **row), 403)


def test_a_default_port_in_host_is_the_origin_without_it(server):
    secure = {"X_Forwarded_Proto": "https", "Origin": "https://tables.local"}
    assert ask(server, Host="tables.local:443", **secure).status == 101
    assert ask(server, Host="tables.local:80", Origin="http://tables.local").status == 101
    assert is_refused(ask(server, Host="tables.local:80", **secure), 403)


def refusals(server):
    """Return the warnings about refused origins in the log."""
    lines = [line for line in server.log.splitlines() if "because of its Origin" in line]
    return [parse(line) for line in lines]


def test_a_refused_origin_is_logged_with_the_remedy(start_server):
    server = start_server(trusted_proxies="192.0.2.1", hosts="*")
    ask(server, Host="tables.local", Origin="https://tables.local", X_Forwarded_Proto="https")
    server.wait_for_log("because of its Origin")
    (line,) = refusals(server)
    assert (line["level"], line["origin"], line["host"]) == ("WARNING", "https://tables.local", "tables.local")
    assert (line["scheme"], line["peer"], line["trusted"]) == ("http", "127.0.0.1", "no")
    assert "TSVAPP_TRUSTED_PROXIES" in line["msg"]


def test_refused_origins_are_logged_once_for_each_remedy(start_server):
    server = start_server(hosts="*")
    for _ in range(20):
        ask(server, Origin="https://evil.example")
    ask(server, Host="tables.local", Origin="https://tables.local")
    server.wait_for_log("sends no X-Forwarded-Proto")
    assert [line["origin"] for line in refusals(server)] == ["https://evil.example", "https://tables.local"]


@pytest.mark.parametrize(
    ("sent", "logged"),
    [
        (f"https://{NO_ROOM}.example", f"https://{NO_ROOM[:8]}….example"),
        ("x" * 80 + NO_ROOM, "x" * 80 + NO_ROOM[:8] + "…"),
        ("x" * 90 + NO_ROOM, "x" * 90 + NO_ROOM[:8] + "…"),
        ("x" * 5000, "x" * 100 + "…"),
        ('a" level="ERROR', 'a" level="ERROR'),
        ("caf\xe9\x85\x9b31m", "caf\xe9\x85\x9b31m"),
    ],
)
def test_the_log_of_an_origin_is_one_short_line_without_an_id(start_server, sent, logged):
    server = start_server(hosts="*")
    with closing(socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS)) as peer:
        peer.sendall(GET + HEAD + f"Origin: {sent}\r\n\r\n".encode("latin-1"))
        assert read_answer(peer).status == 403
    server.wait_for_log("because of its Origin")
    (line,) = refusals(server)
    assert line["origin"] == logged
    assert NO_ROOM[9:] not in server.log


def test_a_server_below_a_path_of_its_own_serves_there(tmp_path):
    server = Server(tmp_path / "data")
    server.environ["SCRIPT_NAME"] = "/tables"
    origin = server.url
    server.url += "/tables"
    server.ws_url += "/tables"
    server.start()
    try:
        with closing(V1Client(server.ws_url, origin=origin)) as client:
            assert client.upload(table(10))["rows"] == 11
        with urllib.request.urlopen(f"{server.url}/static/js/main.js") as answer:
            assert answer.status == 200
        assert plain(server, "/tables").headers["Location"] == "tables/"
        assert is_refused(plain(server, "/healthz"), 400)
        lost = plain(server, "/tables/nothing/here")
        assert is_refused(lost, 404)
        assert 'href="../static/built/viewer-' in lost.body
    finally:
        server.stop()


# What the viewer asks after a refused handshake, of which its browser tells it nothing


@pytest.mark.parametrize(
    ("page", "allowed"),
    [("http://tables.local", True), (LISTED[0], True), ("https://tables.local", False), ("", False)],
)
def test_a_viewer_learns_whether_its_origin_may_connect(server, page, allowed):
    answer = plain(server, f"/parser/origin?origin={page}", Host="tables.local")
    assert (answer.status, json.loads(answer.body)) == (200, {"allowed": allowed})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] is None
    assert ask(server, Host="tables.local", Origin=page).status == (101 if allowed else 403)


# A full server


def test_a_full_server_says_when_to_come_again_and_has_a_place_once_one_leaves(start_server):
    server = start_server(max_connections=2)
    first, second = V1Client(server.ws_url), V1Client(server.ws_url)
    with closing(first):
        with closing(second):
            answer = ask(server)
            assert is_refused(answer, 503)
            assert int(answer.headers["Retry-After"]) > 0
            assert plain(server, "/healthz").status == 200
        server.wait_for_log("closed room=")
        with closing(V1Client(server.ws_url)) as third:
            assert third.first["type"] == "welcome"


def test_a_refused_handshake_takes_no_place(start_server):
    server = start_server(max_connections=1)
    for _ in range(3):
        assert is_refused(ask(server, Origin="https://evil.example"), 403)
        assert is_refused(ask(server, Sec_WebSocket_Key="x"), 400)
    assert ask(server).status == 101


# One address


def test_an_address_that_has_its_share_is_refused_in_words_and_others_are_not(start_server):
    server = start_server(sockets_per_address=2)
    with closing(V1Client(server.ws_url)):
        with closing(V1Client(server.ws_url)):
            answer = ask(server)
            assert is_refused(answer, 429)
            assert "2 connections open" in answer.body
            assert int(answer.headers["Retry-After"]) > 0
            # Of another address, as the trusted proxy says.
            assert ask(server, X_Forwarded_For="198.51.100.7").status == 101
        server.wait_for_log("closed room=new protocol=tsvapp.v1")
        assert ask(server).status == 101


def test_an_address_that_connects_again_and_again_is_held_back(start_server):
    server = start_server(connects_per_address=3)
    for _ in range(3):
        assert ask(server).status == 101
    answer = ask(server)
    assert is_refused(answer, 429)
    assert "3 times within a minute" in answer.body


def test_who_is_no_trusted_proxy_cannot_speak_for_others(start_server):
    server = start_server(sockets_per_address=1, trusted_proxies="192.0.2.1")
    with closing(V1Client(server.ws_url)):
        assert is_refused(ask(server, X_Forwarded_For="198.51.100.7"), 429)


# The log


def test_the_id_of_a_room_is_in_no_log(start_server):
    server, room_id = start_server(), str(uuid4())
    with closing(open_socket(server.ws_url, room_id)):
        line = server.wait_for_log("closed room=")
    assert f"room={room_id[:8]}… protocol=article code=1008" in line
    assert NO_ROOM not in server.log


def test_a_client_that_is_gone_before_its_handshake_is_answered_is_no_failure(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    headers = {"Host": f"127.0.0.1:{server.port}", **HANDSHAKE}
    lines = [f"GET /parser/ws/{NO_ROOM} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    os.kill(server.worker_pid, signal.SIGSTOP)
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as gone:
            gone.sendall("\r\n".join(lines).encode())
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.kill(server.worker_pid, signal.SIGCONT)
    with urllib.request.urlopen(f"{server.url}/healthz") as answer:
        assert answer.status == 200
    server.stop()
    assert NO_ROOM not in server.log
    assert "Traceback" not in server.log
