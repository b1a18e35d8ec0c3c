"""What is dangerous to show goes through as it is, character for character; showing it safely is the viewer's part."""

from __future__ import annotations

from tests.corpus.entry import entry, table

ZALGO = "Z" + "\u0301\u0316\u0334" * 500
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
CELLS = {
    "an override of direction": "abc\u202egnp.exe",
    "isolates that do not end": "\u2066\u2067\u2068a",
    "marks of direction": "\u200e\u200f\u061c",
    "characters of no width": "a\u200bb\u200cc\u200dd\u2060e\ufeff",
    "control characters": "".join(map(chr, range(1, 32))).replace("\t", "").replace("\n", "").replace("\r", ""),
    "a delete and the second controls": "\x7f" + "".join(map(chr, range(0x80, 0xA0))),
    "escape sequences of terminals": "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "zalgo": ZALGO,
    "one grapheme of 64 KB": "e" + "\u0301" * 32_000,
    "a script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "an entity": "&lt;b&gt; &#x3C;",
    "a template": "${alert(1)} {{7*7}} `x`",
    "the end of a script": "</script><!--]]>",
    "a formula": "=cmd|'/C calc'!A0",
    "formulas of other beginnings": "@SUM(1+1) +1 -1+cmd|x",
    "emoji": f"{FAMILY} \U0001f1e9\U0001f1ea 👍🏽 ❤️",
    "right to left": "שלום עולם مرحبا",
    "private use and non-characters": "\ue000\ufffe\uffff\U0010ffff",
    "U+FFFD itself": "\ufffd",
    "interlinear and tag characters": "\ufff9\ufffa\U000e0041",
    "a very wide character": "﷽" * 50,
    "a surrogate written out": "\\ud800 %00 \\0",
    "a path": "../../etc/passwd",
    "JSON": '{"type": "delete"}',
    "a number that is too large": "9" * 400,
}
ENTRIES = [
    *(
        entry(name, f"{cell}\tb\nc\t{cell}\n".encode(), table([[cell, "b"], ["c", cell]], header=True))
        for name, cell in CELLS.items()
    ),
    entry(
        "all of it at once",
        "".join(f"x{cell}\n" for cell in CELLS.values()).encode(),
        table([["x" + cell] for cell in CELLS.values()]),
    ),
]
