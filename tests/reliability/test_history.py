"""The checker finds what it is for, and nothing in what may be."""

from __future__ import annotations

from tests.reliability.history import History, State


def state(revision: int, page: int = 1, epoch: str = "one", document: str = "a", **more: object) -> State:
    return State(epoch, revision, page, document, "reading", page, **more)  # type: ignore[arg-type]


def history(*delivered: tuple[float, str, State]) -> History:
    made = History(save_seconds=1)
    for at, connection, each in delivered:
        made.deliver(at, connection, each)
    return made


def test_revisions_that_rise_repeat_and_leave_some_out_are_in_order() -> None:
    good = history((1, "x", state(1)), (2, "x", state(1)), (3, "x", state(5, 2)), (4, "y", state(1)))
    good.hear("x", "one", 5)
    good.deliver_page("z", 1, 1)
    good.deliver_page("z", 2, 2)
    assert good.problems() == []
    assert good.delivered == 6


def test_a_connection_that_goes_back_is_found() -> None:
    (problem,) = history((1, "x", state(1)), (2, "x", state(3, 3)), (3, "x", state(1))).problems()
    assert problem == "x goes back from one/3 to one/1"


def test_one_revision_with_two_meanings_is_found() -> None:
    for other in (state(1, 2), state(1, document="b")):
        (problem,) = history((1, "x", state(1)), (2, "y", other)).problems()
        assert "one/1 is" in problem


def test_a_revision_that_is_heard_of_before_it_is_there_is_found() -> None:
    made = history((1, "x", state(1)))
    made.hear("x", "one", 2)
    made.hear("y", "one", 1)
    assert made.problems() == ["x hears of one/2 and has one/1", "y hears of one/1 and has nothing"]


def after_an_end(killed_at: float, *then: State, killed: bool = True) -> History:
    """Turn to page 2 at second 1 and to page 3 at second 5, and end the process."""
    made = history((0, "x", state(1)), (1, "x", state(2, 2)), (5, "x", state(3, 3)))
    made.end(killed_at, killed)
    for each in then:
        made.deliver(killed_at + 1, "y", each)
    return made


def test_a_kill_may_undo_what_was_told_within_a_second() -> None:
    assert after_an_end(5.5, state(3, 2, "two")).problems() == []
    assert after_an_end(9, state(4, 3, "two")).problems() == []


def test_a_kill_that_undoes_more_is_found() -> None:
    assert "revision 3 had been told" in after_an_end(7, state(2, 2, "two")).problems()[0]
    assert "shows page 2" in after_an_end(7, state(4, 2, "two")).problems()[0]


def test_a_kill_after_a_pause_may_undo_what_was_told_before_the_pause() -> None:
    made = after_an_end(9, state(3, 2, "two"))
    assert made.problems()
    made.pause(5.2, 8.8)
    assert made.problems() == []


def test_a_stop_that_undoes_anything_is_found() -> None:
    assert after_an_end(5.5, state(4, 3, "two"), killed=False).problems() == []
    assert "revision 3 had been told" in after_an_end(5.5, state(2, 2, "two"), killed=False).problems()[0]


def test_a_page_that_was_asked_for_when_the_process_ended_is_no_surprise() -> None:
    made = after_an_end(7, state(5, 9, "two"))
    assert made.problems()
    made.ask(7.5, 9)
    assert made.problems() == []


def test_a_process_that_ends_by_itself_is_found() -> None:
    (problem,) = history((1, "x", state(1)), (2, "x", state(2, epoch="two"))).problems()
    assert "nobody ended the process" in problem


def test_a_document_that_is_gone_is_found_unless_newer_ones_pushed_it_out() -> None:
    made = history((1, "x", state(1)), (2, "x", state(2, document="b", former=("a",))))
    assert made.problems() == []
    made.deliver(3, "x", state(3, document="c", former=("b",)))
    assert made.problems() == ["one/3 has lost document a"]
    pushed = history((1, "x", state(1)), (2, "x", state(2, document="f", former=("e", "d", "c", "b"))))
    assert pushed.problems() == []
    hidden = history((1, "x", state(1)), (2, "x", state(2, document="b", growing=True)), (3, "x", state(3)))
    assert hidden.problems() == []


def test_a_document_that_was_announced_and_is_gone_after_a_kill_is_found() -> None:
    for then, problems in ((state(2, 1, "two"), 1), (state(3, 1, "two", document="b", former=("a",)), 0)):
        made = history((1, "x", state(1)))
        made.announce("one", "b")
        made.end(1.5, killed=True)
        made.deliver(2, "x", then)
        assert len(made.problems()) == problems


def test_a_client_without_revisions_that_goes_back_is_found() -> None:
    made = history((1, "x", state(1)), (2, "x", state(2, 2)), (3, "x", state(3, 3)))
    made.deliver_page("z", 3, 3)
    made.deliver_page("z", 2, 2)
    assert made.problems() == ["z goes back to page 2, one/2, from one/3"]


def test_a_shared_room_ends_on_what_was_told_last_whoever_was_cut_off_meanwhile() -> None:
    made = History(save_seconds=1, shared=True)
    made.deliver(0, "x", state(1, 1))
    made.deliver(1, "y", state(2, 7, epoch="apart"))
    made.deliver(2, "y", state(2, 2))
    assert made.problems() == []
    assert made.may_end_on(2, 2)
    assert not made.may_end_on(1, 1)
    assert not made.may_end_on(7, 7)
