"""The key under which the results of a page are kept."""

import json
import re
from pathlib import Path

import pytest

from mnist_gd import _code

ROOT = Path(__file__).resolve().parents[2]
cache_key = pytest.importorskip("cache_key", reason="the extra 'book' is not installed")

PAGE = """---
file_format: mystnb
kernelspec:
  display_name: Python 3
  name: python3
---
# A page

```{code-cell} ipython3
:tags: [hide-input]
%matplotlib inline
import numpy as np
from mnist_gd.losses import focal_loss
```
"""


@pytest.fixture
def code(monkeypatch):
    """The package's modules, to be edited; the key follows what is in their code."""

    def edit(module, change):
        source = change(_code.MODULES[f"mnist_gd.{module}"])
        monkeypatch.setitem(_code.MODULES, f"mnist_gd.{module}", source)
        monkeypatch.setitem(_code.digests(), f"mnist_gd.{module}", _code.digest(source))

    return edit


def more(source):
    return source + "\nNEW = 1\n"


@pytest.mark.parametrize("module", ["losses", "activations", "_checks"])
def test_key_follows_the_modules_that_a_page_imports_and_theirs(code, module):
    before = cache_key.page_key(PAGE)
    assert re.fullmatch(r"[0-9a-f]{12}", before)
    assert cache_key.page_key(PAGE) == before
    code(module, more)
    assert cache_key.page_key(PAGE) != before


@pytest.mark.parametrize("module", ["layers", "networks", "plots", "search", "data"])
def test_key_leaves_out_what_a_page_does_not_import(code, module):
    before = cache_key.page_key(PAGE)
    code(module, more)
    assert cache_key.page_key(PAGE) == before


def test_key_leaves_out_comments_and_docstrings(code):
    before = cache_key.page_key(PAGE)
    code("losses", lambda source: source + "# a comment\n")
    code("activations", lambda source: source.replace("Rectified linear unit", "The ReLU"))
    assert cache_key.page_key(PAGE) == before


def test_key_counts_what_a_function_imports_when_it_is_called(code):
    """The curves of a history are drawn by a module that it imports only then."""
    page = PAGE.replace("mnist_gd.losses import focal_loss", "mnist_gd.history import History")
    before = cache_key.page_key(page)
    code("plots", more)
    assert cache_key.page_key(page) != before


def test_key_of_a_page_that_is_no_python_follows_everything(code):
    page = PAGE.replace("import numpy as np", "import numpy as")
    before = cache_key.page_key(page)
    code("search", more)
    assert cache_key.page_key(page) != before


def test_key_follows_the_versions(monkeypatch):
    keys = {cache_key.page_key(PAGE)}
    monkeypatch.setattr(cache_key, "version", lambda name: "0.0")
    keys.add(cache_key.page_key(PAGE))
    monkeypatch.setattr(cache_key.platform, "python_version", lambda: "4.0.0")
    assert len(keys | {cache_key.page_key(PAGE)}) == 3


@pytest.mark.parametrize("module", ["studies", "searches"])
def test_key_follows_the_studies_that_a_page_shows(tmp_path, module):
    """Once they have been run in full, pages that show them are run again, others are not."""
    marker = tmp_path / "studies.json"
    imported = f"mnist_gd.experiments import {module}"
    shows = PAGE.replace("mnist_gd.losses import focal_loss", imported)
    keys = {page: cache_key.page_key(page, marker) for page in (PAGE, shows)}
    marker.write_text("{}", encoding="utf-8")
    assert cache_key.page_key(PAGE, marker) == keys[PAGE]
    assert cache_key.page_key(shows, marker) != keys[shows]


def test_key_follows_the_files_that_the_front_matter_names(tmp_path, monkeypatch):
    """A file, or all that a folder holds; of other pages the key stays."""
    monkeypatch.setattr(cache_key, "ROOT", tmp_path)
    page = PAGE.replace("kernelspec", "reads: [one.py, records]\nkernelspec")
    (tmp_path / "records" / "deeper").mkdir(parents=True)
    (tmp_path / "one.py").touch()
    keys, other = [cache_key.page_key(page)], cache_key.page_key(PAGE)
    for change in ("one.py", "records/first.json", "records/second.json"):
        (tmp_path / change).write_text(change, encoding="utf-8")
        keys.append(cache_key.page_key(page))
    assert len({*keys, other}) == 5
    (tmp_path / "unnamed.json").touch()
    assert (cache_key.page_key(page), cache_key.page_key(PAGE)) == (keys[-1], other)


def test_key_stands_behind_the_name_of_the_kernel():
    """No line is added, so that warnings name the right ones."""
    text = cache_key.with_key(PAGE)
    assert f"display_name: Python 3 {cache_key.page_key(PAGE)}\n" in text
    assert len(text.splitlines()) == len(PAGE.splitlines())
    assert text.replace(f" {cache_key.page_key(PAGE)}", "") == PAGE
    for plain in ("# No front matter\n", PAGE.replace("  display_name: Python 3\n", "")):
        assert cache_key.with_key(plain) == plain


def test_every_page_that_runs_has_a_kernel_with_a_name():
    for path in sorted((ROOT / "book").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        runs = "{code-cell}" in text
        assert (cache_key.with_key(text) != text) == runs, path.name


def test_times_are_kept_from_each_machine_and_the_newest_of_a_run_counts(tmp_path, monkeypatch):
    for day, runs in ("2026-01-01", {"a": 1, "b": 1}), ("2026-01-02", {"b": 2}):
        (tmp_path / f"{day}.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
    monkeypatch.setattr(cache_key, "TIMES", tmp_path)
    assert cache_key.kept_times() == {"a": 1, "b": 2}
