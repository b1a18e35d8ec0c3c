"""The log of handshakes that were refused because of their Origin, for an operator whose proxy is not set up right."""

from __future__ import annotations

import logging
from collections import Counter
from time import monotonic

from tsvapp.logs import masked
from tsvapp.web.origin import Reached, remedy

BETWEEN_SECONDS = 60.0
"""Least time between two lines with the same remedy: any site may have its visitors' browsers be refused here."""

SHOWN_CHARACTERS = 100
"""Most characters of a header in the log: a stranger wrote it."""

log = logging.getLogger(__name__)


class OriginLog:
    """Write a warning for refused origins, at most once in BETWEEN_SECONDS for each remedy."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._unlogged: Counter[str] = Counter()

    def refused(self, origin: str, reached: Reached, peer: str) -> None:
        """Log a refusal with its remedy, or count it for the next line."""
        words = remedy(origin, reached)
        if monotonic() < self._next.get(words, 0.0):
            self._unlogged[words] += 1
            return
        self._next[words] = monotonic() + BETWEEN_SECONDS
        fields = {
            "origin": _shown(origin),
            "host": _shown(reached.host),
            "scheme": _shown(reached.browser_scheme),
            "peer": peer,
            "trusted": "yes" if reached.trusted_hops else "no",
            "unlogged_before": self._unlogged.pop(words, 0),
        }
        log.warning("a handshake was refused because of its Origin. %s", words, extra={"fields": fields})


def _shown(text: str) -> str:
    # Masked first: of an id that the limit cuts in two, the rest would not be recognised.
    text = masked(text)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
