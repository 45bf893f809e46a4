"""The first page leads everywhere."""

import re

import pytest

from tests.page_functions import BOOK

TOC = re.findall(r"- file: (\w+)", (BOOK / "_toc.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", TOC)
def test_it_has_a_link_to_every_chapter(page):
    assert f"[]({page}.md)" in (BOOK / "index.md").read_text(encoding="utf-8")
