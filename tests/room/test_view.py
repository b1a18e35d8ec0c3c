"""The view of a room: each change by itself, and any sequence of changes held against what people see."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tsvapp.errors import NoUpload, UploadRunning
from tsvapp.room import view
from tsvapp.room.people import Person
from tsvapp.room.view import PAGE_SIZE, Notice, RoomState, Table, Upload

UPLOAD = Upload("upload", "next.tsv", 5000, stored=0)
NOTICE = Notice("upload_cancelled", "The upload was cancelled.")


def table(rows: int, document: str = "former", reading: str = "r1", growing: bool = False) -> Table:
    return Table(document, f"{document}.tsv", 5000, reading, growing, rows, columns=3)


def incoming(rows: int, reading: str = "r2") -> Table:
    return table(rows, "next", reading, growing=True)


def looking_at(page: int, rows: int = 1000) -> RoomState:
    """Return the state of a room that has a finished table and looks at one of its pages."""
    return RoomState(revision=7, page=page, table=table(rows))


def receiving(page: int, rows: int) -> RoomState:
    """Return that state when an upload has come so far that its rows are shown."""
    return view.grow(view.begin(looking_at(page), UPLOAD), 100, incoming(rows))


# Pages


@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (200, 2), (201, 3), (10**9, 10**7)])
def test_a_page_has_a_hundred_rows_and_a_table_at_least_one_page(rows, pages):
    assert table(rows).pages == pages


def test_a_turn_is_absolute():
    state = view.turn(view.turn(looking_at(4), 5), 5)
    assert (state.page, state.revision) == (5, 8)


@pytest.mark.parametrize(("asked", "shown"), [(11, 10), (10**15, 10), (0, 1), (-(10**15), 1)])
def test_a_page_out_of_range_is_clamped(asked, shown):
    assert view.turn(looking_at(4), asked).page == shown


@given(st.integers(), st.integers(0, 10**6))
def test_a_turn_ends_on_the_asked_page_or_the_nearest_there_is(asked, rows):
    state = view.turn(looking_at(1, rows), asked)
    assert state.page == sorted((1, asked, state.shown.pages))[1]


def test_a_turn_to_the_page_that_is_shown_changes_nothing():
    state = looking_at(4)
    assert view.turn(state, 4) is state


def test_a_turn_to_the_last_page_from_beyond_it_changes_nothing():
    state = looking_at(10)
    assert view.turn(state, 99) is state


def test_a_room_without_a_table_has_no_page_to_turn():
    state = RoomState()
    assert view.turn(state, 3) is state


def test_a_turn_takes_the_notice_away():
    assert view.turn(replace(looking_at(4), notice=NOTICE), 5).notice is None


# Uploads


def test_an_upload_is_announced_while_the_former_table_stays():
    state = view.begin(looking_at(4), UPLOAD)
    assert (state.upload, state.shown, state.page, state.revision) == (UPLOAD, table(1000), 4, 8)


def test_a_second_upload_is_refused_and_named():
    with pytest.raises(UploadRunning, match=r"receiving 'next\.tsv' already"):
        view.begin(view.begin(RoomState(), UPLOAD), Upload("other", "other.tsv", 1, stored=0))


@pytest.mark.parametrize("arrived", [None, incoming(0)])
def test_an_upload_without_a_row_does_not_hide_the_former_table(arrived):
    state = view.grow(view.begin(looking_at(4), UPLOAD), 100, arrived)
    assert (state.shown, state.page, state.revision, state.upload.stored) == (table(1000), 4, 8, 100)


def test_the_first_row_of_an_upload_shows_it_from_page_one():
    state = receiving(page=4, rows=1)
    assert (state.shown, state.page, state.revision) == (incoming(1), 1, 9)


def test_rows_that_fill_the_shown_page_raise_the_revision():
    assert view.grow(receiving(4, 99), 200, incoming(100)).revision == 10


def test_rows_beyond_the_shown_page_do_not_raise_the_revision():
    state = view.grow(receiving(4, 100), 200, incoming(900))
    assert (state.revision, state.shown.rows, state.upload.stored) == (9, 900, 200)


def test_another_reading_of_an_upload_raises_the_revision():
    assert view.grow(receiving(4, 100), 200, incoming(100, "r3")).revision == 10


def test_another_reading_of_an_upload_with_fewer_rows_shows_its_last_page():
    state = view.grow(view.turn(receiving(4, 1000), 9), 200, incoming(250, "r3"))
    assert (state.page, state.shown.pages) == (3, 3)


def test_bytes_that_belong_to_no_upload_are_refused():
    with pytest.raises(NoUpload):
        view.grow(looking_at(4), 100, incoming(1))


def test_a_finished_upload_stays_on_the_page_that_people_have_turned_to():
    done = table(1000, "next", "r2")
    state = view.finish(view.turn(receiving(4, 1000), 7), done)
    assert (state.table, state.incoming, state.upload, state.page) == (done, None, None, 7)


def test_an_upload_that_finishes_with_fewer_pages_shows_the_last():
    assert view.finish(view.turn(receiving(4, 1000), 7), table(150, "next", "r3")).page == 2


def test_an_upload_that_finishes_at_once_is_shown_from_page_one():
    assert view.finish(view.begin(looking_at(4), UPLOAD), table(1000, "next", "r2")).page == 1


def test_an_abandoned_upload_brings_the_former_table_and_its_page_back():
    before = looking_at(4)
    state = view.abandon(view.turn(receiving(4, 5000), 44), NOTICE)
    assert state == replace(before, revision=state.revision, notice=NOTICE)


def test_an_upload_abandoned_before_its_first_row_leaves_the_page_where_people_turned_meanwhile():
    state = view.abandon(view.turn(view.begin(looking_at(4), UPLOAD), 6), NOTICE)
    assert (state.page, state.upload, state.notice) == (6, None, NOTICE)


def test_without_an_upload_there_is_nothing_to_abandon():
    state = looking_at(4)
    assert view.abandon(state, NOTICE) is state


# Other readings


def test_another_reading_is_shown_on_the_same_page():
    other = table(1000, reading="r3")
    state = view.reread(looking_at(4), other, incoming=False)
    assert (state.table, state.page, state.revision) == (other, 4, 8)


def test_another_reading_with_fewer_rows_is_shown_on_its_last_page():
    assert view.reread(looking_at(9), table(120, reading="r3"), incoming=False).page == 2


def test_the_same_reading_again_changes_nothing():
    state = looking_at(4)
    assert view.reread(state, table(1000), incoming=False) == state


def test_another_reading_of_the_upload_that_is_shown_takes_its_place():
    other = incoming(50, "r3")
    state = view.reread(receiving(4, 100), other, incoming=True)
    assert (state.incoming, state.table, state.revision) == (other, table(1000), 10)


def test_rows_beyond_the_page_do_not_raise_the_revision_while_another_reading_grows():
    state = view.reread(looking_at(4), table(400, reading="r3", growing=True), incoming=False)
    grown = view.reread(state, table(900, reading="r3", growing=True), incoming=False)
    assert (grown.revision, grown.shown.rows) == (state.revision, 900)


def test_rows_of_the_page_raise_the_revision_while_another_reading_grows():
    state = view.reread(looking_at(4), table(390, reading="r3", growing=True), incoming=False)
    assert view.reread(state, table(391, reading="r3", growing=True), incoming=False).revision == state.revision + 1


def test_the_end_of_another_reading_raises_the_revision():
    state = view.reread(looking_at(4), table(1000, reading="r3", growing=True), incoming=False)
    assert view.reread(state, table(1000, reading="r3"), incoming=False).revision == state.revision + 1


def test_another_reading_of_the_former_table_waits_behind_an_upload_that_came_before_it():
    other = table(150, reading="r3")
    state = view.reread(receiving(9, 500), other, incoming=False)
    assert (state.shown, state.page, state.revision) == (incoming(500), 1, 9)
    back = view.abandon(state, NOTICE)
    assert (back.shown, back.page) == (other, 2)


# Any sequence


class Viewing(RuleBasedStateMachine):
    """Change a room in any order, and hold the state against what the snapshot says of it."""

    def __init__(self) -> None:
        super().__init__()
        self.state = RoomState()
        self.names = 0
        self.former_page = 1

    def fresh(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"

    def said(self) -> tuple[object, ...]:
        """Say what a snapshot says, less what progress events tell: how far the upload is and what lies beyond."""
        state, shown = self.state, self.state.shown
        about = shown and (shown.document, shown.reading, shown.growing, min(shown.rows, state.page * PAGE_SIZE))
        return state.page, about, state.upload and state.upload.upload, state.notice

    def become(self, state: RoomState) -> None:
        before, revision = self.said(), self.state.revision
        self.state = state
        assert state.revision - revision == (self.said() != before)
        if state.incoming is None:
            self.former_page = state.page

    @rule(page=st.integers(-5, 60))
    def turn(self, page: int) -> None:
        self.become(view.turn(self.state, page))

    @rule()
    def begin(self) -> None:
        upload = Upload(self.fresh("upload"), "a.tsv", 10**6, stored=0)
        if self.state.upload is None:
            self.become(view.begin(self.state, upload))
        else:
            with pytest.raises(UploadRunning):
                view.begin(self.state, upload)

    @precondition(lambda self: self.state.upload)
    @rule(stored=st.integers(0, 10**6), more=st.integers(0, 500), rows=st.none() | st.integers(0, 5000))
    def grow(self, stored: int, more: int, rows: int | None) -> None:
        before = self.state.incoming
        if before is None:
            arrived = rows if rows is None else table(rows, self.fresh("document"), self.fresh("reading"), growing=True)
        elif rows is None:
            arrived = replace(before, rows=before.rows + more, growing=True)
        else:
            arrived = replace(before, rows=rows, reading=self.fresh("reading"), growing=True)
        self.become(view.grow(self.state, stored, arrived))
        assert self.state.upload.stored == stored

    @precondition(lambda self: self.state.upload)
    @rule(more=st.integers(0, 500))
    def finish(self, more: int) -> None:
        before = self.state.incoming or table(0, self.fresh("document"), self.fresh("reading"))
        done = replace(before, rows=before.rows + more, growing=False)
        self.become(view.finish(self.state, done))
        assert self.state.shown == done

    @rule()
    def abandon(self) -> None:
        former, page = self.state.table, self.former_page
        self.become(view.abandon(self.state, Notice("upload_lost", self.fresh("notice"))))
        assert (self.state.shown, self.state.page) == (former, page)

    @precondition(lambda self: self.state.shown)
    @rule(rows=st.integers(0, 5000), growing=st.booleans())
    def read_otherwise(self, rows: int, growing: bool) -> None:
        self.reread(rows, growing, self.fresh("reading"))

    @precondition(lambda self: self.state.shown)
    @rule(more=st.integers(0, 500), growing=st.booleans())
    def read_further(self, more: int, growing: bool) -> None:
        self.reread(self.state.shown.rows + more, growing, self.state.shown.reading)

    def reread(self, rows: int, growing: bool, reading: str) -> None:
        arriving = self.state.incoming is not None
        # A table on its way in always grows.
        other = replace(self.state.shown, rows=rows, growing=growing or arriving, reading=reading)
        self.become(view.reread(self.state, other, arriving))
        assert self.state.shown == other

    @precondition(lambda self: self.state.incoming and self.state.table)
    @rule(rows=st.integers(0, 5000))
    def read_the_hidden_table_otherwise(self, rows: int) -> None:
        other = replace(self.state.table, rows=rows, reading=self.fresh("reading"))
        self.become(view.reread(self.state, other, incoming=False))
        self.former_page = min(self.former_page, other.pages)
        assert self.state.table == other

    @invariant()
    def the_page_is_one_that_is_there(self) -> None:
        assert 1 <= self.state.page <= (self.state.shown.pages if self.state.shown else 1)

    @invariant()
    def what_comes_in_belongs_to_an_upload(self) -> None:
        assert self.state.incoming is None or self.state.upload is not None


TestAnySequenceOfChanges = Viewing.TestCase


def test_a_reading_of_a_document_that_another_has_replaced_changes_nothing():
    state = looking_at(1)
    assert view.reread(state, table(9, "another"), incoming=False) is state


def test_an_upload_is_paused_once_and_each_resume_is_another_attempt():
    state = view.begin(RoomState(), Upload("upload", "a.tsv", 100, 0))
    paused = view.pause(state)
    assert view.pause(paused) is paused
    resumed = view.resume(paused, Person("member", "Ada", 1))
    assert resumed.upload is not None
    assert (resumed.upload.paused, resumed.upload.attempt) == (False, 2)
