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
    """One exercise."""

    arguments: tuple  # names of what the answer takes
    returns: tuple  # names of what it returns, in order
    truth: Callable  # the right answer, from the arguments
    inputs: list  # tuples of arguments to try
    mistakes: dict = field(default_factory=dict)  # what may be wrong: the wrong function
    factors: dict = field(default_factory=dict)  # what may be wrong: the factor it is off by
    extremes: list = field(default_factory=list)  # where a careless form breaks, such arguments
    source: str = "central differences give"  # who says what is right


def make_tasks(makers):
    """Make each exercise with a generator of its own, which hangs on nothing but its name."""
    return {
        name: make(np.random.default_rng(list(name.encode()))) for name, make in makers.items()
    }


def normal(rng, *shapes):
    """Draw an array of each shape."""
    return tuple(rng.normal(scale=1.5, size=shape) for shape in shapes)
