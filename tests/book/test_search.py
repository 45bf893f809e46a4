"""What a student types into the search leads to the section that explains it."""

import csv
from urllib.parse import urlencode

import pytest

from tests.book.conftest import ROOT

with (ROOT / "tests/book/search_words.csv").open(encoding="utf-8", newline="") as file:
    WORDS = {row["typed"]: (row["page"], row["section"]) for row in csv.DictReader(file)}
#: Words of no index entry: chapters come before the reference, and for names of the code after it.
CHAPTERS_FIRST = ["train", "history", "minimize", "batch", "gradient", "predict", "reliability"]
CODE_FIRST = ["leaky_relu", "load_mnist", "MultiLayerNetwork", "numerical_gradient"]
FOUND = """() => [...document.querySelectorAll("#search-results li")].map((hit) => ({
  page: hit.querySelector("a").getAttribute("href").split(/[.]html/)[0],
  section: hit.querySelector("a").hash.slice(1),
  says: hit.querySelector("a").textContent,
}))"""
DONE = """() => /found/.test(document.querySelector(".search-summary")?.textContent ?? "")"""


@pytest.fixture(scope="module")
def ask(new_visit):
    """Type words into the search of the built book; return what it finds, the first first."""
    visit = new_visit()
    # each hit's page is fetched for a summary, and none is of interest here
    visit.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        " DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; });"
    )

    def hits(words):
        page = visit.open(f"search.html?{urlencode({'q': words})}", settle=False)
        page.wait_for_function(DONE)
        assert visit.faults == []
        return page.evaluate(FOUND)

    yield hits
    visit.context.close()


@pytest.mark.parametrize("typed", WORDS)
def test_a_word_leads_to_the_section_that_explains_it(ask, typed):
    first = ask(typed)[0]
    assert (first["page"], first["section"]) == WORDS[typed]


def test_a_hit_says_which_section_it_is_and_says_it_once(ask):
    says = [hit["says"] for hit in ask("momentum")]
    assert says[0] == "11. Momentum"
    assert len(set(says)) == len(says)
    assert ask("dying ReLU")[0]["says"] == "3. Activations > Zeros, live and dead"


@pytest.mark.parametrize("typed", CHAPTERS_FIRST)
def test_chapters_come_before_the_reference(ask, typed):
    pages = [hit["page"] for hit in ask(typed)]
    assert pages[0] != "api"
    assert "api" in pages


@pytest.mark.parametrize("typed", CODE_FIRST)
def test_a_name_of_the_code_leads_to_the_reference(ask, typed):
    first = ask(typed)[0]
    assert first["page"] == "api"
    assert first["section"].endswith(typed)
