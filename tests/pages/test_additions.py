"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

from tests.page_functions import functions_of


def test_what_chance_explains_is_not_said_to_be_more():
    sentence = functions_of("additions")["chance_sentence"]
    differences = {"Adam": (0.02, 0.01), "falling rate": (0.09, 0.01), "shifts": (-0.06, 0.01)}
    assert sentence(differences, 4.7) == "here that limit is exceeded by falling rate and shifts"
    assert sentence({"Adam": (0.02, 0.01)}, 4.7) == "no difference here does"
