"""Run all measures, or those that are named: print one table, and keep the results in RESULTS.md."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.lab import Lab
from bench.measures import MEASURES
from bench.report import Section, keep, show


def main(names: list[str]) -> None:
    """Run the measures."""
    if unknown := set(names) - MEASURES.keys():
        raise SystemExit(f"{', '.join(sorted(unknown))} is no measure; there are {', '.join(MEASURES)}.")
    sections: list[Section] = []
    with TemporaryDirectory(prefix="bench-") as folder:
        lab = Lab(Path(folder))
        for name in names or MEASURES:
            print(f"{name}: {MEASURES[name].__doc__}", end=" ", flush=True)
            started = time.monotonic()
            sections.append(MEASURES[name].run(lab))
            keep(name, sections[-1], MEASURES)
            print(f"({time.monotonic() - started:.0f} s)", flush=True)
    print(f"\n{show(sections)}\n" + "\n".join(section.details for section in sections if section.details))


main(sys.argv[1:])
