"""What an exercise is, and what the exercises of several chapters share."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "AXIS",
    "MATRICES",
    "MINUS",
    "OVERFLOW",
    "SHAPES",
    "SIGN",
    "Task",
    "make_tasks",
    "normal",
]

SIGN = "the sign is reversed: a minus is missing, or there is one too many"
AXIS = "a sum or softmax runs over the wrong axis: each row is one example, so axis=-1"
OVERFLOW = "an exponential overflows; take it of numbers that are not positive only"

MINUS = {SIGN: lambda *arguments: -1}
SHAPES = ((4, 3), (2, 5), (6,))
MATRICES = ((4, 3), (2, 5), (1, 4))


@dataclass(frozen=True)
class Task:
    """One exercise.

    Attributes
    ----------
    arguments, returns : tuple of str
        The names of what the answer takes and returns, in order.
    truth : callable
        The right answer, from the arguments.
    inputs : list of tuple
        Arguments to try.
    mistakes : dict from str to callable
        What may be wrong, and the function that is wrong in this way.
    factors : dict from str to callable
        What may be wrong, and the factor by which the answer is off then.
    extremes : list of (str, tuple)
        Where a careless form breaks, and such arguments.
    source : str
        Who says what is right.
    """

    arguments: tuple
    returns: tuple
    truth: Callable
    inputs: list
    mistakes: dict = field(default_factory=dict)
    factors: dict = field(default_factory=dict)
    extremes: list = field(default_factory=list)
    source: str = "central differences give"


def make_tasks(makers):
    """Make each exercise, with a generator that is seeded by its name alone.

    So a new exercise leaves the inputs of the others as they are.
    """
    return {
        name: make(np.random.default_rng(list(name.encode()))) for name, make in makers.items()
    }


def normal(rng, *shapes):
    """Draw an array of each shape."""
    return tuple(rng.normal(scale=1.5, size=shape) for shape in shapes)
