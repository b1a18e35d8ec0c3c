"""How much of a processor 10,000 viewers need who only listen."""

from __future__ import annotations

import time

from bench.compare import Wanted, alone
from bench.lab import Lab
from bench.report import Section
from bench.swarm import Swarm
from tsvapp.settings import Settings

VIEWERS = 10_000
SECONDS = Settings().heartbeat_seconds
"""From one heartbeat to the next, so that one of them is in it."""


def run(lab: Lab) -> Section:
    """Measure both protocols at once: each worker's time is counted for itself."""
    with lab.start("ours", "ours_v1") as (ours, ours_v1):
        for each in (ours, ours_v1):
            each.swarm.join(VIEWERS)
        wait_until_told(ours_v1.swarm)
        before = [each.server.cpu_seconds() for each in (ours, ours_v1)]
        started = time.monotonic()
        ours_v1.swarm.idle(SECONDS)
        after = [each.server.cpu_seconds() for each in (ours, ours_v1)]
        seconds = time.monotonic() - started
    shares = [100 * (now - then) / seconds for now, then in zip(after, before, strict=True)]
    wanted = Wanted("<", 1, "%")
    rows = [
        alone("10,000 idle viewers, article's protocol", shares[0], "%", wanted),
        alone("10,000 idle viewers, tsvapp.v1, with a heartbeat", shares[1], "%", wanted),
    ]
    how = f"The share of one core that the worker takes over {SECONDS:.0f} s in which nobody does anything."
    return Section("10,000 idle viewers", how, rows)


def wait_until_told(swarm: Swarm) -> None:
    """Wait until everyone knows of the last who joined: in a large room that is told some seconds later."""
    while not swarm.idle(1):
        pass
    while swarm.idle(1):
        pass
