"""A TCP proxy with faults, to stand between clients and a server: it cuts, stalls and delays, when told or by chance.

Two threads carry each line, one a direction. A cut falls anywhere, also into the midst of a frame; half of the cuts are
resets, which throw away what was on its way. What chance decides is decided by a seed.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress

PIECE_BYTES = 64 << 10
WAIT_SECONDS = 40
FOR_EVER = 3600.0
ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER of no seconds: closing sends a reset (socket(7))."""


class Line:
    """Carry one connection."""

    def __init__(self, proxy: Proxy, ours: socket.socket) -> None:
        self._proxy = proxy
        self._ours = ours
        self._server = socket.create_connection(("127.0.0.1", proxy.choose()))
        self._left: int | None = None
        self._flowing = {ours: threading.Event(), self._server: threading.Event()}
        for way in self._flowing.values():
            way.set()
        self._ends = 2
        for source, sink in ((ours, self._server), (self._server, ours)):
            with suppress(OSError):  # it may have gone already
                sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def cut(self, abort: bool) -> None:
        """End both ways at once, without a word or by a reset."""
        for each in (self._ours, self._server):
            with suppress(OSError):  # it may have ended by itself
                if abort:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                each.shutdown(socket.SHUT_RDWR)
        self._flow()

    def cut_after(self, size: int) -> None:
        """End it when `size` more bytes have gone to the server."""
        self._left = size

    def stall(self, seconds: float, back_only: bool = False) -> None:
        """Carry nothing for a while, in both directions or only back; what comes meanwhile waits."""
        for sink, way in self._flowing.items():
            if sink is self._ours or not back_only:
                way.clear()
        timer = threading.Timer(seconds, self._flow)
        timer.daemon = True
        timer.start()

    def _flow(self) -> None:
        for way in self._flowing.values():
            way.set()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                self._flowing[sink].wait()
                if self._proxy.delay_seconds:
                    time.sleep(self._proxy.chance() * self._proxy.delay_seconds)
                if sink is self._server and self._left is not None:
                    piece, self._left = piece[: self._left], self._left - len(piece)
                sink.sendall(piece)
                if self._left is not None and self._left <= 0:
                    self._proxy.cut_line(self)
                    break
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        self._proxy.ended(self)

    def end(self) -> bool:
        """Count the ends of the two ways; at the second the sockets are closed."""
        self._ends -= 1
        if self._ends == 0:
            self._ours.close()
            self._server.close()
        return self._ends == 0


class Proxy:
    """Listen on a port of its own and carry each line that comes there to one of `targets`, ports of this machine."""

    def __init__(self, *targets: int, seed: int = 0) -> None:
        self._targets = targets
        self.delay_seconds = 0.0
        """The longest delay of a piece; each is delayed by chance."""
        self.cuts = 0
        self._cut = threading.Event()
        self._parted = ""
        self._chooser = random.Random(seed)
        self._lock = threading.Lock()
        self._lines: list[Line] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        threading.Thread(target=self._listen, daemon=True).start()

    def chance(self) -> float:
        """Draw a number from 0 to 1."""
        with self._lock:
            return self._chooser.random()

    def choose(self) -> int:
        """Choose a target; only one who holds the lock asks."""
        return self._chooser.choice(self._targets)

    def cut(self, share: float = 1.0) -> None:
        """Cut lines that are open now, each with the probability `share`."""
        for line in self._chosen(share):
            self.cut_line(line)

    def cut_line(self, line: Line) -> None:
        """Cut this line."""
        self.cuts += 1
        line.cut(abort=self.chance() < 0.5)
        self._cut.set()

    def wait_for_cut(self) -> None:
        """Wait until a line is cut that `cut_after` has armed."""
        assert self._cut.wait(WAIT_SECONDS), "no line was cut"

    def cut_after(self, size: int) -> None:
        """Cut each line that is open now when `size` more bytes have gone to the server."""
        self._cut.clear()
        for line in self._chosen(1.0):
            line.cut_after(size)

    def stall(self, seconds: float, share: float = 1.0) -> None:
        """Stall lines that are open now, each with the probability `share`."""
        for line in self._chosen(share):
            line.stall(seconds)

    def part(self, how: str) -> None:
        """Part the two sides, for lines that are open now and for new ones too.

        "refused" cuts, "silent" carries nothing, and "deaf" carries to the server and nothing back.
        """
        self._parted = how
        for line in self._chosen(1.0):
            self._part(line)

    def _part(self, line: Line) -> None:
        if self._parted == "refused":
            self.cut_line(line)
        elif self._parted:
            line.stall(FOR_EVER, back_only=self._parted == "deaf")

    def mend(self) -> None:
        """Let new lines through again; those that stand still are cut, and what was on its way is lost."""
        self._parted = ""
        self.cut()

    def ended(self, line: Line) -> None:
        """Forget a line whose two ways have ended."""
        with self._lock:
            if line.end():
                self._lines.remove(line)

    def close(self) -> None:
        """Take no more connections, and cut those that are open."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._chosen(1.0):
            line.cut(abort=False)

    def _chosen(self, share: float) -> list[Line]:
        with self._lock:
            return [line for line in self._lines if self._chooser.random() < share]

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                self._open(self._listener.accept()[0])

    def _open(self, ours: socket.socket) -> None:
        with self._lock:
            try:
                line = Line(self, ours)
            except OSError:  # the server is not there now
                return ours.close()
            self._lines.append(line)
        self._part(line)
