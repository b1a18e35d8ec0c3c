"""A report tells how many, and where first, whatever the cuts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.memory import chunks
from tsvapp.table.dialect import ENCODINGS, Dialect
from tsvapp.table.report import KINDS, SAMPLE_ROWS, Report, commonest, evident_encoding
from tsvapp.table.row_scanner import RowScanner


def report(parts: list[bytes], encoding: str = "utf-8", *, quoting: bool = False, delimiter: str = "\t") -> Report:
    """Return the report of a document that came in `parts`."""
    dialect = Dialect(encoding, delimiter, quoting, "\n", header=False)
    scanner, found = RowScanner(dialect), Report(encoding)
    for part in parts:
        found.take(scanner.scan(part))
    found.take(scanner.scan(b"", final=True), final=True)
    return found


def said(data: bytes, kind: str, encoding: str = "utf-8", **how: Any) -> tuple[int, list[int]]:
    """Return count and rows of one kind."""
    found = report([data], encoding, **how).summary(encoding)[kind]
    return found["count"], found["rows"]


def test_nothing_odd_is_said_as_nothing() -> None:
    assert report([b"a\tb\n", b"c\td\n"]).summary("utf-8") == {kind: {"count": 0, "rows": []} for kind in KINDS}
    assert report([]).summary("utf-8") == {kind: {"count": 0, "rows": []} for kind in KINDS}


def test_ragged_rows_are_those_without_the_commonest_number_of_cells() -> None:
    assert said(b"a\tb\nc\n1\t2\n\n1\t2\t3", "ragged") == (3, [2, 4, 5])


def test_of_two_common_numbers_the_first_rows_counts() -> None:
    assert commonest(np.array([3, 2, 2, 3])) == 3
    assert commonest(np.array([9, 2, 3, 3, 2])) == 2
    assert said(b"a\tb\nc\n", "ragged") == (1, [2])


def test_the_first_rows_say_what_is_common_for_all() -> None:
    data = b"title\n" + b"a\tb\n" * (SAMPLE_ROWS - 1) + b"a\n" * 5000
    for size in (7, 100_000):
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        found = report(parts).summary("utf-8")["ragged"]
        assert found == {"count": 5001, "rows": [1, *range(SAMPLE_ROWS + 1, SAMPLE_ROWS + 10)]}


def test_a_nul_is_told() -> None:
    assert said(b"a\nb\x00\x00\n\x00", "nul") == (3, [2, 3])


def test_an_odd_quote_is_told_by_its_row() -> None:
    assert said(b'a\n"b"c\td\n"e"\t"f\n', "quotes", quoting=True) == (2, [2, 3])
    assert said(b'a\n"b"c\n', "quotes") == (0, [])


def test_bad_utf_8_is_counted_as_it_is_shown() -> None:
    assert said(b"a\nb\xff\xfe\nc\xc3", "undecodable") == (3, [2, 3])


def test_a_replacement_character_of_the_file_itself_is_no_bad_byte() -> None:
    assert said("a\ufffd\n".encode() + b"\xff\n", "undecodable") == (1, [2])


def test_only_the_first_ten_rows_are_named() -> None:
    assert said(b"\xff\n" * 100, "undecodable") == (100, list(range(1, 11)))
    assert said(b"\x81\n" * 100, "undecodable", "windows-1252") == (100, list(range(1, 11)))
    assert said(b"\x00\x00\n" * 100, "nul") == (200, list(range(1, 11)))


def test_a_sequence_cut_by_a_row_end_belongs_to_its_row() -> None:
    for parts in ([b"a\n\xe2\x82\nb\n"], [b"a\n\xe2", b"\x82", b"\nb\n"], [b"a\n\xe2\x82", b"\nb", b"\n"]):
        assert report(parts).summary("utf-8")["undecodable"] == {"count": 1, "rows": [2]}


def test_half_a_code_unit_is_undecodable() -> None:
    assert said("a\nb".encode("utf-16-le") + b"c", "undecodable", "utf-16-le") == (1, [2])
    assert said("aé\nb\n".encode("utf-16-be"), "undecodable", "utf-16-be") == (0, [])
    assert said(b"a\x00\n\x00\x00\xdc\n\x00", "undecodable", "utf-16-le") == (1, [2])


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"a", b"\n", b"\t", b"\xc3", b"\xa9", b"\xe2\x82\xac", b"\xff", b"\x81", b"\xed\xa0\x80", b"\xf0\x9f"]
        )
    ).map(b"".join),
    st.lists(st.integers(0, 60), max_size=6),
    st.sampled_from(ENCODINGS),
)
def test_what_is_counted_is_what_is_shown_whatever_the_cuts(data: bytes, cuts: list[int], encoding: str) -> None:
    # In these a bad sequence may take a row end with it, or characters come in units of two.
    if encoding in ("euc-jp", "gb18030", "euc-kr", "utf-16-le", "utf-16-be"):
        return
    whole = report([data], encoding)
    rows = data.decode(encoding, "replace").split("\n")
    bad = [number for number, row in enumerate(rows, 1) if "\ufffd" in row]
    count = sum(row.count("\ufffd") for row in rows)
    assert whole.summary(encoding)["undecodable"] == {"count": count, "rows": bad[:10]}
    parts = report(chunks(data, cuts), encoding)
    assert parts.summary(encoding) == whole.summary(encoding)
    assert parts.evidence() == whole.evidence()


def test_evidence_counts_valid_sequences_beside_bad_ones() -> None:
    assert report(["é€𝄞\n".encode(), b"\xe9\n", b"\xe2\x82", b"\xac"]).evidence() == (1, 4)
    assert report([b"\xe9"], "windows-1252").evidence() == (1, 0)
    assert report([b"a"], "iso-8859-2").evidence() is None


def test_utf_8_stands_while_a_tenth_at_most_is_bad() -> None:
    assert [evident_encoding(*numbers) for numbers in ((0, 0), (1, 10), (1, 9), (1, 0))] == [
        "utf-8",
        "utf-8",
        "windows-1252",
        "windows-1252",
    ]


def test_utf_8_and_windows_1252_are_reported_from_one_reading() -> None:
    found = report([b"\xe9\x81\xe9\n"])
    assert found.covers("windows-1252")
    assert not found.covers("iso-8859-1")
    assert found.summary("utf-8")["undecodable"]["count"] == 2
    assert found.summary("windows-1252")["undecodable"]["count"] == 1


def test_a_restored_report_says_the_same() -> None:
    summary = report([b"a\tb\n\xff\n"]).summary("utf-8")
    again = Report.restore(summary, "utf-8")
    assert again.summary("utf-8") == summary
    assert again.covers("utf-8")
    assert not again.covers("windows-1252")
    assert again.evidence() is None
    for wrong in ({}, {**summary, "nul": 3}, {**summary, "nul": {"count": "3", "rows": []}}):
        with pytest.raises(ValueError, match="report"):
            Report.restore(wrong, "utf-8")
