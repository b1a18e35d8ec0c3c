"""Unmasking with numpy: the same bytes as wsproto's own, and wsproto really comes by here."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage
from wsproto.frame_protocol import XorMaskerSimple

from tests.support.raw import frame
from tsvapp.live import connection, unmask

Own = unmask.Masker.__mro__[1]


@given(
    st.binary(min_size=4, max_size=4),
    st.lists(
        st.one_of(st.binary(max_size=9), st.integers(500, 1200).map(lambda size: bytes(range(251)) * 5 + b"x" * size))
    ),
)
def test_it_is_the_same_as_the_librarys_own(key: bytes, pieces: list[bytes]) -> None:
    ours, own = unmask.Masker(key), Own(key)
    for piece in pieces:
        assert ours.process(bytearray(piece)) == own.process(bytearray(piece))


def test_the_library_comes_by_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection  # whose import installs it
    sizes: list[int] = []
    process = unmask.Masker.process

    def noted(self: unmask.Masker, data: bytearray) -> bytearray:
        sizes.append(len(data))
        return process(self, data)

    monkeypatch.setattr(unmask.Masker, "process", noted)
    server = Connection(ConnectionType.SERVER)
    payload = bytes(range(256)) * 1000
    server.receive_data(frame(2, payload))
    heard = [event for event in server.events() if isinstance(event, BytesMessage)]
    assert b"".join(bytes(event.data) for event in heard) == payload
    assert sum(sizes) == len(payload)


def test_the_version_is_one_that_was_checked() -> None:
    assert version("wsproto").startswith("1.3.")
    assert issubclass(XorMaskerSimple, Own) or XorMaskerSimple is Own
