"""The README is held against the code: its settings, its length, its files."""

from __future__ import annotations

import re
from dataclasses import fields

from tests.support.server import ROOT
from tsvapp.settings import Settings

README = (ROOT / "README.md").read_text()


def test_the_table_of_settings_names_each_with_its_default_and_reason() -> None:
    rows = dict(re.findall(r"^\| `TSVAPP_(\w+)` \| (.*) \|$", README, re.MULTILINE))
    assert rows.keys() == {entry.name.upper() for entry in fields(Settings)}
    for entry in fields(Settings):
        default, reason = rows[entry.name.upper()].split(" | ")
        shown = "none" if entry.default == () else f"{entry.default:g}" if entry.type == "float" else str(entry.default)
        assert default.split(" (")[0] == shown
        assert reason == entry.metadata["reason"]


def test_it_stays_short_and_what_it_links_to_exists() -> None:
    assert len(README.splitlines()) <= 120
    for target in re.findall(r"\]\((\S+?)\)", README):
        assert (ROOT / target).exists(), target
