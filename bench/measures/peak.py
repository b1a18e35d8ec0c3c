"""How much memory an upload of 1 GB takes at its peak."""

from __future__ import annotations

import re
from pathlib import Path

from bench.compare import Wanted, alone, compare
from bench.lab import Lab
from bench.report import Section
from bench.servers import Server

BYTES = 1_000_000_000
ARTICLE_BYTES = 50_000_000
"""What the article's server is given: it takes many times the file."""


def run(lab: Lab) -> Section:
    """Measure one after the other: memory does not depend on what else runs."""
    with lab.serve("ours") as server:
        ours = peak(lab, server, server.new_room(), "v1", BYTES)
    with lab.serve("article") as server:
        article = peak(lab, server, server.path, "whole", ARTICLE_BYTES)
    rows = [
        alone("peak memory of an upload of 1 GB", ours / 1e6, "MB", Wanted("<", 64, "MB")),
        compare(
            "peak memory, times the file: the article's Tornado server (50 MB)",
            [ours / BYTES],
            [article / ARTICLE_BYTES],
            "×",
        ),
    ]
    how = (
        "The highest resident memory of the worker while a file comes in, above what it was before. It is the "
        "kernel's own mark, so no peak is missed."
    )
    return Section("the peak memory of an upload", how, rows)


def peak(lab: Lab, server: Server, path: str, mode: str, size: int) -> int:
    """Upload `size` bytes; return how far the worker's memory has risen at most."""
    worker = Path(f"/proc/{server.worker.pid}")
    with lab.uploader(server, path, lab.wide, mode) as uploader:
        before = server.memory()
        # Else the mark is that of the start.
        (worker / "clear_refs").write_text("5")
        uploader.send(size)
        highest = re.search(r"^VmHWM:\s+(\d+) kB$", (worker / "status").read_text(), re.MULTILINE)
    assert highest is not None
    return int(highest[1]) * 1024 - before
