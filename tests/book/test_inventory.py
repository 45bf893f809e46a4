"""Everything that the assignment and the notebook of 2023 held, its errors too, has its place."""

import csv
import re
from functools import cache

import pytest
from bs4 import BeautifulSoup

from tests.book.conftest import ROOT

HEADINGS = re.compile("^h[1-6]$")
ITEMS = {*map(str, range(1, 50)), *(f"error {number}" for number in range(1, 31))}
with (ROOT / "tests/book/inventory.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


@cache
def parsed(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def text_at(book, page, anchor):
    """What a reader finds at an anchor, below its heading: a section, figure or table."""
    found = parsed(book / f"{page}.html").find(id=anchor)
    assert found is not None, f"{page}.html has no #{anchor}"
    whole = found if found.name in ("section", "figure", "table") else found.find_parent("section")
    below = (text for text in whole.strings if not text.find_parent(HEADINGS))
    return re.sub(r"\s+", " ", "".join(below))


def test_every_item_has_a_place():
    assert {row["item"] for row in ROWS} == ITEMS


@pytest.mark.parametrize(
    "row", ROWS, ids=[f"{row['item']} {row['page']}#{row['anchor']}" for row in ROWS]
)
def test_an_item_is_found_where_the_table_says(book, row):
    assert row["shows"] in text_at(book, row["page"], row["anchor"])
