"""How the time of a page turn grows with the number of viewers."""

from __future__ import annotations

from statistics import median

from bench.compare import figure, rounds
from bench.lab import MOST_VIEWERS, Lab
from bench.report import Section, markdown

STEPS = (100, 300, 1_000, 3_000, 10_000, MOST_VIEWERS)
ROUNDS = 2
TURNS = 3


def run(lab: Lab) -> Section:
    """Measure at each number of viewers, with those who were there before."""
    names = ("ours", "ours_v1", "floor")
    lines = []
    with lab.start(*names) as contestants:
        for viewers in STEPS:
            for each in contestants:
                each.swarm.join(viewers - each.swarm.viewers)
                each.turn()
            times = rounds(contestants, ROUNDS, lambda each: median(each.turn().last for _ in range(TURNS)))
            middle = [median(times[name]) for name in names]
            a_viewer = figure(1000 * middle[0] / viewers, "µs")
            lines.append((f"{viewers:,}", *(figure(value, "ms") for value in middle), a_viewer))
        columns = ("viewers", *(each.label for each in contestants), "ours for each viewer")
    how = "The time until the last viewer has the page (25 KB of JSON) that one of them turned to."
    return Section("a page turn to ever more viewers", how, details=markdown(columns, lines))
