"""Our frames are wsproto's, byte for byte (RFC 6455, section 5.2): lengths of one, three and nine bytes."""

from __future__ import annotations

import pytest
from wsproto.frame_protocol import FrameProtocol

from tsvapp.live.frame import message_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
@pytest.mark.parametrize("char", ["a", "é", b"\xff"])
def test_a_message_is_framed_as_wsproto_frames_it(size: int, char: str | bytes) -> None:
    message = char * size
    assert message_frame(message) == bytes(FrameProtocol(client=False, extensions=[]).send_data(message))
