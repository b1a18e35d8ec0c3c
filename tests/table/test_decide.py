"""How to read is decided by evidence, with a reason that a person can check."""

from __future__ import annotations

import pytest

from tsvapp.errors import EmptyFile, NotATable
from tsvapp.table.decide import SAMPLE_BYTES, decide
from tsvapp.table.dialect import Choice, Decision, Dialect


def decided(text: str | bytes, *, final: bool = True, **choice: object) -> Decision:
    """Return the decision on a document of `text`."""
    sample = text.encode() if isinstance(text, str) else text
    return decide(sample, final=final, choice=Choice(**choice))  # type: ignore[arg-type] # each test's own business


def dialect(text: str | bytes, **how: bool) -> Dialect:
    """Return only the dialect."""
    return decided(text, **how).dialect


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a\tb\nc\td\n", "\t"),
        ("a\tb,c\nx,y\tz,z\n", "\t"),
        ("title\na\tb\n", "\t"),
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n3,5;4\n", ";"),
        ("a;b\n1,5;2\n3;4\n", ";"),
        ("a|b\n1|2\n", "|"),
        ("a,b,c;d\ne,f,g;h\n", ","),
        ("one, two\nthree\nfour\n", "\t"),
        ("word\nword\n", "\t"),
        ("a,b\n" * 9 + "c\n", ","),
        ("a,b\n" * 8 + "c\n", "\t"),
        ('"a,b;c";d\n"x;y";z\n', ";"),
        ("a,b\n\n\n\nc,d\n", ","),
        ("\n\n", "\t"),
        ("x\ty\n" + "a,b\n" * 9, ","),
    ],
)
def test_the_tab_is_taken_unless_the_file_is_evidently_something_else(text: str, delimiter: str) -> None:
    assert dialect(text).delimiter == delimiter


def test_a_reason_gives_the_numbers() -> None:
    assert decided("a\tb\n" * 812).reasons["delimiter"] == "All 812 rows looked at have 1 tab."
    assert decided("a,b,c\n" * 19 + "d\n").reasons["delimiter"] == "19 of 20 rows looked at have 2 commas."
    assert decided("a;b").reasons["delimiter"] == "The only row looked at has 1 semicolon."
    assert decided("a").reasons["delimiter"] == "No delimiter is evident, so the tab is taken."


def test_a_choice_overrules_the_evidence_and_says_so() -> None:
    mine = decided("a\tb\n1\t2\n", delimiter=",", quoting=True, header=False, encoding="cp437")
    assert mine.dialect == Dialect("cp437", ",", quoting=True, row_end="\n", header=False)
    assert set(mine.reasons.values()) == {"Chosen by a person."}


def test_what_was_not_chosen_is_decided_for_what_was() -> None:
    assert not decided('"a","b\n"c","d\n', quoting=False).dialect.quoting
    assert decided('"a","b\n"c","d\n', quoting=False).dialect.delimiter == ","
    assert decided('a;"b,b"\nc;"d"\n', delimiter=",").dialect.quoting is False


@pytest.mark.parametrize(
    ("text", "quoting", "why"),
    [
        ("a\tb\n", False, "No field opens with a quote."),
        ('5" pipe\tb\n', False, "No field opens with a quote."),
        ('"a\tb"\tc\n', True, "Every field that opens with a quote closes well."),
        ('"a\tb\n', False, "1 field that opens with a quote does not close well."),
        ('"a\tb\n"c\td\n', False, "2 fields that open with a quote do not close well."),
        ('a\tb\n"c\td"\ne\tf\n', False, "Rows are less even when quotes are read as such."),
    ],
)
def test_a_quote_is_data_unless_a_quoting_program_wrote_the_file(text: str, quoting: bool, why: str) -> None:
    decision = decided(text)
    assert (decision.dialect.quoting, decision.reasons["quoting"]) == (quoting, why)


@pytest.mark.parametrize(
    ("text", "encoding", "bom", "why"),
    [
        (b"a\n", "utf-8", 0, "All of it is ASCII."),
        ("é\n".encode(), "utf-8", 0, "All of it is valid UTF-8."),
        (b"\xef\xbb\xbfa\xff", "utf-8", 3, "The file begins with its byte-order mark."),
        (b"\xff\xfea\x00", "utf-16-le", 2, "The file begins with its byte-order mark."),
        (b"\xfe\xff\x00a", "utf-16-be", 2, "The file begins with its byte-order mark."),
        (b"caf\xe9\n", "windows-1252", 0, "Not UTF-8: 1 invalid sequence beside 0 valid."),
        ("é".encode() * 20 + b"\xe9\xe9\n", "utf-8", 0, "UTF-8 but for 2 invalid sequences beside 20 valid."),
    ],
)
def test_the_encoding_is_marked_or_utf_8_or_windows_1252(text: bytes, encoding: str, bom: int, why: str) -> None:
    decision = decided(text)
    assert (decision.dialect.encoding, decision.dialect.bom) == (encoding, bom)
    assert decision.reasons["encoding"] == why


def test_a_byte_order_mark_is_skipped_if_its_encoding_is_chosen_and_data_if_another_is() -> None:
    assert decided(b"\xef\xbb\xbfa", encoding="utf-8").dialect.bom == 3
    assert decided(b"\xef\xbb\xbfa", encoding="cp850").dialect.bom == 0


def test_a_character_cut_by_the_sample_is_no_evidence() -> None:
    assert dialect(b"a\n\xe2\x82", final=False).encoding == "utf-8"
    assert dialect(b"a\n\xe2\x82", final=True).encoding == "windows-1252"


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("name\tage\nAnn\t7\n", True),
        ("Oslo\t7\nBob\t8\n", False),
        ("Oslo\t2024-02-29\nBob\tx\n", False),
        ("Oslo\t29.2.24 12:30\nBob\tx\n", False),
        ("Oslo\t€ 1,200.50\nBob\tx\n", False),
        ("Oslo\t-1.5e-3\nBob\tx\n", False),
        ("Oslo\t7 %\nBob\tx\n", False),
        ("Q1\t1st\nBob\tx\n", True),
        ("\t\na\tb\n", False),
        ("name\tage\n", False),
        ("name\tage", False),
        ("age\n7\n8\n\n", True),
        ("name\nAnn\nBob\n", False),
        ("name\nAnn\n8\n", False),
        ("name\n\n\n", False),
        ('"na\nme"\t"age"\nAnn\t7\n', True),
        ("w" * 200_000 + "\tage\nAnn\t7\n", True),
    ],
)
def test_row_1_is_a_header_unless_it_looks_like_data(text: str, header: bool) -> None:
    assert dialect(text).header is header


def test_a_header_is_read_in_the_files_own_encoding() -> None:
    assert dialect("\ufeffname\tage\nAnn\t7\n".encode("utf-16-le")).header
    assert (
        decided("\ufeff7\tage\nAnn\t7\n".encode("utf-16-be")).reasons["header"] == "Row 1 holds a number or a date: 7."
    )


def test_a_second_row_that_has_only_begun_makes_the_first_one_a_header() -> None:
    assert dialect("name\tage\nAn", final=False).header
    assert not dialect("name\tage\n", final=False).header


def test_old_macintosh_files_end_rows_at_a_return() -> None:
    assert dialect("a\tb\rc\td\r").row_end == "\r"
    assert dialect("a\tb\r\nc\td\r\n").row_end == "\n"
    assert dialect("a\tb\r", final=False).row_end == "\n", "it may be half of a row end"


@pytest.mark.parametrize("text", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_file_of_nothing_but_a_mark_is_empty(text: bytes) -> None:
    with pytest.raises(EmptyFile, match="empty"):
        decided(text)
    assert dialect(text, final=False).delimiter == "\t"


def test_an_empty_line_is_a_row_and_no_empty_file() -> None:
    assert dialect("\n").row_end == "\n"


def test_what_is_no_text_is_no_table() -> None:
    with pytest.raises(NotATable, match="PDF"):
        decided("%PDF-1.4\n")
    with pytest.raises(NotATable, match="NUL bytes"):
        decided(b"a\tb\nc\x00")
    with pytest.raises(NotATable, match="NUL bytes"):
        decided(b"\xff\xfe\x00\x00a\x00\x00\x00")  # UTF-32
    with pytest.raises(NotATable, match="NUL bytes"):
        decided("a\tb\n".encode("utf-16-le"))


def test_utf_16_without_its_mark_can_be_chosen() -> None:
    assert decided("a\tb\n".encode("utf-16-le"), encoding="utf-16-le").dialect.bom == 0


def test_the_last_unfinished_row_of_a_sample_is_no_evidence() -> None:
    assert dialect("a,b,c\nd,e,f\ng", final=False).delimiter == ","
    assert dialect('"a","b"\n"c","', final=False).quoting
    assert dialect('"a","b"\n"c', final=False).quoting


def test_a_full_sample_is_decided_on_as_a_whole() -> None:
    text = b"name;said\n" + b'x;"one\ntwo; ""three"""\n' * (SAMPLE_BYTES // 24)
    whole = decide(text[:SAMPLE_BYTES], final=False)
    assert whole.dialect == Dialect("utf-8", ";", quoting=True, row_end="\n", header=True)
    late = decide(text[: SAMPLE_BYTES - 100] + b'\nx;"no" \n\n', final=False)
    assert not late.dialect.quoting
