"""A document: the bytes of one table, as they come, and the reading of them that is shown.

How to read is decided on what is there, again whenever that has doubled, and finally at `SAMPLE_BYTES` or the end;
another decision makes another reading. The order of things is the promise: bytes are in the blob before they are
read, and a reading is complete up to them before it takes the place of the former one, in one assignment.
`append`, `seal`, `reread` and `advance` are called in one thread at a time; so is an assignment to `reading`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from tsvapp.table.decide import SAMPLE_BYTES, decide, why_encoding
from tsvapp.table.dialect import Choice, Decision
from tsvapp.table.page import Page
from tsvapp.table.reading import FEED_BYTES, Blob, Reading
from tsvapp.table.report import evident_encoding
from tsvapp.table.row_index import RowIndex

__all__ = ["Blob", "Document", "Page", "Reading"]


POINTS = ("encoding", "delimiter", "quoting", "header")


class Document:
    """Store bytes in a blob and read them as a table; `reading` is None until the first byte came.

    UploadErrors (NotATable, EmptyFile, RowTooLong) end it: the blob then holds bytes that are of no use.
    """

    def __init__(
        self,
        blob: Blob,
        new_id: Callable[[], str],
        *,
        max_row_bytes: int,
        choice: Choice = Choice(),  # noqa: B008 - it is frozen
    ) -> None:
        self.blob = blob
        self.reading: Reading | None = None
        self.sealed = False
        self._new_id = new_id
        self._max_row_bytes = max_row_bytes
        self._choice = choice
        self._sample = bytearray()  # empty again once it is finally decided how to read
        self._sample_seen = 0
        self._is_decided = False

    @classmethod
    def restore(cls, blob: Blob, reading: Reading, new_id: Callable[[], str], *, max_row_bytes: int) -> Document:
        """Return a sealed document with a finished reading, as it was left."""
        document = cls(blob, new_id, max_row_bytes=max_row_bytes, choice=reading.choice)
        document.reading = reading
        document.sealed = True
        document._is_decided = True
        return document

    @classmethod
    def unread(cls, blob: Blob, new_id: Callable[[], str], *, max_row_bytes: int, choice: Choice) -> Document:
        """Return a document whose blob is complete but whose index is lost; `seal()` reads it all."""
        document = cls(blob, new_id, max_row_bytes=max_row_bytes, choice=choice)
        document._sample += blob.read(0, min(SAMPLE_BYTES, blob.size))
        return document

    def append(self, data: bytes) -> None:
        """Store the next bytes, then read them; a shown reading that is being advanced is left to that."""
        if not data:
            return
        self.blob.append(data)
        reading = self._decided(data)
        if reading.position == self.blob.size - len(data):
            reading.feed(data)
        elif reading is not self.reading:
            self._catch_up(reading, self.blob.size)
        self.reading = reading

    def seal(self) -> None:
        """Say that no more bytes come: decide finally, and count a last row that has no row end."""
        if self.sealed:
            return
        reading = self._decided(b"", final=True)
        self._catch_up(reading, self.blob.size)
        reading.finish()
        self.sealed = True
        self.reading = self._settled(reading)

    def reread(self, choice: Choice, changed: Collection[str] = POINTS) -> Reading:
        """Return a reading as people chose; `advance()` it until that says True, then assign it to `reading`.

        `changed` names the fields they touched. What nobody ever chose stays as it is read now: without its quotes
        a table may look less even, but nobody asked for another delimiter.
        It starts at position 0, unless what is read already serves it too: then it is where the shown one is.
        """
        reading = self._read_as(self._decision_but(choice, changed), choice)
        reading.provisional = not self._is_decided
        return reading

    def advance(self, reading: Reading, budget: int) -> bool:
        """Feed a reading at most `budget` more bytes; tell whether it has caught up with the document."""
        if reading.provisional and self._is_decided:
            decision = self._decision_now(reading.choice)
            if decision.dialect != reading.dialect:
                reading.index = self._index(decision)  # it was never shown, so it may begin again
            reading.decision = decision
            reading.provisional = False
        self._catch_up(reading, min(self.blob.size, reading.position + budget))
        if reading.position < self.blob.size:
            return False
        if self.sealed:
            if not reading.finished:
                reading.finish()
            settled = self._settled(reading)
            if self.reading is reading:
                self.reading = settled
            else:
                reading.decision = settled.decision
        return True

    def _decided(self, data: bytes, *, final: bool = False) -> Reading:
        """Return how to read now that `data` has come: the shown reading, or one to take its place."""
        shown = self.reading
        if shown is not None and self._is_decided:
            return shown
        self._sample += data[: SAMPLE_BYTES - len(self._sample)]
        is_last = final or len(self._sample) == SAMPLE_BYTES
        if shown is not None and not is_last and len(self._sample) < 2 * self._sample_seen:
            return shown
        self._sample_seen = len(self._sample)
        is_all = len(self._sample) == self.blob.size
        choice = self._choice if shown is None else shown.choice
        reading = self._read_as(decide(bytes(self._sample), final=final and is_all, choice=choice), choice)
        reading.provisional = not is_last
        if is_last:
            self._is_decided = True
            self._sample = bytearray()
        return reading

    def _decision_now(self, choice: Choice) -> Decision:
        """Decide on what is stored."""
        sample = self.blob.read(0, min(SAMPLE_BYTES, self.blob.size))
        return decide(sample, final=self.sealed and len(sample) == self.blob.size, choice=choice)

    def _decision_but(self, choice: Choice, changed: Collection[str]) -> Decision:
        shown = self.reading
        if shown is None:
            return self._decision_now(choice)
        stay = [name for name in POINTS if name not in changed and getattr(choice, name) is None]
        held = replace(choice, **{name: getattr(shown.dialect, name) for name in stay})
        decision = self._decision_now(held)
        reasons = {**decision.reasons, **{name: shown.decision.reasons[name] for name in stay}}
        return Decision(decision.dialect, reasons)

    def _read_as(self, decision: Decision, choice: Choice) -> Reading:
        """Return the shown reading if it reads so, else another one; they share an index if rows are cut alike."""
        shown = self.reading
        if shown is None:
            return Reading(self._new_id(), self.blob, decision, choice, self._index(decision))
        new, old = decision.dialect, shown.dialect
        if (new, choice) == (old, shown.choice):
            shown.decision = decision
            return shown
        is_shared = new == replace(old, encoding=new.encoding, header=new.header)
        if is_shared and shown.index.report.covers(new.encoding):
            return Reading(self._new_id(), self.blob, decision, choice, shown.index)
        return Reading(self._new_id(), self.blob, decision, choice, self._index(decision))

    def _settled(self, reading: Reading) -> Reading:
        """Return a finished reading in the encoding that all bytes speak for, unless people or a mark chose it."""
        numbers = reading.index.report.evidence()
        if numbers is None or reading.choice.encoding is not None or reading.dialect.bom:
            return reading
        encoding = evident_encoding(*numbers)
        reasons = {**reading.decision.reasons, "encoding": why_encoding(encoding, *numbers)}
        decision = Decision(replace(reading.dialect, encoding=encoding), reasons)
        if encoding != reading.dialect.encoding:
            return Reading(self._new_id(), self.blob, decision, reading.choice, reading.index)
        reading.decision = decision
        return reading

    def _index(self, decision: Decision) -> RowIndex:
        return RowIndex(decision.dialect, max_row_bytes=self._max_row_bytes)

    @staticmethod
    def _catch_up(reading: Reading, stop: int) -> None:
        while reading.position < stop:
            reading.feed(reading.blob.read(reading.position, min(reading.position + FEED_BYTES, stop)))
