"""Any request at the WebSocket's addresses is upgraded or refused: never a failure of the server.

An input is the lines of a request: the first its path, the others its headers. What gunicorn would not let through
is let through here.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from gevent import socket
from werkzeug.test import EnvironBuilder

from tsvapp import create_app
from tsvapp.settings import Settings
from tsvapp.web import socket as gate

GOOD = [
    "/parser/ws",
    "Host: 127.0.0.1:8000",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]
MORE = [
    "Sec-WebSocket-Protocol: tsvapp.v1",
    "Origin: http://127.0.0.1:8000",
    "X-Forwarded-For: 192.0.2.1",
    "X-Forwarded-Proto: https",
]
SEEDS = [
    "\n".join(lines).encode()
    for lines in (GOOD, GOOD + MORE, GOOD[:3], [GOOD[0] + "/4a4b5cc2-9894-4f10-adbb-bd9bdc91a668", *GOOD[1:]])
]

WORDS = [line.split(":")[0] + ": " for line in GOOD + MORE] + ["websocket", "Upgrade", "\n", "13", "tsvapp.v1", ", "]


@cache
def app() -> Flask:
    """Make the application once."""
    made = create_app(Settings(data_dir=Path(tempfile.mkdtemp(prefix="tsvapp-fuzz-")), connects_per_address=10**9))
    made.extensions["tsvapp"].ready()
    return made


def check(data: bytes) -> None:
    """Ask as the input says, and hold the answer to an upgrade or a refusal in words."""
    path, *lines = data.decode("latin-1").split("\n")
    environ = EnvironBuilder(path="/").get_environ()
    environ["PATH_INFO"] = path
    environ |= {name: value for name, value in map(header, lines) if name}
    mine, theirs = socket.socketpair()
    with mine, theirs, patch.object(gate, "take_over", lambda *_: None):
        environ["gunicorn.socket"] = mine
        status, body = answer(environ)
        mine.shutdown(socket.SHUT_WR)
        sent = b"".join(iter(lambda: theirs.recv(1 << 16), b""))
    if status == 101:
        assert sent.startswith(b"HTTP/1.1 101 "), sent
        assert sent.endswith(b"\r\n\r\n")
        assert sent.count(b"\r\n\r\n") == 1
    else:
        assert sent == b""
        assert status < 500 or status == 503, status
        assert b"Traceback" not in body


def header(line: str) -> tuple[str, str]:
    """Return a header as WSGI names it."""
    name, _, value = line.partition(":")
    name = name.strip().upper().replace("-", "_")
    return (f"HTTP_{name}" if name.isascii() and name.replace("_", "").isalnum() else ""), value.strip()


def answer(environ: dict[str, Any]) -> tuple[int, bytes]:
    """Return the status and body; 101 for an upgrade, behind which gunicorn is told that nothing follows."""
    told: list[str] = []
    try:
        body = app()(environ, lambda status, headers, exc_info=None: told.append(status))
    except StopIteration:
        return 101, b""
    try:
        return int(told[0].split()[0]), b"".join(body)
    finally:
        body.close()
