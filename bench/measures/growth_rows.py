"""How uploads and page turns grow with the rows of a table."""

from __future__ import annotations

from statistics import median

from bench.compare import figure, p99
from bench.lab import Lab
from bench.measures.pages import turns
from bench.report import Section, markdown

STEPS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
UPLOADS = 3
TURNS = 300


def run(lab: Lab) -> Section:
    """Measure at each number of rows; each upload goes into a new room."""
    lines = []
    with lab.serve("ours") as server:
        for rows in STEPS:
            size = lab.narrow.size(rows)
            times = []
            for _ in range(UPLOADS):
                path = server.new_room()
                with lab.uploader(server, path, lab.narrow) as uploader:
                    times.append(uploader.send(size).seconds)
            with lab.viewer(server, path) as viewer:
                pages = turns(viewer, rows, TURNS)
            seconds, megabytes = median(times), size / 1e6
            cells = [figure(megabytes, "MB"), figure(seconds, "s"), figure(1000 * seconds / megabytes, "ms")]
            lines.append((f"{rows:,}", *cells, figure(median(pages), "ms"), figure(p99(pages), "ms")))
    columns = ("rows", "size", "upload", "upload of 1 MB", "page, median", "page, p99")
    how = (
        f"The median of {UPLOADS} uploads by tsvapp.v1, and {TURNS} turns to pages at random by one viewer. A small "
        "upload takes what it takes to flush to the disk."
    )
    return Section("ever more rows", how, details=markdown(columns, lines))
