"""The table that every server shows: its pages have some 25 KB of JSON, with cells as real tables have them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

import orjson

PAGE_ROWS = 100
PAGES = 20
REMARKS = """delayed on time gate changed boarding fuel crew weather wind strong fog late arrival baggage slot runway
    inspection de-icing aircraft swapped connection missed held short queue medical diverted return to stand"""
CITIES = ("Oslo", "Lisboa", "Kraków", "Reykjavík", "Athens", "Marrakesh", "Tallinn", "São Paulo", "Nairobi", "Osaka")
CARRIERS = ("Northern Air Lines", "Blue Coast Airways", "Meridian", "Hill & Lake Air", "Polar Express Aviation")


def make_table(pages: int = PAGES) -> bytes:
    """Make a TSV file of this many pages, the same at each call."""
    chance, words = random.Random(25), REMARKS.split()
    rows = ("\t".join(_row(chance, words)) for _ in range(pages * PAGE_ROWS))
    return ("\n".join(rows) + "\n").encode()


def article_page(table: bytes, page: int = 1) -> bytes:
    """Encode a page of the table as the article's protocol has it."""
    rows = [line.split("\t") for line in table.decode().splitlines()]
    data = rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    return orjson.dumps({"uuid": str(UUID(int=0)), "page_no": page, "total_number": len(rows), "data": data})


def _row(chance: random.Random, words: list[str]) -> list[str]:
    return [
        f"{chance.getrandbits(128):032x}",
        f"{datetime(2013, 1, 1) + timedelta(minutes=chance.randrange(525_600)):%Y-%m-%d %H:%M}",
        chance.choice(CARRIERS),
        f"N{chance.randint(10_000, 99_999)}",
        chance.choice(CITIES),
        chance.choice(CITIES),
        str(chance.randint(-20, 300)),
        f"{chance.uniform(100, 9000):.1f}",
        " ".join(chance.choices(words, k=7)),
        " ".join(chance.choices(words, k=12)),
    ]
