"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import pytest

from tests.page_functions import functions_of

PAGE = functions_of("imbalance")


def test_a_rate_at_the_edge_is_said_to_be():
    sentence = PAGE["edge_sentence"]
    tried = {key: [0.3, 1, 3] for key in ("BCE", "focal, γ = 2", "MSE")}
    assert "between a smaller and a larger" in sentence(tried, dict.fromkeys(tried, 1))
    text = sentence(tried, {"BCE": 1, "focal, γ = 2": 3, "MSE": 0.3})
    assert "edge of those tried for focal (γ = 2) and MSE" in text
    assert "edge of those tried for BCE" in sentence({"BCE": [1]}, {"BCE": 1})


def test_a_network_that_was_thrown_off_or_lost_is_told():
    sentence = PAGE["thrown_sentence"]
    assert sentence({"BCE": [12, 999]}).startswith("No network")
    diverged, not_a_number = [12, 0], [12, float("nan")]
    text = sentence({"a": [12, 1001], "b": [12, 13], "c": diverged, "d": not_a_number})
    assert "some seed of a, c and d," in text


def test_a_loss_that_fails_is_not_said_to_work():
    sentence = PAGE["works_sentence"]
    assert "all of these losses work" in sentence({"a": 0.95, "b": 0.93}, 0.92)
    for score in (0.92, 0.0):
        text = sentence({"a": 0.95, "b": score}, 0.92)
        assert text.startswith("Of b not every")
        assert "losses work" not in text


def test_only_what_both_errors_leave_is_beyond_chance():
    differences = {
        "sure": (-0.02, 0.002, 0.003),
        "by luck of the seeds": (-0.008, 0.002, 0.003),
        "by luck of the images": (0.02, 0.002, 0.012),
        "better": (0.02, 0.002, 0.003),
        "none": (0.0, 0.002, 0.003),
    }
    names = PAGE["beyond_chance"](differences, 4.5)
    assert names == ["sure", "better"]
    sentence = PAGE["apart_sentence"]
    assert sentence(names).endswith("lie sure and better")
    assert sentence(["sure"]).endswith("lies sure")
    assert sentence([]).startswith("No loss")


@pytest.mark.parametrize(
    ("missed", "alarms", "trade"),
    [
        ([True, True], [True, True], True),
        ([True, False], [True, True], False),
        ([True, True], [False, True], False),
    ],
)
def test_a_trade_takes_both_sides(missed, alarms, trade):
    assert PAGE["trade_sentence"](missed, alarms).startswith("It is a trade") == trade


def test_who_expects_more_errors_than_he_makes():
    sentence = PAGE["under_sentence"]
    assert sentence(["a", "b"], []).startswith("Networks of every loss expect more")
    assert "no more errors" in sentence([], ["a", "b"])
    assert "networks of a, not by those of b" in sentence(["a"], ["b"])


def test_remedies_that_help_are_not_said_to_be_of_no_use():
    sentence = PAGE["remedy_sentence"]
    assert sentence([], ["mix"]) == (
        "By that measure nothing is better than no remedy; worse than no remedy: mix. That an "
        "imbalance of one to nine needs a remedy is not to be seen here"
    )
    assert sentence(["weights"], []).endswith("So a remedy can help here")


def test_the_price_of_fewer_images_is_told_beside_its_error():
    sentence = PAGE["price_sentence"]
    assert sentence((0.036, 0.005), (0.021, 0.003)).endswith("has its price by itself")
    assert "loses 0.036 ± 0.005 of F₁" in sentence((0.036, 0.005), (0.021, 0.003))
    for few in ((0.004, 0.003), (-0.02, 0.003)):
        assert "cost nothing that five seeds show" in sentence((0.036, 0.005), few)


def test_the_better_ranking_is_named_only_beyond_its_error():
    sentence = PAGE["ranking_sentence"]
    assert "the mix" in sentence(0.007, 0.001)
    assert "without balance" in sentence(-0.007, 0.001)
    assert "neither" in sentence(0.001, 0.001)
