"""Our frames are wsproto's, byte for byte (RFC 6455, section 5.2): lengths of one, three and nine bytes."""

from __future__ import annotations

import pytest
from wsproto.frame_protocol import FrameProtocol

from tsvapp.live.frame import close_frame, message_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
@pytest.mark.parametrize("char", ["a", "é", b"\xff"])
def test_a_message_is_framed_as_wsproto_frames_it(size: int, char: str | bytes) -> None:
    message = char * size
    assert message_frame(message) == bytes(FrameProtocol(client=False, extensions=[]).send_data(message))


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("", ""),
        ("Short. And whole.", "Short. And whole."),
        ("x" * 123, "x" * 123),
        (
            "Your address has brought 500 new tables within an hour. Try again in an hour, or bring the file into"
            " a room that has a table.",
            "Your address has brought 500 new tables within an hour.",
        ),
        (f"{'One. ' * 10}{'é' * 60} ends.", f"{'One. ' * 10}".strip()),
        (f"{'word ' * 30}end.", f"{'word ' * 23}word\u2026"),
        ("é" * 100, f"{'é' * 60}\u2026"),
    ],
)
def test_a_reason_that_is_too_long_ends_at_a_sentence_or_a_word(reason: str, said: str) -> None:
    payload = close_frame(1008, reason)[2:]
    assert payload[2:].decode() == said
    assert len(payload) <= 125
