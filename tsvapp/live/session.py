"""One WebSocket from the end of its handshake to its own end.

The greenlet that gunicorn started has read the request and shaken hands; its deep stack, the parser and the environ
would stay for as long as the connection does. So the descriptor moves to a greenlet of our own with a shallow stack,
and gunicorn's ends. gunicorn sees nothing of ours then: `Worker.connections` counts them, and a worker that ends waits
for them in `Worker.wait_until_gone`.
"""

from __future__ import annotations

import logging
import time

import gevent
from gevent import socket

from tsvapp.errors import Restarting, StoreAway, UnknownRoom
from tsvapp.live.article_member import ArticleMember
from tsvapp.live.connection import Connection, MessageLimits
from tsvapp.live.ids import mask
from tsvapp.live.pace import Pace
from tsvapp.live.v1_member import V1Member
from tsvapp.live.worker import Worker
from tsvapp.room.protocol import CHUNK_BYTES, COMMAND_BYTES, NO_ROOM, PAGE_NUMBER_BYTES, SUBPROTOCOL

log = logging.getLogger(__name__)


def take_over(
    sock: socket.socket, worker: Worker, some_id: str | None, v1: bool, address: str, proxied: bool = False
) -> None:
    """Begin the conversation on a socket whose handshake is done, and return; `sock` is of no use afterwards.

    `address` is whom the connection counts for; the peer of one that is `proxied` is the proxy.
    """
    # A socket object anew: the former one is gunicorn's to close.
    mine = socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
    settings = worker.settings
    _mind(mine, settings.vanish_seconds)
    limits = (
        MessageLimits(text=COMMAND_BYTES, binary=CHUNK_BYTES)
        if v1
        else MessageLimits(text=PAGE_NUMBER_BYTES, binary=settings.max_article_bytes)
    )
    paces = (Pace(settings.messages_per_second), worker.addresses.messages(address))
    connection = Connection(mine, limits, settings.stall_seconds, paces)
    connection.share_memory(worker.receiving, address)
    # From here on it counts, so that no more are let in than there may be.
    worker.opened(connection, address)
    if proxied:
        worker.silence.watch(connection)
    worker.counts.opened[SUBPROTOCOL if v1 else "article"] += 1
    gevent.spawn(_live, connection, worker, some_id, v1)


def _mind(sock: socket.socket, seconds: float) -> None:
    """Have the kernel find out that a peer has vanished, whether bytes are on their way to it or not.

    Unlike a ping of ours that costs nothing for each viewer, and no stall of this process is taken for theirs.
    """
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Asked twice before the end, which TCP_USER_TIMEOUT sets for both (tcp(7)).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, int(seconds / 2)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, int(seconds / 4)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def _live(connection: Connection, worker: Worker, some_id: str | None, v1: bool) -> None:
    started = time.monotonic()
    try:
        _converse(connection, worker, some_id, v1)
    except Restarting:
        pass  # it came too late, and has been told
    except StoreAway as error:
        connection.close(error.close_code, error.message)
    except Exception:
        log.exception("connection to room %s failed", mask(some_id))
        connection.close(1011, "the server failed; it is logged")
    finally:
        try:
            connection.finish()
        finally:
            worker.closed(connection)
        protocol, code, why = SUBPROTOCOL if v1 else "article", connection.close_code, connection.outbox.ended
        worker.counts.end(protocol, code, why, connection.received_bytes, connection.outbox.sent_bytes)
        fields = {
            "room": mask(some_id),
            "protocol": protocol,
            "code": code,
            "why": why,
            "seconds": f"{time.monotonic() - started:.1f}",
            "received": connection.received_bytes,
            "sent": connection.outbox.sent_bytes,
        }
        log.info("closed", extra={"fields": fields})


def _converse(connection: Connection, worker: Worker, some_id: str | None, v1: bool) -> None:
    registry = worker.registry
    try:
        found = (registry.create(), True) if some_id is None else registry.find(some_id)
        if found is None:
            raise UnknownRoom(NO_ROOM["unknown"])
    except UnknownRoom as error:
        if v1:
            return V1Member(connection, worker, None, may_drive=False).converse(error.reason)
        return connection.close(error.close_code, error.message)
    room, may_drive = found
    if v1:
        V1Member(connection, worker, room, may_drive, made=some_id is None).converse()
    else:
        ArticleMember(connection, worker, room, may_drive).converse()
