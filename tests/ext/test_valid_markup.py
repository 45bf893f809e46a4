"""Elements stand only where HTML allows them, and each `id` once."""

import pytest

valid_markup = pytest.importorskip("valid_markup", reason="the extra 'book' is not installed")


@pytest.mark.parametrize(
    ("body", "repaired"),
    [
        (
            '<summary><p class="collapsed admonition-title">Show</p></summary><p>text</p>',
            '<summary><span class="collapsed admonition-title">Show</span></summary><p>text</p>',
        ),
        (
            '<div><pre>a\n<div class="viewcode-block" id="f">\nf\n</div>\n</pre></div>',
            '<div><pre>a\n<span class="viewcode-block" id="f">\nf\n</span>\n</pre></div>',
        ),
        ("<div><pre>a</pre></div>", "<div><pre>a</pre></div>"),
        ('<section id="solution-content"><p>', "<section><p>"),
        ('<section id="solution"><p>', '<section id="solution"><p>'),
    ],
)
def test_a_page_is_repaired(body, repaired):
    assert valid_markup.repaired(body) == repaired
