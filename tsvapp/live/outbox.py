"""What one connection still has to send, and the one ordered way out for it.

`simple_websocket` writes with one `send` and ignores how much of it went (messages arrive cut), and takes no lock (a
pong lands inside a page). So everything that leaves goes through here, as whole frames in order. Offering never
waits: the socket is tried at once, and only a full one costs a queue and a writer. A snapshot replaces
an older one that has not gone yet, so a slow viewer holds a few frames that others share, and nothing more.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from contextlib import suppress
from enum import IntEnum

import gevent
from gevent.event import Event
from gevent.socket import wait_write

ANSWERS_BYTES = 256 << 10
"""Unsent bytes of personal answers from which the asker has to wait before it is heard again."""

FLUSH_SECONDS = 2.0
"""How long a closing connection waits until its last frames are taken and the peer has closed."""

UNSENT_BYTES = 128 << 10
"""Bytes the kernel may hold unsent: else it swallows some 3.9 MB of stale pages for a peer that does not read."""


class Slot(IntEnum):
    """Name the kinds of which only the latest frame counts, in the order in which they leave."""

    PONG = 0
    PING = 1
    ACK = 2
    SNAPSHOT = 3
    POINTING = 4
    LINKS = 5
    WHEEL_ASKED = 6
    PROGRESS = 7
    PRESENCE = 8
    HEARTBEAT = 9


class Outbox:
    """Send whole frames in order over `sock`, a gevent socket, without ever making the caller wait."""

    # There are as many as viewers: what an idle one does not need it does not have.
    __slots__ = (
        *("_answer_bytes", "_answers", "_last", "_moved", "_rest", "_slots", "_sock", "_stall_seconds", "_writer"),
        *("ended", "sent_bytes"),
    )

    def __init__(self, sock: socket.socket, stall_seconds: float) -> None:
        self._sock = sock
        self._stall_seconds = stall_seconds
        self._rest: bytes | memoryview | None = None
        self._slots: dict[Slot, bytes] = {}
        self._answers: deque[bytes] | None = None
        self._answer_bytes = 0
        self._last: bytes | None = None
        self._writer: gevent.Greenlet[[], None] | None = None
        self._moved: Event | None = None
        self.ended: str | None = None
        self.sent_bytes = 0
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    @property
    def waiting(self) -> bool:
        """Say whether something waits until the peer has taken what is before it."""
        return self._writer is not None

    def offer(self, slot: Slot, frame: bytes) -> None:
        """Send `frame`, or keep it in its slot in place of an older one."""
        if self._last is None:
            if self._writer is None and self.ended is None and not self._slots:
                # Nothing waits: what nearly every viewer gets of nearly every turn goes out by the shortest way.
                self._rest = self._send(frame)
                if self._rest is not None:
                    self._writer = gevent.spawn(self._write)
                return
            self._slots[slot] = frame
            self._push()

    def answer(self, frame: bytes) -> None:
        """Send `frame` in order behind the other answers; call `wait_for_room` before the next command is heard."""
        if self._last is None:
            self._append(frame)

    def _append(self, frame: bytes) -> None:
        if self._answers is None:
            self._answers = deque()
        self._answers.append(frame)
        self._answer_bytes += len(frame)
        self._push()

    def wait_for_room(self) -> None:
        """Wait while more than ANSWERS_BYTES of answers are unsent: who asks faster than it reads waits for itself."""
        while self._answer_bytes > ANSWERS_BYTES and self.ended is None:
            self._moved = Event()
            self._moved.wait()
            self._moved = None

    def close(self, frame: bytes) -> None:
        """Send the answers that are left and then `frame`; nothing leaves after it."""
        if self._last is None:
            self._last = frame
            self._slots.clear()
            self._append(frame)

    def finish(self) -> None:
        """Wait until everything is taken, at most FLUSH_SECONDS, then stop; the socket is the caller's to close."""
        if self._writer is not None:
            self._writer.join(FLUSH_SECONDS)
        self.end("closed")

    def end(self, why: str) -> None:
        """Drop the connection now: whoever reads from the socket sees its end."""
        if self.ended is not None:
            return
        self.ended = why
        self._slots.clear()
        self._answers = None
        self._answer_bytes = 0
        self._tell_asker()
        self._rest = None
        if self._writer is not None and self._writer is not gevent.getcurrent():
            self._writer.kill(block=False)
        if why != "closed":
            with suppress(OSError):  # the peer may have gone first
                self._sock.shutdown(socket.SHUT_RDWR)

    def _push(self) -> None:
        if self._writer is None and self.ended is None and not self._drain():
            self._writer = gevent.spawn(self._write)

    def _write(self) -> None:
        try:
            while not self._drain():
                # Taking any byte is life; taking none for so long is a stalled viewer. Where this process stood still,
                # the socket is ready by now, and gevent looks at sockets before it looks at the clock.
                wait_write(self._sock.fileno(), timeout=self._stall_seconds)
        except TimeoutError:
            self._forget_unsent()
            self.end("stalled")
        except OSError:
            self.end("lost")
        finally:
            self._writer = None

    def _forget_unsent(self) -> None:
        """Have the kernel let go, at the close, of what a peer does not take, instead of keeping it for minutes."""
        with suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _drain(self) -> bool:
        """Send until there is nothing left (True) or the socket is full (False)."""
        while self.ended is None:
            if self._rest is None:
                self._rest = self._take()
                if self._rest is None:
                    return True
            before = self._rest
            self._rest = self._send(before)
            if self._rest is before:
                return False
        return True

    def _send(self, data: bytes | memoryview) -> bytes | memoryview | None:
        """Send what the socket takes now, and return what is left of it: the very same if that was nothing."""
        try:
            sent = self._sock.send(data, 0, 0.0)  # type: ignore[call-arg]  # gevent's own: do not wait
        except BlockingIOError:
            return data
        except OSError:
            self.end("lost")
            return None
        self.sent_bytes += sent
        return None if sent == len(data) else memoryview(data)[sent:]

    def _take(self) -> bytes | None:
        for slot in (Slot.PONG, Slot.PING):
            if slot in self._slots:
                return self._slots.pop(slot)
        if self._answers:
            frame = self._answers.popleft()
            self._answer_bytes -= len(frame)
            if not self._answers:
                self._answers = None
            self._tell_asker()
            return frame
        if self._slots:
            return self._slots.pop(min(self._slots))
        return None

    def _tell_asker(self) -> None:
        if self._moved is not None:
            self._moved.set()
