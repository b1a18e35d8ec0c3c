"""Other kinds of file under the name of a table: each is called by its own name, and nothing is unpacked.

What is made of text is a table of lines, whatever it means to other programs; only RTF shows nothing but its codes.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from contextlib import closing

from tests.corpus.entry import entry, refused, table

SOME = b"name\tage\nAnn\t7\n"
NOISE = random.Random(1).randbytes(20_000)


def zipped(*names: str) -> bytes:
    """Return a ZIP archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, SOME)
    return file.getvalue()


def bomb() -> bytes:
    """Return a ZIP archive of a few KB that holds 64 MB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.tsv", b"\n" * (64 << 20))
    return file.getvalue()


def tarred() -> bytes:
    """Return a tar archive of one table."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("table.tsv")
        member.size = len(SOME)
        archive.addfile(member, io.BytesIO(SOME))
    return file.getvalue()


def database() -> bytes:
    """Return an SQLite database of one table."""
    with closing(sqlite3.connect(":memory:")) as rows:
        rows.execute("CREATE TABLE people (name TEXT)")
        return rows.serialize()


def png() -> bytes:
    """Return an image of one black point."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
ELF = b"\x7fELF\x02\x01\x01" + b"\x00" * 57
PARQUET = b"PAR1\x15\x04\x15\x10\x15\x14\x4c\x15\x02\x15\x00" + NOISE + b"PAR1"
HTML = b"<!DOCTYPE html>\n<table><tr><td>1</td></tr></table>\n"
JSON = b'{"name": "Ann",\n"age": 7}\n'
XML = b'<?xml version="1.0"?>\n<row name="Ann"/>\n'
RTF = rb"{\rtf1\ansi\deff0 {\fonttbl {\f0 Times;}}\f0 name\tab age\par }"
MADE = {
    "an Excel workbook": (zipped("[Content_Types].xml", "xl/workbook.xml"), "Excel workbook (.xlsx)", "Save it as CSV"),
    "an old Excel workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504, "(.xls)", "Save it as CSV"),
    "a Word document": (zipped("word/document.xml"), "Word", "Save it as CSV"),
    "a ZIP archive": (zipped("table.tsv"), "ZIP archive", "Unpack it first"),
    "an empty ZIP archive": (zipped(), "empty ZIP archive", "table of text"),
    "gzip": (gzip.compress(SOME, mtime=0), "gzip", "Unpack it first"),
    "bzip2": (bz2.compress(SOME), "bzip2", "Unpack it first"),
    "xz": (lzma.compress(SOME), "xz", "Unpack it first"),
    "Zstandard": (b"\x28\xb5\x2f\xfd\x20\x0f\x79\x00\x00" + SOME, "Zstandard", "Unpack it first"),
    "LZ4": (b"\x04\x22\x4d\x18\x64\x40\xa7" + struct.pack("<I", 0x8000000F) + SOME, "LZ4", "Unpack it first"),
    "compress": (b"\x1f\x9d\x90" + b"\x6e\xc2\xb4\x29", "compress", "Unpack it first"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c\x00\x04" + NOISE, "7-Zip", "Unpack it first"),
    "a PDF": (PDF, "PDF", "Export its table"),
    "a PNG": (png(), "PNG", "table of text"),
    "a JPEG": (JPEG, "JPEG", "table of text"),
    "a GIF": (GIF, "GIF", "table of text"),
    "an SQLite database": (database(), "SQLite", "Export one of its tables"),
    "a program": (ELF, "program", "table of text"),
    "Parquet": (PARQUET, "Parquet", "Save it as CSV"),
    "RTF": (RTF, "rich text", "Save it as CSV"),
    "a tar archive": (tarred(), "NUL bytes", "UTF-8"),
    "noise": (NOISE, "NUL bytes", "UTF-8"),
}
ENTRIES = [
    *(entry(name, data, refused("not_a_table", *words)) for name, (data, *words) in MADE.items()),
    entry("a ZIP archive that would fill the memory", bomb, refused("not_a_table", "ZIP archive", "Unpack it first")),
    *(
        entry(f"{name}, byte by byte", MADE[name][0], refused("not_a_table", *MADE[name][1:]), chunk=1)
        for name in ("gzip", "a PNG", "a GIF", "bzip2")
    ),
    entry("HTML is text", HTML, table([["<!DOCTYPE html>"], ["<table><tr><td>1</td></tr></table>"]])),
    entry("JSON is text", JSON, table([['{"name": "Ann",'], ['"age": 7}']])),
    entry("XML is text", XML, table([['<?xml version="1.0"?>'], ['<row name="Ann"/>']])),
    entry("a table that begins like a ZIP archive", b"PK\tb\nc\td\n", table([["PK", "b"], ["c", "d"]], header=True)),
    entry("a table that begins like a bitmap", b"BMI\tx\nc\td\n", table([["BMI", "x"], ["c", "d"]], header=True)),
    entry("a table that begins like a GIF", b"GIF89a\tb\nc\td\n", table([["GIF89a", "b"], ["c", "d"]], header=True)),
    entry("a table that begins like Parquet", b"PAR1\tb\nc\td\n", table([["PAR1", "b"], ["c", "d"]], header=True)),
]
