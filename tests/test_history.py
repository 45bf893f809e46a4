"""The record of a training run."""

import json

import pytest
from matplotlib import pyplot as plt

from mnist_gd.history import History


@pytest.fixture
def history():
    return History(
        metric="accuracy",
        train_loss=[2.0, 1.0, 0.5],
        train_score=[0.5, 0.6, 0.75],
        validation_loss=[2.5, 1.5, 1.25],
        validation_score=[0.4, 0.5, 0.65],
        seconds=[1.0, 2.0, 3.25],
    )


def test_length_is_the_number_of_finished_epochs(history):
    assert len(history) == 3
    assert len(History()) == 0
    for name in ("train_loss", "train_score", "validation_loss", "validation_score", "seconds"):
        assert len(History(**{name: [1.0, 2.0]})) == 2


def test_histories_do_not_share_their_lists():
    one, other = History(), History()
    one.train_loss.append(1.0)
    assert other.train_loss == []


def test_it_survives_a_record(history):
    assert History(**json.loads(json.dumps(history.as_dict()))) == history


def test_the_summary_gives_first_and_last(history):
    """The change is told by the two values themselves: a mean of changes holds no more."""
    lines = history.summary().splitlines()
    assert lines[0] == "3 epochs in 3.2 s"
    assert [line.strip() for line in lines[1:]] == [
        "training loss: 0.5000 (after the first: 2.0000)",
        "training accuracy: 0.7500 (after the first: 0.5000)",
        "validation loss: 1.2500 (after the first: 2.5000)",
        "validation accuracy: 0.6500 (after the first: 0.4000)",
    ]


def test_the_summary_names_the_epoch_that_was_kept(history):
    history.best_epoch = 2
    assert history.summary().splitlines()[-1] == "the network is that of epoch 2"


def test_the_summary_leaves_out_what_was_not_asked_for():
    text = History(train_loss=[1.0], seconds=[0.5]).summary()
    assert "training loss" in text
    assert "validation" not in text
    assert "score" not in text


def test_nothing_to_sum_up_is_an_error():
    with pytest.raises(ValueError, match="the history has no finished epoch"):
        History().summary()


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_plot_is_returned_however_many_epochs_are_finished(history, epochs):
    some = {k: v[:epochs] if isinstance(v, list) else v for k, v in history.as_dict().items()}
    figure = History(**some).plot()
    drawn = [list(line.get_ydata()) for axes in figure.axes for line in axes.get_lines()]
    for name in ("train_loss", "train_score", "validation_loss", "validation_score"):
        assert some[name] in drawn
    plt.close(figure)


def test_a_plot_needs_no_validation():
    figure = History(train_loss=[1.0, 0.5], seconds=[1.0, 2.0]).plot()
    assert [1.0, 0.5] in [list(line.get_ydata()) for a in figure.axes for line in a.get_lines()]
    plt.close(figure)


def test_a_history_without_times_is_none_to_sum_up():
    with pytest.raises(ValueError, match="no finished epoch, or no seconds of one"):
        History(train_loss=[1.0]).summary()
