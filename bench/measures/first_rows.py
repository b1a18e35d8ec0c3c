"""How soon another member sees the first rows of an upload of 100 MB."""

from __future__ import annotations

import time
import zlib
from statistics import median

import orjson

from bench.compare import Wanted, alone, compare, in_turn
from bench.lab import Lab
from bench.report import Section
from bench.servers import Server

BYTES = 100_000_000
ROUNDS = 5


def run(lab: Lab) -> Section:
    """Measure with one who waits while another uploads."""
    with lab.serve("ours") as ours, lab.serve("article") as article:
        times = in_turn(ROUNDS, {"ours": lambda: first_rows(lab, ours), "article": lambda: first_page(lab, article)})
    what = "first rows of 100 MB, at another member"
    rows = [
        alone(what, median(times["ours"]), "ms", Wanted("≤", 50, "ms")),
        compare(f"{what}: the article's Tornado server", times["ours"], times["article"], "ms"),
    ]
    how = (
        "From the moment an upload of 100 MB is begun until another who is in the room has rows of it. The article's "
        "server has to have the whole file before."
    )
    return Section("the first rows of an upload", how, rows)


def first_rows(lab: Lab, server: Server) -> float:
    """Return when another member had the first snapshot with rows, in milliseconds."""
    path = server.new_room()
    with server.connect(path, "tsvapp.v1") as other, lab.uploader(server, path, lab.wide) as uploader:
        uploader.begin(BYTES)
        while not has_rows(other.recv()):
            pass
        seen = time.monotonic()
        return 1000 * (seen - uploader.end().began)


def first_page(lab: Lab, server: Server) -> float:
    """Return when another client of the article's server had the first page, in milliseconds."""
    with server.connect() as other, lab.uploader(server, server.path, lab.wide, "whole") as uploader:
        other.recv()
        uploader.begin(BYTES)
        other.recv()
        seen = time.monotonic()
        return 1000 * (seen - uploader.end().began)


def has_rows(message: str | bytes) -> bool:
    """Say whether this event shows rows; large ones come compressed."""
    event = orjson.loads(message if isinstance(message, str) else zlib.decompress(message, wbits=-15))
    return bool(event.get("data"))
