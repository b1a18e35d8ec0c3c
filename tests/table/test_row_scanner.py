"""The scanner finds exactly the rows and quotes that a slow and obvious reader finds, however the bytes come."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.table.memory import chunks, reference
from tsvapp.table import cells
from tsvapp.table.cells import cut
from tsvapp.table.dialect import Dialect
from tsvapp.table.row_scanner import RowScanner, code_units

COMMA = Dialect("utf-8", ",", quoting=True, row_end="\n", header=False)
# Mostly quotes and bounds, in pieces that make runs, pairs and long fields likely.
UGLY = st.lists(
    st.sampled_from(['"', '""', '"""', ",", "\n", "\r", "\r\n", "a", '"a"', ',"', '",', '"\n', "aaaaaaa"]), max_size=24
).map("".join)
CUTS = st.lists(st.integers(0, 100), max_size=8)


def scan(parts: list[bytes], dialect: Dialect, limit: int) -> tuple[list[int], list[int], list[int]]:
    """Return where rows stop (in bytes), how many cells they have, and the rows of odd quotes."""
    scanner = RowScanner(dialect, quote_limit=limit)
    stops: list[int] = []
    cells: list[int] = []
    odd: list[int] = []
    base = 0
    for number, part in enumerate([*parts, b""]):
        block = scanner.scan(part, final=number == len(parts))
        stops += (block.stops * dialect.width + base).tolist()
        cells += block.cells.tolist()
        odd += (np.searchsorted(block.stops, block.odd_quotes, "right") + block.first_row + 1).tolist()
        base += len(block.data)
    assert base == sum(map(len, parts))
    return stops, cells, odd


def agrees(text: str, dialect: Dialect, limit: int, parts: list[bytes]) -> None:
    """Compare the scanner, and the cells cut from its rows, with the reference."""
    rows, stops, odd = reference(text, dialect, limit // dialect.width)
    data = text.encode(dialect.encoding)
    offsets = [len(text[:stop].encode(dialect.encoding)) for stop in stops]
    assert scan(parts, dialect, limit) == (offsets, [len(row) for row in rows], odd)
    slices = [data[a:b] for a, b in zip([0, *offsets], offsets, strict=False)]
    assert [cut(row, dialect, quote_limit=limit) for row in slices] == rows
    with patch.object(cells, "LARGE_BYTES", 4), patch.object(cells, "PIECE_CELLS", 1):
        assert [cut(row, dialect, quote_limit=limit) for row in slices] == rows
        assert [cut(row, dialect, first=1, stop=3, quote_limit=limit) for row in slices] == [row[1:3] for row in rows]


@settings(max_examples=600, deadline=None)
@given(UGLY, CUTS, st.sampled_from([2, 3, 4, 8, 1000]), st.sampled_from("\n\r"), st.booleans())
@example('"a"x"zzz', [], 1000, "\n", True)
@example('""', [1], 1000, "\n", True)
@example('x"""', [2, 3], 4, "\n", True)
@example('"""""",a', [4], 2, "\n", True)
@example('"a"\r\n"b"\r', [4, 9], 1000, "\n", True)
def test_any_text_reads_as_the_reference_reads_it_whatever_the_cuts(
    text: str, cuts: list[int], limit: int, row_end: str, quoting: bool
) -> None:
    dialect = Dialect("utf-8", ",", quoting, row_end, header=False)
    agrees(text, dialect, limit, chunks(text.encode(), cuts))


@settings(max_examples=300, deadline=None)
@given(UGLY, st.sampled_from([3, 1000]))
def test_byte_by_byte_is_the_same_as_all_at_once(text: str, limit: int) -> None:
    data = text.encode()
    agrees(text, COMMA, limit, [data])
    agrees(text, COMMA, limit, [data[at : at + 1] for at in range(len(data))])


@settings(max_examples=300, deadline=None)
@given(
    UGLY.map(lambda text: text.replace("aaa", "\u2c22𝄞")),
    CUTS,
    st.sampled_from(["utf-16-le", "utf-16-be"]),
    st.sampled_from([6, 1000]),
)
def test_utf_16_is_cut_at_whole_characters_only(text: str, cuts: list[int], encoding: str, limit: int) -> None:
    # U+2C22 holds the byte of a quote and that of a comma. The reference counts units, so a pair is two there.
    units = "".join(char if ord(char) < 0x10000 else "\u2c22" for char in text)
    dialect = Dialect(encoding, ",", quoting=True, row_end="\n", header=False)
    agrees(units, dialect, limit, chunks(units.encode(encoding), cuts))


@pytest.mark.parametrize("cell", ["a", "a,b", 'a"b', "a\nb", "", "a\r\nb"])
def test_a_long_well_formed_text_takes_the_fast_way_and_is_right(cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    text = f"{quoted},{quoted},x\r\n" * 500
    agrees(text, COMMA, 64 * 1024, chunks(text.encode(), [1000, 1001, 3003]))


def test_a_newline_inside_a_quoted_cell_never_cuts_a_row() -> None:
    assert scan([b'a,"1\n2"\nb,c\n'], COMMA, 1000)[0] == [8, 12]


def test_an_open_quote_waits_for_its_end_but_not_for_ever() -> None:
    scanner = RowScanner(COMMA, quote_limit=1000)
    assert scanner.scan(b'a\n"b\n').stops.tolist() == [2]
    assert scanner.scan(b"c\n" * 400).stops.tolist() == []
    late = scanner.scan(b"c\n" * 400)
    assert late.odd_quotes.tolist() == [0]
    assert late.stops.size == 801


def test_a_quoted_field_may_be_as_long_as_the_limit_and_no_longer() -> None:
    for length, stops in ((9, 1), (10, 2)):
        text = '"' + "\n" + "a" * (length - 1) + '"\n'
        assert len(scan([text.encode()], COMMA, 10)[0]) == stops, length


def test_a_run_of_quotes_that_is_too_long_is_data_and_is_told_once() -> None:
    text = "a\n" + '"' * 50 + ",b\n"
    for parts in ([text.encode()], chunks(text.encode(), [20, 30, 40])):
        assert scan(parts, COMMA, 10) == ([2, 55], [1, 2], [2])


def test_nothing_makes_no_row() -> None:
    assert scan([], COMMA, 10) == ([], [], [])
    assert scan([b"", b""], COMMA, 10) == ([], [], [])


def test_a_row_of_half_a_code_unit_counts() -> None:
    dialect = Dialect("utf-16-le", ",", quoting=False, row_end="\n", header=False)
    scanner = RowScanner(dialect)
    assert scanner.scan("a\n".encode("utf-16-le") + b"x").stops.tolist() == [2]
    last = scanner.scan(b"", final=True)
    assert (last.data, last.stops.tolist()) == (b"x", [1])


def test_code_units_keep_structure_and_hide_the_rest() -> None:
    assert code_units("\tĉ\n".encode("utf-16-be"), "utf-16-be").tolist() == [9, 255, 10]
