"""What every test file may use."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# The same examples on every run: a failure in one place is a failure in every other.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


EXTENSIONS = Path(__file__).resolve().parents[1] / "book" / "_ext"


def pytest_configure(config):
    """Text in the machine's own encoding is an error, if our code reads or writes it.

    Python tells of it under ``-X warn_default_encoding``, as `make test` runs it.
    """
    ours = "|".join(
        ["mnist_gd", "tests", "paper", *(path.stem for path in EXTENSIONS.glob("*.py"))]
    )
    config.addinivalue_line("filterwarnings", rf"error::EncodingWarning:({ours})(\..*)?")


@pytest.fixture
def rng():
    return np.random.default_rng(20230403)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param
