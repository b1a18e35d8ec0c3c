"""Measure contestants in turn, and say how ours compares."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from statistics import median
from typing import TypeVar

from bench.lab import Contestant
from bench.report import Row

T = TypeVar("T")
SIGNS = {"≤": operator.le, "<": operator.lt, "≥": operator.ge}


@dataclass(frozen=True)
class Wanted:
    """Bound a figure, or a ratio where no unit is given."""

    sign: str
    bound: float
    unit: str = ""

    def met(self, found: float) -> bool:
        """Say whether the figure is within the bound."""
        return bool(SIGNS[self.sign](found, self.bound))

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g} {self.unit}".rstrip()


def rounds(contestants: list[Contestant], count: int, measure: Callable[[Contestant], float]) -> dict[str, list[float]]:
    """Measure all of them, `count` times: only figures of one round can be compared."""
    return in_turn(count, {each.name: partial(measure, each) for each in contestants})


def in_turn(count: int, measures: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Measure one after the other, `count` times: only figures of one round can be compared."""
    figures: dict[str, list[T]] = {name: [] for name in measures}
    for _ in range(count):
        for name, measure in measures.items():
            figures[name].append(measure())
    return figures


def compare(what: str, ours: list[float], theirs: list[float], unit: str, wanted: Wanted | None = None) -> Row:
    """Compare figures that were taken in rounds; the ratio is the median of each round's."""
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    met = wanted.met(ratio) if wanted else None
    return Row(what, figure(median(ours), unit), figure(median(theirs), unit), ratio, str(wanted or ""), met)


def p99(times: Sequence[float]) -> float:
    """Return what 99 of 100 do not exceed."""
    return sorted(times)[ceil(0.99 * len(times)) - 1]


def alone(what: str, found: float, unit: str, wanted: Wanted) -> Row:
    """Hold one figure against what is wanted of it."""
    return Row(what, figure(found, unit), wanted=str(wanted), met=wanted.met(found))


def figure(value: float, unit: str) -> str:
    """Write a figure with the digits that mean something."""
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}"
