"""Cells are the file's own text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsvapp.table.cells import PIECE_CELLS, cut, cut_in_pieces, cut_rows
from tsvapp.table.dialect import GREEDY_ENCODINGS, Dialect


def dialect(encoding: str = "utf-8", delimiter: str = ",", *, quoting: bool = True, row_end: str = "\n") -> Dialect:
    """Return a dialect with defaults."""
    return Dialect(encoding, delimiter, quoting, row_end, header=False)


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (b"a,b\n", ["a", "b"]),
        (b"a,b\r\n", ["a", "b"]),
        (b"a,b\r\r\n", ["a", "b\r"]),
        (b"a,b\r", ["a", "b\r"]),
        (b"", [""]),
        (b"\n", [""]),
        (b" a , b \n", [" a ", " b "]),
        (b'"a,b","",""""\n', ["a,b", "", '"']),
        (b'"a""b\n",c', ['a"b\n', "c"]),
        (b'"a"b,c\n', ['"a"b', "c"]),
        (b'a"b"",c\n', ['a"b""', "c"]),
        (b'"a\n', ['"a']),
        (b'"a",\n', ["a", ""]),
        (b'"a"\r\n', ["a"]),
        ("a\u2028b\u0085c\x0bd\x0c,e\n".encode(), ["a\u2028b\u0085c\x0bd\x0c", "e"]),
    ],
)
def test_a_row_is_cut_and_nothing_else_changes(row: bytes, cells: list[str]) -> None:
    assert cut(row, dialect()) == cells


def test_without_quoting_a_quote_is_data() -> None:
    assert cut(b'"a,b"\n', dialect(quoting=False)) == ['"a', 'b"']


def test_a_macintosh_row_ends_at_a_return_only() -> None:
    assert cut(b"a,b\n\r", dialect(row_end="\r")) == ["a", "b\n"]


@pytest.mark.parametrize("row", [b'"0",1,2,"3",4\n', b"0,1,2,3,4\n"])
def test_some_columns_are_the_same_as_all_cut_down(row: bytes) -> None:
    whole = cut(row, dialect())
    for first in range(7):
        assert cut(row, dialect(), first=first) == whole[first:]
        for stop in range(first, 7):
            assert cut(row, dialect(), first=first, stop=stop) == whole[first:stop]


def test_bad_bytes_are_shown_in_their_own_cell() -> None:
    assert cut(b'\xc3,"\xff"\n', dialect()) == ["\ufffd", "\ufffd"]
    assert cut(b"\xc3,\xff\n", dialect()) == ["\ufffd", "\ufffd"]


@pytest.mark.parametrize("encoding", sorted(GREEDY_ENCODINGS))
@pytest.mark.parametrize("half", [b"\x8f\xff", b"\xff\xff9", b"\xa4\xd4", b"\x81"])
def test_half_a_character_never_swallows_a_delimiter(encoding: str, half: bytes) -> None:
    cells = cut(b"a," + half + b",c\n", dialect(encoding))
    assert (len(cells), cells[0], cells[2]) == (3, "a", "c")


def test_quotes_are_cut_in_utf_16_too() -> None:
    assert cut('"a,\u2c22","b""",c\r\n'.encode("utf-16-be"), dialect("utf-16-be")) == ["a,\u2c22", 'b"', "c"]
    # U+220A begins with the byte of a quote and ends with that of a newline.
    assert cut("\u220a,b\n".encode("utf-16-be"), dialect("utf-16-be")) == ["\u220a", "b"]


def test_half_a_code_unit_is_shown_as_a_bad_one() -> None:
    assert cut("a,b".encode("utf-16-le") + b"\n", dialect("utf-16-le", quoting=False)) == ["a", "b\ufffd"]
    assert cut('"a",b'.encode("utf-16-le") + b"\n", dialect("utf-16-le")) == ["a", "b\ufffd"]


def test_a_quoted_cell_beyond_the_limit_is_data() -> None:
    assert cut(b'"abc,d",e\n', dialect(), quote_limit=6) == ["abc,d", "e"]
    assert cut(b'"abc,d",e\n', dialect(), quote_limit=5) == ['"abc', 'd"', "e"]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16-le", "shift_jis"])
@pytest.mark.parametrize("row_end", ["\n", "\r"])
@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.lists(st.sampled_from([b"a", b",", b'"', b"\r", b"\xc3", b"\xa9", b"\xff", b"\x00"]), max_size=6)),
    has_end=st.booleans(),
    shape=st.sampled_from([(0, None), (0, 2), (1, None), (1, 3)]),
)
def test_rows_cut_together_are_the_same_as_each_for_itself(
    encoding: str, row_end: str, rows: list[list[bytes]], has_end: bool, shape: tuple[int, int | None]
) -> None:
    end = row_end.encode(encoding)
    lines = [b"".join(row).replace(end, b"") + end for row in rows]
    if lines and not has_end and lines[-1] != end:
        lines[-1] = lines[-1].removesuffix(end)
    as_told = dialect(encoding, row_end=row_end)
    first, stop = shape
    expected = [cut(line, as_told, first=first, stop=stop) for line in lines]
    assert list(cut_rows(lines, as_told, first=first, stop=stop)) == expected
    assert list(cut_rows(iter(lines), as_told, first=first, stop=stop)) == expected


@pytest.mark.parametrize("quoting", [False, True])
def test_of_a_row_of_a_million_cells_any_few_are_found_at_once(quoting: bool) -> None:
    how = dialect(quoting=quoting)
    row = b",".join(b'"%d"' % number if number % 3 == 0 else b"%d" % number for number in range(10**6)) + b"\n"
    expected = ["999997", "999998", "999999" if quoting else '"999999"']
    # 999,999 is divisible by three, so it stands in quotes.
    assert cut(row, how, first=999_997) == expected
    assert cut(row, how, first=999_997, stop=10**7) == expected
    assert cut(row, how, first=10**6) == []
    pieces = list(cut_in_pieces(row, how))
    assert max(map(len, pieces)) == PIECE_CELLS
    assert [cell for piece in pieces for cell in piece] == cut(row, how)
