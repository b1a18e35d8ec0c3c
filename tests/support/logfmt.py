"""Reads lines of the log."""

from __future__ import annotations

import json
import re

PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: |$)')


def parse(line: str) -> dict[str, str]:
    """Return the pairs of a line in logfmt; fail where it is anything else."""
    pairs, position = {}, 0
    while position < len(line):
        found = PAIR.match(line, position)
        assert found, f"not logfmt from {position} on: {line!r}"
        pairs[found[1]] = json.loads(found[2]) if found[2].startswith('"') else found[2]
        position = found.end()
    return pairs
