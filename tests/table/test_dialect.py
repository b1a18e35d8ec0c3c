"""The names offered to people are names that work."""

from __future__ import annotations

import codecs

import pytest

from tsvapp.table.dialect import DELIMITERS, ENCODINGS, Choice, Dialect, width_of


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_writes_structure_in_one_code_unit(encoding: str) -> None:
    codecs.lookup(encoding)
    for mark in (*DELIMITERS, "\n", "\r", '"'):
        units = mark.encode(encoding)
        assert len(units) == width_of(encoding)
        assert units.strip(b"\x00") == mark.encode("ascii")


def test_a_dialect_knows_the_width_of_its_units() -> None:
    assert Dialect("utf-16-be", ",", True, "\n", False).width == 2
    assert Dialect("utf-8", ",", True, "\n", False).width == 1


def test_a_choice_of_an_unknown_name_is_refused() -> None:
    Choice(encoding="koi8-r", delimiter="|", quoting=False, header=True)
    with pytest.raises(ValueError, match="encoding"):
        Choice(encoding="utf-7")
    with pytest.raises(ValueError, match="delimiter"):
        Choice(delimiter=" ")
