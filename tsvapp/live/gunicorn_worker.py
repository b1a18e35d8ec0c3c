"""gunicorn's gevent worker, with bounds for what comes before a WebSocket: connections that ask, slowly or badly.

Each costs a greenlet and a descriptor from its first byte on, before anything of ours has seen it. So they are counted
for each address when they are accepted, a head has to come in time, and who asks for much and takes nothing is cut.
gunicorn imports this module before gevent has patched anything: it must import no other part of tsvapp.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from errno import EPIPE
from functools import partial
from math import inf
from time import monotonic
from types import MappingProxyType
from typing import Any

import gevent
from gevent import socket
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.http import errors
from gunicorn.sock import ssl_context
from gunicorn.workers.base_async import AsyncWorker
from gunicorn.workers.ggevent import GeventWorker

UNSENT_BYTES = 128 << 10
"""Bytes the kernel may hold unsent: else a slow download moves in lumps, and looks like one that has stopped."""

ACCEPTS = 4
"""Connections that are taken at once. With more than a turn of the event loop deals with, the line in which everybody
waits to go on would grow for as long as a flood lasts."""

NOTIFY_SECONDS = 1.0
"""How often gunicorn's master is told that this worker lives."""

POLL_SECONDS = 0.02
"""How often it is looked whether the rooms are there, and at the end whether somebody is still being served."""

READY_SECONDS = 5.0
"""How long whoever comes waits in the listening socket's queue for the rooms."""

IDLE_SECONDS = 0.1
"""How long a kept connection has to be silent before it is closed at the end: one that is busy asks again by then, and
is answered with the word that it closes. Who asks at the very moment of the closing has to ask anew, which clients
have to be ready for (RFC 9112, 9.3.1)."""

PROMPT_SECONDS = 1.0
"""How long the drain waits for those who are being served: what they ask for may have to be read from the records."""

LINGER_SECONDS = 1.0
"""How long a refused client may go on sending: to close on unread bytes would destroy the answer on its way."""

LINGER_BYTES = 1 << 20
"""Bytes that are taken meanwhile: beyond, the client does not stop for the answer."""

LOOPBACK = "127.0.0.1"

ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)

HEAD_END = b"\r\n\r\n"

STATUS = {
    errors.LimitRequestLine: (414, "URI Too Long", "The address is too long."),
    errors.LimitRequestHeaders: (431, "Request Header Fields Too Large", "The head of the request is too large."),
    errors.ExpectationFailed: (417, "Expectation Failed", "The server cannot do what the request expects."),
    errors.UnsupportedTransferCoding: (501, "Not Implemented", "The body is encoded in a way that is not known here."),
}
BAD_REQUEST = (400, "Bad Request", "This is no request that HTTP/1.1 allows.")


class AskingSocket(socket.socket):
    """Be the socket of one that asks: reading lets others run, and what waits too long to be taken is given up."""

    ends_with_head = True
    """Whether nothing has come behind the head of the request that was read last."""
    idle_since = inf
    """When it began to wait for what comes after an answer, as monotonic() has it; inf while it does not."""
    _has_asked = False
    _tail = b""

    def recv(self, *args: Any) -> bytes:
        """Return what has come; nothing where that takes too long."""
        # Bytes that are there already come without a wait, and parsing a long head takes its time with each.
        gevent.sleep(0)
        if self._has_asked and not self._tail:
            self.idle_since = monotonic()
        try:
            data: bytes = super().recv(*args)
        except TimeoutError:
            return b""
        finally:
            self.idle_since = inf
        text = self._tail + data
        self.ends_with_head = text.partition(HEAD_END)[1:] == (HEAD_END, b"")
        self._tail = b"" if self.ends_with_head else text[-3:]
        self._has_asked |= self.ends_with_head
        return data

    def end(self) -> None:
        """Take nothing that comes from now on; what has come already is still read."""
        # Not gevent's own, which has the one that waits fail.
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RD)  # type: ignore[attr-defined]  # it is not in the stubs

    def send(self, *args: Any, **kwargs: Any) -> int:
        """Send what is taken; raise BrokenPipeError, which gunicorn takes for an ordinary end, if that is nothing."""
        try:
            return super().send(*args, **kwargs)
        except TimeoutError:
            raise BrokenPipeError(EPIPE, "nothing was taken for too long") from None

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all; what counts is that it goes on, not how long it takes."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest, flags) :]


class Listener:
    """Know where a connection came in, as the socket that took it does."""

    def __init__(self, name: Any) -> None:
        self._name = name

    def getsockname(self) -> Any:
        """Return the address."""
        return self._name


class BoundedWorker(GeventWorker):
    """Count those who ask, and let none of them take too long."""

    headers: Mapping[str, str] = MappingProxyType({})
    """Of each refusal; gunicorn.conf.py sets them, for this module may not import them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asking: Counter[str] = Counter()
        self._all_asking = 0
        self._served: set[AskingSocket] = set()
        self._ending = Event()

    @property
    def _tsvapp(self) -> Any:
        return self.wsgi.extensions["tsvapp"]

    def init_signals(self) -> None:
        """Hear of the end from now on, also of one that was asked for since the fork (pre_fork in gunicorn.conf.py)."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)

    def run(self) -> None:
        """Serve until the end is asked for, then accept nobody more, drain, and wait for those who are being served.

        gunicorn's own notices the end up to a second later, and takes a hundred connections in a turn of the loop.
        """
        for number in ENDS:
            gevent.signal_handler(number, self._end)
        # One that is ended before it is ready must have let nobody in; but where that takes long it is said in words.
        until = monotonic() + READY_SECONDS
        while self.alive and not self._tsvapp.is_ready and monotonic() < until:
            self._ending.wait(POLL_SECONDS)
        servers = [self._server(listener) for listener in self.sockets] if self.alive else []
        while self.alive:
            self.notify()
            self._ending.wait(NOTIFY_SECONDS)
        # Who comes from now on waits in the listening socket's queue for the next worker, and is not refused by this.
        for server in servers:
            server.close()
        self._wait_until_served(servers, PROMPT_SECONDS)
        gevent.spawn(self._tsvapp.drain)
        self._wait_until_served(servers, self.cfg.graceful_timeout)

    def _wait_until_served(self, servers: list[StreamServer], seconds: float) -> None:
        until = monotonic() + seconds
        while any(server.pool for server in servers) and monotonic() < until:
            for each in self._served:
                if monotonic() - each.idle_since > IDLE_SECONDS:
                    each.end()
            self.notify()
            gevent.sleep(POLL_SECONDS)

    def _end(self) -> None:
        # Ctrl+C is an end like any other: gunicorn's own handler would cut every connection.
        self.alive = False
        self._ending.set()

    def _server(self, listener: Any) -> StreamServer:
        listener.setblocking(True)
        options: Any = {"ssl_context": ssl_context(self.cfg)} if self.cfg.is_ssl else {}
        # It may be closed before one that was accepted is looked at, when the worker ends.
        handle = partial(self.handle, Listener(listener.getsockname()))
        server: StreamServer = StreamServer(listener, handle, spawn=Pool(self.worker_connections), **options)
        server.max_accept = ACCEPTS
        server.start()
        return server

    def timeout_ctx(self) -> gevent.Timeout:
        """Bound the time in which a head has to come; an idle connection is kept for as long."""
        return gevent.Timeout(self._tsvapp.settings.head_seconds, False)  # type: ignore[arg-type]  # False: be silent

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection until it ends or becomes a WebSocket; refuse it if there are too many."""
        # What a flood brings has to cost next to nothing, so it is refused before anything is made of it.
        tsvapp = self._tsvapp
        if client.family == socket.AF_UNIX:
            # Who comes by a Unix socket has no address, and is of this machine.
            addr = (LOOPBACK, 0)
        address = tsvapp.proxies.client_address(addr[0], "")
        # A proxy asks for many; it counts them itself.
        is_proxy = tsvapp.proxies.trusts(addr[0])
        groups = tsvapp.addresses.groups(address)
        if self._all_asking + len(tsvapp.connections) >= tsvapp.max_sockets:
            self.refuse(client, 503, "Service Unavailable", "The server is full. Try again in a moment.")
        elif not is_proxy and (words := tsvapp.addresses.asking_refusal(address, self._asking)) is not None:
            self.refuse(client, 429, "Too Many Requests", words)
        else:
            for each in groups:
                self._asking[each.name] += 1
            self._all_asking += 1
            try:
                if not is_proxy:
                    tsvapp.addresses.connects(address).wait()
                self._serve(listener, client, addr)
            finally:
                self._all_asking -= 1
                for each in groups:
                    self._asking[each.name] -= 1
                    if not self._asking[each.name]:
                        del self._asking[each.name]

    def _serve(self, listener: Any, client: Any, addr: Any) -> None:
        mine = AskingSocket(client.family, client.type, client.proto, fileno=client.detach())
        with mine:
            mine.settimeout(self._tsvapp.settings.stall_seconds)
            if mine.family != socket.AF_UNIX:
                mine.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            self._served.add(mine)
            try:
                # Not the gevent worker's own, which takes the timeout off again.
                AsyncWorker.handle(self, listener, mine, addr)
            finally:
                self._served.discard(mine)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer one request; no address takes a body, so none is asked for or read, and the connection ends.

        gunicorn would read a body to its end before the next request.
        """
        if not _has_body(req):
            return super().handle_request(listener_name, req, sock, addr)
        req.force_close()
        req._expected_100_continue = False
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            _linger(sock)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what is no request, in words, and not faster than requests; it may hold a room's id: no log has it."""
        ours = isinstance(exc, errors.InvalidResponseHeader | errors.InvalidResponseHeaderName)
        if ours or not isinstance(exc, errors.ParseException):
            super().handle_error(req, client, addr, exc)
            return
        tsvapp = self._tsvapp
        tsvapp.addresses.requests(tsvapp.proxies.client_address(addr[0], "")).wait()
        self.refuse(client, *STATUS.get(type(exc), BAD_REQUEST))
        _linger(client)

    def refuse(self, client: Any, status: int, reason: str, words: str) -> None:
        """Answer in plain words on a connection that is about to be closed."""
        lines = [
            f"HTTP/1.1 {status} {reason}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(words) + 1}",
            "Connection: close",
            "Cache-Control: no-store",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            *(["Retry-After: 5"] if status in (429, 503) else []),
        ]
        # What has come already is read, and without a wait: to close on unread bytes would destroy the answer.
        with suppress(OSError):
            client.settimeout(0.0)
            with suppress(BlockingIOError):
                socket.socket.recv(client, 1 << 16)
            socket.socket.send(client, "\r\n".join([*lines, "", f"{words}\n"]).encode())
            client.settimeout(LINGER_SECONDS)


def _has_body(req: Any) -> bool:
    return any(
        name == "TRANSFER-ENCODING" or (name == "CONTENT-LENGTH" and value.strip("0")) for name, value in req.headers
    )


def _linger(client: Any) -> None:
    """Take for a moment what is still on its way: to close on unread bytes would destroy the answer."""
    with suppress(OSError), gevent.Timeout(LINGER_SECONDS, False):  # type: ignore[arg-type]
        client.shutdown(socket.SHUT_WR)
        left = LINGER_BYTES
        while left > 0 and (data := socket.socket.recv(client, 1 << 16)):
            left -= len(data)
            gevent.sleep(0)
