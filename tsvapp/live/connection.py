"""Our end of one WebSocket: messages in, frames out, and a close that the peer gets to see.

flask-sock shakes hands; from then on the socket is ours, and so is the wsproto state. One greenlet reads: it takes
bytes from the socket only when the message before has been dealt with, so a sender that is faster than the disk waits
in TCP instead of in our memory. All that leaves goes through the outbox.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import gevent
from wsproto import ConnectionType
from wsproto.connection import Connection as Protocol
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError

from tsvapp.live import unmask
from tsvapp.live.announced import announced, in_one_frame
from tsvapp.live.frame import close_frame, message_frame, pong_frame
from tsvapp.live.outbox import FLUSH_SECONDS, Outbox, Slot
from tsvapp.live.pace import Pace
from tsvapp.live.receiving import FREE_BYTES, Receiving, Share

unmask.install()

SMALL_FRAME_BYTES = 1 << 10
"""Below, a frame costs for being one and not for its bytes: it counts as a message does. Chunks are larger."""

RECEIVE_BYTES = 64 << 10
"""Bytes of one read: 4 KiB, the library's own, costs a third of an upload's speed."""

SMALL_PIECE_BYTES = 512
"""Shorter pieces of a message are kept together: an object for each would take many times their bytes."""

SLICE_SECONDS = 0.005
"""How long one connection is heard before others may run: 64 KiB may be ten thousand frames, 80 µs each."""

DEAF_SECONDS = 0.02
"""How often one that still sends while the server ends looks whether it has been told."""


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """Bound what one message may be, in bytes."""

    text: int
    binary: int


class Connection:
    """Read the messages of one WebSocket and close it properly; `outbox` is the way out."""

    __slots__ = (
        *("_cut", "_limits", "_paces", "_protocol", "_share", "_sock"),
        *("busy", "close_code", "deaf", "outbox", "received_bytes"),
    )

    def __init__(
        self, sock: socket.socket, limits: MessageLimits, stall_seconds: float, paces: tuple[Pace, ...] = ()
    ) -> None:
        self._sock = sock
        self._protocol = Protocol(ConnectionType.SERVER)
        self._limits = limits
        self._paces = paces
        self.outbox = Outbox(sock, stall_seconds)
        self.received_bytes = 0
        self.close_code: int | None = None
        self.busy = True
        """While something is done for this connection that may write: its room is opened, a message is dealt with."""
        self.deaf = False
        """Once nothing that comes is to be heard any more; what was begun is brought to its end."""
        self._share: Share | None = None
        self._cut: gevent.Greenlet[..., None] | None = None

    def share_memory(self, receiving: Receiving, address: str) -> None:
        """Have large messages wait for their turn among all that are received at once."""
        self._share = receiving.share(address, self._drop_slow)

    def _drop_slow(self) -> None:
        self.close(1013, "the message took too long while others waited; send it in smaller pieces")

    @property
    def signs_of_life(self) -> int:
        """Return a number that changes when the peer has sent something, or taken something that had to wait for it."""
        return self.received_bytes + (self.outbox.sent_bytes if self.outbox.waiting else 0)

    def messages(self) -> Iterator[str | bytes]:
        """Yield whole messages until either side closes; a broken or oversized one closes from here.

        Text, pings and small frames come no faster than the paces allow.
        """
        parts: list[bytes | bytearray] = []
        size = 0
        frame = 0
        others_ran = monotonic()
        self.busy = False
        while not self.deaf:
            for event in self._protocol.events():
                if monotonic() - others_ran > SLICE_SECONDS:
                    # Reading from a socket that is never empty, frame after frame, would not let anybody else run.
                    gevent.sleep(0)
                    others_ran = monotonic()
                    if self.deaf:
                        return self._wait_for_close()
                if isinstance(event, TextMessage | BytesMessage):
                    is_text = isinstance(event, TextMessage)
                    # Limits are in bytes: a text counted in characters may be four times as large.
                    piece = event.data.encode() if isinstance(event.data, str) else event.data
                    size += len(piece)
                    if self._is_too_big(is_text, size):
                        return
                    frame += len(piece)
                    if event.frame_finished:
                        if is_text or frame < SMALL_FRAME_BYTES:
                            self._keep_pace()
                            if self.deaf:
                                return self._wait_for_close()
                        frame = 0
                    _keep(parts, piece)
                    if not event.message_finished:
                        continue
                    message = b"".join(parts)
                    parts, size = [], 0
                    self.busy = True
                    yield message.decode() if is_text else message
                    self.busy = False
                    # Until the next one comes, nobody needs what may have been a whole file.
                    del event, piece, message
                    self._give_share_back()
                    self.outbox.wait_for_room()
                    if self.deaf:
                        return self._wait_for_close()
                elif isinstance(event, Ping | Pong):
                    self._keep_pace()
                    if isinstance(event, Ping):
                        self.outbox.offer(Slot.PONG, pong_frame(event.payload))
                elif isinstance(event, CloseConnection):
                    # The peer's close, answered with its own code; or a broken frame, with the code for it.
                    self.close(event.code, "" if event.reason is None else event.reason)
                    return
            is_text, coming = announced(self._protocol)
            if coming and self._is_too_big(is_text, size + coming):
                return
            if not is_text:
                self._take_share(size, coming)
            data = self._receive()
            if not data:
                return
            self.received_bytes += len(data)
            if self.deaf:
                return self._wait_for_close()
            try:
                self._protocol.receive_data(data)
            except LocalProtocolError:  # bytes behind the peer's close: there is nothing to hear any more
                return
        self._wait_for_close()

    def _is_too_big(self, is_text: bool, size: int) -> bool:
        """Close if a message of this size, which is here or announced, is over its limit."""
        limit = self._limits.text if is_text else self._limits.binary
        if size <= limit:
            return False
        self.close(CloseReason.MESSAGE_TOO_BIG, f"a message may have at most {limit} bytes")
        return True

    def _take_share(self, here: int, coming: int) -> None:
        """Wait until there is memory for what comes; of a message in pieces nobody knows how much that will be."""
        if self._share is not None and here + coming > FREE_BYTES:
            size = here + coming if in_one_frame(self._protocol) else self._limits.binary
            self._share.take(size, lambda: self.deaf or self.outbox.ended is not None)

    def _give_share_back(self) -> None:
        if self._share is not None:
            self._share.give_back()

    def _keep_pace(self) -> None:
        for pace in self._paces:
            pace.wait()

    def _receive(self) -> bytes:
        try:
            return self._sock.recv(RECEIVE_BYTES)
        except OSError:
            return b""

    def _wait_for_close(self) -> None:
        """Wait until the peer is told why it is not heard: to end before that would look like a lost connection."""
        while self.close_code is None and self.outbox.ended is None:
            gevent.sleep(DEAF_SECONDS)

    def send(self, message: str | bytes) -> None:
        """Answer one message to this peer alone."""
        self.outbox.answer(message_frame(message))

    def close(self, code: int, reason: str = "") -> None:
        """Send a close once; what was answered before still goes out first, and nothing goes after it.

        Called from another greenlet it leaves the reading one waiting for the peer's close, for FLUSH_SECONDS at most.
        """
        self.deaf = True
        if self.close_code is None:
            self.close_code = int(code)
            self.outbox.close(close_frame(code, reason))
            self._cut = gevent.spawn_later(FLUSH_SECONDS, self.outbox.end, "cut")

    def finish(self) -> None:
        """Flush, shut down for writing, give the peer a moment to close, and close the socket.

        Closing a socket with unread input sends a reset, which destroys the close code on its way: so what the
        peer still sends is read and thrown away, for at most FLUSH_SECONDS.
        """
        self._give_share_back()
        self.busy = False
        try:
            self.outbox.finish()
            if self._cut is not None:
                self._cut.kill(block=False)
            if self.outbox.ended == "closed":
                self._part()
        finally:
            self._sock.close()

    def _part(self) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            with gevent.Timeout(FLUSH_SECONDS, False):  # type: ignore[arg-type]  # False: be silent
                while self._sock.recv(RECEIVE_BYTES):
                    pass


def _keep(parts: list[bytes | bytearray], data: bytes | bytearray) -> None:
    """Add a piece of a message to its parts."""
    if len(data) >= SMALL_PIECE_BYTES:
        parts.append(data)
    elif parts and isinstance(parts[-1], bytearray):
        parts[-1] += data
    else:
        parts.append(bytearray(data))
