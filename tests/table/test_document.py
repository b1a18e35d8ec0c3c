"""A document decides as its bytes come, and never shows a reading that is behind the one it replaces."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.memory import MIB, MemoryBlob, chunks, new_document, read_document
from tsvapp.errors import EmptyFile, NotATable, RowTooLong
from tsvapp.table.decide import SAMPLE_BYTES
from tsvapp.table.dialect import Choice, Dialect
from tsvapp.table.document import Document, Reading

LATIN_LATE = b"a\tb\n" * (SAMPLE_BYTES // 4) + b"caf\xe9\tx\n"
QUOTED_LATE = b"a,b\n" * 20 + b'"c\nd",e\n' * 200


def shown(document: Document) -> Reading:
    """Return what is shown."""
    assert document.reading is not None
    return document.reading


def everything(reading: Reading) -> list[list[str]]:
    """Return all cells."""
    return reading.page(0, reading.rows).data


def test_nothing_is_shown_before_the_first_byte() -> None:
    document = new_document()
    document.append(b"")
    assert document.reading is None


def test_the_first_rows_are_shown_while_the_rest_is_on_its_way() -> None:
    document = new_document()
    document.append(b"a\tb\nc")
    assert shown(document).provisional
    assert everything(shown(document)) == [["a", "b"]]
    document.append(b"\td")
    document.seal()
    assert not shown(document).provisional
    assert shown(document).finished
    assert everything(shown(document)) == [["a", "b"], ["c", "d"]]


def test_another_decision_makes_another_reading_and_the_same_one_does_not() -> None:
    document = new_document()
    document.append(b"a,b\nc,d\n")
    first = shown(document)
    document.append(b"e,f\ng,h\ni,j\n")
    assert shown(document) is first
    assert first.decision.reasons["delimiter"].startswith("All 5 rows")
    document.append(b'"k\n1",l\n')
    document.append(b'"m",n\n' * 10)
    second = shown(document)
    assert second is not first
    assert second.id != first.id
    assert second.dialect.quoting
    assert everything(second)[5] == ["k\n1", "l"]
    assert everything(first)[5] == ['"k'], "whoever still holds the former reading can read it"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        [QUOTED_LATE, b"\xef\xbb\xbfn\tm\n1\t2\n", "\ufeffa;b\n1;2\n".encode("utf-16-be"), b"a\rb\rc", b"x\xe9"]
    ),
    st.lists(st.integers(0, 2000), max_size=40),
)
def test_the_end_is_the_same_however_the_bytes_came(data: bytes, cuts: list[int]) -> None:
    document = new_document()
    for part in chunks(data, cuts):
        document.append(part)
    document.seal()
    once = read_document(data)
    assert shown(document).record() == once.record()
    assert everything(shown(document)) == everything(once)


def test_a_decision_is_final_at_the_size_of_the_sample() -> None:
    document = new_document()
    piece = b"a,b\n" * (SAMPLE_BYTES // 16)
    for _ in range(4):
        assert document.reading is None or shown(document).provisional
        document.append(piece)
    assert not shown(document).provisional
    reading = shown(document)
    document.append(b'"late\nquote"\x00\tx\n' * 1000)
    document.seal()
    assert shown(document) is reading
    assert reading.report["quotes"]["count"] == 0
    assert reading.report["nul"]["count"] == 1000


def test_one_great_chunk_is_read_as_many_small_ones() -> None:
    data = QUOTED_LATE * 700
    assert len(data) > SAMPLE_BYTES
    document = new_document()
    document.append(data)
    assert not shown(document).provisional
    document.seal()
    assert shown(document).rows == 220 * 700


def test_no_bytes_are_no_table() -> None:
    with pytest.raises(EmptyFile):
        new_document().seal()
    marked = new_document()
    marked.append(b"\xef\xbb\xbf")
    with pytest.raises(EmptyFile):
        marked.seal()


def test_another_kind_of_file_is_refused_at_once_and_a_nul_within_the_sample_later() -> None:
    with pytest.raises(NotATable, match="PNG"):
        new_document().append(b"\x89PNG\r\n\x1a\n")
    document = new_document()
    document.append(b"a\tb\n" * 1000)
    document.append(b"\x00")
    with pytest.raises(NotATable, match="NUL"):
        document.seal()


def test_a_row_that_is_too_long_ends_the_document() -> None:
    document = new_document(max_row_bytes=1000)
    document.append(b"a\n")
    with pytest.raises(RowTooLong, match="Row 2"):
        document.append(b"x" * 1001)


def test_all_bytes_decide_between_utf_8_and_windows_1252() -> None:
    document = new_document()
    document.append(LATIN_LATE)
    assert shown(document).dialect.encoding == "utf-8"
    before = shown(document)
    document.seal()
    after = shown(document)
    assert after.dialect.encoding == "windows-1252"
    assert after.decision.reasons["encoding"] == "Not UTF-8: 1 invalid sequence beside 0 valid."
    assert after.id != before.id
    assert after.index is before.index, "only decoding changes"
    assert after.page(after.rows - 1, after.rows).data == [["café", "x"]]
    assert before.page(before.rows - 1, before.rows).data == [["caf\ufffd", "x"]]
    assert (before.report["undecodable"]["count"], after.report["undecodable"]["count"]) == (1, 0)


def test_one_bad_byte_does_not_turn_a_large_file_into_mojibake() -> None:
    document = new_document()
    document.append("é\tb\n".encode() * MIB)
    document.append(b"\xff\n")
    document.seal()
    assert shown(document).dialect.encoding == "utf-8"
    assert shown(document).decision.reasons["encoding"] == "UTF-8 but for 1 invalid sequence beside 1,048,576 valid."
    assert shown(document).report["undecodable"] == {"count": 1, "rows": [MIB + 1]}


def test_a_provisional_encoding_changes_without_reading_again() -> None:
    document = new_document()
    document.append(b"caf\xe9\tx\n")
    latin = shown(document)
    assert latin.dialect.encoding == "windows-1252"
    document.append("é\tü\n".encode() * 20)
    assert shown(document).dialect.encoding == "utf-8"
    assert shown(document).index is latin.index


def test_a_chosen_encoding_and_a_marked_one_stay() -> None:
    chosen = new_document(Choice(encoding="utf-8"))
    chosen.append(LATIN_LATE)
    chosen.seal()
    assert shown(chosen).dialect.encoding == "utf-8"
    assert read_document(b"\xef\xbb\xbf\xe9").dialect.encoding == "utf-8"
    assert read_document("\ufeffé".encode("utf-16-le")).dialect.encoding == "utf-16-le"


def test_sealing_twice_is_sealing_once() -> None:
    document = new_document()
    document.append(b"a")
    document.seal()
    reading = shown(document)
    document.seal()
    assert shown(document) is reading


def test_another_reading_grows_beside_the_shown_one() -> None:
    document = new_document()
    document.append(b'"a",b\n' * 1000)
    document.seal()
    other = document.reread(Choice(quoting=False))
    assert other is not shown(document)
    assert (other.position, other.finished, other.provisional) == (0, False, False)
    assert not document.advance(other, 100)
    assert other.position == 100
    assert other.page(0, 1).data == [['"a"', "b"]]
    assert document.advance(other, MIB)
    assert other.finished
    assert shown(document).cell(999, 0) == "a"
    document.reading = other
    assert shown(document).cell(999, 0) == '"a"'
    assert shown(document).decision.reasons["quoting"] == "Chosen by a person."


def test_what_reads_rows_alike_needs_no_reading_again() -> None:
    document = new_document()
    document.append(b"n\tm\ncaf\xe9\t2\n")
    document.seal()
    first = shown(document)
    headless = document.reread(Choice(header=False))
    utf_8 = document.reread(Choice(encoding="utf-8"))
    for other in (headless, utf_8):
        assert other.id != first.id
        assert other.index is first.index
        assert document.advance(other, 1)
    assert headless.header() is None
    assert utf_8.cell(1, 0) == "caf\ufffd"
    assert document.reread(Choice(encoding="cp437")).position == 0
    assert document.reread(Choice()) is first


def test_a_reading_made_during_an_upload_follows_it() -> None:
    document = new_document()
    document.append(b"a,b\nc,d\n")
    tabbed = document.reread(Choice(delimiter="\t"))
    assert tabbed.provisional
    assert document.advance(tabbed, MIB)
    document.reading = tabbed
    document.append(b"e,f\n" * 10)
    assert shown(document) is tabbed, "a choice outlives a new decision"
    document.seal()
    assert everything(shown(document)) == [["a,b"], ["c,d"], *[["e,f"]] * 10]
    assert not tabbed.provisional


def test_a_shown_reading_that_is_behind_is_left_to_whoever_advances_it() -> None:
    document = new_document()
    document.append(b"a,b\n" * 1000)
    tabbed = document.reread(Choice(delimiter="\t"))
    assert not document.advance(tabbed, 400)
    document.reading = tabbed
    document.append(b"x")
    assert tabbed.position == 400
    assert document.advance(tabbed, MIB)
    assert tabbed.rows == 1000
    document.append(b"y\n")
    assert tabbed.cell(1000, 0) == "xy"
    again = document.reread(Choice(delimiter=";"))
    document.reading = again
    document.seal()
    assert again.finished
    assert again.cell(1000, 0) == "xy"


def test_a_reading_made_on_little_evidence_begins_again_if_more_speaks_against_it() -> None:
    document = new_document()
    document.append(b"a,b\nc,d\n")
    same = document.reread(Choice(header=True))
    hasty = document.reread(Choice(encoding="cp437"))
    document.advance(hasty, MIB)
    assert not hasty.dialect.quoting
    document.append(b'"e\n1",f\n' * 100)
    document.seal()
    assert document.advance(hasty, MIB)
    assert hasty.dialect.quoting
    assert not hasty.provisional
    assert hasty.cell(2, 0) == "e\n1"
    assert document.advance(same, MIB)
    assert same.dialect.header


def test_a_reading_made_on_little_evidence_goes_on_if_nothing_speaks_against_it() -> None:
    document = new_document()
    document.append(b"a,b\nc,d\n")
    other = document.reread(Choice(encoding="cp437"))
    document.advance(other, MIB)
    index = other.index
    document.append(b"e,f\n")
    document.seal()
    assert document.advance(other, MIB)
    assert other.index is index
    assert not other.provisional
    assert other.rows == 3


def test_going_back_to_evidence_ends_in_the_encoding_of_all_bytes() -> None:
    document = new_document(Choice(encoding="cp437"))
    document.append(LATIN_LATE)
    document.seal()
    hidden = document.reread(Choice())
    assert hidden.dialect.encoding == "utf-8"
    assert document.advance(hidden, 10 * MIB)
    assert hidden.dialect.encoding == "windows-1252"

    early = document.reread(Choice())
    document.reading = early
    assert document.advance(early, 10 * MIB)
    assert shown(document) is not early, "its pages in UTF-8 may have been cached under its id"
    assert shown(document).dialect.encoding == "windows-1252"
    assert early.dialect.encoding == "utf-8"


def test_a_document_comes_back_from_disk_and_can_be_read_otherwise() -> None:
    reading = read_document(b"a,b\n" * 500, Choice(header=True))
    ids = iter("xyz")
    document = Document.restore(reading.blob, reading, lambda: next(ids), max_row_bytes=1000)
    assert document.sealed
    document.seal()
    assert document.reading is reading
    other = document.reread(Choice(delimiter=";"))
    assert other.id == "x"
    assert document.advance(other, MIB)
    assert everything(other) == [["a,b"]] * 500
    assert document.reread(reading.choice).id == reading.id


@pytest.mark.parametrize("copies", [1, 5000])
def test_a_document_whose_index_is_lost_is_read_again(copies: int) -> None:
    blob = MemoryBlob(QUOTED_LATE * copies)
    document = Document.unread(blob, lambda: "r", max_row_bytes=1000, choice=Choice(header=True))
    document.seal()
    assert shown(document).record() == read_document(QUOTED_LATE * copies, Choice(header=True)).record()
    assert shown(document).rows == 220 * copies


def test_an_acknowledged_row_is_never_taken_back_while_a_reading_lives() -> None:
    document = new_document()
    seen: list[tuple[str, int]] = []
    for part in chunks(QUOTED_LATE, list(range(0, 1700, 13))):
        document.append(part)
        if document.reading is not None:
            seen.append((shown(document).id, shown(document).rows))
    for (one, rows), (other, more) in pairwise(seen):
        assert one != other or more >= rows


def test_a_document_reads_in_the_dialect_that_was_decided() -> None:
    assert read_document(b"a;b\n1;2\n").dialect == Dialect("utf-8", ";", quoting=False, row_end="\n", header=True)


def test_what_nobody_chose_stays_as_it_is_when_another_point_is_changed() -> None:
    document = new_document()
    assert document.reread(Choice(delimiter=","), []).dialect.delimiter == ","
    document.append(b'name;note\nA;"one;two"\nB;"three"\n')
    document.seal()
    before = shown(document)
    assert (before.dialect.delimiter, before.dialect.quoting) == (";", True)
    plain = document.reread(Choice(quoting=False), ["quoting"])
    assert plain.dialect == replace(before.dialect, quoting=False)
    assert plain.choice == Choice(quoting=False)
    assert plain.decision.reasons["delimiter"] == before.decision.reasons["delimiter"]
    assert document.reread(Choice(quoting=False), ["quoting", "delimiter"]).dialect.delimiter == "\t"
