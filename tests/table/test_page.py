"""A page is bounded, and honest about what it cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsvapp.table.page import Page, PageBuilder

ROWS = st.lists(st.lists(st.text("ab", max_size=12), max_size=5), max_size=6)


def page(rows: list[list[str]], *, cell_chars: int | None = None, page_chars: int | None = None) -> Page:
    """Return a page of `rows` from column 7 on."""
    builder = PageBuilder(7, cell_chars=cell_chars, page_chars=page_chars)
    for row in rows:
        builder.add(row)
    return builder.page()


def test_without_limits_nothing_is_cut() -> None:
    assert page([["a" * 9000], [], ["b"]]) == Page([["a" * 9000], [], ["b"]], [])


def test_a_cut_cell_is_named_with_its_full_length() -> None:
    assert page([["ab"], ["c", "abcd"]], cell_chars=3) == Page([["ab"], ["c", "abc"]], [(1, 8, 4)])
    assert page([["abc"]], cell_chars=3).clipped == []


def test_long_cells_give_way_before_short_ones() -> None:
    assert page([["aa", "b" * 100], ["c" * 50]], page_chars=10) == Page(
        [["aa", "bbbb"], ["cccc"]], [(0, 8, 100), (1, 7, 50)]
    )


@given(ROWS, st.none() | st.integers(0, 9), st.integers(0, 40))
def test_all_cells_are_cut_at_the_greatest_length_that_fits(
    rows: list[list[str]], cell_chars: int | None, page_chars: int
) -> None:
    made = page(rows, cell_chars=cell_chars, page_chars=page_chars)

    def cut(limit: int) -> list[list[str]]:
        return [[cell[:limit] for cell in row] for row in rows]

    def size(data: list[list[str]]) -> int:
        return sum(len(cell) for row in data for cell in row)

    most = 12 if cell_chars is None else cell_chars
    limit = max((length for length in range(most + 1) if size(cut(length)) <= page_chars), default=0)
    assert made.data == cut(limit)
    assert made.clipped == [
        (number, 7 + column, len(cell))
        for number, row in enumerate(rows)
        for column, cell in enumerate(row)
        if len(cell) > limit
    ]
