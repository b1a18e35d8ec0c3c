"""The article's server: Tornado, a dict of clients, and the page encoded anew for each of them."""

# mypy: disable-error-code="misc"
# Tornado is installed only where the benchmark runs.

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

from tornado.web import Application  # type: ignore[import-not-found, unused-ignore]
from tornado.websocket import WebSocketHandler  # type: ignore[import-not-found, unused-ignore]

from bench.peers.pages import MESSAGE_BYTES, Table, port

table = Table()
clients: dict[str, Parser] = {}


class Parser(WebSocketHandler):
    """Talk with one client."""

    def open(self) -> None:
        """Show a page to the one who comes."""
        self.uuid = str(uuid4())
        clients[self.uuid] = self
        self.write_message(json.dumps(table.page()))

    def on_message(self, message: str | bytes) -> None:
        """Turn the page, or take a file, and show it to all."""
        table.hear(message)
        for client in clients.values():
            client.write_message(json.dumps(table.page()))

    def on_close(self) -> None:
        """Forget the one who goes."""
        del clients[self.uuid]


async def main() -> None:
    """Serve."""
    application = Application([("/parser/ws", Parser)], websocket_max_message_size=MESSAGE_BYTES)
    application.listen(port(), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
