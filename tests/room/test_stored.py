"""A room's state comes back from its bytes as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsvapp.room.people import Person, Pointed
from tsvapp.room.stored import dump_pointed, dump_state, load_pointed, load_state
from tsvapp.room.view import Notice, RoomState, Table, Upload

numbers = st.integers(0, 2**53 - 1)
people = st.builds(Person, st.text(), st.text(), st.integers(0, 359))
tables = st.builds(
    Table,
    *(st.text(), st.text(), numbers, st.text(), st.booleans(), numbers, numbers),
    dialect=st.dictionaries(st.text(), st.one_of(st.text(), st.booleans(), numbers)),
    chosen=st.lists(st.text()).map(tuple),
    provisional=st.booleans(),
    reasons=st.dictionaries(st.text(), st.text()),
    report=st.dictionaries(st.text(), st.dictionaries(st.text(), st.lists(numbers))),
)
states = st.builds(
    RoomState,
    revision=numbers,
    page=numbers,
    table=st.none() | tables,
    incoming=st.none() | tables,
    former_page=numbers,
    upload=st.none() | st.builds(Upload, st.text(), st.text(), numbers, numbers, st.none() | people, st.booleans()),
    notice=st.none() | st.builds(Notice, st.text(), st.text()),
    by=st.none() | people,
    presenter=st.none() | people,
    former=st.lists(tables, max_size=4).map(tuple),
)


@given(states)
def test_a_state_comes_back_as_it_was(state: RoomState) -> None:
    assert load_state(dump_state(state)) == state


@given(st.builds(Pointed, st.text(), st.text(), numbers, st.none() | numbers, st.none() | numbers))
def test_who_points_where_comes_back_as_it_was(pointed: Pointed) -> None:
    assert load_pointed(dump_pointed(pointed)) == pointed


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b'{"revision": 1}', dump_state(RoomState())[:-1]])
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        load_state(data)
