"""What quoting programs write well, Python's own `csv` module and we read alike."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.memory import chunks
from tests.table.test_reading import pages, reading_of
from tsvapp.table.dialect import Dialect

CELLS = st.text('ab",;\n é', max_size=8)
# A row of one empty cell is an empty line, which `csv` drops.
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=5).filter(lambda row: row != [""]), max_size=50)


@settings(max_examples=300, deadline=None)
@given(
    TABLES,
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.integers(0, 3000), max_size=5),
)
def test_a_well_formed_table_reads_as_the_csv_module_reads_it(
    rows: list[list[str]], quoting: int, row_end: str, cuts: list[int]
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=quoting, lineterminator=row_end).writerows(rows)  # type: ignore[arg-type] # a plain int
    text = file.getvalue()
    theirs = list(csv.reader(io.StringIO(text, newline="")))
    dialect = Dialect("utf-8", ",", quoting=True, row_end="\n", header=False)
    assert pages(reading_of(chunks(text.encode(), cuts), dialect)) == theirs == rows
