"""Names that people give, to themselves and to files, without what would make them look like others."""

from __future__ import annotations

import unicodedata

TEXT_ENDINGS = (".tsv", ".csv", ".txt", ".tab")


def plain_file_name(name: str) -> str:
    """Return a file's name without control characters and overrides of direction, and with plain spaces.

    Those hide how a name ends: `wages<U+202E>vst.exe` is shown as `wagesexe.tsv`. static/js/upload.js compares by it.
    """
    shown = ((c, unicodedata.category(c)[0]) for c in name)
    return "".join(" " if kind == "Z" else c for c, kind in shown if kind != "C").strip()


def download_name(name: str) -> str:
    """Return the name under which a table is downloaded: that of a text file, which no system runs as a program."""
    name = plain_file_name(name) or "table"
    return name if name.lower().endswith(TEXT_ENDINGS) else f"{name}.txt"
