"""What would mislead a reader, and is found."""

import pytest

checks = pytest.importorskip("checks", reason="the extra 'book' is not installed")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("an accuracy of 0.98 on the test set", ["0.98"]),
        ("it reached 98.4% at last", ["98.4%"]),
        ("it reached 98 % at last", ["98 %"]),
        ("nine of ten, or 90 percent", ["90 percent"]),
        ("about 90 per cent.", ["90 per cent"]),
        ("a rate of .5 and one of 1e-5", [".5", "1e-5"]),
        ("a loss of 2.303.", ["2.303"]),
        ("costs 1,234.5 multiplications", ["1,234.5"]),
        ("between 0.1–0.2", ["0.1", "0.2"]),
    ],
)
def test_naked_numbers_are_found(text, found):
    assert checks.naked_numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "60,000 images of 28 by 28 pixels, ten digits, five seeds",
        "in 1986. The next sentence",
        "under CC BY 4.0, with Python 3.11 or later",
        "chapter 3, step 2, 3Blue1Brown",
        "the file t10k.2.gz and version 1.2.6",
        "",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert checks.naked_numbers(text) == []


@pytest.mark.parametrize(
    ("alt", "is_fine"),
    [
        ("A path that zigzags into a valley.", True),
        ("The file plot.svg as a drawing of a tree", True),
        (None, False),
        ("", False),
        ("   ", False),
        ("images/plot.png", False),
        ("_images/0b5cdd3b.SVG", False),
    ],
)
def test_alt_text(alt, is_fine):
    assert (checks.alt_problem(alt, "images/plot.png") is None) == is_fine


def test_alt_text_equal_to_the_uri_is_refused():
    assert "file name" in checks.alt_problem("picture", "picture")


def test_fill_alt():
    texts = {"losses-gap": "0.125"}
    alt, missing = checks.fill_alt("Falls to {glue:text}`losses-gap`, {glue:text}`no`.", texts)
    assert alt == "Falls to 0.125, {glue:text}`no`."
    assert missing == ["no"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("with its top at □.. The next", 1),
        ("which is (9) . Put in", 1),
        ("at □ ,", 1),
        (". Put in □", 1),
        ("of □,, and", 1),
        ("the step:. The next", 1),
        ("the loss, , which", 1),
        ("and so on ... or ... until", 0),
        ("weights of 9 : 1 and", 0),
        ("weights of 9 : a", 1),
        ("the way back ((3.7)). And", 1),
        ("the way back (by (3.7)). And", 0),
        ("Baydin et al., 2018; see e.g. □, □: it is .5, a 3:1 ratio, ‘:’ and (□).", 0),
    ],
)
def test_stops_out_of_place_are_found(text, found):
    assert len(checks.lost_stops(text)) == found


def test_what_is_read_has_a_sign_for_each_formula_and_code():
    from docutils.core import publish_doctree

    tree = publish_doctree("The *range* :math:`a..b`, or ``..``, is (:math:`c`).")
    assert checks.reading(tree) == "The range □, or □, is (□)."


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a loss of -0.5", "a hyphen for a minus"),
        ("between (-3 and 2)", "a hyphen for a minus"),
        ("a rate of 1e-05.", "a power of ten in code"),
        ("about 2.5e+3 steps", "a power of ten in code"),
        ("its mean is nan", "no number"),
        ("up to -inf", "no number"),
        ("98.4 % of them", "a space before the per cent"),
        ("98\u202f% of them", "a space before the per cent"),
        ("all 60000 images", "no commas between the thousands"),
        ("took 1385 s", "no commas between the thousands"),
        ("better: a; worse: none.", "a list of nothing"),
        ("an error of 2.2799540033702215", "more digits than are known"),
    ],
)
def test_numbers_as_programs_print_them_are_found(text, fault):
    (found,) = checks.as_printed(text)
    assert found.startswith(f"{fault}: ")


@pytest.mark.parametrize(
    "text",
    [
        "−0.5, 784-256-10, 2026-11-25, a 3-layer network, 10–20 of x-1",
        "10⁻⁵, 3e, e5, the infimum, banana, NaN",
        "98.4% of 60,000 in 1847 and 2024, ISO 8601:2004, 1.25 and 0.0001",
        "doi:10.1137/16M1080173",
    ],
)
def test_numbers_that_are_written_well_pass(text):
    assert checks.as_printed(text) == []
