"""A room's state comes back from its bytes as it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsvapp.room.people import Person, Pointed
from tsvapp.room.stored import dump_pointed, dump_state, load_pointed, load_state
from tsvapp.room.view import Notice, RoomState, Table, Upload

words = st.text(max_size=5)
numbers = st.integers(0, 2**53 - 1)
people = st.builds(Person, words, words, st.integers(0, 359))
tables = st.builds(
    Table,
    *(words, words, numbers, words, st.booleans(), numbers, numbers),
    dialect=st.dictionaries(words, st.one_of(words, st.booleans(), numbers), max_size=2),
    chosen=st.lists(words, max_size=2).map(tuple),
    provisional=st.booleans(),
    reasons=st.dictionaries(words, words, max_size=2),
    report=st.dictionaries(words, st.dictionaries(words, st.lists(numbers, max_size=2), max_size=2), max_size=2),
)
states = st.builds(
    RoomState,
    revision=numbers,
    page=numbers,
    table=st.none() | tables,
    incoming=st.none() | tables,
    former_page=numbers,
    upload=st.none() | st.builds(Upload, words, words, numbers, numbers, st.none() | people, st.booleans()),
    notice=st.none() | st.builds(Notice, words, words),
    by=st.none() | people,
    presenter=st.none() | people,
    former=st.lists(tables, max_size=2).map(tuple),
)


@settings(max_examples=30, deadline=None)
@given(states)
def test_a_state_comes_back_as_it_was(state: RoomState) -> None:
    assert load_state(dump_state(state)) == state


@settings(max_examples=30, deadline=None)
@given(st.builds(Pointed, words, words, numbers, st.none() | numbers, st.none() | numbers))
def test_who_points_where_comes_back_as_it_was(pointed: Pointed) -> None:
    assert load_pointed(dump_pointed(pointed)) == pointed


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b'{"revision": 1}', dump_state(RoomState())[:-1]])
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        load_state(data)
