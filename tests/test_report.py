"""What pages write."""

import sys

import numpy as np
import pytest

from mnist_gd.report import fingerprint, listed, say, spread, standard_error, table, typeset


@pytest.mark.parametrize(
    ("value", "form", "written"),
    [
        (-0.5, "+.2f", "−0.50"),
        (0.5, "+.2f", "+0.50"),
        (1.5e-7, ".1e", "1.5 × 10⁻⁷"),
        (-2e12, ".0e", "−2 × 10¹²"),
        (12345, ",", "12,345"),
        ("between -0.25 and -.5", "", "between −0.25 and −.5"),
        ("784-256-10 on 2026-11-25, x-1", "", "784-256-10 on 2026-11-25, x-1"),
        ("5e-3 ± 1e-4", "", "5 × 10⁻³ ± 1 × 10⁻⁴"),
        (-np.inf, ".2f", "−inf"),
        ("about 2.8 ± 0.5 %", "", "about 2.8 ± 0.5%"),
    ],
)
def test_numbers_are_typeset(value, form, written):
    assert typeset(value, form) == written


def test_spread_is_mean_and_standard_deviation():
    values = np.random.default_rng(0).normal(size=5)
    mean, deviation = np.mean(values), np.sqrt(np.sum((values - values.mean()) ** 2) / 4)
    assert spread(values, ".3f") == f"{mean:.3f} ± {deviation:.3f}".replace("-", "−")


def test_the_standard_error_is_that_of_a_mean():
    means = np.random.default_rng(0).normal(size=(20_000, 4)).mean(axis=1)
    sample = np.random.default_rng(1).normal(size=(4, 20_000))
    errors = standard_error(sample)
    assert errors.shape == (20_000,)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(means.std(), rel=0.02)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "nobody"),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b, c", "d"], "a, b (c) and d"),
        (["a, b, c"], "a (b, c)"),
    ],
)
def test_names_are_listed(names, sentence):
    assert listed(names, nothing="nobody") == sentence


def test_a_table_has_a_label_and_breaks_no_number():
    text = table("tab-x", "What is shown.", ["name", "score"], [["a", "0.5 ± 0.1"]]).data
    assert text.splitlines()[:2] == ["```{table} What is shown.", ":name: tab-x"]
    assert text.splitlines()[3:-1] == [
        "| name | score |",
        "| --- | --: |",
        "| a | 0.5\u00a0±\u00a00.1 |",
    ]


def test_what_is_said_is_typeset_and_not_displayed(monkeypatch):
    myst_nb = pytest.importorskip("myst_nb")
    said = []
    monkeypatch.setattr(myst_nb, "glue", lambda *what, display: said.append((*what, display)))
    say("loss", -0.5, ".2f")
    assert said == [("loss", "−0.50", False)]


@pytest.mark.parametrize(
    ("missing", "needs_it"),
    [("myst_nb", lambda: say("a", 1)), ("IPython.display", lambda: table("a", "b", ["c"], []))],
)
def test_where_what_displays_is_missing_the_extra_is_named(monkeypatch, missing, needs_it):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"{missing} is not .*pip install 'mnist_gd\[book\]'"):
        needs_it()


def test_a_fingerprint_is_that_of_every_bit():
    a, b = np.arange(3.0), np.arange(2.0)
    assert fingerprint([a, b]) == fingerprint(iter([a.copy(), b.copy()]))
    assert fingerprint([a, b]) != fingerprint([np.nextafter(a, 9), b])


@pytest.mark.parametrize("values", [[], [1.0], [[1.0, 2.0]], 1.0, [np.nan, 1.0], [np.inf, 1.0]])
@pytest.mark.parametrize("write", [spread, standard_error])
def test_what_has_no_spread_is_refused(write, values):
    with pytest.raises(ValueError, match="values must"):
        write(values)


def test_a_table_has_a_cell_in_each_column():
    with pytest.raises(ValueError, match="each of rows must hold 2 entries, but holds 1"):
        table("tab-x", "What is shown.", ["name", "score"], [["a"]])
    with pytest.raises(TypeError, match=r"each cell of rows must be a string, but is 0\.5"):
        table("tab-x", "What is shown.", ["name", "score"], [["a", 0.5]])


@pytest.mark.parametrize("arrays", [[np.array([None])], [np.ma.masked_less([1.0, 2.0], 2)], 3])
def test_what_has_no_fingerprint_is_refused(arrays):
    with pytest.raises(TypeError, match="arrays must"):
        fingerprint(arrays)


def test_a_line_within_a_cell_does_not_part_it():
    """Nor one within the header."""
    text = table("name", "Caption", ["|x|", "b"], [["a | b", "1"]]).data
    assert r"| \|x\| | b |" in text
    assert r"| a \| b | 1 |" in text


def test_two_values_have_a_spread():
    assert standard_error([1.0, 3.0]) == pytest.approx(1)
    np.testing.assert_allclose(standard_error([[1.0, 0], [3, 4]]), [1, 2])
    assert spread([0.25, 0.25], ".0%") == "25% ± 0%"


@pytest.mark.parametrize("shape", [(2, 1), (2, 2, 2)])
def test_a_spread_is_that_of_one_row(shape):
    with pytest.raises(ValueError, match=r"values must have the shape \(n,\), but have"):
        spread(np.ones(shape))


@pytest.mark.parametrize(("value", "form"), [(0.5, "d"), (1, "s"), (10**400, ".2f")])
def test_a_form_that_does_not_fit_is_named(value, form):
    with pytest.raises(ValueError, match=f"form must fit value, but '{form}' and "):
        typeset(value, form)


@pytest.mark.parametrize(
    "texts", [("a\nb", "c", ["d"], []), ("a", "c\n", ["d"], []), ("a", "c", ["d"], [["\ne"]])]
)
def test_what_would_end_a_line_of_a_table_is_refused(texts):
    with pytest.raises(ValueError, match="each text of a table must be one line, but one is "):
        table(*texts)
