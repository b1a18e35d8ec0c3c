"""The asyncio server of `websockets` with its `broadcast()`, which frames a message once for all."""

from __future__ import annotations

import asyncio
import json

from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.peers.pages import Table, port

table = Table()
page = json.dumps(table.page())
clients: set[ServerConnection] = set()


async def parser(client: ServerConnection) -> None:
    """Show a page to the one who comes; turn it, or take a file, and show it to all."""
    global page
    clients.add(client)
    try:
        await client.send(page)
        async for message in client:
            table.hear(message)
            page = json.dumps(table.page())
            broadcast(clients, page)
    finally:
        clients.discard(client)


async def main() -> None:
    """Serve; without pings, which would cost it something and give the others nothing to compare."""
    async with serve(parser, "127.0.0.1", port(), compression=None, max_size=None, ping_interval=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
