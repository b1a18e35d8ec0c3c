"""How fast a file of 100 MB comes in, until its last row is counted."""

from __future__ import annotations

from bench.compare import Wanted, compare, in_turn
from bench.lab import Lab
from bench.report import Section
from bench.servers import Server

BYTES = 100_000_000
ROUNDS = 3


def run(lab: Lab) -> Section:
    """Measure; each upload has a connection of its own, and ours a new room."""

    def speed(server: Server, path: str, mode: str) -> float:
        with lab.uploader(server, path, lab.wide, mode) as uploader:
            return BYTES / 1e6 / uploader.send(BYTES).seconds

    with (
        lab.serve("ours") as ours,
        lab.serve("flask_sock_plain") as flask_sock,
        lab.serve("tornado_once") as tornado,
        lab.serve("article") as article,
    ):
        measures = {
            "ours": lambda: speed(ours, ours.new_room(), "v1"),
            "flask_sock": lambda: speed(flask_sock, "/count", "messages"),
            "tornado": lambda: speed(tornado, "/count", "messages"),
            "article": lambda: speed(article, article.path, "whole"),
        }
        speeds = in_turn(ROUNDS, measures)
    what = "upload of 100 MB"
    rows = [
        compare(f"{what}: flask-sock, only receiving", speeds["ours"], speeds["flask_sock"], "MB/s", Wanted("≥", 1)),
        compare(f"{what}: Tornado, only receiving", speeds["ours"], speeds["tornado"], "MB/s"),
        compare(f"{what}: the article's Tornado server", speeds["ours"], speeds["article"], "MB/s"),
    ]
    how = (
        "One client in C sends 100 MB of table to each. Ours gets them by tsvapp.v1 and answers when all is stored, "
        "flushed to the disk and its rows are counted. Two peers get the same chunks of 256 KiB and only count their "
        "bytes. The article's server gets one message, reads it into lists and answers with the first page."
    )
    return Section("an upload of 100 MB", how, rows)
