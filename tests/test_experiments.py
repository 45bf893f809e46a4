"""The book's training runs: configurations, and what a run learns from and is judged by."""

import hashlib
import inspect
import json
import os
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from mnist_gd import data, losses
from mnist_gd.additions import Adam, shift_images
from mnist_gd.data import MNIST, Split, load_mnist
from mnist_gd.experiments import runs
from mnist_gd.experiments.runs import Configuration, build, final_run, validation_run
from mnist_gd.history import History
from mnist_gd.metrics import accuracy, answers, f1_score
from mnist_gd.networks import MultiLayerNetwork, Network, SingleLayerNetwork
from mnist_gd.records import Record, run_all

ROOT = Path(__file__).parents[1]
SHORT = {
    "loss": "binary_cross_entropy_with_logits",
    "hidden_size": 16,
    "batch_size": 64,
    "learning_rate": 0.1,
    "epochs": 1,
}
CONFIGURATIONS = {
    "four": Configuration(question="four", **SHORT),
    "four, balanced": Configuration(
        question="four", mix="balanced", judged_on="balanced", **SHORT
    ),
    "ten": Configuration(question="ten", **SHORT | {"loss": "cross_entropy_with_logits"}),
}
every_configuration = pytest.mark.parametrize("name", CONFIGURATIONS)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where the user's cache stands for these tests."""
    return tmp_path_factory.mktemp("xdg")


@pytest.fixture(scope="module")
def mnist(cache):
    return load_mnist(cache / "mnist_gd", "uint8")


def forget():
    for function in (data._training_set, data._split_rows, data.examples):
        function.cache_clear()


@pytest.fixture(autouse=True)
def loaded(mnist, monkeypatch):
    """The experiments' data, without the user's cache."""
    for module in (data, runs):
        monkeypatch.setattr(module, "load_mnist", lambda dtype: mnist)
    forget()
    yield
    monkeypatch.undo()
    forget()


class Watched(Split):
    """A split that counts how often its images are asked for."""

    reads = 0

    def __getattribute__(self, name):
        if name == "images":
            Watched.reads += 1
        return super().__getattribute__(name)


class Sealed:
    """A test set that nobody may look at."""

    def __getattr__(self, name):
        raise AssertionError(f"the {name} of the test set were read")


# Configurations


def test_a_configuration_is_frozen_and_hashable():
    four = CONFIGURATIONS["four"]
    with pytest.raises(FrozenInstanceError):
        four.epochs = 2
    same = Configuration(question="four", **SHORT)
    assert (same, hash(same)) == (four, hash(four))
    assert len({four, same, replace(four, epochs=2)}) == 2
    whole, fraction = (replace(four, learning_rate=rate) for rate in (1, 1.0))
    assert repr(whole) == repr(fraction)
    assert replace(four, batch_size=np.int64(64)) == four
    assert type(replace(four, batch_size=np.int64(64)).batch_size) is int


def test_a_configuration_has_as_many_layers_as_its_question_asks_for():
    assert [CONFIGURATIONS[name].hidden_layers for name in ("four", "ten")] == [1, 3]
    assert replace(CONFIGURATIONS["ten"], hidden_layers=1).hidden_layers == 1


def test_a_configuration_tells_what_is_not_left_out():
    told = repr(replace(CONFIGURATIONS["four"], decay="cosine"))
    assert told == (
        "Configuration(question='four', loss='binary_cross_entropy_with_logits', batch_size=64, "
        "epochs=1, learning_rate=0.1, hidden_size=16, hidden_layers=1, decay='cosine')"
    )


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"momentm": 0.9}, TypeError, "unexpected keyword argument 'momentm'"),
        ({"question": "five"}, ValueError, r"question must be one of \('four', 'ten'\), but is"),
        ({"loss": "hinge"}, ValueError, "loss must be one of .* but is 'hinge'"),
        ({"loss": "sigmoid"}, ValueError, "loss must be one of .* but is 'sigmoid'"),
        ({"decay": "linear"}, ValueError, r"decay must be one of \(None, 'cosine'\), but is"),
        ({"optimizer": "sgd"}, ValueError, "optimizer must be one of .* but is 'sgd'"),
        ({"mix": "even"}, ValueError, "mix must be one of .* but is 'even'"),
        ({"judged_on": "even"}, ValueError, "judged_on must be one of .* but is 'even'"),
        ({"images": 0}, ValueError, "images must be at least 1, but is 0"),
        ({"dropout": 1.0}, ValueError, r"dropout must be below 1, but is 1\.0"),
        ({"shifts": 28}, ValueError, "shifts must be at most 27, but is 28"),
        ({"shifts": -1}, ValueError, "shifts must be at least 0, but is -1"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, but is 0"),
        ({"epochs": 1.0}, TypeError, r"epochs must be an integer, but is 1\.0"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, but is 0"),
        ({"learning_rate": 0}, ValueError, r"learning_rate must be above 0, but is 0\.0"),
        ({"learning_rate": np.nan}, ValueError, "learning_rate must be above 0, but is nan"),
        ({"hidden_size": None}, TypeError, "hidden_size must be an integer, but is None"),
        ({"hidden_layers": -1}, ValueError, "hidden_layers must be at least 0, but is -1"),
        ({"alpha": 0.5}, ValueError, "alpha must be None for cross_entropy_with_logits, but is"),
        (
            {"loss": "focal_loss_with_logits", "alpha": 2},
            ValueError,
            r"alpha must be at most 1, but is 2\.0",
        ),
        (
            {"loss": "focal_loss_with_logits", "gamma": -1},
            ValueError,
            r"gamma must be at least 0, but is -1\.0",
        ),
    ],
)
def test_a_configuration_is_checked_when_it_is_made(settings, error, message):
    with pytest.raises(error, match=message):
        replace(CONFIGURATIONS["ten"], **settings)


def test_more_images_than_there_are():
    with pytest.raises(ValueError, match="images must be at most 50000, but is 50001"):
        validation_run(replace(CONFIGURATIONS["ten"], images=50_001), 0)


# The network of a configuration


def test_build():
    rng = np.random.default_rng(0)
    four = build(CONFIGURATIONS["four"], rng)
    assert isinstance(four, SingleLayerNetwork)
    assert four.loss is losses.binary_cross_entropy_with_logits
    assert [layer.weights.shape for layer in four.layers] == [(784, 16), (16, 1)]
    ten = build(CONFIGURATIONS["ten"], rng)
    assert isinstance(ten, MultiLayerNetwork)
    assert [layer.weights.shape for layer in ten.layers] == [
        (784, 16),
        (16, 16),
        (16, 16),
        (16, 10),
    ]
    assert all(layer.weights.dtype == np.float32 for layer in ten.layers)
    for name, layers in (("ten", 1), ("four", 2), ("ten", 0)):
        configuration = replace(CONFIGURATIONS[name], hidden_layers=layers)
        assert len(build(configuration, rng).layers) == layers + 1
    without = replace(CONFIGURATIONS["four"], hidden_layers=0, hidden_size=None)
    assert [layer.weights.shape for layer in build(without, rng).layers] == [(784, 1)]


def test_build_passes_the_options_of_the_loss():
    focal = {"loss": "focal_loss_with_logits", "alpha": 0.9, "gamma": 3.0}
    network = build(replace(CONFIGURATIONS["four"], **focal), np.random.default_rng(0))
    z, y = np.array([[0.3]]), np.array([[1.0]])
    expected = losses.focal_loss_with_logits(z, y, alpha=0.9, gamma=3.0)
    assert network.loss(z, y) == expected != losses.focal_loss_with_logits(z, y)


# The runs


@every_configuration
def test_validation_run_learns_without_the_test_set(mnist, monkeypatch, name):
    monkeypatch.setattr(runs, "load_mnist", lambda dtype: MNIST(mnist.train, Sealed()))
    configuration = CONFIGURATIONS[name]
    outcome, arrays = validation_run(configuration, 0)
    _, labels = data.examples(configuration.question, "validation", configuration.judged_on)
    logits = arrays["validation_logits"]
    assert logits.dtype == np.float32
    metric = accuracy if name == "ten" else f1_score
    score = metric(labels, answers(logits))
    assert score > {"four": 0.7, "four, balanced": 0.85, "ten": 0.8}[name]  # chance: .16, .5, .1
    history = outcome["history"]
    assert history["validation_score"] == [score]  # the logits are those of the last epoch
    assert len(history["train_loss"]) == len(history["seconds"]) == 1
    assert history["train_score"] == []


def test_the_mix_to_learn_from_and_that_to_be_judged_on_are_two_things():
    crossed = replace(CONFIGURATIONS["four, balanced"], judged_on="natural")
    on_the_mix, on_all = (
        validation_run(c, 0) for c in (CONFIGURATIONS["four, balanced"], crossed)
    )
    assert on_the_mix[0]["history"]["train_loss"] == on_all[0]["history"]["train_loss"]
    assert len(on_all[1]["validation_logits"]) == 10_000
    assert len(on_the_mix[1]["validation_logits"]) < 2_000


@every_configuration
def test_final_run_reads_the_test_set_once(mnist, monkeypatch, name):
    watched = Watched(mnist.test.images, mnist.test.labels)
    monkeypatch.setattr(runs, "load_mnist", lambda dtype: MNIST(mnist.train, watched))
    asked = []

    def noting(*arguments, original=data.examples):
        assert Watched.reads == 0  # first the training, then the test
        asked.append(arguments)
        return original(*arguments)

    monkeypatch.setattr(runs, "examples", noting)
    Watched.reads = 0
    configuration = CONFIGURATIONS[name]
    outcome, arrays = final_run(configuration, 0)
    assert asked == [(configuration.question, "full", configuration.mix)]
    assert Watched.reads == 1
    assert outcome["history"]["validation_score"] == []
    logits = arrays["test_logits"]
    assert logits.shape == (10_000, 10 if name == "ten" else 1)
    if name == "ten":
        assert accuracy(mnist.test.labels, answers(logits)) > 0.8
    else:
        fours = (mnist.test.labels == 4).astype(int)
        assert f1_score(fours, answers(logits)) > 0.5  # chance: 0.16


def test_the_arrays_of_a_final_run_are_its_network(mnist, tmp_path):
    four = CONFIGURATIONS["four"]
    _, arrays = final_run(four, 0)
    hidden = np.maximum(mnist.test.images / 255 @ arrays["weights_0"] + arrays["bias_0"], 0)
    logits = hidden @ arrays["weights_1"] + arrays["bias_1"]
    np.testing.assert_allclose(arrays["test_logits"], logits, rtol=1e-3, atol=1e-4)
    parts = {"about", "weights_0", "bias_0", "weights_1", "bias_1"}
    assert arrays.keys() == {"test_logits"} | parts
    network = Record(four, 0, {}, arrays, 1.0).network()
    assert network.loss is losses.binary_cross_entropy_with_logits
    np.testing.assert_array_equal(network.logits(mnist.test.images), arrays["test_logits"])


def test_a_record_of_a_final_run_gives_its_network_back(mnist, tmp_path):
    """From the file too; a validation run keeps none."""
    focal = {"loss": "focal_loss_with_logits", "alpha": 0.9, "gamma": 3.0, "images": 200}
    configuration = replace(CONFIGURATIONS["four"], **focal)
    options = {"records": tmp_path, "n_jobs": 1, "progress": False}
    for _ in range(2):
        (record,) = run_all(final_run, [configuration], **options)
        with threadpool_limits(1, user_api="blas"):  # as in a run: another number, other bits
            logits = record.network().logits(mnist.test.images)
        np.testing.assert_array_equal(logits, record.arrays["test_logits"])
        assert record.network().loss.keywords == {"alpha": 0.9, "gamma": 3.0}
        assert record.configuration == configuration
        assert len(record.history) == 1
    (record,) = run_all(validation_run, [configuration], **options)
    with pytest.raises(LookupError, match=r"kept no network, but \['validation_logits'\]"):
        record.network()


def fingerprint(configuration, seed):
    outcome, arrays = final_run(configuration, seed)
    sums = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    sums.pop("about")
    return sums | {"loss": outcome["history"]["train_loss"][-1].hex()}


def test_same_seed_same_weights_in_two_processes(cache):
    configuration = CONFIGURATIONS["four, balanced"]
    program = "\n".join(
        [
            "import hashlib, json",
            "from mnist_gd.experiments.runs import Configuration, final_run",
            inspect.getsource(fingerprint),
            f"print(json.dumps(fingerprint({configuration!r}, 3)))",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    same, another = fingerprint(configuration, 3), fingerprint(configuration, 4)
    assert json.loads(done.stdout) == same
    assert all(same[name] != another[name] for name in same)


# The settings


def train_arguments(monkeypatch, **settings):
    """What a configuration makes of the arguments of training."""
    seen = {}

    def train(self, x, y, **options):
        seen.update(options, images=len(x))
        return History()

    monkeypatch.setattr(Network, "train", train)
    validation_run(replace(CONFIGURATIONS["ten"], **settings), 0)
    return seen


def test_settings_become_arguments(monkeypatch):
    plain = train_arguments(monkeypatch)
    assert (plain["learning_rate"], plain["dropout"], plain["images"]) == (0.1, 0.0, 50_000)
    assert plain["optimizer"] is plain["augment"] is None
    added = train_arguments(
        monkeypatch, decay="cosine", optimizer="adam", dropout=0.2, shifts=2, images=300
    )
    assert added["learning_rate"](0) == pytest.approx(0.1)
    assert added["learning_rate"](0.5) == pytest.approx(0.05)
    assert isinstance(added["optimizer"], Adam)
    assert (added["dropout"], added["images"]) == (0.2, 300)
    assert added["augment"].func is shift_images
    assert added["augment"].keywords == {"largest": 2}


def test_each_run_has_an_optimizer_of_its_own(monkeypatch):
    """Its state is that of one training."""
    one, other = (train_arguments(monkeypatch, optimizer="momentum")["optimizer"] for _ in "ab")
    assert one is not other


def test_the_first_images_are_kept():
    """They are training images, and a network learns from them; from all it learns more."""
    short = replace(CONFIGURATIONS["ten"], hidden_layers=1)
    few, all_of_them = (
        validation_run(replace(short, images=n), 0)[0]["history"]["validation_score"][-1]
        for n in (2000, 50_000)
    )
    assert 0.2 < few < all_of_them - 0.05  # chance: 0.1
