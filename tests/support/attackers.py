"""Those who mean no good, in a process of their own: `python -m tests.support.attackers PORT SECONDS KIND…`.

Each kind keeps at it for so long from one address of this machine, 127.0.0.2 and further, and then it is written what
became of it, as JSON: a count for each outcome. That is the status of an answer, `cut` (ended without a word), `open`
(still there), or what the kind counts itself.
"""

if __name__ == "__main__":
    import gevent.monkey

    gevent.monkey.patch_all()

import json
import os
import re
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from time import monotonic

import gevent

from tests.support.client import table
from tests.support.raw import frame

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
HOST = b"Host: 127.0.0.1\r\n"
HANDSHAKE = (
    b"GET %b HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
)
BEGUN = b"\x82\xff" + (10_000_000).to_bytes(8, "big") + bytes(4) + b"x" * 70_000
"""The beginning of a message that announces 10 MB."""

V1 = b"Sec-WebSocket-Protocol: tsvapp.v1\r\n"


class Attack:
    """What one address does to a server, and what it gets for it."""

    def __init__(self, port: int, source: str, seconds: float) -> None:
        self.port = port
        self.source = source
        self.until = monotonic() + seconds
        self.outcomes: Counter[str] = Counter()

    @property
    def goes_on(self) -> bool:
        return monotonic() < self.until

    @contextmanager
    def connected(self, receive_buffer: int = 0) -> Iterator[socket.socket]:
        """Connect from the source address; count how it ends."""
        with closing(socket.socket()) as peer:
            if receive_buffer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            peer.settimeout(max(0.5, self.until - monotonic() + 0.5))
            try:
                peer.bind((self.source, 0))
                peer.connect(("127.0.0.1", self.port))
                yield peer
            except TimeoutError:
                self.outcomes["open"] += 1
            except OSError:
                self.outcomes["cut"] += 1

    def answer(self, peer: socket.socket) -> str:
        """Read the head of an answer and count its status."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = peer.recv(4096)
            if not piece:
                break
            head += piece
        found = re.search(rb"HTTP/1\.[01] (\d+)", head)
        outcome = found[1].decode() if found else "cut"
        self.outcomes[outcome] += 1
        return outcome

    def websocket(self, peer: socket.socket, path: bytes = b"/parser/ws", head: bytes = b"") -> bool:
        peer.sendall(HANDSHAKE % (path, head))
        return self.answer(peer) == "101"

    def at_once(self, many: int, work: Callable[[], None]) -> None:
        """Have so many do it, each again and again."""

        def again() -> None:
            while self.goes_on:
                work()

        gevent.joinall([gevent.spawn(again) for _ in range(many)])

    # Kinds

    def slow_heads(self) -> None:
        def drip() -> None:
            with self.connected() as peer:
                for byte in HANDSHAKE % (b"/parser/ws", b"X-Long: " + b"a" * 1000 + b"\r\n"):
                    peer.sendall(bytes([byte]))
                    peer.settimeout(0.1)
                    try:
                        self.outcomes[peer.recv(100)[9:12].decode() or "cut"] += 1
                        return
                    except TimeoutError:
                        if not self.goes_on:
                            raise

        self.at_once(100, drip)

    def slow_frames(self) -> None:
        def drip() -> None:
            with self.connected() as peer:
                if self.websocket(peer):
                    peer.sendall(BEGUN)
                    while self.goes_on:
                        peer.sendall(b"x")
                        gevent.sleep(0.1)
                    self.outcomes["open"] += 1

        self.at_once(40, drip)

    def zero_windows(self) -> None:
        room = self._room()

        def take_nothing() -> None:
            with self.connected(receive_buffer=4096) as peer:
                if self.websocket(peer, room, V1):
                    while self.goes_on:
                        # Asked for again and again, pages have to go somewhere.
                        peer.sendall(frame(TEXT, b'{"type":"look","ask":1,"page":1,"first_column":0}'))
                        gevent.sleep(0.02)
                    self.outcomes["open"] += 1

        def download() -> None:
            with self.connected(receive_buffer=4096) as peer:
                peer.sendall(b"GET " + room.removeprefix(b"/parser/ws") + b".tsv HTTP/1.1\r\n" + HOST + b"\r\n")
                while self.goes_on:
                    peer.sendall(b"\r\n")
                    gevent.sleep(0.1)
                self.outcomes["open"] += 1

        gevent.joinall([gevent.spawn(self.at_once, 20, work) for work in (take_nothing, download)])

    def _room(self) -> bytes:
        with self.connected() as peer:
            assert self.websocket(peer)
            peer.sendall(frame(BINARY, table(20_000, columns=20)))
            page = b""
            while b'"uuid"' not in page or len(page) < 200:
                page += peer.recv(4096)
            return b"/parser/ws/" + re.search(rb'"uuid": ?"([0-9a-f-]{36})"', page)[1]  # type: ignore[index]
        raise AssertionError("no room")

    def connects(self) -> None:
        def connect() -> None:
            with self.connected():
                self.outcomes["connected"] += 1

        self.at_once(20, connect)

    def handshakes(self) -> None:
        def shake() -> None:
            with self.connected() as peer:
                self.websocket(peer)

        self.at_once(20, shake)

    def requests(self) -> None:
        def ask() -> None:
            with self.connected() as peer:
                while self.goes_on:
                    peer.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
                    if self.answer(peer) != "200":
                        return

        self.at_once(60, ask)

    def garbage(self) -> None:
        def shout() -> None:
            with self.connected() as peer:
                peer.sendall(os.urandom(200) + b"\r\n\r\n")
                self.answer(peer)

        def shout_frames() -> None:
            with self.connected() as peer:
                if self.websocket(peer):
                    peer.sendall(b"\xff" + os.urandom(2000))
                    while peer.recv(4096):
                        pass
                    self.outcomes["closed"] += 1

        gevent.joinall([gevent.spawn(self.at_once, 10, work) for work in (shout, shout_frames)])

    def messages(self) -> None:
        self._flood(frame(TEXT, b'{"type":"nonsense"}') * 500, V1, answer=b'"bad_command"')

    def turns(self) -> None:
        room = self._room()
        many = b"".join(frame(TEXT, b"%d" % (page % 200 + 1)) for page in range(500))
        self._flood(many, b"", answer=b'"page_no"', path=room)

    def pings(self) -> None:
        self._flood(frame(PING, b"") * 2000, b"", answer=b"\x8a\x00")

    def fragments(self) -> None:
        piece = bytearray(frame(0, b"x"))
        piece[0] = 0
        first = bytearray(frame(BINARY, b"x"))
        first[0] = BINARY
        self._flood(bytes(first) + bytes(piece) * 2000, b"", answer=b"\x88", again=bytes(piece) * 2000)

    def _flood(
        self, data: bytes, head: bytes, answer: bytes, path: bytes = b"/parser/ws", again: bytes | None = None
    ) -> None:
        """Send `data` without end, and count what is answered."""

        def send() -> None:
            with self.connected() as peer:
                if not self.websocket(peer, path, head):
                    gevent.sleep(0.1)
                    return

                def count() -> None:
                    with suppress(OSError):
                        while piece := peer.recv(1 << 16):
                            self.outcomes["answered"] += piece.count(answer)

                counting = gevent.spawn(count)
                peer.sendall(data)
                while self.goes_on:
                    peer.sendall(data if again is None else again)
                    self.outcomes["sent"] += 1
                counting.kill()

        self.at_once(20, send)


KINDS = (
    *("slow_heads", "slow_frames", "zero_windows", "connects", "handshakes", "requests", "garbage"),
    *("messages", "turns", "pings", "fragments"),
)

if __name__ == "__main__":
    port, seconds, *kinds = sys.argv[1:]
    attacks = [Attack(int(port), f"127.0.0.{number}", float(seconds)) for number in range(2, 2 + len(kinds))]
    gevent.joinall(
        [gevent.spawn(getattr(attack, kind)) for attack, kind in zip(attacks, kinds, strict=True)], raise_error=True
    )
    print(json.dumps({kind: attack.outcomes for attack, kind in zip(attacks, kinds, strict=True)}))
