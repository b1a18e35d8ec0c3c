"""What is shown of the name of a file, and what it is called when it is downloaded."""

from __future__ import annotations

import pytest

from tsvapp.room.names import download_name, plain_file_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("flights.tsv", "flights.tsv"),
        ("wages\u202evst.exe", "wagesvst.exe"),
        ("a\u2066b\u2069\u200f.tsv", "ab.tsv"),
        (" Größe\u00a0 1\u202f2\0\x1b.tsv\n", "Größe  1 2.tsv"),
        ("\u2028\u2029", ""),
    ],
)
def test_a_name_is_shown_without_what_hides_how_it_ends(name: str, shown: str) -> None:
    assert plain_file_name(name) == shown


@pytest.mark.parametrize(
    ("name", "downloaded"),
    [
        ("flights.tsv", "flights.tsv"),
        ("Flights.CSV", "Flights.CSV"),
        ("notes.tab", "notes.tab"),
        ("Q3 report.hta", "Q3 report.hta.txt"),
        ("x.html", "x.html.txt"),
        ("wages\u202evst.exe", "wagesvst.exe.txt"),
        ("table", "table.txt"),
        ("run.bat\u00a0", "run.bat.txt"),
    ],
)
def test_a_download_ends_as_a_text_does(name: str, downloaded: str) -> None:
    assert download_name(name) == downloaded
