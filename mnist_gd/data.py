"""MNIST, offline, and the few operations on it that the book needs (chapter *The data*)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from platformdirs import user_cache_path

from mnist_gd._archives import load_arrays, stage_with_torchvision
from mnist_gd._checks import (
    as_real,
    check_dtype,
    check_finite,
    check_integer,
    check_labels,
    check_matrix,
    check_one_of,
    check_path,
    check_rng,
    check_room,
)

__all__ = [
    "MNIST",
    "Split",
    "balanced_subset",
    "examples",
    "load_mnist",
    "nearest_mean",
    "one_hot",
    "one_vs_rest",
    "scale_pixels",
    "stage_with_torchvision",
    "train_validation_split",
]


def __getattr__(name):
    """Hand on a function that no training needs: an edit of its module trains nothing anew."""
    if name == "digit_from_image":
        from mnist_gd.handwriting import digit_from_image

        return digit_from_image
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# The experiments: which digit is asked for (None: all ten), and from which images they learn.
QUESTIONS = {"four": 4, "ten": None}
PARTS = ("training", "validation", "full")
MIXES = ("natural", "balanced")
VALIDATION_SIZE = 10_000


@dataclass(frozen=True, eq=False)
class Split:
    """One part of the data.

    Attributes
    ----------
    images : ndarray, shape (n, 784)
        The rows of each image one after another: float32 in [0, 1], or uint8 from 0 to 255.
    labels : ndarray of int, shape (n,)
        The digits, 0 to 9.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        """Return the number of images."""
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class MNIST:
    """The whole of MNIST: `train` with 60,000 images and `test` with 10,000."""

    train: Split
    test: Split


def scale_pixels(images):
    """Bring uint8 pixels to float32 in [0, 1]; images of another dtype pass unchanged.

    Parameters
    ----------
    images : ndarray

    Returns
    -------
    ndarray of the same shape
    """
    images = as_real("images", images)
    return images.astype(np.float32) * np.float32(1 / 255) if images.dtype == np.uint8 else images


def load_mnist(root=None, dtype="float32"):
    """Load MNIST, without a network.

    The package carries the archives, which are unpacked into `root` on first use. Every load
    compares images and labels with known SHA-256 sums, and repairs what is missing or altered
    there. Torchvision finds its files in `root`; :func:`stage_with_torchvision` lets it unpack.

    Parameters
    ----------
    root : path, optional
        Folder for the unpacked files; by default the user's cache. If it cannot be written to,
        the data is read from the archives alone, with a warning.
    dtype : {"float32", "uint8"}
        float32 pixels in [0, 1], or the raw pixels from 0 to 255 in a quarter of the memory.

    Returns
    -------
    MNIST

    Raises
    ------
    ValueError
        If `dtype` is another.
    RuntimeError
        If the archives in the package themselves are missing or damaged; names the file.
    """
    check_one_of("dtype", dtype, ("float32", "uint8"))
    arrays = load_arrays(user_cache_path("mnist_gd") if root is None else check_path("root", root))
    splits = []
    for part in ("train", "t10k"):
        images = arrays[f"{part}-images"].reshape(-1, 784)
        labels = arrays[f"{part}-labels"].astype(int)
        splits.append(Split(images if dtype == "uint8" else scale_pixels(images), labels))
    return MNIST(*splits)


def one_hot(labels, num_classes=10, dtype=np.float32):
    """Turn class numbers into rows with a single 1, equation `eq-one-hot`.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
    num_classes : int
    dtype : {float32, float64}

    Returns
    -------
    ndarray, shape (n, num_classes)

    Raises
    ------
    ValueError, TypeError
        If a label is not an integer from 0 to num_classes - 1.
    """
    num_classes = check_integer("num_classes", num_classes)
    labels = check_labels("labels", labels, num_classes)
    check_room("num_classes", (len(labels), num_classes))
    rows = np.zeros((len(labels), num_classes), check_dtype(dtype))
    rows[np.arange(len(labels)), labels] = 1
    return rows


def one_vs_rest(labels, digit):
    """Turn class numbers into 1 for `digit` and 0 for every other.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
    digit : int

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    ValueError, TypeError
        If a label is not an integer from 0 on, or `digit` is not.
    """
    digit = check_integer("digit", digit, minimum=0)
    return (check_labels("labels", labels) == digit).astype(int)


def nearest_mean(images, means):
    """Name for each image the class whose mean image is nearest.

    ``|x - m|²`` is ``|x|² - 2 <x, m> + |m|²``, and ``|x|²`` is the same for all means.

    Parameters
    ----------
    images : ndarray of float, shape (n, features)
    means : ndarray of float, shape (classes, features)

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    ValueError, TypeError
        If the images and the means are no rows of as many numbers of finite distances.
    """
    images = check_matrix("images", images)
    means = check_matrix("means", means, images.shape[1])
    images, means = (a.astype(np.result_type(a, np.float32), copy=False) for a in (images, means))
    distances = (means**2).sum(axis=1) - 2 * images @ means.T
    check_finite("distances of images to means", distances)
    return distances.argmin(axis=1)


def balanced_subset(labels, digit, *, rng):
    """Choose rows of which half show `digit`, and every other class equally often.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
    digit : int
        It must occur, and so must another class.
    rng : numpy.random.Generator
        Chooses the rows, without repetition.

    Returns
    -------
    ndarray of int
        Row numbers in random order, as many as the rarest class allows.

    Raises
    ------
    ValueError, TypeError
        If `digit` or every other class is absent, or too rare for a balance.
    """
    labels, rng = check_labels("labels", labels), check_rng(rng)
    digit = check_integer("digit", digit, minimum=0)
    others = [c for c in np.unique(labels) if c != digit]
    counts = [np.count_nonzero(labels == c) for c in others]
    each = min([np.count_nonzero(labels == digit) // max(len(others), 1), *counts])
    if each == 0 or not others:
        raise ValueError(
            f"digit must be one of the labels, with {len(others)} examples or more and other "
            f"classes beside it, but is {digit} with {np.count_nonzero(labels == digit)}"
        )
    rows = [rng.permutation(np.flatnonzero(labels == c))[:each] for c in others]
    rows.append(rng.permutation(np.flatnonzero(labels == digit))[: each * len(others)])
    return rng.permutation(np.concatenate(rows))


def train_validation_split(labels, validation_size, *, rng):
    """Divide the rows of a training set in two, with the same mix of classes in both.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
    validation_size : int
        Number of rows for validation, fewer than n.
    rng : numpy.random.Generator

    Returns
    -------
    training_rows, validation_rows : ndarray of int
        Disjoint, ascending; together all rows.

    Raises
    ------
    ValueError, TypeError
        If `validation_size` is not from 1 to n - 1.
    """
    labels, rng = check_labels("labels", labels), check_rng(rng)
    n = len(labels)
    validation_size = check_integer("validation_size", validation_size, maximum=n - 1)
    # Every (n / validation_size)-th of shuffled rows sorted by class: of each its share, nearly.
    rows = rng.permutation(n)
    rows = rows[np.argsort(labels[rows], kind="stable")]
    chosen = np.zeros(n, bool)
    chosen[rows[(np.arange(validation_size) * n + n // 2) // validation_size]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def examples(question, part, mix="natural"):
    """Return the images and labels of an experiment, from the training set of MNIST.

    The test set is nowhere here: :func:`mnist_gd.experiments.runs.final_run` answers it, and
    :func:`mnist_gd.experiments.studies.final_results` tells how well.

    Parameters
    ----------
    question : {"four", "ten"}
    part : {"training", "validation", "full"}
        50,000 and 10,000 images of the training set, always the same, or all 60,000 of it.
    mix : {"natural", "balanced"}
        All images of the part, or a random half of 4s and half of other digits.

    Returns
    -------
    images : ndarray of uint8, shape (n, 784)
    labels : ndarray of int, shape (n,)
        1 for a 4 and 0 for another digit, or the digit. Both are read-only: they are kept.

    Raises
    ------
    ValueError
        If an argument is another.
    """
    check_one_of("question", question, QUESTIONS)
    check_one_of("part", part, PARTS)
    check_one_of("mix", mix, MIXES)
    return _examples(question, part, mix)


@lru_cache(maxsize=4)
def _examples(question, part, mix):
    rows = slice(None) if part == "full" else _split_rows()[part == "validation"]
    images, labels = (array[rows] for array in _training_set())
    if mix == "balanced":
        rows = balanced_subset(labels, QUESTIONS["four"], rng=np.random.default_rng(0))
        images, labels = images[rows], labels[rows]
    digit = QUESTIONS[question]
    return _read_only(images, labels if digit is None else one_vs_rest(labels, digit))


@lru_cache(maxsize=1)
def _training_set():
    train = load_mnist(dtype="uint8").train
    return _read_only(train.images, train.labels)


@lru_cache(maxsize=1)
def _split_rows():
    labels, rng = _training_set()[1], np.random.default_rng(0)
    return _read_only(*train_validation_split(labels, VALIDATION_SIZE, rng=rng))


def _read_only(*arrays):
    """Views that cannot be written to."""
    return tuple(np.broadcast_to(array, array.shape) for array in arrays)
