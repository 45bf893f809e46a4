"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

from tests.page_functions import functions_of


def test_speed_is_told_whoever_wins():
    page = functions_of("how_fast")
    judged, labels = page["judged"], {"a": "A", "b": "B", "c": "C"}
    assert [judged(r) for r in ([0.8, 0.9], [1.2, 1.1], [0.9, 1.1])] == [
        "faster",
        "slower",
        "not told apart",
    ]
    beside = page["beside_sentence"]
    verdicts = {"a": "slower", "b": "faster", "c": "slower"}
    assert beside(verdicts, labels).split("; ") == [
        "B took less time than it in every round",
        "A and C took more time in every round",
    ]
    assert beside({"a": "not told apart"}, labels) == "A took now less, now more"
    assert page["below_one_sentence"]([]).startswith("Nobody's epoch takes less time")
    assert "with B at batches of 16:" in page["below_one_sentence"](["B at batches of 16"])
    assert page["order_sentence"]({"a": 2, "b": 0.5}, labels) == "B 0.50; A 2.00"
    assert page["left_out_sentence"]({}, labels) == "All of them were measured"
    left_out = dict.fromkeys("ab", "x is not installed")
    assert (
        page["left_out_sentence"](left_out, labels) == "Not measured: A and B (x is not installed)"
    )
    cold = page["cold_sentence"]
    times = {"a": [(9.0, 4), (7.0, 3), (8.0, 5)], "b": [(2.0, 6), (3.0, 7)], "c": []}
    assert cold(times, labels) == "B 2.5 s (epochs: 6, 7); A 8.0 s (epochs: 4, 3, 5); C never"
