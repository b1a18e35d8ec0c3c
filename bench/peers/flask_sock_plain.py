"""flask-sock as its documentation shows it, on gunicorn's gevent worker; `/count` only receives."""

from __future__ import annotations

import json

from flask import Flask
from flask_sock import Sock
from simple_websocket import Server

from bench.peers.pages import Table

app = Flask(__name__)
sock = Sock(app)
table = Table()
page = json.dumps(table.page())
clients: set[Server] = set()


@sock.route("/parser/ws")  # type: ignore[untyped-decorator]
def parser(ws: Server) -> None:
    """Show a page to the one who comes; turn it, or take a file, and show it to all."""
    global page
    clients.add(ws)
    try:
        ws.send(page)
        while True:
            table.hear(ws.receive())
            page = json.dumps(table.page())
            for client in list(clients):
                client.send(page)
    finally:
        clients.discard(ws)


@sock.route("/count")  # type: ignore[untyped-decorator]
def count(ws: Server) -> None:
    """Receive binary messages, and answer a text with how many bytes they had."""
    received = 0
    while True:
        message = ws.receive()
        if isinstance(message, bytes):
            received += len(message)
        else:
            ws.send(str(received))
