"""How many viewers one worker holds, and whether a page turn still reaches all of them soon."""

from __future__ import annotations

from statistics import median

from bench.compare import Wanted, compare, rounds
from bench.lab import MOST_VIEWERS, Contestant, Lab
from bench.report import Section

ROUNDS = 3
TURNS = 3


def run(lab: Lab) -> Section:
    """Measure; a viewer that is lost or gets no page ends the measure."""
    with lab.start("ours", "floor", "ours_v1") as contestants:
        for each in contestants:
            each.swarm.join(MOST_VIEWERS)
            each.turn()
        times = rounds(contestants, ROUNDS, p99_of_a_turn)
    what = f"p99 of a page to {MOST_VIEWERS:,}"
    rows = [
        compare(f"{what}, article's protocol: the floor in C", times["ours"], times["floor"], "ms", Wanted("≤", 1.5)),
        compare(f"{what}, tsvapp.v1 (compressed): the floor", times["ours_v1"], times["floor"], "ms", Wanted("≤", 1.5)),
    ]
    how = (
        f"{MOST_VIEWERS:,} viewers in one room of one worker: what fits into the 20,000 files that it may have open. "
        "All of them get each page; the figure is when 99 of 100 have it."
    )
    return Section(f"{MOST_VIEWERS:,} viewers on one worker", how, rows)


def p99_of_a_turn(contestant: Contestant) -> float:
    """Return when 99 of 100 viewers had the page, in milliseconds, as the median of some turns."""
    return median(contestant.turn().p99 for _ in range(TURNS))
