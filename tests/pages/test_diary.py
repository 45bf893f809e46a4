"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import re
from datetime import date

import pytest

from tests.page_functions import BOOK, functions_of

TEXT = (BOOK / "diary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.001, "do not tell from none"),
        (0.004, "no more than another rate costs"),
        (0.009, "is more than another rate costs"),
    ],
)
def test_losses_are_judged_by_their_error_and_by_what_a_rate_costs(difference, said, sign):
    sentence = functions_of("diary")["own_rates_sentence"](sign * difference, 0.001, 0.005)
    assert said in sentence
    assert not any(word in sentence for word in ("better", "worse", "best"))


@pytest.mark.parametrize(
    ("difference", "said"),
    [(0.2, "not to be seen"), (-0.2, "not to be seen"), (0.3, "confirmed"), (-0.3, "the reverse")],
)
def test_whether_learned_slopes_overfit_more(difference, said):
    assert said in functions_of("diary")["slopes_sentence"](difference, 0.12)


@pytest.mark.parametrize("week", [13, 14, 15, 16])
def test_a_week_has_the_days_of_the_calendar(week):
    heading = re.search(rf"^## Week {week}, ([^:]+):", TEXT, re.MULTILINE)[1]
    first, last = (date.fromisocalendar(2023, week, day) for day in (1, 7))
    start = f"{first.day} {first:%B}" if first.month != last.month else str(first.day)
    assert heading.removesuffix(" 2023") == f"{start} to {last.day} {last:%B}"


@pytest.mark.parametrize(
    "source",
    [
        "openai2023",
        "deepl2023",
        "sanderson2017",
        "amini2023",
        "lin2017",
        "wikiwandkl",
        "dhinakaran",
    ],
)
def test_what_the_notebook_credits_is_cited(source):
    assert re.search(rf"\{{cite:[pt]\}}`{source}`", TEXT)
    assert f"{{{source}," in (BOOK / "references.bib").read_text(encoding="utf-8")
