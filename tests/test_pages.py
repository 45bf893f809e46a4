"""The sentences that pages compute say what the numbers say, whichever way a run falls."""

import ast
import re
from pathlib import Path

import pytest

from mnist_gd import report
from mnist_gd.experiments.runs import Configuration
from mnist_gd.records import Record

BOOK = Path(__file__).resolve().parents[1] / "book"
CELL = re.compile(
    r"^```\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[^\n]*\n)*)(.*?)^```",
    re.MULTILINE | re.DOTALL,
)


def functions_of(page):
    """The functions that the cells of a page define; nothing else of the page is run."""
    defined = {name: getattr(report, name) for name in report.__all__}
    for cell in CELL.findall((BOOK / f"{page}.md").read_text(encoding="utf-8")):
        module = ast.parse(cell)
        module.body = [node for node in module.body if isinstance(node, ast.FunctionDef)]
        exec(compile(module, page, "exec"), defined)
    return defined


def run(scores, *, epochs=3, hidden=64, rate=1.0):
    configuration = Configuration(
        question="ten",
        loss="cross_entropy_with_logits",
        hidden_size=hidden,
        batch_size=64,
        learning_rate=rate,
        epochs=epochs,
    )
    outcome = {"history": {"validation_score": scores}}
    if len(scores) < epochs:
        outcome["diverged"] = "the loss is no longer finite"
    return Record(configuration, 0, outcome, {}, 1.0)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.001, "do not tell the two losses apart"),
        (0.004, "no more than two lengths of the step"),
        (0.009, "differ by more than two lengths of the step"),
    ],
)
def test_losses_are_judged_by_their_error_and_by_what_a_rate_makes(difference, said, sign):
    sentence = functions_of("ten_digits")["loss_sentence"]
    assert said in sentence(sign * difference, 0.001, [0.003, 0.005])


def test_a_sweep_tells_of_every_run():
    sentence = functions_of("ten_digits")["sweep_sentence"]
    good, early, late, stuck = [0.9] * 3, [], [0.5], [0.5, 0.1, 0.1]
    assert sentence([run(good), run(good)], 0.1) == "2 of the 2 runs ended better than guessing"
    unborn = Record(run(good).configuration, 0, {"history": {}}, {}, 1.0)
    text = sentence([run(good, hidden=256), run(early), unborn, run(late), run(stuck)], 0.1)
    assert text.split("; ") == [
        "1 of the 5 runs ended better than guessing",
        "2 with 64 units at a rate of 1 diverged in the first epoch and left no curve",
        "1 with 64 units at a rate of 1 diverged later, where the curve ends",
        "1 with 64 units at a rate of 1 ended no better than guessing",
    ]


def test_what_chance_explains_is_not_said_to_be_more():
    sentence = functions_of("additions")["chance_sentence"]
    differences = {"Adam": (0.02, 0.01), "falling rate": (0.09, 0.01), "shifts": (-0.06, 0.01)}
    assert sentence(differences, 4.7) == "here that limit is exceeded by falling rate and shifts"
    assert sentence({"Adam": (0.02, 0.01)}, 4.7) == "no difference here does"


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
