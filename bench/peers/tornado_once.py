"""Tornado as the article has it, but with the page encoded once for all; `/count` only receives."""

# mypy: disable-error-code="misc"
# Tornado is installed only where the benchmark runs.

from __future__ import annotations

import asyncio
import json

from tornado.web import Application  # type: ignore[import-not-found, unused-ignore]
from tornado.websocket import WebSocketHandler  # type: ignore[import-not-found, unused-ignore]

from bench.peers.pages import MESSAGE_BYTES, Table, port

table = Table()
clients: set[Parser] = set()


def encode() -> bytes:
    """Encode the page that is shown."""
    return json.dumps(table.page()).encode()


class Parser(WebSocketHandler):
    """Talk with one client."""

    page = encode()

    def open(self) -> None:
        """Show a page to the one who comes."""
        clients.add(self)
        self.write_message(Parser.page, binary=False)

    def on_message(self, message: str | bytes) -> None:
        """Turn the page, or take a file, and show it to all."""
        table.hear(message)
        Parser.page = encode()
        for client in clients:
            client.write_message(Parser.page, binary=False)

    def on_close(self) -> None:
        """Forget the one who goes."""
        clients.discard(self)


class Counter(WebSocketHandler):
    """Receive binary messages, and answer a text with how many bytes they had."""

    def open(self) -> None:
        """Begin at nothing."""
        self.received = 0

    def on_message(self, message: str | bytes) -> None:
        """Count, or tell."""
        if isinstance(message, bytes):
            self.received += len(message)
        else:
            self.write_message(str(self.received))


async def main() -> None:
    """Serve."""
    routes = [("/parser/ws", Parser), ("/count", Counter)]
    Application(routes, websocket_max_message_size=MESSAGE_BYTES).listen(port(), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
