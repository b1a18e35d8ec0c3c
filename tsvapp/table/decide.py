"""Decide by evidence how a document is read; people may overrule every point, and nothing is ever converted.

A decision rests on the first `SAMPLE_BYTES` at most. It is provisional until there are as many, or the document ends.
`text/tab-separated-values` (IANA) has no quoting, so quotes are data unless a quoting program evidently wrote them.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from tsvapp.errors import EmptyFile, NotATable
from tsvapp.table.cells import cut
from tsvapp.table.dialect import DELIMITERS, Choice, Decision, Dialect, width_of
from tsvapp.table.evidence import Look, Sample, best_look, look
from tsvapp.table.quotes import NOWHERE
from tsvapp.table.report import evident_encoding
from tsvapp.table.row_scanner import Block, RowScanner, code_units
from tsvapp.table.signatures import looks_like
from tsvapp.table.undecodable import undecodable

SAMPLE_BYTES = 1 << 20
_DELIMITER_UNITS = 128 * 1024  # the part of a sample in which delimiters are compared
_HEADER_BYTES = 128 * 1024  # where row 1 and some rows below are expected
_EVEN_ROWS = 0.9  # the part of the rows that must agree on a delimiter other than the tab
_ROWS_BELOW = 100  # rows in which numbers under a one-column header are looked for
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
_BY_PERSON = "Chosen by a person."
_NUMBER = re.compile(r"\s*[-+\u2212]?[$€£]?\s?(?:\d[\d.,'\u00a0\u202f ]*|[.,]\d+)(?:[eE][-+]?\d+)?\s?[%€]?\s*")
_DATE = re.compile(r"\s*\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[T ]\d{1,2}:\d{2}.*)?\s*")


def decide(sample: bytes, *, final: bool, choice: Choice = Choice()) -> Decision:  # noqa: B008 - it is frozen
    """Return how to read a document that begins with `sample`; `final` says that it also ends there.

    Raises NotATable for what is no text, and EmptyFile if a whole document has nothing but a byte-order mark.
    """
    what = looks_like(sample)
    if what is not None:
        raise NotATable(what)
    encoding, bom, why_encoding = _encoding(sample, final, choice)
    units = code_units(sample[bom:], encoding).tobytes()
    if final and not units:
        raise EmptyFile("This file is empty. Drop a file that has at least one row.")
    if b"\x00" in units:
        raise NotATable(
            "This file has NUL bytes, as programs, images and databases do; a table of text has none. If it is a table"
            " in UTF-32, or in UTF-16 without its byte-order mark, save it as CSV or TSV in UTF-8 and drop that file."
        )
    evidence = Sample(units, width_of(encoding), final)
    delimiter, why_delimiter = _delimiter(evidence, choice)
    best, why_quoting = _quoting(evidence, delimiter, choice)
    plain = Dialect(encoding, delimiter, best.quoting, best.row_end, header=False, bom=bom)
    header, why_header = _header(sample[bom:], plain, final, choice)
    reasons = {
        "encoding": why_encoding,
        "delimiter": why_delimiter or _shape(best, delimiter),
        "quoting": why_quoting,
        "header": why_header,
    }
    return Decision(replace(plain, header=header), reasons)


def _encoding(sample: bytes, final: bool, choice: Choice) -> tuple[str, int, str]:
    """Return the encoding, the size of its byte-order mark, and why."""
    for mark, encoding in _MARKS:
        if sample.startswith(mark) and choice.encoding in (None, encoding):
            return encoding, len(mark), _BY_PERSON if choice.encoding else "The file begins with its byte-order mark."
    if choice.encoding:
        return choice.encoding, 0, _BY_PERSON
    counter = undecodable("utf-8")
    counter.take(Block(sample, code_units(sample, "utf-8"), NOWHERE, NOWHERE, 0, NOWHERE, 0, None), final=final)
    encoding = evident_encoding(counter.bad.count, counter.valid)
    return encoding, 0, why_encoding(encoding, counter.bad.count, counter.valid)


def why_encoding(encoding: str, bad: int, valid: int) -> str:
    """Say why `encoding` was decided for, from the numbers of bad and valid UTF-8 sequences."""
    if encoding == "windows-1252":
        return f"Not UTF-8: {_some(bad, 'invalid sequence')} beside {valid:,} valid."
    if bad:
        return f"UTF-8 but for {_some(bad, 'invalid sequence')} beside {valid:,} valid."
    return "All of it is valid UTF-8." if valid else "All of it is ASCII."


def _delimiter(sample: Sample, choice: Choice) -> tuple[str, str | None]:
    """Return the delimiter and why; None as reason asks for the shape of the rows."""
    if choice.delimiter is not None:
        return choice.delimiter, _BY_PERSON
    head = sample.head(_DELIMITER_UNITS)
    judge = _judge(head, choice)
    if b"\t" in head.units:
        tabbed = judge("\t")
        if (tabbed.cells > 1).sum() * 2 >= tabbed.cells.size:
            return "\t", None
    looks = {mark: judge(mark) for mark in DELIMITERS[1:] if mark.encode() in head.units}
    looks = {mark: seen for mark, seen in looks.items() if seen.columns > 1 and seen.share >= _EVEN_ROWS}
    if not looks:
        return "\t", "No delimiter is evident, so the tab is taken."
    return max(looks, key=lambda mark: (looks[mark].share, looks[mark].columns)), None


def _judge(sample: Sample, choice: Choice) -> Callable[[str], Look]:
    if choice.quoting is None:
        return lambda mark: best_look(sample, mark)[0]
    return lambda mark: look(sample, mark, quoting=bool(choice.quoting))


def _quoting(sample: Sample, delimiter: str, choice: Choice) -> tuple[Look, str]:
    if choice.quoting is not None:
        return look(sample, delimiter, quoting=choice.quoting), _BY_PERSON
    best, quoted = best_look(sample, delimiter)
    if best.quoting:
        return best, "Every field that opens with a quote closes well."
    if quoted is None or not quoted.opens:
        return best, "No field opens with a quote."
    if quoted.odd:
        verbs = ("opens", "does") if quoted.odd == 1 else ("open", "do")
        return best, f"{_some(quoted.odd, 'field')} that {verbs[0]} with a quote {verbs[1]} not close well."
    return best, "Rows are less even when quotes are read as such."


def _header(text: bytes, dialect: Dialect, final: bool, choice: Choice) -> tuple[bool, str]:
    if choice.header is not None:
        return choice.header, _BY_PERSON
    stops = RowScanner(dialect).scan(text[:_HEADER_BYTES], final=final and len(text) <= _HEADER_BYTES).stops
    if not stops.size:
        stops = RowScanner(dialect).scan(text, final=final).stops
    stops = stops[: _ROWS_BELOW + 1] * dialect.width
    if not stops.size or int(stops[0]) >= len(text):
        return False, "There is only one row."
    starts = [0, *stops.tolist()]
    first = cut(text[: starts[1]], dialect)
    if not any(first):
        return False, "Row 1 is empty."
    for cell in first:
        if _is_number(cell):
            return False, f"Row 1 holds a number or a date: {cell.strip()[:40]}."
    if len(first) > 1:
        return True, "No cell of row 1 looks like a number or a date."
    below = [cut(text[start:stop], dialect)[0] for start, stop in pairwise(starts[1:])]
    if any(below) and all(_is_number(cell) for cell in below if cell):
        return True, "Row 1 is a word above numbers."
    return False, "With one column, only numbers below would make row 1 a header."


def _is_number(cell: str) -> bool:
    return len(cell) < 64 and bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


def _shape(seen: Look, delimiter: str) -> str:
    marks = _some(seen.columns - 1, _NAMES[delimiter])
    if seen.cells.size <= 1:
        return f"The only row looked at has {marks}."
    if seen.sharing == seen.cells.size:
        return f"All {seen.sharing:,} rows looked at have {marks}."
    return f"{seen.sharing:,} of {seen.cells.size:,} rows looked at have {marks}."


def _some(count: int, word: str) -> str:
    plural = word[:-1] + "ies" if word.endswith("y") else f"{word}s"
    return f"{count:,} {word if count == 1 else plural}"
