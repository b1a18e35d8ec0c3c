"""How many bytes documents take, what is reserved for incoming ones, and which address brought them; in memory.

An origin is what is kept of an address (see `LocalStore.origin`). Everything here is a few steps on dictionaries, so
threads may share it: each read of many entries begins with a copy.
"""

from __future__ import annotations

from collections.abc import Iterable


class Accounts:
    """Count the bytes of documents: of a finished one what it takes, of an incoming one what is reserved for it."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._incoming: dict[str, tuple[int, int]] = {}
        """Of each incoming document: the bytes that have arrived, and those reserved ahead of them."""
        self._origins: dict[str, str] = {}

    def bring(self, document_id: str, origin: str) -> None:
        """Note which origin a document is counted for."""
        self._origins[document_id] = origin

    def reserve(self, document_id: str, arrived: int, ahead: int) -> None:
        """Count a document as incoming, with the bytes that have arrived and those that are reserved ahead of them."""
        self._incoming[document_id] = arrived, ahead
        self._sizes[document_id] = arrived + ahead

    def release_ahead(self) -> None:
        """Take back what is reserved ahead of what has arrived."""
        for document_id, (arrived, _) in list(self._incoming.items()):
            self.reserve(document_id, arrived, 0)

    def settle(self, document_id: str, size: int) -> None:
        """Count a document that is finished, or gone where `size` is 0, or that nobody brings any further just now."""
        self._incoming.pop(document_id, None)
        if size:
            self._sizes[document_id] = size
        else:
            self._sizes.pop(document_id, None)
            self._origins.pop(document_id, None)

    def is_incoming(self, document_id: str) -> bool:
        """Say whether bytes are reserved for it."""
        return document_id in self._incoming

    def reserved(self, document_id: str) -> int:
        """Return up to which byte an incoming document has its place."""
        return sum(self._incoming.get(document_id, (0, 0)))

    def incoming(self) -> dict[str, tuple[int, int]]:
        """Return the bytes that have arrived of each incoming document, and those that are reserved ahead."""
        return dict(self._incoming)

    def origin(self, document_id: str) -> str | None:
        """Return the origin a document is counted for, or None where that is not known."""
        return self._origins.get(document_id)

    def total(self) -> int:
        """Count the bytes of all documents, with what is reserved."""
        return sum(list(self._sizes.values()))

    def size_of(self, documents: Iterable[str]) -> int:
        """Count the bytes of these documents, with what is reserved."""
        return sum(self._sizes.get(document_id, 0) for document_id in documents)

    def taken_by(self, origin: str) -> int:
        """Count the bytes of all documents of an origin, with what has arrived of incoming ones."""
        sizes, incoming = dict(self._sizes), self.incoming()
        mine = (document_id for document_id, each in list(self._origins.items()) if each == origin)
        return sum(incoming[each][0] if each in incoming else sizes.get(each, 0) for each in mine)
