"""Who is in a room: the same key is the same member, and a list stays a list however many come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsvapp.room.people import ANIMALS, MAX_PEOPLE, Here, listed, person


def here(number: int, page: int | None = None) -> Here:
    return Here(f"member {number}", "name", 0, page, True)


@given(st.text(), st.text(), st.text())
def test_a_key_is_one_member_in_a_room_and_another_in_the_next(room_id: str, other_room: str, key: str) -> None:
    assert person(room_id, key) == person(room_id, key)
    assert (person(room_id, key).member == person(other_room, key).member) == (room_id == other_room)


def test_one_who_gives_no_name_is_called_after_an_animal() -> None:
    guest = person("room", "key")
    assert guest.name.removeprefix("Guest ") in ANIMALS
    assert 0 <= guest.hue < 360


def test_a_name_and_a_colour_are_taken_and_change_nothing_else() -> None:
    named = person("room", "key", "Été", 370)
    assert (named.name, named.hue) == ("Été", 10)
    assert named.member == person("room", "key").member


def test_a_member_says_nothing_of_its_key() -> None:
    assert "secret" not in repr(person("room", "secret"))


def test_many_are_listed_as_few() -> None:
    assert len(listed(here(number) for number in range(1000))) == MAX_PEOPLE


def test_one_who_is_here_twice_is_listed_once_as_following_if_either_follows() -> None:
    assert listed([here(1, 5), here(2, 7), here(1), here(2, 8)]) == [here(1), here(2, 7)]
