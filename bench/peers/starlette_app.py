"""Starlette on uvicorn, with the connection manager that its documentation shows and the page encoded once."""

# Starlette and uvicorn are installed only where the benchmark runs.

from __future__ import annotations

import json

import uvicorn  # type: ignore[import-not-found, unused-ignore]
from starlette.applications import Starlette  # type: ignore[import-not-found, unused-ignore]
from starlette.routing import WebSocketRoute  # type: ignore[import-not-found, unused-ignore]
from starlette.websockets import WebSocket, WebSocketDisconnect  # type: ignore[import-not-found, unused-ignore]

from bench.peers.pages import MESSAGE_BYTES, Table, port

table = Table()
page = json.dumps(table.page())
clients: set[WebSocket] = set()


async def parser(client: WebSocket) -> None:
    """Show a page to the one who comes; turn it, or take a file, and show it to all."""
    global page
    await client.accept()
    clients.add(client)
    try:
        await client.send_text(page)
        while True:
            message = await client.receive()
            if message["type"] == "websocket.disconnect":
                return
            table.hear(message.get("bytes") or message["text"])
            page = json.dumps(table.page())
            for each in list(clients):
                await each.send_text(page)
    except WebSocketDisconnect:
        pass
    finally:
        clients.discard(client)


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[WebSocketRoute("/parser/ws", parser)]),
        host="127.0.0.1",
        port=port(),
        log_level="warning",
        ws_max_size=MESSAGE_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
    )
