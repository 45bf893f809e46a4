"""A word of the index leads to its section, and one section explains it."""

from types import SimpleNamespace

import pytest

index_entries = pytest.importorskip("index_entries", reason="the extra 'book' is not installed")
nodes = pytest.importorskip("docutils.nodes")
from docutils.utils import new_document  # noqa: E402
from sphinx import addnodes  # noqa: E402


def entry(word, target, main=""):
    return ("single", word, target, main, None)


def index(*entries):
    node = addnodes.index()
    node["entries"] = list(entries)
    return node


@pytest.fixture
def page():
    document = new_document("page")
    inner = nodes.section(ids=["the-step", "sec-step"])
    inner += [nodes.title(text="The step"), index(entry("step size", "index-1"))]
    inner += [nodes.target(ids=["index-1"]), nodes.paragraph(text="It is long.")]
    outer = nodes.section(ids=["descent"])
    outer += [nodes.title(text="Descent"), index(entry("descent", "index-0"))]
    outer += [nodes.target(ids=["index-0"]), index(entry("f()", "page.f")), inner]
    document += outer
    return document


def test_a_word_leads_to_the_heading_and_is_the_main_entry(page):
    index_entries.LeadToSections(page).apply()
    found = [node["entries"] for node in page.findall(addnodes.index)]
    assert found == [
        [entry("descent", "", "main")],
        [entry("f()", "page.f")],
        [entry("step size", "the-step", "main")],
    ]
    assert list(page.findall(nodes.target)) == []


def test_a_word_that_two_sections_explain_is_named(monkeypatch):
    entries = {
        "one": [entry("Momentum", "", "main"), entry("f()", "one.f")],
        "two": [entry("momentum", "a", "main"), entry("f()", "two.f")],
    }
    env = SimpleNamespace(domains={"index": SimpleNamespace(entries=entries)})
    said = []
    monkeypatch.setattr(index_entries.LOGGER, "warning", lambda text, **_: said.append(text))
    index_entries.check_words(None, env)
    assert len(said) == 1
    assert "'momentum' twice" in said[0]
