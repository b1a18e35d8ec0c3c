"""Requests with a body, which no address takes: they are answered, and nothing of the body is waited for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest

from tests.support.nginx import Nginx
from tests.support.raw import WAIT_SECONDS, Answer, read_answer
from tests.support.server import Server

LENGTH = b"Content-Length: 10000000000\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture
def connect(clients: ExitStack) -> Callable[[int], socket.socket]:
    """Connect to a port."""

    def open_connection(port: int) -> socket.socket:
        peer = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)
        return clients.enter_context(closing(peer))

    return open_connection


def has_ended(peer: socket.socket) -> bool:
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def ask(peer: socket.socket, line: bytes, header: bytes, body: bytes = b"x" * 100) -> Answer:
    peer.sendall(line + b" HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n" + body)
    return read_answer(peer)


@pytest.mark.parametrize(
    ("line", "status"), [(b"POST /", 405), (b"GET /healthz", 200), (b"PUT /nowhere", 404), (b"DELETE /parser/ws", 405)]
)
@pytest.mark.parametrize(("header", "body"), [(LENGTH, b"x" * 100), (CHUNKED, b"1\r\nx\r\n" * 100)])
def test_a_body_is_not_read_and_the_connection_ends_with_the_answer(
    server: Server, connect: Callable[[int], socket.socket], line: bytes, status: int, header: bytes, body: bytes
) -> None:
    peer = connect(server.port)
    answer = ask(peer, line, header, body)
    assert (answer.status, answer.headers["Connection"]) == (status, "close")
    assert has_ended(peer)


def test_a_client_that_waits_for_leave_to_send_a_body_gets_the_answer_instead(
    server: Server, connect: Callable[[int], socket.socket]
) -> None:
    answer = ask(connect(server.port), b"POST /", LENGTH + b"Expect: 100-continue\r\n", b"")
    assert answer.status == 405


@pytest.mark.parametrize("header", [b"", b"Content-Length: 0\r\n"])
def test_a_request_without_a_body_leaves_the_connection_for_the_next(
    server: Server, connect: Callable[[int], socket.socket], header: bytes
) -> None:
    peer = connect(server.port)
    for _ in range(2):
        assert ask(peer, b"GET /healthz", header, b"").status == 200


@pytest.mark.nginx
def test_behind_nginx_too_a_body_that_is_announced_as_large_is_refused_and_one_that_is_small_is_answered(
    server: Server, start_nginx: Callable[[int], Nginx], connect: Callable[[int], socket.socket]
) -> None:
    nginx = start_nginx(server.port)
    assert ask(connect(nginx.port), b"POST /", LENGTH).status == 413
    assert ask(connect(nginx.port), b"POST /", b"Content-Length: 100\r\n").status == 405
