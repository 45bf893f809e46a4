"""What the extensions ask about a page."""

import json
from types import SimpleNamespace

import pytest

from tests.ext.samples import HEAD

pytest.importorskip("myst_nb", reason="the extra 'book' is not installed")
page_facts = pytest.importorskip("page_facts", reason="the extra 'book' is not installed")


NAMING = HEAD.replace("kernelspec:", "modules: [losses, experiments.runs]\nkernelspec:")


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        (NAMING, ["losses", "experiments.runs"]),
        (HEAD, []),
        ("# A page\n\n---\nmodules: [losses]\n---\n", []),
        ("", []),
    ],
)
def test_front_matter_is_what_a_page_says_of_itself(tmp_path, text, modules):
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert page_facts.modules(page) == modules


def test_glued_text_is_what_its_cell_glued_as_the_page_shows_it(tmp_path):
    """A quote at its end is its author's; the two round it are Python's."""
    texts = {
        "said": "they say 'no'",
        "quoted": "\"no\" twice: 'no'",
        "number": 3,
        "plain": "0.125",
    }
    outputs = {key: {"data": {"text/plain": repr(text)}} for key, text in texts.items()}
    outputs |= {"array": {"data": {"text/plain": "array([1])"}}, "picture": {"data": {}}}
    (tmp_path / "page.glue.json").write_text(json.dumps(outputs), encoding="utf-8")
    env = SimpleNamespace(mystnb_config=SimpleNamespace(output_folder=str(tmp_path)))
    found = page_facts.glued(env, "page")
    assert found == texts | {"number": "3", "array": "array([1])"}
    assert page_facts.glued(env, "another") == {}
