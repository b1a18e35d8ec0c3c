"""Run `make chaos`: FAULTS faults and STATES told, or SECONDS at most; SEED repeats it, WORKERS=3 share a Redis."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.reliability.chaos import SETTINGS, Chaos, Outcome, by_chance
from tests.support.redis import Redis
from tests.support.server import Server

FAULTS = 200
STATES = 1_000_000


def main() -> int:
    """Print a line of what came of it, and every problem."""
    seconds = float(os.environ.get("SECONDS") or 1800)
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    workers = int(os.environ.get("WORKERS") or 1)
    print(f"chaos: SEED={seed}", flush=True)

    def enough(outcome: Outcome) -> bool:
        if len(outcome.faults) % 20 == 0:
            print(f"  {len(outcome.faults)} faults, {outcome.delivered:,} states", flush=True)
        return outcome.seconds > seconds or (len(outcome.faults) >= FAULTS and outcome.delivered >= STATES)

    with tempfile.TemporaryDirectory() as directory, ExitStack() as house:
        redis, settings = None, dict(SETTINGS)
        if workers > 1:
            redis = Redis(Path(directory) / "redis")
            redis.start()
            house.callback(redis.kill)
            settings["redis_url"] = redis.url
        servers = [Server(Path(directory) / "data", **settings) for _ in range(workers)]
        for server in servers:
            server.start()
            house.callback(server.stop)
        faults = by_chance(random.Random(seed), shared=redis is not None)
        outcome = Chaos(servers, seed, rooms=3, viewers=80, redis=redis).run(faults, enough)
    print(outcome)
    for problem in outcome.problems:
        print(f"  {problem}")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
