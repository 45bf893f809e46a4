"""What is said of a page to those who search and share."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
chapter_links = pytest.importorskip("chapter_links", reason="the extra 'book' is not installed")
page_meta = pytest.importorskip("page_meta", reason="the extra 'book' is not installed")


def test_description_is_the_first_paragraph_in_plain_words():
    from docutils.core import publish_doctree

    words = "The valley is steep on one side and flat on the other. " * 9
    about = page_meta.description(
        publish_doctree(f"Short.\n\nWith math :math:`x^2` {words}\n\n{words}")
    )
    assert about.startswith("The valley is steep")
    assert about.endswith(" …")
    assert len(about) <= page_meta.LONGEST + 2
    assert page_meta.description(None) == ""


def test_description_is_not_the_line_of_links():
    from docutils.core import publish_doctree

    tree = publish_doctree("Which digits are read best is what this page is going to ask.")
    tree.insert(0, chapter_links.line("networks", ["networks", "training"]))
    assert len(tree[0].astext()) >= 40
    assert page_meta.description(tree).startswith("Which digits")


def test_tags_are_escaped_and_left_out_where_there_is_nothing_to_say():
    tags = page_meta.tags('A "title" & <more>', "", "", "_static/card.png", "Site")
    assert 'property="og:title" content="A &quot;title&quot; &amp; &lt;more&gt;"' in tags
    assert 'name="twitter:image" content="_static/card.png"' in tags
    assert "description" not in tags
    assert "og:url" not in tags


def test_the_card_is_there_in_the_size_that_the_tags_name():
    png = (ROOT / "book" / page_meta.CARD).read_bytes()
    assert [int.from_bytes(png[i : i + 4], "big") for i in (16, 20)] == [1200, 630]
