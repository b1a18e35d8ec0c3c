"""What is counted and placed is what Python's decoder shows as U+FFFD."""

from __future__ import annotations

import codecs

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from tsvapp.table.undecodable import bad_in_utf8

# The ends of each row of table 3-7 of The Unicode Standard, and what lies beside them.
EDGES = bytes.fromhex("41 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff")


def decoded(data: bytes) -> tuple[list[int], int]:
    """Return where Python's decoder finds errors, and how many characters of several bytes."""
    places = []

    def note(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        places.append(error.start)
        return "", error.end

    codecs.register_error("tests.note", note)
    text = data.decode("utf-8", "tests.note")
    return places, sum(not character.isascii() for character in text)


@given(st.lists(st.sampled_from(EDGES), max_size=12).map(bytes))
@example(b"\xed\xa0\x80\xf0\x9f\x98\xe2\x82")
def test_bad_utf_8_is_where_the_decoder_says(data: bytes) -> None:
    bad, valid, end = bad_in_utf8(np.frombuffer(data, np.uint8), final=True)
    assert (bad.tolist(), valid, end) == (*decoded(data), len(data))


@given(st.text(min_size=1, max_size=8), st.integers(1, 3))
def test_a_sequence_that_the_end_cuts_is_not_decided_yet(text: str, missing: int) -> None:
    last = len(text[-1].encode())
    data = text.encode()
    bad, valid, end = bad_in_utf8(np.frombuffer(data[: max(len(data) - missing, 0)], np.uint8), final=False)
    assert bad.size == 0
    if missing < last:
        assert end == len(data) - last
        assert valid == sum(not character.isascii() for character in text[:-1])
