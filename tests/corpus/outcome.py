"""Send an entry to a server, and read back whatever became of it: every page, every column, every long cell."""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Iterable
from typing import Any

from tests.corpus.entry import CHUNK
from tests.support.client import V1Client
from tsvapp.table.dialect import GREEDY_ENCODINGS, Dialect

PAGE = 100
WINDOW = 4 << 20


def send(client: V1Client, chunks: Iterable[bytes], size: int, name: str = "table.tsv") -> dict[str, Any]:
    """Upload within the window; return the `finished` or `error` event, after which nothing more is sent."""
    client.send("begin", name=name, size=size)
    answer = wait_for(client, "ready", "error")
    if answer["type"] == "error":
        return answer
    sent = acknowledged = 0
    for chunk in chunks:
        while sent + len(chunk) - acknowledged > WINDOW:
            answer = wait_for(client, "ack", "error", "finished")
            if answer["type"] != "ack":
                return answer
            acknowledged = answer["offset"]
        client.socket.send(chunk)
        sent += len(chunk)
        del client.events[:-50]  # or a gigabyte of small steps would be kept here
    return wait_for(client, "finished", "error")


def wait_for(client: V1Client, *kinds: str) -> dict[str, Any]:
    """Wait for the next event of one of these types."""
    while True:
        event = client.receive()
        if event["type"] in kinds:
            return event


def cut_up(data: bytes, size: int = CHUNK) -> Iterable[bytes]:
    """Yield `data` in chunks."""
    return (data[start : start + size] for start in range(0, len(data), size))


def settled(client: V1Client, after: int = 0) -> dict[str, Any]:
    """Return the snapshot, of a revision after this one, of a room in which nothing is on its way."""

    def is_settled(event: dict[str, Any]) -> bool:
        growing = event["table"] and event["table"]["growing"]
        return event["revision"] > after and event["upload"] is None and not growing

    return client.see(is_settled)


def pages(client: V1Client, table: dict[str, Any]) -> list[list[str]]:
    """Ask for every page, further columns and clipped cells included, and return all rows."""
    rows: list[list[str]] = []
    for page in range(1, -(-table["rows"] // PAGE) + 1):
        part: list[list[str]] = []
        for first in range(0, table["columns"], 200):
            client.send("look", ask=page, page=page, first_column=first)
            answer = client.wait_for("page")
            assert (answer["page"], answer["first_row"]) == (page, (page - 1) * PAGE + 1)
            data = answer["data"]
            for row, column, length in answer["clipped"]:
                client.send("cell", ask=0, row=answer["first_row"] + row, column=column)
                text = client.wait_for("cell")["text"]
                assert len(text) == length
                assert text.startswith(data[row][column - first])
                data[row][column - first] = text
            part = [[*left, *right] for left, right in zip(part or [[]] * len(data), data, strict=True)]
        rows += part
    return rows


def download(url: str) -> str:
    """Return the SHA-256 of what can be downloaded."""
    with urllib.request.urlopen(url) as answer:
        digest = hashlib.sha256()
        while piece := answer.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def joined(rows: list[list[str]], dialect: Dialect) -> str | None:
    """Return the text that these cells are, its row ends and the last of them aside; None where quotes are gone."""
    if dialect.quoting or dialect.encoding in GREEDY_ENCODINGS:
        return None
    return dialect.row_end.join(dialect.delimiter.join(row) for row in rows)


def text_of(data: bytes, dialect: Dialect) -> str:
    """Return the file's text with one kind of row end, and none at its end."""
    text = data[dialect.bom :].decode(dialect.encoding, "replace")
    if dialect.row_end == "\n":
        text = text.replace("\r\n", "\n")
    return text.removesuffix(dialect.row_end)
