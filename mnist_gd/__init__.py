"""Gradient descent on MNIST, in NumPy: the package that the book of this name runs on."""

from importlib import import_module

from mnist_gd import _code  # noqa: F401 - reads the modules before any of them runs

__all__ = [
    "activations",
    "additions",
    "data",
    "doubt",
    "exercises",
    "experiments",
    "gradient_check",
    "gradient_descent",
    "handwriting",
    "history",
    "layers",
    "losses",
    "metrics",
    "networks",
    "onnx",
    "plots",
    "records",
    "report",
    "scaling",
    "search",
    "sklearn",
    "training",
]


def __getattr__(name):
    """Import a module of the package, or look up its version, when it is first asked for."""
    if name in __all__:
        return import_module(f"mnist_gd.{name}")
    if name == "__version__":
        return _version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version():
    from importlib.metadata import PackageNotFoundError, version  # three times as slow as the rest

    try:
        return version("mnist_gd")
    except PackageNotFoundError:  # a checkout that is not installed
        return "0+unknown"
