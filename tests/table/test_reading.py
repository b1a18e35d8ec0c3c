"""A reading gives any rows of a document at any time, and comes back from disk as it was."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.table.memory import MIB, MemoryBlob, chunks, new_document, read_document, written
from tsvapp.table.cells import cut
from tsvapp.table.dialect import DELIMITERS, Choice, Decision, Dialect
from tsvapp.table.reading import WHOLE_BYTES, Reading
from tsvapp.table.row_index import BLOCK, RowIndex

DIALECTS = st.builds(
    Dialect,
    encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "windows-1252", "shift_jis"]),
    delimiter=st.sampled_from(DELIMITERS),
    quoting=st.booleans(),
    row_end=st.sampled_from("\n\r"),
    header=st.booleans(),
)
TABLES = st.lists(st.lists(st.text('a",;|\t\n\r é\u4e00𝄞', max_size=6), min_size=1, max_size=4), max_size=80)
PAGE_ROWS = 7


def reading_of(parts: list[bytes], dialect: Dialect) -> Reading:
    """Return the finished reading, in a given dialect, of a document that came in `parts`."""
    blob = MemoryBlob()
    index = RowIndex(dialect, max_row_bytes=MIB)
    reading = Reading("r", blob, Decision(dialect, {}), Choice(), index)
    for part in parts:
        blob.append(part)
        reading.feed(part)
    reading.finish()
    return reading


def pages(reading: Reading) -> list[list[str]]:
    """Return all rows, page by page."""
    return [row for start in range(0, reading.rows, PAGE_ROWS) for row in reading.page(start, start + PAGE_ROWS).data]


def can_say(rows: list[list[str]], dialect: Dialect) -> bool:
    """Tell whether a dialect can express a table."""
    if any(char not in ("\n", "\r", *DELIMITERS, '"', "a", " ") for row in rows for cell in row for char in cell):
        try:
            written(rows, dialect).decode(dialect.encoding)
        except UnicodeEncodeError:
            return False
    if dialect.quoting:
        return True
    structure = (dialect.delimiter, dialect.row_end)
    return not any(mark in cell for row in rows for cell in row for mark in structure) and not (
        dialect.row_end == "\n" and any(row[-1].endswith("\r") for row in rows)
    )


@settings(max_examples=400, deadline=None)
@given(TABLES, DIALECTS, st.lists(st.integers(0, 3000), max_size=6))
def test_rows_read_are_rows_written_page_by_page_whatever_the_cuts(
    rows: list[list[str]], dialect: Dialect, cuts: list[int]
) -> None:
    assume(can_say(rows, dialect))
    reading = reading_of(chunks(written(rows, dialect), cuts), dialect)
    assert pages(reading) == rows
    assert reading.rows == len(rows)
    assert reading.columns == max(map(len, rows), default=0)
    assert reading.report["quotes"]["count"] == 0


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["a", '"', '""', ",", "\n", "\r\n", '"b"', '"x\ny"']), max_size=400).map("".join),
    st.integers(-3, 90),
    st.integers(-3, 200),
    st.integers(0, 4),
    st.none() | st.integers(0, 4),
)
def test_a_page_is_what_reading_from_the_start_gives(
    text: str, start: int, stop: int, first_column: int, columns: int | None
) -> None:
    dialect = Dialect("utf-8", ",", quoting=True, row_end="\n", header=False)
    reading = reading_of([text.encode()], dialect)
    everything = reading.page(0, reading.rows).data
    assert len(everything) == reading.rows
    last = None if columns is None else first_column + columns
    wanted = [row[first_column:last] for row in everything[max(0, start) : max(0, stop)]]
    assert reading.page(start, stop, first_column=first_column, columns=columns).data == wanted


def test_pages_can_be_read_while_the_document_grows() -> None:
    document = new_document()
    for number in range(1, 200):
        document.append(b"%d\tx\ny" % number)
        reading = document.reading
        assert reading is not None
        assert reading.page(number - 1, 10**9).data == [[f"{'y' * (number > 1)}{number}", "x"]]


def test_one_thread_reads_pages_while_another_feeds() -> None:
    document = new_document()
    document.append(b"0\t0\n")

    def write() -> None:
        for number in range(1, 2_000):
            document.append(b"%d\t%d\n" % (number, number))
        document.seal()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(write)
        while not done.done():
            reading = document.reading
            assert reading is not None
            rows = reading.rows
            assert reading.page(rows - 3, rows).data == [[str(at), str(at)] for at in range(max(0, rows - 3), rows)]
        done.result()


def test_memory_is_bounded_by_a_block_and_a_row() -> None:
    dialect = Dialect("utf-8", "\t", quoting=False, row_end="\n", header=False)
    row = b"a" * (MIB // 2 - 1) + b"\n"
    reading = reading_of([row] * 40, dialect)
    assert isinstance(reading.blob, MemoryBlob)
    page = reading.page(2, 40, cell_chars=3, page_chars=60)
    assert page.data == [["a"]] * 38
    assert page.clipped[0] == (0, 0, MIB // 2 - 1)
    assert reading.blob.largest_read == MIB // 2
    assert WHOLE_BYTES < 38 * MIB // 2
    assert BLOCK < MIB // 2


def test_a_page_is_found_behind_many_blocks() -> None:
    rows = b'1,"two\n2"\n' * 100_000
    reading = read_document(rows)
    assert reading.rows == 100_000
    assert reading.page(99_999, 100_005).data == [["1", "two\n2"]]
    assert isinstance(reading.blob, MemoryBlob)
    assert reading.blob.largest_read < BLOCK
    tall = reading_of([b'a,"' + b"\n" * 50_000 + b'"\n'] * 40, reading.dialect)
    assert tall.page(0, 1).data == tall.page(31, 32).data == tall.page(39, 40).data == [["a", "\n" * 50_000]]


def test_half_a_code_unit_ends_the_last_row() -> None:
    reading = read_document("\ufeffa\tb\nc\td".encode("utf-16-le") + b"x")
    assert reading.page(0, 9).data == [["a", "b"], ["c", "d\ufffd"]]


def test_a_header_is_row_1_if_the_dialect_says_so() -> None:
    reading = read_document(b"name\tvery long name\nx\t1\n")
    assert reading.header() == ["name", "very long name"]
    assert reading.header(first_column=1, columns=1, cell_chars=4) == ["very"]
    assert reading.page(0, 1).data == [["name", "very long name"]], "it is a row like any other"
    assert read_document(b"1\t2\n3\t4\n").header() is None
    chosen = new_document(Choice(header=True))
    chosen.append(b"a")
    assert chosen.reading is not None
    assert chosen.reading.header() is None, "row 1 is not complete yet"


def test_a_header_that_another_row_has_followed_is_read_once() -> None:
    reading = read_document(b"name\tnumber\nx\t1\n")
    assert isinstance(reading.blob, MemoryBlob)
    assert reading.header() == ["name", "number"]
    reads = reading.blob.reads
    assert reading.header(first_column=1) == ["number"]
    assert reading.blob.reads == reads
    long = read_document(b"name" * 20_000 + b"\tnumber\nx\t1\n")
    assert isinstance(long.blob, MemoryBlob)
    assert long.header(first_column=1) == long.header(first_column=1) == ["number"]
    assert long.blob.reads >= 2


def test_a_cell_is_given_whole_or_not_at_all() -> None:
    reading = read_document(b"a\t" + b"b" * 5000 + b"\nc\n")
    assert reading.cell(0, 1) == "b" * 5000
    for row, column in ((0, 2), (1, 1), (2, 0), (-1, 0), (0, -1)):
        with pytest.raises(IndexError):
            reading.cell(row, column)


def restored(reading: Reading, record: dict[str, Any], index: bytes) -> Reading:
    """Return what comes back."""
    return Reading.restore(reading.id, reading.blob, record, index)


def test_a_reading_comes_back_as_it_was() -> None:
    reading = read_document(b'a,b\n"c\nd",\xff\n\n' * 100, Choice(delimiter=","))
    record = json.loads(json.dumps(reading.record()))
    again = restored(reading, record, reading.index.dumps())
    assert again.record() == reading.record()
    assert (again.id, again.decision, again.choice) == (reading.id, reading.decision, reading.choice)
    assert (again.rows, again.columns, again.position, again.finished) == (300, 2, reading.position, True)
    assert again.provisional is False
    assert again.page(250, 280) == reading.page(250, 280)


def test_a_record_that_does_not_fit_is_refused() -> None:
    reading = read_document(b"a\tb\n" * 100)
    record, index = reading.record(), reading.index.dumps()
    changes: list[dict[str, Any]] = [{"rows": 99}, {"columns": 3}, {"end": 399}, {"report": {}}, {"report": None}]
    for change in [*changes, {"choice": {"x": 1}}]:
        with pytest.raises(ValueError):  # noqa: PT011 - which one it is makes no difference
            restored(reading, {**record, **change}, index)
    with pytest.raises(ValueError, match="record"):
        restored(reading, {}, index)
    with pytest.raises(ValueError, match="record"):
        restored(reading, {**record, "dialect": {**record["dialect"], "encoding": "klingon"}}, index)
    with pytest.raises(ValueError, match="another"):
        Reading.restore("r", MemoryBlob(b"a\tb\n" * 99), record, index)
    with pytest.raises(ValueError, match="another"):
        restored(reading, record, read_document(b"a\tb\n" * 101).index.dumps())


def test_the_naive_way_gives_the_same_cells() -> None:
    text = "".join(f"{number}\t\u00e9{number % 7}\n" for number in range(5000))
    reading = read_document(text.encode())
    lines = text.encode().split(b"\n")
    plain = replace(reading.dialect)
    assert reading.page(1234, 4321).data == [cut(line, plain) for line in lines[1234:4321]]
