"""How the time of a page turn grows with the viewers, up to as many as one worker holds."""

from __future__ import annotations

from statistics import median

from bench.compare import Wanted, compare, figure, rounds
from bench.lab import MOST_VIEWERS, Contestant, Lab
from bench.report import Section, markdown

STEPS = (100, 300, 1_000, 3_000, 10_000, MOST_VIEWERS)
ROUNDS = 3
TURNS = 3


def run(lab: Lab) -> Section:
    """Measure at each number of viewers, with those who were there before; one that gets no page ends the measure."""
    names = ("ours", "ours_v1", "floor")
    lines = []
    with lab.start(*names) as contestants:
        for viewers in STEPS:
            for each in contestants:
                each.swarm.join(viewers - each.swarm.viewers)
                each.turn()
            times = rounds(contestants, ROUNDS, last_of_a_turn)
            middle = [median(times[name]) for name in names]
            a_viewer = figure(1000 * middle[0] / viewers, "µs")
            lines.append((f"{viewers:,}", *(figure(value, "ms") for value in middle), a_viewer))
        times = rounds(contestants, ROUNDS, p99_of_a_turn)
        columns = ("viewers", *(each.label for each in contestants), "ours for each viewer")
    what = f"p99 of a page to {MOST_VIEWERS:,}"
    rows = [
        compare(f"{what}, article's protocol: the floor in C", times["ours"], times["floor"], "ms", Wanted("≤", 1.5)),
        compare(f"{what}, tsvapp.v1 (compressed): the floor", times["ours_v1"], times["floor"], "ms", Wanted("≤", 1.5)),
    ]
    how = (
        f"{MOST_VIEWERS:,} viewers in one room of one worker: what fits into the 20,000 files that it may have open. "
        "All of them get each page; the figure is when 99 of 100 have it. Below: the time until the last has the page "
        "(25 KB of JSON), as ever more come."
    )
    return Section(f"ever more viewers on one worker, up to {MOST_VIEWERS:,}", how, rows, markdown(columns, lines))


def last_of_a_turn(contestant: Contestant) -> float:
    """Return when the last viewer had the page, in milliseconds, as the median of some turns."""
    return median(contestant.turn().last for _ in range(TURNS))


def p99_of_a_turn(contestant: Contestant) -> float:
    """Return when 99 of 100 viewers had it, likewise."""
    return median(contestant.turn().p99 for _ in range(TURNS))
