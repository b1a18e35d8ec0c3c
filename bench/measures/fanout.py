"""How long until the last of 5,000 viewers has the page that was turned to."""

from __future__ import annotations

import time
from statistics import median

from bench.compare import Wanted, compare, rounds
from bench.lab import PEERS, Contestant, Lab
from bench.report import Section

VIEWERS = 5_000
ROUNDS = 3
TURNS = 3
TURNS_SECONDS = 1.0
"""How long a contestant turns pages in one round: the slow ones take fewer turns."""


def run(lab: Lab) -> Section:
    """Measure; everyone's viewers stay while the others are measured, and only listen."""
    with lab.start("ours", "floor", "ours_v1", *PEERS) as contestants:
        for each in contestants:
            each.swarm.join(VIEWERS)
            each.turn()
        times = rounds(contestants, ROUNDS, last_of_a_turn)
        labels = {each.name: each.label for each in contestants}
    ours, deflated, floor = times["ours"], times["ours_v1"], times["floor"]
    rows = [
        compare("page to 5,000, article's protocol: the floor in C", ours, floor, "ms", Wanted("≤", 1.3)),
        compare("page to 5,000, tsvapp.v1 (compressed): the floor", deflated, floor, "ms", Wanted("≤", 1)),
        *(compare(f"page to 5,000: {labels[peer]}", ours, times[peer], "ms", Wanted("<", 1)) for peer in PEERS),
    ]
    how = (
        "The time until the last of 5,000 viewers of one room has the page (25 KB of JSON) that one of them turned to. "
        "All speak the article's protocol, but for the second row; nothing but tsvapp.v1 is compressed."
    )
    return Section("a page turn to 5,000 viewers", how, rows)


def last_of_a_turn(contestant: Contestant) -> float:
    """Return when the last viewer had the page, in milliseconds, as the median of some turns."""
    until, times = time.monotonic() + TURNS_SECONDS, [contestant.turn().last]
    while len(times) < TURNS and time.monotonic() < until:
        times.append(contestant.turn().last)
    return median(times)
