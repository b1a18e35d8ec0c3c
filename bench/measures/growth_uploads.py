"""How uploads share the server."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from statistics import median

from bench.compare import figure, in_turn
from bench.lab import Lab
from bench.report import Section, markdown
from bench.servers import Server

STEPS = (1, 2, 4, 8, 16, 32)
BYTES = 16_000_000
ROUNDS = 2


def run(lab: Lab) -> Section:
    """Measure with files of one size, because each costs something to begin and to end."""
    with lab.serve("ours") as server:
        found = in_turn(ROUNDS, {str(uploads): partial(together, lab, server, uploads) for uploads in STEPS})
    lines = []
    for uploads, figures in found.items():
        total, first = (median(each) for each in zip(*figures, strict=True))
        lines.append((uploads, figure(total, "MB/s"), figure(total / int(uploads), "MB/s"), figure(first, "")))
    columns = ("uploads at once", "all of them", "each", "first to end ÷ last")
    how = "Files of 16 MB, each with a connection, a client's process and a room of its own."
    return Section("ever more uploads at once", how, details=markdown(columns, lines))


def together(lab: Lab, server: Server, uploads: int) -> tuple[float, float]:
    """Let all of them send; return the MB/s of all, and when the first had ended as a share of the time of the last."""
    with ExitStack() as stack:
        uploaders = [stack.enter_context(lab.uploader(server, server.new_room(), lab.wide)) for _ in range(uploads)]
        for each in uploaders:
            each.begin(BYTES)
        done = [each.end() for each in uploaders]
    began = min(each.began for each in done)
    times = [each.ended - began for each in done]
    return uploads * BYTES / 1e6 / max(times), min(times) / max(times)
