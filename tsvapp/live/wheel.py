"""Who may move a room: everyone, or the one who presents.

The wheel belongs to a member's id, not to a connection, so a presenter whose line breaks has it again on coming back.
"""

from __future__ import annotations

from tsvapp.errors import NotAllowed
from tsvapp.live.frame import message_frame
from tsvapp.live.live_room import LiveRoom
from tsvapp.room import view
from tsvapp.room.events import WheelAsked, serialize
from tsvapp.room.people import Person
from tsvapp.room.room import Audience


def present(room: LiveRoom, by: Person) -> None:
    """Take the wheel; raise NotAllowed while somebody else has it."""
    presenter = room.state.presenter
    if presenter is not None and presenter.member != by.member:
        raise NotAllowed(f"{presenter.name} is presenting. Ask for the wheel.")
    room.change(view.hand, by)


def ask(room: LiveRoom, by: Person) -> None:
    """Ask the presenter for the wheel; raise NotAllowed where nobody presents."""
    presenter = room.state.presenter
    if presenter is None:
        raise NotAllowed("Nobody is presenting: everyone may drive.")
    frame = message_frame(serialize(WheelAsked(by)))
    for member in list(room.members):
        if member.person.member == presenter.member and member.audience is Audience.V1:
            member.outbox.answer(frame)  # type: ignore[attr-defined]  # all members of a live room have one


def hand(room: LiveRoom, by: Person, to: str | None) -> None:
    """Hand the wheel to a member who may drive, or to everyone; raise NotAllowed for who does not have it."""
    presenter = room.state.presenter
    if presenter is None or presenter.member != by.member:
        raise NotAllowed("Only the presenter can hand the wheel over.")
    if to is None:
        room.change(view.hand, None)
        return
    taker = next((each.person for each in room.members if each.person.member == to and each.may_drive), None)
    if taker is None:
        raise NotAllowed("This member is not here, or may only look.")
    room.change(view.hand, taker)
