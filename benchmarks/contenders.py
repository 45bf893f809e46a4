"""Who is measured: one network, one task, each in its own way."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

SIZES = [784, 256, 256, 256, 10]


@dataclass(frozen=True)
class Contender:
    """Where a contender is, and what it needs.

    Attributes
    ----------
    label : str
        Its name in figures and tables.
    place : str
        Module and class, ``in_numpy.Products``. The class has ``prepare(images)``, which brings
        images of uint8 to the form in which it takes them. It is made with ``(sizes, batch_size,
        rate, seed, (images, labels), test_images)``, and has ``epoch()``, one pass of plain
        mini-batch gradient descent over the shuffled images, and ``predict()``, the classes of
        the test images.
    library : str
        What has to be installed.
    learns : bool
        Whether it comes out of an epoch better than it went in.
    """

    label: str
    place: str
    library: str
    learns: bool = True

    def load(self):
        """Import the class, and all that it needs."""
        module, name = self.place.split(".")
        return getattr(import_module(f"benchmarks.{module}"), name)


CONTENDERS = {
    "products": Contender("the products alone", "in_numpy.Products", "numpy", learns=False),
    "package": Contender("this package", "in_package.Package", "numpy"),
    "jax_epoch": Contender("JAX by the epoch", "in_jax.JaxEpoch", "jax"),
    "jax_step": Contender("JAX by the step", "in_jax.JaxStep", "jax"),
    "torch": Contender("PyTorch", "in_torch.Torch", "torch"),
    "sklearn": Contender("scikit-learn", "in_sklearn.Sklearn", "sklearn"),
    "notebook": Contender("the notebook's way", "in_numpy.Notebook", "numpy"),
}


def available():
    """Return the names of those whose library is installed, and why the others are left out."""
    missing = {
        name: f"{about.library} is not installed"
        for name, about in CONTENDERS.items()
        if find_spec(about.library) is None
    }
    return [name for name in CONTENDERS if name not in missing], missing
