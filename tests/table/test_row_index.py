"""The row index knows where enough rows start, in little memory, and says no more than it knows."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.memory import chunks
from tsvapp.errors import RowTooLong
from tsvapp.table import row_index
from tsvapp.table.dialect import Dialect
from tsvapp.table.report import Report
from tsvapp.table.row_index import BLOCK, SPAN_BYTES, STRIDE, RowIndex

TAB = Dialect("utf-8", "\t", quoting=False, row_end="\n", header=False)


def index(parts: list[bytes], dialect: Dialect = TAB, *, max_row_bytes: int = 1 << 20) -> RowIndex:
    """Return the finished index of a document that came in `parts`."""
    made = RowIndex(dialect, max_row_bytes=max_row_bytes)
    for part in parts:
        made.feed(part)
    made.finish()
    return made


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=200), st.lists(st.integers(0, 2000), max_size=5), st.booleans())
def test_every_stride_th_row_start_is_known_whatever_the_cuts(
    lengths: list[int], cuts: list[int], is_ended: bool
) -> None:
    rows = [b"x" * length + b"\n" for length in lengths]
    if rows and not is_ended:
        rows[-1] = rows[-1][:-1] or b"y"
    data = b"".join(rows)
    with patch.object(row_index, "SPAN_BYTES", 1):
        made = index(chunks(data, cuts))
    starts = [sum(map(len, rows[:row])) for row in range(0, len(rows) + 1, STRIDE)]
    assert (made.rows, made.end, list(made.offsets)) == (len(rows), len(data), starts)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 30) | st.just(900), max_size=300), st.integers(0, 320), st.integers(0, 120))
def test_any_rows_lie_between_what_it_says_of_them(lengths: list[int], start: int, more: int) -> None:
    rows = [b"x" * length + b"\n" for length in lengths]
    made = index([b"".join(rows)])
    starts = [sum(map(len, rows[:row])) for row in range(len(rows) + 1)]
    assert [starts[step * STRIDE] for step in made.steps] == list(made.offsets)
    start = min(start, len(rows))
    stop = min(start + more, len(rows))
    row, begin, end = made.around(start, stop)
    assert (row <= start, begin, starts[stop] <= end) == (True, starts[row], True)
    # What has to be passed over is little: a span, and the rows between two candidates.
    assert starts[start] - begin <= SPAN_BYTES + max(lengths, default=0) * STRIDE + 2 * STRIDE


def test_rows_of_one_byte_cost_little_memory() -> None:
    made = index([b"\n" * (1 << 20)])
    assert made.rows == 1 << 20
    assert len(made.offsets) == len(made.steps) <= (1 << 20) // SPAN_BYTES + 1


def test_columns_are_the_most_cells_of_any_row() -> None:
    assert index([b"a\tb\n", b"\t\t\n", b"a"]).columns == 3
    assert index([]).columns == 0


def test_a_row_counts_when_it_is_complete_and_the_last_one_at_the_end() -> None:
    made = RowIndex(TAB, max_row_bytes=100)
    made.feed(b"a\nb")
    assert (made.rows, made.end, made.position, made.finished) == (1, 2, 3, False)
    made.finish()
    assert (made.rows, made.end, made.finished) == (2, 3, True)


def test_a_byte_order_mark_is_skipped_even_in_pieces() -> None:
    marked = Dialect("utf-8", "\t", quoting=False, row_end="\n", header=False, bom=3)
    made = index([b"\xef", b"\xbb\xbfa", b"\nb\n"], marked)
    assert (made.rows, made.end, list(made.offsets)) == (2, 7, [3])
    assert made.report.summary("utf-8")["undecodable"]["count"] == 0


def test_half_a_code_unit_at_the_end_is_not_counted_as_a_whole_one() -> None:
    made = index(["a\n".encode("utf-16-le") + b"b"], Dialect("utf-16-le", "\t", False, "\n", False))
    assert (made.rows, made.end) == (2, 5)


def test_a_large_feed_is_looked_at_in_pieces() -> None:
    data = b"abc\td\n" * (BLOCK // 4)
    assert (index([data]).rows, index([data]).end) == (BLOCK // 4, len(data))


def test_a_row_may_be_as_long_as_the_limit() -> None:
    assert index([b"a\n", b"12345678\r\n"], max_row_bytes=10).rows == 2


@pytest.mark.parametrize("parts", [[b"a\n123456789\r\nb\n"], [b"a\n12345", b"678", b"9\r\nb\n"], [b"a\n", b"1" * 11]])
def test_a_longer_row_is_refused_by_its_number(parts: list[bytes]) -> None:
    made = RowIndex(TAB, max_row_bytes=10)
    for part in parts[:-1]:
        made.feed(part)
    with pytest.raises(RowTooLong, match=r"Row 2 is longer than 10 bytes") as caught:
        made.feed(parts[-1])
    assert caught.value.limit == 10


def test_a_long_row_is_refused_while_it_still_goes_on() -> None:
    made = RowIndex(TAB, max_row_bytes=10)
    made.feed(b"1" * 10)
    with pytest.raises(RowTooLong):
        made.feed(b"1")


def test_an_index_comes_back_as_it_was() -> None:
    made = index([b"a\tb\n" * 1000, b"c"])
    again = RowIndex.restore(made.dumps(), TAB, Report("utf-8"))
    assert (again.rows, again.columns, again.end, again.position) == (1001, 2, 4001, 4001)
    assert (again.offsets, again.steps) == (made.offsets, made.steps)
    assert again.finished


def test_an_index_that_is_damaged_is_refused() -> None:
    good = index([b"a\tb\n" * 3000]).dumps()
    other = index([b"ab\tcd\n" * 3000]).dumps()
    marked = Dialect("utf-8", "\t", quoting=False, row_end="\n", header=False, bom=3)
    offsets, steps = good[40 : 40 + (len(good) - 40) * 2 // 3], good[40 + (len(good) - 40) * 2 // 3 :]
    swapped = good[:40] + offsets[8:16] + offsets[:8] + offsets[16:] + steps
    crossed = good[:40] + offsets + steps[:-8] + steps[-4:] + steps[-8:-4]
    for bad in (b"", good[:-1], good[:-12], b"x" + good[1:], good[:40] + other[40:], swapped, crossed):
        with pytest.raises(ValueError, match="row index"):
            RowIndex.restore(bad, TAB, Report("utf-8"))
    with pytest.raises(ValueError, match="row index"):
        RowIndex.restore(good, marked, Report("utf-8"))
