"""The book's training runs: what they learn from, and what they are judged by."""

import ast
import hashlib
import inspect
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import FrozenInstanceError, InitVar, asdict, dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from mnist_gd import _code, data, losses, records
from mnist_gd._configurations import changed, checked_configuration, settings_of, work_of
from mnist_gd.additions import Adam, Momentum, shift_images
from mnist_gd.data import MNIST, Split, examples
from mnist_gd.experiments import plans, runs
from mnist_gd.experiments.runs import Configuration, build, curve_run, final_run, validation_run
from mnist_gd.history import History
from mnist_gd.metrics import accuracy, f1_score
from mnist_gd.networks import MultiLayerNetwork, Network, SingleLayerNetwork
from mnist_gd.records import Record, run_all
from mnist_gd.search import grid_search
from tests.runs import QUIET

pytestmark = pytest.mark.usefixtures("loaded")

ROOT = Path(__file__).parents[1]
FOUR = Configuration(
    question="four",
    loss="binary_cross_entropy_with_logits",
    hidden_size=16,
    batch_size=64,
    learning_rate=0.1,
    epochs=1,
)
CONFIGURATIONS = {
    "four": FOUR,
    "four, balanced": replace(FOUR, mix="balanced", judged_on="balanced"),
    "four, learned from a mix": replace(FOUR, mix="balanced"),
    "ten": replace(FOUR, question="ten", loss="cross_entropy_with_logits", hidden_layers=None),
}


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


def seal(monkeypatch, mnist):
    for module in (data, runs):
        monkeypatch.setattr(module, "load_mnist", lambda dtype: MNIST(mnist.train, Sealed()))


# A configuration


def test_a_configuration_is_a_value():
    same = Configuration(**asdict(FOUR))
    assert same == FOUR
    assert same is not FOUR
    assert len({same, FOUR, replace(FOUR, epochs=2)}) == 2
    with pytest.raises(FrozenInstanceError):
        FOUR.epochs = 2


def test_a_configuration_is_made_by_names_alone():
    with pytest.raises(TypeError, match="positional"):
        Configuration("four", "binary_cross_entropy_with_logits", 64, 1, 0.1)


@pytest.mark.parametrize(("question", "layers"), [("four", 1), ("ten", 3)])
def test_hidden_layers_by_default(question, layers):
    settings = {"loss": "mean_squared_error", "batch_size": 64, "epochs": 1, "learning_rate": 1}
    configuration = Configuration(question=question, hidden_size=16, **settings)
    assert configuration.hidden_layers == layers
    assert configuration == replace(configuration, hidden_layers=layers)
    linear = Configuration(question=question, hidden_layers=0, **settings)
    assert (linear.hidden_layers, linear.hidden_size) == (0, None)


@dataclass(frozen=True)
class Sizes:
    """A reader's own."""

    sizes: tuple | list


def test_a_configuration_may_be_a_dict_and_is_kept_as_it_comes_back_from_a_record():
    given = {"rate": np.float32(0.5), "sizes": (1, np.int64(2)), "name": None}
    kept = checked_configuration(given)
    assert kept == {"rate": 0.5, "sizes": [1, 2], "name": None}
    assert (type(kept["rate"]), type(kept["sizes"][1])) == (float, int)
    assert checked_configuration(replace(FOUR, epochs=np.int8(3))) == replace(FOUR, epochs=3)
    assert checked_configuration(Sizes([1, 2])) == Sizes([1, 2])


def nested(levels):
    """So many dicts and lists in each other."""
    value = 1
    for level in range(levels - 1):
        value = [value] if level % 2 else {"inner": value}
    return {"outer": value}


def test_values_may_lie_a_hundred_deep_in_each_other():
    assert checked_configuration(nested(100)) == nested(100)
    with pytest.raises(TypeError, match=r"at most 100 in each other\), but is {'outer': "):
        checked_configuration(nested(101))


@dataclass(frozen=True)
class Sized:
    work: object


@pytest.mark.parametrize(
    ("configuration", "work"),
    [
        (Sized(3), 3),
        (Sized(2.5), 2.5),
        (Sized("much"), 0),
        (Sized(None), 0),
        (FOUR, FOUR.work),
        ({"work": 3}, 0),
    ],
)
def test_the_work_of_a_configuration_is_a_number(configuration, work):
    assert work_of(configuration) == work


def test_a_changed_configuration_is_one_of_the_same_kind():
    given = {"rate": 0.5, "epochs": 1}
    assert changed(given, epochs=2, size=3) == {"rate": 0.5, "epochs": 2, "size": 3}
    assert given == {"rate": 0.5, "epochs": 1}
    assert changed(FOUR, epochs=2) == replace(FOUR, epochs=2)
    assert settings_of(given) == given
    assert settings_of(FOUR) == asdict(FOUR)


@pytest.mark.parametrize(
    ("configuration", "error", "words"),
    [
        ({"rate": 10**5000}, ValueError, "must hold finite numbers, but is .*: Exceeds the limit"),
        ({"rate": np.nan}, ValueError, "must hold finite numbers, but is {'rate': nan}"),
        ({"rate": np.float32(np.inf)}, ValueError, "must hold finite numbers, but is {'rate': "),
        (
            {"run": {1, 2}},
            TypeError,
            r"must hold plain values \(.* but is {'run': {1, 2}}",
        ),
        ({"run": np.ones(2)}, TypeError, "must hold plain values"),
        (Sizes((1, 2)), TypeError, r"must be made again .*, but one is Sizes\(sizes=\(1, 2\)\)"),
        (Configuration, TypeError, "must be dicts or dataclasses, but one is <class "),
        (["rate"], TypeError, r"must be dicts or dataclasses, but one is \['rate'\]"),
        (None, TypeError, "must be dicts or dataclasses, but one is None"),
    ],
)
def test_what_is_no_configuration_is_refused(configuration, error, words):
    with pytest.raises(error, match=f"^configurations {words}"):
        checked_configuration(configuration)


@dataclass
class Derived:
    rate: float
    double: float = field(init=False, default=0.0)


@dataclass(frozen=True)
class Growing:
    rate: float

    def __post_init__(self):
        object.__setattr__(self, "rate", 2 * self.rate)


@dataclass
class Initial:
    """What is made of its fields may stand beside them; what is not is lost."""

    rate: float
    factor: InitVar[float] = 2.0

    def __post_init__(self, factor):
        self.rates = factor * self.rate * np.arange(3)

    @cached_property
    def half(self):
        return self.rate / 2


class Slotted(Sizes):
    __slots__ = ("more",)


@dataclass
class Both(dict):
    rate: float


@dataclass
class Listed(list):
    rate: float


class Kind(StrEnum):
    ONE = "one"


def given_more(configuration, **more):
    for name, value in more.items():
        object.__setattr__(configuration, name, value)
    return configuration


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (Initial(1.0, 3.0), "whose rates would come back as array"),
        (given_more(Initial(1.0), more=1), "whose more would come back as None"),
        (given_more(Slotted([1]), more=1), "whose more would come back as None"),
        (given_more(Initial(1.0), more=Lock()), "but one is Initial.*: .*pickle"),
        (Both(1.0), "be dicts or dataclasses, but one is Both"),
        (Listed(1.0), "be dicts or dataclasses, but one is Listed"),
        (Sizes([Kind.ONE]), "which holds <Kind.ONE: 'one'> of <enum 'Kind'>"),
        ({"kind": {"a": Kind.ONE}}, "which holds <Kind.ONE: 'one'> of <enum 'Kind'>"),
        (Derived(1.0), r"made again by their fields, but one is Derived.* double .*init=False"),
        (Growing(1.0), r"one is Growing\(rate=2\.0\), whose rate would come back as 4\.0"),
    ],
)
def test_a_dataclass_that_does_not_come_back_is_refused_with_its_cause(configuration, message):
    with pytest.raises(TypeError, match=f"configurations must .*{message}"):
        checked_configuration(configuration)


@dataclass
class Twice:
    a: object
    b: object

    def __new__(cls, a, b):
        return super().__new__(cls)

    def __post_init__(self):
        self.all = [self.a, self.b]


@pytest.mark.parametrize("value", [[1, 2], np.float64(0.5)])
def test_what_is_made_of_fields_may_be_of_one_or_of_numpy(value):
    assert checked_configuration(Twice(value, value)) == Twice(value, value)


def test_what_a_dataclass_makes_of_its_fields_may_stand_beside_them():
    given = Initial(np.float32(0.5))
    assert given.half == 0.25
    kept = checked_configuration(given)
    assert kept == Initial(0.5)
    assert kept.rates.tolist() == [0, 1, 2]


def key(configuration):
    return records._key(validation_run, configuration, 0)


def test_numbers_that_mean_the_same_name_the_same_record():
    one = replace(FOUR, learning_rate=1, dropout=0)
    other = replace(
        FOUR,
        learning_rate=np.float32(1.0),
        dropout=0.0,
        epochs=np.int64(1),
        hidden_size=np.int32(16),
    )
    assert one == other
    assert key(one) == key(other) != key(FOUR)
    kinds = {name: type(value) for name, value in asdict(other).items()}
    assert {kinds[name] for name in ("learning_rate", "dropout")} == {float}
    assert {kinds[name] for name in ("epochs", "hidden_size", "shifts")} == {int}


def test_every_setting_is_part_of_the_name_of_a_record():
    other = {
        "question": "ten",
        "loss": "mean_squared_error",
        "batch_size": 32,
        "epochs": 2,
        "learning_rate": 0.2,
        "hidden_size": 8,
        "hidden_layers": 2,
        "alpha": 0.4,
        "gamma": 1.0,
        "decay": "cosine",
        "optimizer": "adam",
        "dropout": 0.1,
        "weight_decay": 0.1,
        "patience": 1,
        "shifts": 1,
        "images": 500,
        "mix": "balanced",
        "judged_on": "balanced",
    }
    assert other.keys() == asdict(FOUR).keys()
    focal = replace(FOUR, loss="focal_loss_with_logits", alpha=0.3, gamma=2.0)
    keys = {key(focal)}
    for name, value in other.items():
        base = FOUR if name == "loss" else focal
        keys |= {key(base), key(replace(base, **{name: value}))}
    assert len(keys) == 2 + len(other)


def test_what_is_told_of_a_configuration_differs_from_the_default():
    text = repr(replace(FOUR, decay="cosine"))
    assert text == (
        "Configuration(question='four', loss='binary_cross_entropy_with_logits', batch_size=64, "
        "epochs=1, learning_rate=0.1, hidden_size=16, hidden_layers=1, decay='cosine')"
    )
    assert eval(text) == replace(FOUR, decay="cosine")


def test_what_falls_settles():
    assert replace(FOUR, decay="cosine").settles
    assert not FOUR.settles


FOCAL = {"loss": "focal_loss_with_logits"}


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"question": "five"}, ValueError, r"question must be one of \('four', 'ten'\), .*'five'"),
        ({"question": ["four"]}, ValueError, r"question must be one of .* but is \['four'\]"),
        ({"loss": "hinge"}, ValueError, "loss must be one of .* but is 'hinge'"),
        ({"loss": "sigmoid"}, ValueError, "loss must be one of .* but is 'sigmoid'"),
        ({"loss": ""}, ValueError, "loss must be one of .* but is ''"),
        ({"loss": "focal_loss_gradient"}, ValueError, "loss must be one of .*_gradient'"),
        ({"loss": "cross_entropy_with_logits"}, ValueError, "loss must .* labels of 'four'.* row"),
        ({"decay": "linear"}, ValueError, r"decay must be one of \(None, 'cosine'\).*'linear'"),
        ({"optimizer": "sgd"}, ValueError, "optimizer must be one of .* but is 'sgd'"),
        ({"mix": "even"}, ValueError, "mix must be one of .* but is 'even'"),
        ({"judged_on": None}, ValueError, "judged_on must be one of .* but is None"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, but is 0"),
        ({"epochs": 2.0}, TypeError, r"epochs must be an integer, but is 2\.0"),
        ({"learning_rate": 0}, ValueError, r"learning_rate must be above 0, but is 0\.0"),
        ({"learning_rate": "1"}, TypeError, "learning_rate must be a real number, but is '1'"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate must be above 0, .* nan"),
        ({"learning_rate": float("inf")}, ValueError, "learning_rate must be finite, but is inf"),
        ({"hidden_layers": -1}, ValueError, "hidden_layers must be at least 0, but is -1"),
        ({"hidden_size": None}, TypeError, "hidden_size must be an integer, but is None"),
        ({"hidden_size": 0}, ValueError, "hidden_size must be at least 1, but is 0"),
        ({"hidden_layers": 0, "hidden_size": 0}, ValueError, "hidden_size must be at least 1"),
        ({"alpha": 0.5}, ValueError, r"alpha must be None for binary_cross_.* but is 0\.5"),
        ({"gamma": 0.0}, ValueError, r"gamma must be None for binary_cross_.* but is 0\.0"),
        (FOCAL | {"alpha": 1.5}, ValueError, r"alpha must be at most 1, but is 1\.5"),
        (FOCAL | {"alpha": "0.5"}, TypeError, "alpha must be a real number, but is '0.5'"),
        (FOCAL | {"gamma": -1}, ValueError, r"gamma must be at least 0, but is -1\.0"),
        ({"dropout": -0.1}, ValueError, r"dropout must be at least 0, but is -0\.1"),
        ({"dropout": 1.0}, ValueError, r"dropout must be below 1, but is 1\.0"),
        ({"weight_decay": -1}, ValueError, r"weight_decay must be at least 0, but is -1\.0"),
        ({"weight_decay": 10}, ValueError, r"weight_decay must be below 10\.0, but is 10\.0"),
        ({"patience": 0}, ValueError, "patience must be at least 1, but is 0"),
        ({"patience": 1.0}, TypeError, r"patience must be an integer, but is 1\.0"),
        ({"shifts": 28}, ValueError, "shifts must be at most 27, but is 28"),
        ({"shifts": -1}, ValueError, "shifts must be at least 0, but is -1"),
        ({"shifts": True}, TypeError, "shifts must be an integer, but is True"),
        ({"images": 0}, ValueError, "images must be at least 1, but is 0"),
        ({"momentm": 0.9}, TypeError, "unexpected keyword argument 'momentm'"),
    ],
)
def test_a_bad_setting_is_refused_before_anything_runs(settings, error, message):
    with pytest.raises(error, match=message):
        replace(FOUR, **settings)


@pytest.mark.parametrize("run", [validation_run, final_run])
def test_more_images_than_there_are_is_found_before_training(monkeypatch, run):
    monkeypatch.setattr(Network, "train", None)
    size = 50_000 if run is validation_run else 60_000
    with pytest.raises(ValueError, match=f"images must be at most {size}, but is {size + 1}"):
        run(replace(CONFIGURATIONS["ten"], images=size + 1), 0)


@pytest.mark.parametrize("loss", runs.LOSSES)
def test_every_loss_is_one_for_some_question(loss):
    taken = []
    for question in ("four", "ten"):
        with suppress(ValueError):
            taken.append(replace(FOUR, question=question, loss=loss).loss)
    assert loss in taken


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
    assert len(build(replace(CONFIGURATIONS["ten"], hidden_layers=1), rng).layers) == 2
    assert len(build(replace(FOUR, hidden_layers=2), rng).layers) == 3
    assert len(build(replace(CONFIGURATIONS["ten"], hidden_layers=0), rng).layers) == 1
    (linear,) = build(replace(FOUR, hidden_layers=0, hidden_size=None), rng).layers
    assert linear.weights.shape == (784, 1)


def test_build_passes_the_options_of_the_loss():
    rng = np.random.default_rng(0)
    z, y = np.array([[0.3]]), np.array([[1.0]])
    plain = losses.focal_loss_with_logits(z, y)
    for options in ({"alpha": 0.9}, {"gamma": 3.0}, {"alpha": 0.9, "gamma": 3.0}, {"gamma": 0.0}):
        network = build(replace(FOUR, **FOCAL, **options), rng)
        assert network.loss(z, y) == losses.focal_loss_with_logits(z, y, **options) != plain
    assert build(replace(FOUR, **FOCAL), rng).loss is losses.focal_loss_with_logits


# The runs


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_validation_run_learns_without_the_test_set(mnist, monkeypatch, name):
    seal(monkeypatch, mnist)
    outcome, arrays = validation_run(CONFIGURATIONS[name], 0)
    mix = "balanced" if name == "four, balanced" else "natural"
    _, labels = examples(name[:4].strip(","), "validation", mix)
    logits = arrays["validation_logits"]
    assert logits.dtype == np.float32
    if name == "ten":
        score = accuracy(labels, logits.argmax(axis=1))
        assert score > 0.8  # chance: 0.1
    else:
        score = f1_score(labels, (logits[:, 0] > 0).astype(int))
        assert score > {"four, balanced": 0.85, "four": 0.7}.get(name, 0.3)  # chance: 0.5 and 0.16
    history = outcome["history"]
    assert history["validation_score"] == [score]  # the logits are those of the last epoch
    assert len(history["train_loss"]) == len(history["seconds"]) == 1
    assert history["train_score"] == []


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_final_run_reads_the_test_set_once(mnist, monkeypatch, name):
    watched = Watched(mnist.test.images, mnist.test.labels)
    for module in (data, runs):
        monkeypatch.setattr(module, "load_mnist", lambda dtype: MNIST(mnist.train, watched))
    asked = []

    def noting(*arguments, original=examples):
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
        assert accuracy(mnist.test.labels, logits.argmax(axis=1)) > 0.8
    else:
        fours = (mnist.test.labels == 4).astype(int)
        assert f1_score(fours, (logits[:, 0] > 0).astype(int)) > 0.5  # chance: 0.16


def test_a_final_run_that_waits_learns_from_what_it_is_not_judged_on(mnist, monkeypatch):
    """The validation images say when to stop: they are no longer there to learn from."""
    seen = {}

    def train(self, x, y, **options):
        seen.update(options, images=len(x))
        return History()

    monkeypatch.setattr(Network, "train", train)
    final_run(replace(CONFIGURATIONS["ten"], patience=2), 0)
    assert (seen["patience"], seen["images"]) == (2, 50_000)
    np.testing.assert_array_equal(seen["validation"][0], examples("ten", "validation")[0])


def test_the_arrays_of_a_final_run_are_its_network(mnist):
    _, arrays = final_run(FOUR, 0)
    hidden = np.maximum(mnist.test.images / 255 @ arrays["weights_0"] + arrays["bias_0"], 0)
    logits = hidden @ arrays["weights_1"] + arrays["bias_1"]
    np.testing.assert_allclose(arrays["test_logits"], logits, rtol=1e-3, atol=1e-4)
    assert arrays.keys() == {"about", "test_logits", "weights_0", "bias_0", "weights_1", "bias_1"}


@pytest.mark.parametrize("name", ["four", "ten", "focal"])
def test_the_record_of_a_final_run_gives_its_network_back(mnist, tmp_path, name):
    """From its files, and with the same logits bit for bit."""
    focal = replace(FOUR, **FOCAL, alpha=0.9, gamma=1.0)
    configuration = replace((CONFIGURATIONS | {"focal": focal})[name], images=2000)
    final, again = (
        run_all(final_run, [configuration], records=tmp_path, **QUIET)[0] for _ in "ab"
    )
    for record in (final, again):
        network = record.network()
        with threadpool_limits(1, user_api="blas"):  # as the run had
            logits = network.logits(mnist.test.images)
        assert logits.dtype == record.arrays["test_logits"].dtype
        assert logits.tobytes() == record.arrays["test_logits"].tobytes()
        z, y = np.full((1, network.output_size), 0.3), np.eye(1, network.output_size)
        assert network.loss(z, y) == build(configuration, np.random.default_rng(0)).loss(z, y)


def test_a_validation_run_keeps_no_network():
    outcome, arrays = validation_run(replace(CONFIGURATIONS["ten"], images=100), 0)
    record = Record(CONFIGURATIONS["ten"], 0, outcome, arrays, 1.0)
    with pytest.raises(LookupError, match=r"kept no network, but \['validation_logits'\]"):
        record.network()


def fingerprint(configuration, seed):
    with threadpool_limits(1, user_api="blas"):  # another number of them gives other bits
        outcome, arrays = final_run(configuration, seed)
    arrays.pop("about")  # the same whatever the seed
    sums = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    return sums | {"loss": outcome["history"]["train_loss"][-1].hex()}


def test_same_seed_same_weights_in_two_processes(cache):
    configuration = CONFIGURATIONS["four, balanced"]
    program = "\n".join(
        [
            "import hashlib, json",
            "from threadpoolctl import threadpool_limits",
            "from mnist_gd.experiments.runs import Configuration, final_run",
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
    validation_run(replace(CONFIGURATIONS["ten"], **settings), 0)
    return seen


def test_settings_become_arguments(monkeypatch):
    plain = train_arguments(monkeypatch)
    assert (plain["learning_rate"], plain["dropout"], plain["images"]) == (0.1, 0.0, 50_000)
    assert plain["optimizer"] is plain["augment"] is plain["patience"] is None
    assert plain["weight_decay"] == 0
    more = {"weight_decay": 1e-3, "patience": 4}
    added = train_arguments(
        monkeypatch, decay="cosine", optimizer="adam", dropout=0.2, shifts=2, images=300, **more
    )
    assert {name: added[name] for name in more} == more
    assert added["learning_rate"](0) == pytest.approx(0.1)
    assert added["learning_rate"](0.5) == pytest.approx(0.05)
    assert isinstance(added["optimizer"], Adam)
    assert (added["dropout"], added["images"]) == (0.2, 300)
    assert added["augment"].func is shift_images
    assert added["augment"].keywords == {"largest": 2}


def test_each_run_has_an_optimizer_of_its_own(monkeypatch):
    """Its state is that of one training."""
    one, other = (train_arguments(monkeypatch, optimizer="momentum")["optimizer"] for _ in "ab")
    assert isinstance(one, Momentum)
    assert one is not other


def test_the_first_images_are_kept():
    """They are training images, and a network learns from them; from all it learns more."""
    short = replace(CONFIGURATIONS["ten"], hidden_layers=1)
    few, all_of_them = (
        validation_run(replace(short, images=n), 0)[0]["history"]["validation_score"][-1]
        for n in (2000, 50_000)
    )
    assert 0.2 < few < all_of_them - 0.05  # chance: 0.1


def test_a_search_reads_a_run_off_after_each_epoch_unless_it_settles(tmp_path):
    """Its configurations are things, and its rows have their columns."""
    short = [replace(CONFIGURATIONS["ten"], images=300, epochs=epochs) for epochs in (1, 2)]
    result = grid_search(validation_run, short, records=tmp_path, **QUIET)
    assert (result.runs, len(result.rows)) == (1, 2)
    assert {row["epochs"] for row in result.rows} == {1, 2}
    assert {row.configuration for row in result.rows} == set(short)
    falling = [replace(c, decay="cosine") for c in short]
    with pytest.raises(ValueError, match=r"epochs must be one number for each .* that settles"):
        grid_search(validation_run, falling, records=tmp_path, **QUIET)


# What is tried


def test_plans_hold_tables_alone():
    tree = ast.parse((ROOT / "mnist_gd" / "experiments" / "plans.py").read_text(encoding="utf-8"))
    code = (
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef),
        *(ast.Import, ast.ImportFrom),
    )
    assert not [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, code)]
    assert all(isinstance(node, ast.Assign | ast.Expr) for node in tree.body)
    assert {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets} == {
        *("__all__", "FOCAL"),
        *plans.__all__,
    }


def test_an_edited_plan_changes_no_run_that_is_there(monkeypatch):
    """Neither of a validation run nor of a final one; an edit of what trains changes both."""

    def keys(edited=None):
        _code.code_of.cache_clear()
        if edited:
            monkeypatch.setitem(_code.digests(), f"mnist_gd.{edited}", "edited")
        return [records._key(run, FOUR, 0) for run in (validation_run, final_run)]

    before = keys()
    for module in ("plans", "searches", "studies"):
        assert f"mnist_gd.experiments.{module}" in _code.digests()
        assert keys(f"experiments.{module}") == before
    assert not set(before) & set(keys("experiments.runs"))
    monkeypatch.undo()
    _code.code_of.cache_clear()


def test_more_work_takes_longer():
    """The largest of several trainings begins: by layers, width, images, mix and epochs."""
    less = replace(FOUR, question="ten", loss="cross_entropy_with_logits", hidden_size=64)
    for change in (
        {"epochs": less.epochs + 1},
        {"hidden_size": 65},
        {"hidden_layers": less.hidden_layers + 1},
    ):
        assert replace(less, **change).work > less.work
    assert replace(less, images=100).work < replace(less, mix="balanced").work < less.work
    assert replace(less, mix="balanced").work == replace(less, images=10_000).work
    assert replace(less, hidden_layers=0, hidden_size=None).work == less.epochs * 50_000 * 7840


def test_a_curve_is_that_of_the_validation_run(loaded):
    """To judge on the training images as well changes nothing in the training."""
    configuration = replace(FOUR, mix="balanced", judged_on="balanced", batch_size=256, epochs=2)
    curve, arrays = curve_run(configuration, 3)
    judged, _ = validation_run(configuration, 3)
    assert not arrays
    for name in ("train_loss", "validation_loss", "validation_score"):
        assert curve["history"][name] == judged["history"][name]
    assert len(curve["history"]["train_score"]) == 2
    assert judged["history"]["train_score"] == []


@pytest.mark.parametrize(
    "names", [{1: "a", "1": "b"}, {"x": {2: 0, "2": 1}}, {None: 0, "null": 1}]
)
def test_names_that_are_one_as_text_are_refused(names):
    with pytest.raises(ValueError, match="configurations must have other names than 1 and '1'"):
        checked_configuration(names)


@pytest.mark.parametrize("run", [validation_run, curve_run, final_run])
def test_a_seed_is_no_less_than_nothing(run):
    with pytest.raises(ValueError, match="seed must be at least 0, but is -1"):
        run(FOUR, -1)
