"""Gradient descent on MNIST, in NumPy: the package that the book of this name runs on."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from mnist_gd import _code  # noqa: F401 - reads the modules before any of them runs

try:
    __version__ = version("mnist_gd")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0+unknown"

__all__ = [
    "activations",
    "additions",
    "data",
    "exercises",
    "experiments",
    "gradient_check",
    "gradient_descent",
    "history",
    "layers",
    "losses",
    "metrics",
    "networks",
    "plots",
    "records",
    "report",
    "search",
    "training",
]


def __getattr__(name):
    """Import a module of the package when it is first asked for."""
    if name in __all__:
        return import_module(f"mnist_gd.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
