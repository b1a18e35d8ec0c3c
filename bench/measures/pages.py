"""How long a turn to any page takes, in a table of ten million rows and in a small one."""

from __future__ import annotations

import random
from statistics import median

from bench.compare import Wanted, compare, figure, in_turn, p99
from bench.lab import Lab
from bench.report import Row, Section
from bench.swarm import Swarm
from bench.table import PAGE_ROWS

MANY, FEW = 10_000_000, 10_000
ROUNDS = 10
TURNS = 100


def run(lab: Lab) -> Section:
    """Measure with one viewer for each table, who turns the pages itself."""
    with lab.serve("ours") as ours, lab.serve("article") as article:
        many, few = ours.new_room(), ours.new_room()
        for server, path, mode, rows in (
            (ours, many, "v1", MANY),
            (ours, few, "v1", FEW),
            (article, article.path, "whole", FEW),
        ):
            with lab.uploader(server, path, lab.narrow, mode) as uploader:
                uploader.send(lab.narrow.size(rows))
        with (
            lab.viewer(ours, many) as in_many,
            lab.viewer(ours, few) as in_few,
            lab.viewer(article, article.path) as in_article,
        ):
            measures = {
                "many": lambda: turns(in_many, MANY, TURNS),
                "few": lambda: turns(in_few, FEW, TURNS),
                "article": lambda: turns(in_article, FEW, TURNS),
            }
            times = in_turn(ROUNDS, measures)
    middle = {name: [median(each) for each in found] for name, found in times.items()}
    late = {name: p99([time for each in found for time in each]) for name, found in times.items()}
    shown = [
        compare("page of 10,000 rows: the article's server", middle["few"], middle["article"], "ms", Wanted("≤", 1)),
        compare("page of 10,000,000 rows: ours of 10,000", middle["many"], middle["few"], "ms", Wanted("≤", 1.5)),
        Row("p99 of a page of 10,000 rows: the article's", figure(late["few"], "ms"), figure(late["article"], "ms")),
        Row("p99 of a page of 10,000,000 rows", figure(late["many"], "ms")),
    ]
    how = (
        "One viewer turns to pages at random, by the article's protocol: the time until it has the page. The rows have "
        f"four cells and some 33 bytes; the larger table has {lab.narrow.size(MANY) / 1e6:.0f} MB."
    )
    return Section("a turn to any page", how, shown)


def turns(viewer: Swarm, rows: int, count: int) -> list[float]:
    """Turn to pages at random; return how long each took, in milliseconds."""
    return [viewer.turn(str(random.randint(1, -(-rows // PAGE_ROWS)))).last for _ in range(count)]
