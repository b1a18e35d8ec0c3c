"""The measures, by name, in the order in which they run; each module has `run(lab)`, which returns its section."""

from __future__ import annotations

from types import ModuleType

from bench.measures import (
    cluster,
    fanout,
    first_rows,
    growth_rooms,
    growth_rows,
    growth_uploads,
    held,
    idle,
    indexing,
    joins,
    memory,
    neighbours,
    pages,
    peak,
    stalled,
    upload,
    viewer,
)

MODULES = (
    *(fanout, memory, joins, held, idle),
    *(upload, first_rows, peak, indexing, pages, neighbours, stalled),
    *(growth_rows, growth_rooms, growth_uploads),
    viewer,
    cluster,
)
MEASURES: dict[str, ModuleType] = {module.__name__.rpartition(".")[2]: module for module in MODULES}
