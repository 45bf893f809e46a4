"""The book's training runs: what they learn from, and what they are judged by."""

import hashlib
import inspect
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import experiments, losses
from mnist_gd.additions import Adam, shift_images
from mnist_gd.data import MNIST, Split, load_mnist
from mnist_gd.experiments import TASKS, build, final_run, task_data, validation_run
from mnist_gd.history import History
from mnist_gd.metrics import accuracy, f1_score
from mnist_gd.networks import MultiLayerNetwork, Network, SingleLayerNetwork

ROOT = Path(__file__).parents[1]
SHORT = {
    "loss": "binary_cross_entropy_with_logits",
    "hidden_size": 16,
    "batch_size": 64,
    "learning_rate": 0.1,
    "epochs": 1,
}
CONFIGURATIONS = {
    "four": SHORT | {"task": "four"},
    "four_balanced": SHORT | {"task": "four_balanced"},
    "ten": SHORT | {"task": "ten", "loss": "cross_entropy_with_logits"},
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where the user's cache stands for these tests."""
    return tmp_path_factory.mktemp("xdg")


@pytest.fixture(scope="module")
def mnist(cache):
    return load_mnist(cache / "mnist_gd", "uint8")


def forget():
    for function in (experiments._mnist, experiments._split_rows, experiments.task_data):
        getattr(function, "cache_clear", lambda: None)()


@pytest.fixture(autouse=True)
def loaded(mnist, monkeypatch):
    """The experiments' data, without the user's cache."""
    monkeypatch.setattr(experiments, "load_mnist", lambda dtype: mnist)
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


# The data of a task


@pytest.mark.parametrize(
    ("part", "size"),
    [("training", 50_000), ("validation", 10_000), ("full", 60_000)],
)
def test_sizes_and_labels(part, size):
    images, digits = task_data("ten", part)
    assert images.shape == (size, 784)
    assert images.dtype == np.uint8
    assert digits.dtype == np.int64
    assert np.unique(digits).tolist() == list(range(10))
    same_images, fours = task_data("four", part)
    assert np.array_equal(same_images, images)
    assert np.array_equal(fours, digits == 4)


@pytest.mark.parametrize("part", ["training", "validation", "full"])
def test_balanced_half_and_half(part):
    images, fours = task_data("four_balanced", part)
    digits = {image.tobytes(): digit for image, digit in zip(*task_data("ten", part), strict=True)}
    counts = Counter(digits[image.tobytes()] for image in images)
    assert fours.mean() == 0.5
    assert counts[4] == len(fours) / 2
    assert {counts[digit] for digit in range(10) if digit != 4} == {len(fours) / 18}
    assert all(
        (digits[image.tobytes()] == 4) == answer
        for image, answer in zip(images, fours, strict=True)
    )
    assert len(fours) > 17 * (np.array(list(digits.values())) == 4).sum() / 9


def rows(images, digits):
    return Counter(zip((hash(image.tobytes()) for image in images), digits.tolist(), strict=True))


def test_training_and_validation_make_up_the_training_set(mnist):
    """Disjoint, and nothing is left over: no image lies on both sides."""
    training, validation = (rows(*task_data("ten", part)) for part in ("training", "validation"))
    assert not training.keys() & validation.keys()
    assert training + validation == rows(*task_data("ten", "full"))
    assert not validation.keys() & rows(mnist.test.images, mnist.test.labels).keys()


def test_validation_has_the_mix_of_the_training_set():
    _, training = task_data("ten", "training")
    _, validation = task_data("ten", "validation")
    difference = np.bincount(training) / 5 - np.bincount(validation)
    assert abs(difference).max() < 2


def test_the_split_is_the_same_every_time():
    first = task_data("four_balanced", "validation")
    forget()
    second = task_data("four_balanced", "validation")
    assert first[0] is not second[0]
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("task", "part", "message"),
    [
        ("five", "full", r"task must be one of \('four', 'four_balanced', 'ten'\), but is 'five'"),
        (4, "full", "task must be one of .* but is 4"),
        ("ten", "train", r"part must be one of \('training', .*, but is 'train'"),
        ("ten", "test", r"part must be one of \('training', .*, but is 'test'"),
    ],
)
def test_unknown_task_or_part(task, part, message):
    with pytest.raises(ValueError, match=message):
        task_data(task, part)


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
    assert len(build(CONFIGURATIONS["ten"] | {"hidden_layers": 1}, rng).layers) == 2
    assert len(build(CONFIGURATIONS["four"] | {"hidden_layers": 2}, rng).layers) == 3
    assert len(build(CONFIGURATIONS["ten"] | {"hidden_layers": 0}, rng).layers) == 1


def test_build_passes_the_options_of_the_loss():
    focal = {"loss": "focal_loss_with_logits", "loss_options": {"alpha": 0.9, "gamma": 3.0}}
    network = build(CONFIGURATIONS["four"] | focal, np.random.default_rng(0))
    z, y = np.array([[0.3]]), np.array([[1.0]])
    expected = losses.focal_loss_with_logits(z, y, alpha=0.9, gamma=3.0)
    assert network.loss(z, y) == expected != losses.focal_loss_with_logits(z, y)


@pytest.mark.parametrize("loss", ["hinge", "sigmoid", ""])
def test_unknown_loss(loss):
    with pytest.raises(ValueError, match=f"loss must name a loss of .* but is '{loss}'"):
        build(CONFIGURATIONS["four"] | {"loss": loss}, np.random.default_rng(0))


# The runs


@pytest.mark.parametrize("task", TASKS)
def test_validation_run_learns_without_the_test_set(mnist, monkeypatch, task):
    monkeypatch.setattr(experiments, "load_mnist", lambda dtype: MNIST(mnist.train, Sealed()))
    configuration = CONFIGURATIONS[task]
    outcome, arrays = validation_run(configuration, 0)
    _, labels = task_data(task, "validation")
    logits = arrays["validation_logits"]
    assert logits.dtype == np.float32
    if task == "ten":
        score = accuracy(labels, logits.argmax(axis=1))
        assert score > 0.8  # chance: 0.1
    else:
        score = f1_score(labels, (logits[:, 0] > 0).astype(int))
        assert score > (0.85 if task == "four_balanced" else 0.7)  # chance: 0.5 and 0.16
    history = outcome["history"]
    assert history["validation_score"] == [score]  # the logits are those of the last epoch
    assert len(history["train_loss"]) == len(history["seconds"]) == 1
    assert history["train_score"] == []


@pytest.mark.parametrize("task", TASKS)
def test_final_run_reads_the_test_set_once(mnist, monkeypatch, task):
    watched = Watched(mnist.test.images, mnist.test.labels)
    monkeypatch.setattr(experiments, "load_mnist", lambda dtype: MNIST(mnist.train, watched))
    asked = []

    def noting(task, part, original=task_data):
        assert Watched.reads == 0  # first the training, then the test
        asked.append((task, part))
        return original(task, part)

    monkeypatch.setattr(experiments, "task_data", noting)
    Watched.reads = 0
    outcome, arrays = final_run(CONFIGURATIONS[task], 0)
    assert asked == [(task, "full")]
    assert Watched.reads == 1
    assert outcome["history"]["validation_score"] == []
    logits = arrays["test_logits"]
    assert logits.shape == (10_000, 10 if task == "ten" else 1)
    if task == "ten":
        assert accuracy(mnist.test.labels, logits.argmax(axis=1)) > 0.8
    else:
        fours = (mnist.test.labels == 4).astype(int)
        assert f1_score(fours, (logits[:, 0] > 0).astype(int)) > 0.5  # chance: 0.16


def test_the_arrays_of_a_final_run_are_its_network(mnist):
    _, arrays = final_run(CONFIGURATIONS["four"], 0)
    hidden = np.maximum(mnist.test.images / 255 @ arrays["weights_0"] + arrays["bias_0"], 0)
    logits = hidden @ arrays["weights_1"] + arrays["bias_1"]
    np.testing.assert_allclose(arrays["test_logits"], logits, rtol=1e-3, atol=1e-4)
    assert arrays.keys() == {"test_logits", "weights_0", "bias_0", "weights_1", "bias_1"}


def test_bad_task_is_found_before_training():
    for run in (validation_run, final_run):
        with pytest.raises(ValueError, match="task must be one of"):
            run(SHORT | {"task": "five"}, 0)


def fingerprint(configuration, seed):
    outcome, arrays = final_run(configuration, seed)
    sums = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    return sums | {"loss": outcome["history"]["train_loss"][-1].hex()}


def test_same_seed_same_weights_in_two_processes(cache):
    configuration = CONFIGURATIONS["four_balanced"]
    program = "\n".join(
        [
            "import hashlib, json",
            "from mnist_gd.experiments import final_run",
            inspect.getsource(fingerprint),
            f"print(json.dumps(fingerprint({configuration!r}, 3)))",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        encoding="utf-8",
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
    validation_run(CONFIGURATIONS["ten"] | settings, 0)
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
    short = CONFIGURATIONS["ten"] | {"images": 2000, "hidden_layers": 1}
    few, all_of_them = (
        validation_run(short | {"images": n}, 0)[0]["history"]["validation_score"][-1]
        for n in (2000, 50_000)
    )
    assert 0.2 < few < all_of_them - 0.05  # chance: 0.1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"momentm": 0.9}, r"configuration must hold nothing but .* but has \['momentm'\]"),
        ({"decay": "linear"}, r"decay must be one of \['cosine'\], but is 'linear'"),
        ({"optimizer": "sgd"}, r"optimizer must be one of \['adam', 'momentum'\], but is 'sgd'"),
        ({"images": 0}, "images must be from 1 to 50000, but is 0"),
        ({"images": 50_001}, "images must be from 1 to 50000, but is 50001"),
        ({"dropout": 1.0}, r"dropout must be below 1, but is 1\.0"),
        ({"shifts": 28}, "largest must be at most 27, but is 28"),
    ],
)
def test_unknown_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        validation_run(CONFIGURATIONS["ten"] | settings, 0)
