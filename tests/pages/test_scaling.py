"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import pytest

from tests.page_functions import functions_of


@pytest.mark.parametrize(
    ("dask", "told", "said"),
    [
        (6.0, 5.0, "is 20% more, within the quarter"),
        (4.0, 5.0, "is 20% less, within the quarter"),
        (9.0, 5.0, "is 80% more, beyond the quarter"),
        (2.0, 5.0, "is 60% less, beyond the quarter"),
    ],
)
def test_two_workers_are_compared_with_what_the_function_tells(dask, told, said):
    measured = {
        "date": "2026-01-01",
        "machine": "a machine",
        "load": 0.1,
        "start_seconds": {"dask": 1.0},
        "search_seconds": {"dask": dask, "loky": 5.5, "here": 12.0},
        "run_seconds": [1.0] * 10,
        "record_seconds": 0.02,
        "idle_seconds": {"dask": 0.01},
    }
    sentence = functions_of("scaling")["cluster_sentence"](measured, told)
    assert said in sentence
    assert f"an efficiency of {6 / dask:.0%} with Dask" in sentence


def test_the_time_falls_until_more_workers_bring_nothing():
    fall = functions_of("scaling")["fall"]
    assert fall([1, 2, 4, 8], [100, 50, 31, 30]) == (
        "from 100 s on one worker to 30 s on 8, and 4 come within a tenth of that"
    )
    assert fall([1, 2], [100, 50]).endswith("and 2 come within a tenth of that")


def test_the_order_saves_something_or_nothing():
    sentence = functions_of("scaling")["longest_first_sentence"]
    gains = {"the 4": [0, 0.25, 0.1], "ten digits": [0, 0.1, 0]}
    assert sentence(gains, [1, 2, 4]) == "saves up to 20% (the 4, 2 workers)"
    assert sentence({"the 4": [0, 0.001]}, [1, 2]) == "saves nothing here"
