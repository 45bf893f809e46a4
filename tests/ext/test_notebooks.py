"""The pages as notebooks."""

import pytest

from tests.ext.samples import HEAD

notebooks = pytest.importorskip("notebooks", reason="the extra 'book' is not installed")

MODULE = """import numpy as np


@np.vectorize
def double(x):
    return 2 * x


class Layer:
    def forward(self, x):
        return x
"""

CHAPTER = (
    HEAD
    + r"""
(sec-page)=
# Page

Glued {glue:text}`page-value`, {eq}`eq-page`, {numref}`fig-page`, {cite:p}`lecun1998,nesterov1983`.
See {doc}`other`, [](other.md), {ref}`the start <sec-page>`, {py:func}`~package.module.double`.

$$
\begin{aligned}
y &= 2 x
\end{aligned}
$$ (eq-page)

```{literalinclude} module.py
:language: python
:pyobject: double
```

````{exercise} Doubling
:label: ex-page

Double $x$.

```python
kept = "{eq}`as it is`"
```
````

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-page
    caption: |
      A line to {glue:text}`page-value`.
  image:
    alt: A line.
tags: [hide-input]
---
print(1)
```

:::{admonition} A box
:class: tip
Inside.
:::

```{raw} html
<p>only in the page</p>
```
"""
)


@pytest.fixture
def made(tmp_path):
    """The notebook of a chapter with everything in it."""
    (tmp_path / "module.py").write_text(MODULE, encoding="utf-8")
    plain = notebooks.Plain(tmp_path, {"page-value": "0.125"}, {"other": "The other"})
    return notebooks.notebook(CHAPTER, plain, "Install it.")


def test_notebook_has_plain_markdown(made):
    head, text, code, caption, box = made.cells
    assert head.source == "Install it."
    assert text.source.startswith("# Page\n\nGlued 0.125, (eq-page), Figure (fig-page), ")
    assert "[lecun1998, nesterov1983]" in text.source
    assert "See *The other*, *The other*, the start, `double`." in text.source
    assert "\\end{aligned} \\tag{eq-page}\n$$" in text.source
    assert "```python\n@np.vectorize\ndef double(x):\n    return 2 * x\n```" in text.source
    assert "**Exercise (Doubling).**\n\nDouble $x$." in text.source
    assert "{eq}`as it is`" in text.source  # in a block of code nothing is changed
    assert code.source == "print(1)"
    assert caption.source == "**Figure (fig-page).** A line to 0.125."
    assert box.source == "Inside."


def test_notebook_is_valid_runs_in_python_and_is_repeatable(made, tmp_path):
    notebooks.nbformat.validate(made)
    assert made.metadata.kernelspec.name == "python3"
    assert made.cells[2].metadata.tags == ["hide-input"]
    plain = notebooks.Plain(tmp_path, {"page-value": "0.125"}, {"other": "The other"})
    assert notebooks.notebook(CHAPTER, plain, "Install it.") == made


def test_source_of_a_method_and_of_a_file(tmp_path):
    (tmp_path / "module.py").write_text(MODULE, encoding="utf-8")
    method = notebooks.source_of(tmp_path / "module.py", "Layer.forward")
    assert method == "def forward(self, x):\n    return x"
    assert notebooks.source_of(tmp_path / "module.py", None) == MODULE.strip()
    with pytest.raises(StopIteration):
        notebooks.source_of(tmp_path / "module.py", "nowhere")
