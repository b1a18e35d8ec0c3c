"""How many viewers can join in a second, each of whom is given the page."""

from __future__ import annotations

from bench.compare import Wanted, compare, rounds
from bench.lab import PEERS, Contestant, Lab
from bench.report import Section

VIEWERS = 2_000
ROUNDS = 3


def run(lab: Lab) -> Section:
    """Measure; a room is empty again before the next contestant's fills."""
    with lab.start("ours", "floor", "ours_v1", *PEERS) as contestants:
        rates = rounds(contestants, ROUNDS, joined_a_second)
        labels = {each.name: each.label for each in contestants}
    ours, wanted = rates["ours"], {"tornado_once": Wanted("≥", 1.5)}
    rows = [
        *(compare(f"joins: {labels[peer]}", ours, rates[peer], "/s", wanted.get(peer)) for peer in PEERS),
        compare("joins: the floor in C", ours, rates["floor"], "/s"),
        compare("joins by tsvapp.v1: the floor in C", rates["ours_v1"], rates["floor"], "/s"),
    ]
    how = (
        "2,000 viewers join one room, 64 handshakes at once; a viewer has joined when it has the page (25 KB of JSON)."
    )
    return Section("viewers that join in a second", how, rows)


def joined_a_second(contestant: Contestant) -> float:
    """Let the viewers join and leave; return how many joined in a second."""
    seconds = contestant.swarm.join(VIEWERS)
    contestant.swarm.leave(VIEWERS)
    return VIEWERS / seconds
