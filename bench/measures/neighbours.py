"""How much a page turn suffers while a file comes into another room."""

from __future__ import annotations

from statistics import median

from bench.compare import Wanted, alone, compare, p99
from bench.lab import Lab
from bench.measures.pages import turns
from bench.report import Section

ROWS = 10_000
BYTES = 200_000_000
ROUNDS = 5
MOST_MS = 50


def run(lab: Lab) -> Section:
    """Measure idle and busy in turn; a busy round lasts as long as its upload."""
    busy, idle = [], []
    with lab.serve("ours") as server:
        here = server.new_room()
        with lab.uploader(server, here, lab.narrow) as uploader:
            uploader.send(lab.narrow.size(ROWS))
        with lab.viewer(server, here) as viewer:
            for _ in range(ROUNDS):
                with lab.uploader(server, server.new_room(), lab.wide) as uploader:
                    busy.append(turns(viewer, ROWS, 1))
                    uploader.begin(BYTES)
                    while uploader.busy:
                        busy[-1] += turns(viewer, ROWS, 1)
                    uploader.end()
                idle.append(turns(viewer, ROWS, len(busy[-1])))
    late = [[p99(times) for times in each] for each in (busy, idle)]
    middle = [median(time for times in each for time in times) for each in (busy, idle)]
    what = "page turn beside an upload"
    rows = [
        compare(f"p99 of a {what}: without it", late[0], late[1], "ms", Wanted("≤", 3)),
        alone(f"p99 of a {what}, worst round", max(late[0]), "ms", Wanted("≤", MOST_MS, "ms")),
        compare(f"median of a {what}: without it", [middle[0]], [middle[1]], "ms"),
    ]
    how = (
        "One viewer turns to pages at random while 200 MB come into another room as fast as the server takes them, "
        f"and as often while nothing comes; {ROUNDS} rounds, {min(map(len, busy))} turns and more in each."
    )
    return Section("a page turn beside an upload", how, rows)
