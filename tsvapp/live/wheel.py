"""Who may move a room: everyone, or the one who presents.

The wheel belongs to a member's id, not to a connection, so a presenter whose line breaks has it again on coming back.
"""

from __future__ import annotations

from tsvapp.errors import NotAllowed
from tsvapp.live.live_room import LiveRoom
from tsvapp.room import view
from tsvapp.room.people import Person
from tsvapp.room.view import RoomState


def present(room: LiveRoom, by: Person, owns: bool = False) -> None:
    """Take the wheel; raise NotAllowed while somebody else has it, but for the one who made the room."""

    def take(state: RoomState) -> RoomState:
        presenter = state.presenter
        if presenter is not None and presenter.member != by.member and not owns:
            raise NotAllowed(f"{presenter.name} is presenting. Ask for the wheel.")
        return view.hand(state, by)

    room.change(take)


def ask(room: LiveRoom, by: Person) -> None:
    """Ask the presenter for the wheel; raise NotAllowed where nobody presents, or the asker does."""
    presenter = room.state.presenter
    if presenter is None:
        raise NotAllowed("Nobody is presenting: everyone may drive.")
    if presenter.member == by.member:
        raise NotAllowed("You are presenting already.")
    room.broadcaster.ask(by)
    if room.share is not None:
        room.share.ask_wheel(by)


def hand(room: LiveRoom, by: Person, to: str | None) -> None:
    """Hand the wheel to a member who may drive, or to everyone; raise NotAllowed for who does not have it."""
    taker = None
    if to is not None and (taker := _driver(room, to)) is None:
        raise NotAllowed("This member is not here, or may only look.")

    def give(state: RoomState) -> RoomState:
        if state.presenter is None or state.presenter.member != by.member:
            raise NotAllowed("Only the presenter can hand the wheel over.")
        return view.hand(state, taker)

    room.change(give)


def free(room: LiveRoom, member: str) -> None:
    """Let everyone drive again if this member has the wheel and is not here."""

    def let_go(state: RoomState) -> RoomState:
        return view.hand(state, None) if state.presenter and state.presenter.member == member else state

    if not room.is_here(member):
        room.change(let_go)


def _driver(room: LiveRoom, member: str) -> Person | None:
    """Return a member who is here and may drive, at this worker or at another."""
    here = next((each.person for each in room.members if each.person.member == member and each.may_drive), None)
    there = room.share.person(member) if here is None and room.share is not None else None
    return Person(there.member, there.name, there.hue) if there is not None and there.may_drive else here
