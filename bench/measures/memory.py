"""How much memory a viewer costs that only listens."""

from __future__ import annotations

from bench.compare import Wanted, alone, compare
from bench.lab import LABELS, PEERS, Lab
from bench.report import Section

VIEWERS = 3_000
WANTED = Wanted("≤", 14, "KB")


def run(lab: Lab) -> Section:
    """Measure one after the other: memory does not depend on what else runs."""
    sizes = {name: a_viewer(lab, name) for name in ("ours", "ours_v1", *PEERS)}
    rows = [
        alone("memory of a viewer, article's protocol", sizes["ours"], "KB", WANTED),
        alone("memory of a viewer, tsvapp.v1", sizes["ours_v1"], "KB", WANTED),
        *(compare(f"memory of a viewer: {LABELS[peer]}", [sizes["ours"]], [sizes[peer]], "KB") for peer in PEERS),
    ]
    how = (
        f"How much the worker's resident memory has grown when {VIEWERS:,} viewers have joined and got their page and "
        "all is quiet, for each of them (1 KB is 1,000 bytes). What the kernel keeps for a connection is not in it."
    )
    return Section("memory of an idle viewer", how, rows)


def a_viewer(lab: Lab, name: str) -> float:
    """Return the kilobytes that a viewer costs."""
    with lab.start(name) as (contestant,):
        before = contestant.server.memory()
        contestant.swarm.join(VIEWERS)
        return (contestant.server.memory() - before) / VIEWERS / 1000
