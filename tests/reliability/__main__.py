"""Run `make chaos`: FAULTS faults and STATES delivered, or SECONDS at most; SEED repeats a run."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

from tests.reliability.chaos import SETTINGS, Chaos, Outcome, by_chance
from tests.support.server import Server

FAULTS = 200
STATES = 1_000_000


def main() -> int:
    """Print a line of what came of it, and every problem."""
    seconds = float(os.environ.get("SECONDS") or 1800)
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    print(f"chaos: SEED={seed}", flush=True)

    def enough(outcome: Outcome) -> bool:
        if len(outcome.faults) % 20 == 0:
            print(f"  {len(outcome.faults)} faults, {outcome.delivered:,} states", flush=True)
        return outcome.seconds > seconds or (len(outcome.faults) >= FAULTS and outcome.delivered >= STATES)

    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory) / "data", **SETTINGS)
        server.start()
        try:
            outcome = Chaos(server, seed, rooms=3, viewers=80).run(by_chance(random.Random(seed)), enough)
        finally:
            server.stop()
    print(outcome)
    for problem in outcome.problems:
        print(f"  {problem}")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
