"""The network is that of PyTorch; the sentences say what the numbers say, whichever way."""

from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from mnist_gd.data import examples
from mnist_gd.losses import cross_entropy_with_logits
from mnist_gd.networks import MultiLayerNetwork, minibatches
from mnist_gd.records import Record
from tests.page_functions import functions_of, run


def test_the_same_network_in_pytorch():
    rng = np.random.default_rng(0)
    ours = MultiLayerNetwork(784, 256, loss=cross_entropy_with_logits, rng=rng, dtype=np.float64)

    theirs = torch.nn.Sequential(
        torch.nn.Linear(784, 256),
        torch.nn.ReLU(),
        torch.nn.Linear(256, 256),
        torch.nn.ReLU(),
        torch.nn.Linear(256, 256),
        torch.nn.ReLU(),
        torch.nn.Linear(256, 10),
    ).double()
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.3)

    with torch.no_grad():  # the same weights; PyTorch stores them transposed
        for layer, linear in zip(ours.layers, theirs[::2], strict=True):
            linear.weight.copy_(torch.tensor(layer.weights.T))
            linear.bias.copy_(torch.tensor(layer.bias[0]))

    images, digits = examples("ten", "training")
    for x, y in islice(minibatches(images, digits, 64, rng=rng), 20):
        x = x.astype(np.float64)

        logits = theirs(torch.tensor(x))
        value = loss(logits, torch.tensor(y))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

        our_logits = ours.forward(x)
        our_value = ours.loss(our_logits, ours.targets(y))
        ours.backward(y)
        ours.update(0.3)

        assert_allclose(our_logits, logits.detach(), rtol=0, atol=1e-12)
        assert_allclose(our_value, value.item(), rtol=0, atol=1e-12)
        for layer, linear in zip(ours.layers, theirs[::2], strict=True):
            assert_allclose(layer.weights_grad.T, linear.weight.grad, rtol=0, atol=1e-12)
            assert_allclose(layer.weights.T, linear.weight.detach(), rtol=0, atol=1e-12)
            assert_allclose(layer.bias[0], linear.bias.detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.001, "do not tell the two losses apart"),
        (0.009, "may be one of the step's length"),
        (0.011, "another rate makes less than half"),
    ],
)
def test_losses_are_judged_by_their_error_and_by_what_a_rate_makes(difference, said, sign):
    sentence = functions_of("ten_digits")["loss_sentence"]
    assert said in sentence(sign * difference, 0.001, [0.003, 0.005])


GOOD, UNBORN, EARLY, STUCK = [0.9] * 3, [], [0.5], [0.5, 0.1, 0.1]


def unborn():
    """A run that diverged before anything was noted down."""
    return Record(run(GOOD).configuration, 0, {"history": {}}, {}, 1.0)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([run(GOOD), run([0.5, 0.6, 0.8])], ["85.00% ± 7.07%", "–"]),
        ([run(GOOD), run(STUCK)], ["90.00%", "1 no better than guessing"]),
        ([run(EARLY), run(UNBORN)], ["–", "1 diverged later; 1 diverged in the first epoch"]),
        ([unborn(), run(UNBORN)], ["–", "2 diverged in the first epoch"]),
    ],
)
def test_the_table_tells_of_every_run(runs, said):
    assert functions_of("ten_digits")["outcome"](runs, 0.1) == said


def test_the_caption_counts_the_runs_without_a_curve():
    sentence = functions_of("ten_digits")["curve_sentence"]
    assert sentence([run(GOOD), run(EARLY)]) == "All 2 are shown."
    assert sentence([run(GOOD), run(UNBORN), unborn()]) == "2 of the 3 left none."


def test_the_gap_between_training_and_held_out_images_has_a_sign():
    sentence = functions_of("ten_digits")["points_sentence"]
    assert "1.25 points higher" in sentence(0.9925, 0.98)
    assert "1.25 points lower" in sentence(0.98, 0.9925)
    assert "is the same" in sentence(0.98, 0.98)


def test_epochs_in_which_a_score_fell_back_are_named():
    sentence = functions_of("ten_digits")["course_sentence"]
    sentence.__globals__["pairwise"] = pairwise
    assert sentence([0.9, 0.95, 0.95]) == "It never fell back"
    fell = sentence([0.9, 0.8, 0.95, 0.94])
    assert fell.startswith("On the way it fell back in epochs 2 and 4: ")


def test_equally_hard_digits_are_not_called_hard():
    sentence = functions_of("ten_digits")["hard_sentence"]
    assert "are not equally hard" in sentence(0.001)
    assert "does not say" in sentence(0.19)


def test_a_rate_that_diverged_has_no_score_and_the_best_has_two():
    tried, best = [run(GOOD, rate=0.1), run(EARLY, rate=1.0)], [run(GOOD, rate=0.1)] * 2
    assert functions_of("ten_digits")["loss_rows"]("squared error", tried, best) == [
        ["squared error", "0.1", "90.00%", "90.00% ± 0.00%"],
        ["squared error", "1", "diverged", "–"],
    ]
