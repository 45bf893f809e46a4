"""What every test file may use."""

import numpy as np
import pytest
from hypothesis import settings

from tests.fake_runs import Fake

# The same examples on every run: a failure in one place is a failure in every other.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


@pytest.fixture
def rng():
    return np.random.default_rng(20230403)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def fake(monkeypatch):
    """The runs of the book's plans without training."""
    fake = Fake()
    for module in ("search", "experiments.searches", "experiments.studies"):
        monkeypatch.setattr(f"mnist_gd.{module}.run_all", fake.run_all)
    return fake
