"""After clients have come and gone in every way there is, the server is as it was; `make soak` does it for longer."""

from __future__ import annotations

from pathlib import Path

from tests.support.soak import OPERATIONS, soaked

SOAK_SECONDS = 8


def test_a_server_that_many_have_used_is_as_it_was_before(tmp_path: Path) -> None:
    soak = soaked(tmp_path / "data", SOAK_SECONDS)
    assert soak.failures == []
    assert soak.after.has_left_nothing(soak.before), (soak.before, soak.after)
    assert (soak.after.connections, soak.after.rooms_kept, soak.after.files) == (0, 0, 0)
    assert len(soak.done) == len(OPERATIONS)
    assert soak.ends["stalled"] > 0
    assert soak.slope < soak.bound
