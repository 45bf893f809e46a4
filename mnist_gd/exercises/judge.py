"""The judge of the exercises.

Right is what central differences of the function itself give (equation
`eq-central-difference`), so no formula has to be trusted. The likely mistake is found by making
the usual mistakes on the same input and looking which of them gives the same numbers.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from mnist_gd._checks import as_float, check_callable, check_one_of, shown
from mnist_gd.exercises import (
    activations,
    convexity,
    gradient_check,
    gradient_descent,
    labels,
    landscape,
    layers,
    losses,
    metrics,
    momentum,
    networks,
    newton,
    noise,
)
from mnist_gd.exercises._tasks import SIGN, make_tasks

__all__ = ["Report", "TASKS", "WrongAnswer", "check"]

CHAPTERS = (
    gradient_descent,
    gradient_check,
    activations,
    losses,
    labels,
    layers,
    networks,
    metrics,
    convexity,
    noise,
    momentum,
    landscape,
    newton,
)
MAKERS = {name: make for chapter in CHAPTERS for name, make in chapter.MAKERS.items()}
#: The exercises by their names.
TASKS = make_tasks(MAKERS)

TOLERANCE = 1e-6  # of an answer, relative to its largest entry

#: Factors by which an answer to any exercise may be off, if the exercise names no better reason.
FACTORS = {
    "twice as large as it should be: there is a factor 2 too many": lambda *arguments: 2,
    "half as large as it should be: a factor 2 is missing": lambda *arguments: 0.5,
}


class WrongAnswer(AssertionError):
    """An answer to an exercise is wrong; the message says where and, if it is known, why.

    Attributes
    ----------
    mistake : str or None
        The likely mistake.
    """

    def __init__(self, message, mistake=None):
        super().__init__(message, mistake)  # as which it goes to other processes
        self.mistake = mistake

    def __str__(self):
        message, mistake = self.args
        return f"{message}. Likely mistake: {mistake}." if mistake else f"{message}."


@dataclass(frozen=True)
class Report:
    """What :func:`check` returns for a right answer; it prints as one sentence.

    Attributes
    ----------
    name : str
        The exercise.
    inputs : int
        How many inputs the answer was tried on.
    """

    name: str
    inputs: int

    def __repr__(self):
        return f"{self.name}: right on all {self.inputs} inputs."


def check(name, function):
    """Try `function` as the answer to an exercise.

    Parameters
    ----------
    name : str
        Which exercise; ``TASKS`` lists them, with the arguments that each is called with.
    function : callable
        The answer. It is called with float64 arrays, which it must leave as they are.

    Returns
    -------
    Report

    Raises
    ------
    WrongAnswer
        If an answer is wrong: says where, what would be right, and the likely mistake.
    ValueError
        If there is no such exercise.
    TypeError
        If `function` cannot be called.
    """
    check_one_of("name", name, sorted(TASKS))
    check_callable("function", function)
    task = TASKS[name]
    answers = [_call(name, task, function, arguments) for arguments in task.inputs]
    truths = [_parts(task.truth(*arguments)) for arguments in task.inputs]
    for number, (answer, truth) in enumerate(zip(answers, truths, strict=True), start=1):
        if fault := _difference(task, answer, truth):
            likely = _likely_mistake(task, answers, truths)
            raise WrongAnswer(f"{name}, input {number}: {fault}", likely)
    for mistake, arguments in task.extremes:
        answer = _call(name, task, function, arguments)
        if fault := _difference(task, answer, _parts(task.truth(*arguments))):
            raise WrongAnswer(f"{name}, an extreme input: {fault}", mistake)
    return Report(name, len(task.inputs) + len(task.extremes))


def _quietly(function, arguments):
    """Call `function` with copies of the arguments; also return the copies."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*copies), copies


def _parts(result):
    """A result as a tuple of float64 arrays, which are its own."""
    parts = result if isinstance(result, tuple) else (result,)
    return tuple(as_float("it", part).astype(np.float64) for part in parts)


def _call(name, task, function, arguments):
    """The answer to one input; refuse what is no array of the right kind."""
    call = f"{name}: called with ({', '.join(task.arguments)})"
    try:
        result, copies = _quietly(function, arguments)
    except Exception as error:
        shapes = ", ".join(
            f"{label} {np.shape(value)}"
            for label, value in zip(task.arguments, arguments, strict=True)
            if isinstance(value, np.ndarray)
        )
        raise WrongAnswer(
            f"{call}, it raises {type(error).__name__}: {error}; the shapes are {shapes}"
        ) from error
    if result is None:
        raise WrongAnswer(f"{call}, it returns None", "there is no return statement")
    for label, before, after in zip(task.arguments, arguments, copies, strict=True):
        if isinstance(before, np.ndarray) and not np.array_equal(before, after):
            raise WrongAnswer(
                f"{call}, it changes {label} in place", "+= and its like work on the array itself"
            )
    if isinstance(result, list) and len(task.returns) > 1:
        result = tuple(result)
    try:
        answer = _parts(result)
    except Exception as error:  # an object of the reader's may raise any
        raise WrongAnswer(f"{call}, it returns no real numbers but {shown(result)}") from error
    if len(answer) != len(task.returns):
        wanted = ", ".join(task.returns)
        raise WrongAnswer(f"{call}, it must return ({wanted}), but returns {len(answer)} things")
    return answer


def _difference(task, answer, truth):
    """Say where an answer parts from the truth, or return None."""
    for label, got, right in zip(task.returns, answer, truth, strict=True):
        if got.shape != right.shape:
            return f"{label} must have the shape {right.shape}, but has {got.shape}"
        off = np.abs(got - right)
        if np.all(off <= TOLERANCE * np.abs(right).max()):
            continue
        worst = np.unravel_index(np.argmax(np.nan_to_num(off, nan=np.inf)), off.shape)
        index = f"[{', '.join(str(int(i)) for i in worst)}]" if worst else ""
        found, wanted = got[worst] + 0.0, right[worst] + 0.0  # no "-0"
        return f"{label}{index} is {found:.6g}, but {task.source} {wanted:.6g}"
    return None


def _same(answers, others):
    """Whether two lists of answers agree, NaN included."""
    return all(
        a.shape == b.shape
        and np.allclose(
            a, b, rtol=1e-5, atol=1e-6 * np.nanmax(np.abs(b), initial=0), equal_nan=True
        )
        for answer, other in zip(answers, others, strict=True)
        for a, b in zip(answer, other, strict=True)
    )


def _likely_mistake(task, answers, truths):
    """Name the known mistakes that give the same answers; if none does, a general one."""
    variants = {None: truths}
    for mistake, wrong in task.mistakes.items():
        variants[mistake] = [_parts(_quietly(wrong, arguments)[0]) for arguments in task.inputs]
    known = {None: lambda *arguments: 1} | _also_reversed(task.factors)
    return (
        _scaled_variant(task, answers, variants, known)
        or _constant(answers)
        or _handed_back(task, answers)
        or _scaled_variant(task, answers, variants, _also_reversed(FACTORS))
    )


def _also_reversed(factors):
    """Wrong factors, and then each of them with a wrong sign too."""
    return factors | {
        f"{SIGN}; and {mistake}": lambda *arguments, _factor=factor: -_factor(*arguments)
        for mistake, factor in factors.items()
        if mistake != SIGN
    }


def _scaled_variant(task, answers, variants, factors):
    """Make the known mistakes, each alone and then with a wrong factor; name what matches."""
    for why_factor, factor in factors.items():
        scales = [factor(*arguments) for arguments in task.inputs]
        for why, outputs in variants.items():
            scaled = [
                tuple(scale * part for part in parts)
                for scale, parts in zip(scales, outputs, strict=True)
            ]
            if _same(answers, scaled):
                return "; and ".join(filter(None, (why, why_factor)))
    return None


def _constant(answers):
    """Say so if every entry of every answer is one and the same number."""
    entries = np.concatenate([np.ravel(part) for answer in answers for part in answer])
    if entries.size and np.isfinite(entries[0]) and (entries == entries[0]).all():
        number = f"{entries[0] + 0.0:g}"
        return f"the answer is the same for every input, {number} throughout: it must use them"
    return None


def _handed_back(task, answers):
    """Say so if the answer is always one of the arguments, as it came."""
    if len(task.returns) > 1:
        return None
    for place, label in enumerate(task.arguments):
        given = [arguments[place] for arguments in task.inputs]
        if all(isinstance(g, np.ndarray) for g in given) and _same(
            answers, [_parts(g) for g in given]
        ):
            return f"{label} is handed back as it came"
    return None
