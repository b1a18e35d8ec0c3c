"""What a sample looks like under one delimiter and one quoting."""

from __future__ import annotations

import pytest

from tsvapp.table.evidence import Sample, best_look, look


def sample(text: str, *, final: bool = True, width: int = 1) -> Sample:
    """Return a sample."""
    return Sample(text.encode("latin-1"), width, final)


@pytest.mark.parametrize(
    ("text", "final", "quoting", "row_end"),
    [
        ("a\nb", True, False, "\n"),
        ("a\r\nb", True, False, "\n"),
        ("a\rb", True, False, "\r"),
        ("a\r", True, False, "\r"),
        ("a\r", False, False, "\n"),
        ("a\rb\nc", True, False, "\n"),
        ("a", True, False, "\n"),
        ('"a\nb"\r"c"\r', True, True, "\r"),
        ('"a\rb"\n"c"\n', True, True, "\n"),
        ('"a\rb",c', True, True, "\n"),
        ('"a"\r\n"b"\r\n', True, True, "\n"),
        ('"a"\r', False, True, "\n"),
        ("a\rb", True, True, "\r"),
        ("a" * 70_000 + "\r\nb\r\n", True, True, "\n"),
    ],
)
def test_rows_end_at_a_newline_outside_quotes_and_else_at_a_return(
    text: str, final: bool, quoting: bool, row_end: str
) -> None:
    assert look(sample(text, final=final), ",", quoting=quoting).row_end == row_end


def test_empty_rows_and_an_unfinished_one_are_not_compared() -> None:
    assert look(sample("a,b\n\n\r\nc,d\nx", final=False), ",", quoting=False).cells.tolist() == [2, 2]
    assert look(sample("a,b\r\n\r\nc\r\n\n1\nx"), ",", quoting=False).cells.tolist() == [2, 1, 1, 1]
    assert look(sample("a,b\r\rc"), ",", quoting=False).cells.tolist() == [2, 1]
    blank = look(sample("\n\n"), ",", quoting=False)
    assert (blank.cells.tolist(), blank.columns, blank.share) == ([], 1, 1.0)


def test_where_no_row_is_complete_the_unfinished_one_is_looked_at() -> None:
    assert look(sample("a,b,", final=False), ",", quoting=False).cells.tolist() == [3]


def test_quotes_are_read_as_such_if_a_program_evidently_wrote_them() -> None:
    def quoting(text: str, *, final: bool = True) -> bool:
        return best_look(sample(text, final=final), ",")[0].quoting

    assert quoting('"a,b",c\nd,"e\nf"\n')
    assert quoting('"a"\n"b"\n')
    assert quoting('a,"b" \n"c",d\n') is False
    assert not quoting('6" nail,x\n')
    assert not quoting('"a,b\nc,d\n')
    assert not quoting("a,b\n")
    assert quoting('a,"b"\nc,"d', final=False), "a quote that is still open is evidence against nothing"
    assert not quoting('a,"b"\nc,"d')


def test_rows_must_be_as_even_with_quotes_as_without() -> None:
    best, quoted = best_look(sample('a,b\n"c,d"\ne,f\n'), ",")
    assert not best.quoting
    assert quoted is not None
    assert quoted.closes_well


def test_a_head_of_a_sample_is_not_its_end() -> None:
    whole = sample("abc")
    assert whole.head(3) is whole
    assert whole.head(2) == sample("ab", final=False)


def test_the_limit_of_a_quoted_field_is_in_bytes() -> None:
    text = '"' + "a" * 40_000 + '",b\n'
    assert look(sample(text), ",", quoting=True).odd == 0
    assert look(sample(text, width=2), ",", quoting=True).odd == 1
