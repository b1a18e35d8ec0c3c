"""Encodings: well and badly encoded text, with and without its mark, cut anywhere."""

from __future__ import annotations

import codecs

from tests.corpus.entry import Entry, entry, refused, table

BAD = "\ufffd"
WORDS = [["Straße", "naïve €"], ["日本", "𝄞 clef"]]
NAMED = table(WORDS, header=True)
KANA = [["名前", "値段"], ["りんご", "三百"], ["みかん", "五十"]]
HANZI = [["姓名", "城市"], ["张伟", "北京"], ["王芳", "上海"]]
RUSSIAN = [["город", "река"], ["Москва", "Волга"], ["Омск", "Иртыш"]]
NO_NUL = refused("not_a_table", "NUL bytes", "UTF-16", "UTF-8")


def tsv(cells: list[list[str]], encoding: str = "utf-8") -> bytes:
    """Write a table with tabs."""
    return "".join("\t".join(row) + "\n" for row in cells).encode(encoding)


def misread(cells: list[list[str]], encoding: str) -> list[list[str]]:
    """Return what windows-1252 makes of it, which is what we take for the truth where UTF-8 is not."""
    return [[cell.encode(encoding).decode("windows-1252", "replace") for cell in row] for row in cells]


def not_utf_8(name: str, cells: list[list[str]], encoding: str) -> Entry:
    """Expect a table in another encoding to be read as windows-1252; its bytes stay, so people can choose otherwise."""
    seen = misread(cells, encoding)
    lost = [row for row, line in enumerate(seen, 1) for cell in line for _ in range(cell.count(BAD))]
    return entry(
        name,
        tsv(cells, encoding),
        table(seen, encoding="windows-1252", header=True, undecodable=(len(lost), list(dict.fromkeys(lost)))),
    )


ENTRIES = [
    entry("utf-8", tsv(WORDS), NAMED),
    entry("utf-8 with its mark", codecs.BOM_UTF8 + tsv(WORDS), table(WORDS, header=True, bom=3)),
    entry("two marks: the second is data", codecs.BOM_UTF8 * 2 + b"a\tb\n", table([["\ufeffa", "b"]], bom=3)),
    entry("a mark alone", codecs.BOM_UTF8, refused("empty_file", "empty")),
    entry("a mark and a row end", codecs.BOM_UTF8 + b"\n", table([[""]], bom=3)),
    entry("half a mark", b"\xef\xbb\n", table([["ï»"]], encoding="windows-1252")),
    *(
        entry(f"{name} with its mark", mark + tsv(WORDS, name), table(WORDS, encoding=name, bom=2, header=True))
        for name, mark in (("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE))
    ),
    *(
        entry(
            f"utf-16 in chunks of {size}",
            codecs.BOM_UTF16_LE + tsv(WORDS, "utf-16-le"),
            table(WORDS, encoding="utf-16-le", bom=2, header=True),
            chunk=size,
        )
        for size in (1, 3)
    ),
    entry("utf-16-le without its mark", tsv(WORDS, "utf-16-le"), NO_NUL),
    entry("utf-16-be without its mark", tsv(WORDS, "utf-16-be"), NO_NUL),
    entry("utf-16 of a mark alone", codecs.BOM_UTF16_LE, refused("empty_file", "empty")),
    entry(
        "utf-16 that ends in half a unit",
        codecs.BOM_UTF16_LE + "a\tb\nc\td".encode("utf-16-le") + b"\x41",
        table([["a", "b"], ["c", "d" + BAD]], encoding="utf-16-le", bom=2, header=True, undecodable=[2]),
    ),
    entry(
        "utf-16 of one byte behind its mark",
        codecs.BOM_UTF16_LE + b"a",
        table([[BAD]], encoding="utf-16-le", bom=2, undecodable=[1]),
    ),
    entry(
        "utf-16 with lone surrogates",
        codecs.BOM_UTF16_LE + "a\tb\n\ud800\tx\ny\udc00\tz\n".encode("utf-16-le", "surrogatepass"),
        table(
            [["a", "b"], [BAD, "x"], ["y" + BAD, "z"]],
            encoding="utf-16-le",
            bom=2,
            header=True,
            undecodable=[2, 3],
        ),
    ),
    entry(
        "utf-16 whose units hold the bytes of tabs and row ends",
        codecs.BOM_UTF16_BE + tsv([["\u0909\u0a0a\u0d0d", "\u2c22"], ["x", "y"]], "utf-16-be"),
        table([["\u0909\u0a0a\u0d0d", "\u2c22"], ["x", "y"]], encoding="utf-16-be", bom=2, header=True),
    ),
    entry(
        "utf-16 with a NUL", codecs.BOM_UTF16_LE + "a\tb\n\0\tc\n".encode("utf-16-le"), refused("not_a_table", "NUL")
    ),
    entry("utf-32 with its mark", codecs.BOM_UTF32_LE + tsv(WORDS, "utf-32-le"), refused("not_a_table", "UTF-32")),
    entry("utf-32-be with its mark", codecs.BOM_UTF32_BE + tsv(WORDS, "utf-32-be"), refused("not_a_table", "UTF-32")),
    entry("utf-32 without its mark", tsv(WORDS, "utf-32-le"), refused("not_a_table", "UTF-32")),
    entry(
        "windows-1252",
        tsv([["café", "“x”"], ["€ 5", "ß"]], "windows-1252"),
        table([["café", "“x”"], ["€ 5", "ß"]], encoding="windows-1252", header=True),
    ),
    entry(
        "latin-1",
        tsv([["café", "ñ"], ["über", "å"]], "latin-1"),
        table([["café", "ñ"], ["über", "å"]], encoding="windows-1252", header=True),
    ),
    entry(
        "the five bytes that windows-1252 lacks",
        b"a\tb\n\x81\x8d\tx\n\x8f\x90\x9d\ty\n",
        table(
            [["a", "b"], [BAD * 2, "x"], [BAD * 3, "y"]],
            encoding="windows-1252",
            header=True,
            undecodable=(5, [2, 3]),
        ),
    ),
    not_utf_8("shift-jis", KANA, "shift_jis"),
    not_utf_8("gb18030", HANZI, "gb18030"),
    not_utf_8("koi8-r", RUSSIAN, "koi8-r"),
    entry(
        "utf-8 with one row of latin-1",
        tsv([["é" * 10, "é" * 10], ["x", "y"]]) + b"caf\xe9\tz\n",
        table([["é" * 10, "é" * 10], ["x", "y"], ["caf" + BAD, "z"]], header=True, undecodable=[3]),
    ),
    entry(
        "latin-1 with one row of utf-8",
        b"caf\xe9\t\xfcber\n" * 2 + "é\tx\n".encode(),
        table([["café", "über"], ["café", "über"], ["Ã©", "x"]], encoding="windows-1252", header=True),
    ),
    *(
        entry(
            f"characters of 2, 3 and 4 bytes in chunks of {size}", tsv(WORDS * 5), table(WORDS * 5, header=True), size
        )
        for size in (1, 2, 3, 5, 7)
    ),
    *(
        entry(
            f"a character of {len(char.encode())} bytes cut after {cut} at the end",
            tsv([["é" * 40, "b"], ["c", "d"]]) + b"e\tf" + char.encode()[:cut],
            table([["é" * 40, "b"], ["c", "d"], ["e", "f" + BAD]], header=True, undecodable=[3]),
        )
        for char in "é€𝄞"
        for cut in range(1, len(char.encode()))
    ),
    *(
        entry(
            name,
            "é".encode() * 100 + b"\tb\n" + bad + b"\tx\n",
            table([["é" * 100, "b"], [BAD * lost, "x"]], header=True, undecodable=(lost, [2])),
        )
        for name, bad, lost in (
            ("an overlong slash", b"\xc0\xaf", 2),
            ("an overlong tab is no delimiter", b"\xc0\x89", 2),
            ("an overlong newline of three bytes ends no row", b"\xe0\x80\x8a", 3),
            ("an overlong NUL", b"\xc0\x80", 2),
            ("a surrogate in utf-8", b"\xed\xa0\x80", 3),
            ("a pair of surrogates in utf-8", b"\xed\xa0\xb4\xed\xb4\x9e", 6),
            ("a character beyond the last", b"\xf4\x90\x80\x80", 4),
            ("a sequence of five bytes", b"\xf8\x88\x80\x80\x80", 5),
            ("lone continuation bytes", b"\x80\xbf", 2),
            ("bytes that are never in utf-8", b"\xfe\xff", 2),
        )
    ),
    entry(
        "half a character before a tab does not swallow it",
        "é".encode() * 20 + b"\tb\n\xe2\x82\tx\n",
        table([["é" * 20, "b"], [BAD, "x"]], header=True, undecodable=[2]),
    ),
    entry("a NUL early", b"a\tb\nc\x00\td\n", NO_NUL),
    entry("nothing but NULs", b"\x00" * 1000, NO_NUL),
    entry(
        "a NUL late is data, and told",
        lambda: b"a\tb\n" * (1 << 18) + b"\x00\tx\n",
        table([["a", "b"]] * (1 << 18) + [["\x00", "x"]], header=True, nul=[(1 << 18) + 1]),
    ),
    entry(
        "latin-1 late, after a megabyte of ASCII",
        lambda: b"a\tb\n" * (1 << 18) + b"caf\xe9\tx\n",
        table([["a", "b"]] * (1 << 18) + [["café", "x"]], encoding="windows-1252", header=True),
    ),
]
