"""What every test file may use."""

import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from mnist_gd import data
from mnist_gd.records import Record

# The same examples on every run: a failure in one place is a failure in every other.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


EXTENSIONS = Path(__file__).resolve().parents[1] / "book" / "_ext"


# Marks in the tests of SciPy and scikit-learn, of which `test_others_cases.py` runs some.
MARKS_OF_OTHERS = ("fail_slow", "skip_xp_backends", "thread_unsafe", "xfail_xp_backends")


def pytest_configure(config):
    """Text in the machine's own encoding is an error, if our code reads or writes it.

    Python tells of it under ``-X warn_default_encoding``, as `make test` runs it.
    """
    for mark in MARKS_OF_OTHERS:
        config.addinivalue_line("markers", f"{mark}: of others")
    extensions = (path.stem for path in EXTENSIONS.glob("*.py"))
    ours = "|".join(["mnist_gd", "benchmarks", "tests", "paper", "runtime", "serve", *extensions])
    config.addinivalue_line("filterwarnings", rf"error::EncodingWarning:({ours})(\..*)?")


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Where the user's cache stands for the tests of what is trained on MNIST."""
    return tmp_path_factory.mktemp("xdg")


@pytest.fixture(scope="session")
def mnist(cache):
    return data.load_mnist(cache / "mnist_gd", "uint8")


@pytest.fixture
def loaded(mnist, monkeypatch):
    """The examples of the experiments, without the user's cache; returns how to forget them."""
    functions = (data._training_set, data._split_rows, data._examples)

    def forget():
        for function in functions:
            function.cache_clear()

    monkeypatch.setattr(data, "load_mnist", lambda dtype: mnist)
    monkeypatch.setattr("mnist_gd.experiments.runs.load_mnist", lambda dtype: mnist)
    forget()
    yield forget
    forget()


class Fake:
    """Runs without training: the score of a run is given by a rule, and calls are noted."""

    def __init__(self):
        self.calls, self.recorded = [], set()

    @staticmethod
    def score(configuration, seed):
        return 0.5

    def run_all(self, function, configurations, *, seeds=(0,), **options):
        jobs = [(c, seed) for c in configurations for seed in seeds]
        if not options.get("run_missing", True):
            if any(c.epochs not in self.recorded for c, _ in jobs):
                raise LookupError("no record")
        self.calls += [(function, c, seed) for c, seed in jobs]
        result = []
        for c, seed in jobs:
            epochs = c.epochs
            scores = [self.score(c, seed)] * epochs
            history = {"validation_score": scores, "seconds": list(range(1, epochs + 1))}
            result.append(
                Record(c, seed, {"history": history}, {"test_logits": np.zeros((3, 1))}, 1.0)
            )
        return result


@pytest.fixture
def fake(monkeypatch):
    """The runs of this book without training."""
    fake = Fake()
    for module in ("search", "experiments.searches", "experiments.studies"):
        monkeypatch.setattr(f"mnist_gd.{module}.run_all", fake.run_all)
    return fake


@pytest.fixture(autouse=True)
def style():
    """What a test sets of the style of figures it sets for itself."""
    matplotlib = sys.modules.get("matplotlib")
    with matplotlib.rc_context() if matplotlib else nullcontext():
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(20230403)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param
