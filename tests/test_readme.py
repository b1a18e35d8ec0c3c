"""The README is held against the project: its length, and the files it names."""

from __future__ import annotations

import re

from tests.support.server import ROOT


def test_it_stays_short_and_what_it_links_to_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 120
    for target in re.findall(r"\]\((\S+?)\)", readme):
        assert (ROOT / target).exists(), target
