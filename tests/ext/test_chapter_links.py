"""From a chapter to its modules, their tests and its notebook."""

from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
chapter_links = pytest.importorskip("chapter_links", reason="the extra 'book' is not installed")
page_facts = pytest.importorskip("page_facts", reason="the extra 'book' is not installed")

ABOUT = {path.stem: page_facts.modules(path) for path in sorted((ROOT / "book").glob("*.md"))}


@pytest.mark.parametrize("page", [page for page, modules in ABOUT.items() if modules])
def test_a_chapter_leads_to_its_modules_tests_and_notebook(page):
    line = chapter_links.line(page, ABOUT[page])
    targets = {node["reftarget"] for node in line.findall(chapter_links.addnodes.pending_xref)}
    links = [node["refuri"] for node in line.findall(chapter_links.nodes.reference)]
    assert targets == {f"mnist_gd.{module}" for module in ABOUT[page]}
    for module in ABOUT[page]:
        path = ROOT.joinpath("mnist_gd", *module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file(), module
    for link in links:
        assert (ROOT / link).with_suffix(".py").is_file(), link
    assert len(links) == len(set(links)) > 0
    assert f'href="notebooks/{page}.ipynb"' in line.astext()


def test_a_module_is_the_subject_of_one_chapter_or_of_the_one_of_its_name_first():
    modules = Counter(module for modules in ABOUT.values() for module in modules)
    shared = {module for module, chapters in modules.items() if chapters > 1}
    assert all(module in ABOUT.get(module, []) for module in shared)
    assert len(modules) > 10


def test_parts_of_a_package_are_tested_by_a_file_of_their_own_or_of_the_package(
    tmp_path, monkeypatch
):
    for name in ("test_experiments.py", "test_studies.py", "test_losses.py"):
        (tmp_path / name).touch()
    monkeypatch.setattr(chapter_links, "TESTS", tmp_path)
    parts = ["experiments.runs", "experiments.plans", "experiments.studies", "losses", "lost"]
    names = [path.name for path in chapter_links.tests_of(parts)]
    assert names == ["test_experiments.py", "test_studies.py", "test_losses.py", "test_lost.py"]


def test_another_page_leads_to_its_notebook_alone():
    line = chapter_links.line("diary", [])
    assert not list(line.findall(chapter_links.nodes.reference))
    assert line.astext().startswith("Notebook ")
