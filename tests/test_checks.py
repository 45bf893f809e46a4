"""Arguments are refused by messages that name them, what was given and what is allowed."""

import functools
import os
import re
from collections import UserList, deque
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mnist_gd._checks import (
    as_array,
    as_float,
    as_number,
    check_as_many,
    check_callable,
    check_distributions,
    check_dtype,
    check_finite,
    check_flag,
    check_hidden_layers,
    check_integer,
    check_labels,
    check_matrix,
    check_one_of,
    check_path,
    check_rate,
    check_real,
    check_rng,
    check_room,
    check_same_shape,
    check_sequence,
    check_shares,
    check_text,
    check_unit_interval,
    check_unmasked,
    check_writeable,
    lie_apart,
    shown,
)


@pytest.mark.parametrize("value", [["one"], {}, 2, "three", None])
def test_one_of_takes_anything_to_be_refused(value):
    for allowed in (("one", "two"), {"one": 1, "two": 2}):
        with pytest.raises(ValueError, match=r"x must be one of \('one', 'two'\), but is"):
            check_one_of("x", value, allowed)


def test_an_integer_is_what_it_gives_as_one():
    class Odd(int):
        def __int__(self):
            return -5

    with pytest.raises(ValueError, match="number must be at least 1, but is -5"):
        check_integer("number", Odd(3))


def test_integers_have_bounds():
    assert [check_integer("x", value, 0, 2) for value in (0, 1, 2)] == [0, 1, 2]
    with pytest.raises(ValueError, match="x must be at most 2, but is 3"):
        check_integer("x", 3, 0, 2)


@pytest.mark.parametrize("value", [True, np.timedelta64(2, "s")])
def test_what_only_its_type_calls_an_integer_is_no_number(value):
    for check, wanted in ((check_integer, "an integer"), (check_real, "a real number")):
        with pytest.raises(TypeError, match=f"x must be {wanted}, but is "):
            check("x", value)


MASKED = np.ma.masked_array([1.0, 2.0, 3.0], [True, False, True])
READ_ONLY = np.broadcast_to(1.0, 3)


class OfItsOwn:
    def __array__(self, dtype=None, copy=None):
        return MASKED


# What is called, on what, the kind of error and its whole message.
REFUSED = [
    (as_array, [[1], [2, 3]], TypeError, "x must be an array, but is [[1], [2, 3]]"),
    (as_array, MASKED, TypeError, "x must not be masked, but hides 2 entries"),
    (as_array, [MASKED, MASKED], TypeError, "x must not be masked, but hides 4 entries"),
    (as_array, [([MASKED],)], TypeError, "x must not be masked, but hides 2 entries"),
    (as_array, OfItsOwn(), TypeError, "x must not be masked, but hides 2 entries"),
    (as_array, [OfItsOwn(), [1, 2, 3]], TypeError, "x must not be masked, but hides 2 entries"),
    (as_array, deque([MASKED]), TypeError, "x must not be masked, but hides 2 entries"),
    (as_array, [UserList([MASKED])], TypeError, "x must not be masked, but hides 2 entries"),
    (as_float, [1j], TypeError, "x must hold real numbers, but its dtype is complex128"),
    (as_float, [None], TypeError, "x must hold real numbers, but its dtype is object"),
    (as_float, ["1"], TypeError, "x must hold real numbers, but its dtype is <U1"),
    (
        as_float,
        np.array([1], "m8[s]"),
        TypeError,
        "x must hold real numbers, but its dtype is timedelta64[s]",
    ),
    *(
        (
            check_matrix,
            np.ones(shape),
            ValueError,
            f"x must have the shape (n, features) with n >= 1, but has {shape}",
        )
        for shape in [(3,), (2, 2, 2), (0, 3), (3, 0)]
    ),
    (
        functools.partial(check_matrix, columns=3),
        np.ones((2, 4)),
        ValueError,
        "x must have the shape (n, 3) with n >= 1, but has (2, 4)",
    ),
    (
        check_finite,
        np.array([np.nan, 1, np.inf, -np.inf, 2]),
        ValueError,
        "x must be finite, but holds 3 NaN or infinite entries",
    ),
    (check_writeable, READ_ONLY, ValueError, "x must be writeable, but is read-only"),
    (check_writeable, [1.0], TypeError, "x must be an array, but is [1.0]"),
    (as_array, np.ones([1] * 33), ValueError, "x must have at most 32 axes, but has 33"),
    (
        check_labels,
        [[1], [0]],
        ValueError,
        "x must have the shape (n,) with n >= 1, but has (2, 1)",
    ),
    (check_labels, [], ValueError, "x must have the shape (n,) with n >= 1, but has (0,)"),
    (check_labels, 1, ValueError, "x must have the shape (n,) with n >= 1, but has ()"),
    (as_number, "1", TypeError, "x must hold real numbers, but its dtype is <U1"),
    (
        functools.partial(check_labels, num_classes=3),
        [0, 4],
        ValueError,
        "x must be from 0 to 2, but range from 0 to 4",
    ),
    (check_labels, ["1"], TypeError, "x must hold integers, but its dtype is <U1"),
    (check_labels, [1.0], TypeError, "x must hold integers, but its dtype is float64"),
    (check_labels, [2, -1], ValueError, "x must be 0 or more, but range from -1 to 2"),
    (
        functools.partial(check_labels, num_classes=3),
        [0, 3],
        ValueError,
        "x must be from 0 to 2, but range from 0 to 3",
    ),
    (
        functools.partial(check_labels, num_classes=3),
        [-1, 2],
        ValueError,
        "x must be from 0 to 2, but range from -1 to 2",
    ),
    (check_integer, 1.0, TypeError, "x must be an integer, but is 1.0"),
    (check_integer, "1", TypeError, "x must be an integer, but is '1'"),
    (check_integer, 0, ValueError, "x must be at least 1, but is 0"),
    (check_real, "1", TypeError, "x must be a real number, but is '1'"),
    (check_real, 1j, TypeError, "x must be a real number, but is 1j"),
    (check_real, np.inf, ValueError, "x must be finite, but is inf"),
    (check_real, 10**400, ValueError, "x must be finite, but is an integer beyond 1e308"),
    (functools.partial(check_real, above=0), 0, ValueError, "x must be above 0, but is 0.0"),
    (functools.partial(check_real, below=1), 1, ValueError, "x must be below 1, but is 1.0"),
    (
        functools.partial(check_real, minimum=0),
        -0.5,
        ValueError,
        "x must be at least 0, but is -0.5",
    ),
    (functools.partial(check_real, maximum=1), 2, ValueError, "x must be at most 1, but is 2.0"),
    (
        functools.partial(check_real, maximum=1),
        np.nan,
        ValueError,
        "x must be at most 1, but is nan",
    ),
    (check_text, b"one", TypeError, "x must be a string, but is b'one'"),
    *(
        (check_sequence, value, TypeError, f"x must be a sequence, but is {value!r}")
        for value in ("ab", b"ab", {1: 2}, 5)
    ),
    (
        check_sequence,
        np.array(1),
        TypeError,
        "x must be a sequence, but is array(1)",
    ),
    (check_sequence, MASKED, TypeError, "x must not be masked, but hides 2 entries"),
    (
        functools.partial(check_as_many, number=2),
        "abc",
        ValueError,
        "x must hold 2 entries, but holds 3",
    ),
    (
        functools.partial(check_as_many, number=2),
        [1],
        ValueError,
        "x must hold 2 entries, but holds 1",
    ),
    (check_path, 5, TypeError, "x must be a path, but is 5"),
    (check_path, b"a", TypeError, "x must be a path, but is b'a'"),
    (check_path, "a\0b", ValueError, "x must be a path, but is 'a\\x00b'"),
    (check_path, "\ud800", ValueError, r"x must be a path, but is '\ud800'"),
    (check_flag, 1, TypeError, "x must be True or False, but is 1"),
    (check_callable, 5, TypeError, "x must be callable, but is 5"),
    (
        check_room,
        (2**27 + 1,),
        ValueError,
        "x must ask for an array of at most 134217728 numbers, but asks for one of the shape "
        "(134217729,)",
    ),
    (
        check_room,
        [2**14, 2**14],
        ValueError,
        "x must ask for an array of at most 134217728 numbers, but asks for one of the shape "
        "(16384, 16384)",
    ),
    (
        check_unit_interval,
        np.array([-0.5, 1]),
        ValueError,
        "x must lie in [0, 1], but ranges from -0.5 to 1.0",
    ),
    (
        check_unit_interval,
        np.array([0, 1.5]),
        ValueError,
        "x must lie in [0, 1], but ranges from 0.0 to 1.5",
    ),
    (check_shares, [[]], ValueError, "x must not be empty, but has the shape (1, 0)"),
    (check_shares, [2], ValueError, "x must lie in [0, 1], but ranges from 2.0 to 2.0"),
    (
        check_shares,
        np.nan,
        ValueError,
        "x must be finite, but holds 1 NaN or infinite entries",
    ),
    (
        check_distributions,
        np.array([[0.5, 0.5], [0.5, 0.75], [0.25, 0]]),
        ValueError,
        "rows of x must sum to 1, but row 2 sums to 0.25",
    ),
    (
        check_distributions,
        np.array([[0.5, 0.5], [1, 0.5], [1, 2]]),
        ValueError,
        "rows of x must sum to 1, but row 2 sums to 3.0",
    ),
]


@pytest.mark.parametrize(("check", "value", "error", "message"), REFUSED)
def test_a_refusal_names_the_argument_what_was_given_and_what_is_allowed(
    check, value, error, message
):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        check("x", value)


@pytest.mark.parametrize(
    ("check", "value", "wanted"),
    [
        (check_matrix, [[1, 2]], np.array([[1.0, 2.0]])),
        (check_matrix, np.ones((1, 1), np.float32), np.ones((1, 1), np.float32)),
        (as_float, True, np.array(1.0)),
        (as_array, np.ones([1] * 32), np.ones([1] * 32)),
        (as_float, [np.ma.masked_array([1.0, 2.0])], np.array([[1.0, 2.0]])),
        (check_labels, [False, True], np.array([0, 1])),
        (check_labels, np.array([0, 200], np.uint8), np.array([0, 200], np.uint8)),
        (functools.partial(check_labels, num_classes=3), [0, 2], np.array([0, 2])),
        (functools.partial(check_labels, num_classes=3), [1, 2], np.array([1, 2])),
        (check_integer, np.int8(1), 1),
        (check_real, Fraction(1, 4), 0.25),
        (functools.partial(check_real, minimum=0, maximum=0), -0.0, -0.0),
        (functools.partial(check_real, above=-1, below=1), 0, 0.0),
        (check_text, "one", "one"),
        (check_sequence, (n for n in (1, 2)), [1, 2]),
        (check_sequence, np.array([[1, 2]]).T, [1, 2]),
        (functools.partial(check_as_many, number=2), "ab", ["a", "b"]),
        (check_path, "a", Path("a")),
        (check_path, Path("a"), Path("a")),
        (check_flag, np.True_, True),
        (check_callable, len, len),
        (check_room, (2**13, 2**14), None),
        (check_room, (2, 3), None),
        (check_unit_interval, np.array([0.0, 1.0]), None),
        (check_unit_interval, np.array([0.5, 0.25]), None),
        (check_shares, 1, np.array(1.0)),
        (check_distributions, np.array([[0.5, 0.50005], [1, 0]]), None),
        (functools.partial(check_one_of, allowed=("a", None)), None, None),
        (functools.partial(check_one_of, allowed=("a", None)), "a", None),
    ],
)
def test_what_is_allowed_is_handed_on_as_what_it_stands_for(check, value, wanted):
    found = check("x", value)
    assert type(found) is type(wanted)
    np.testing.assert_array_equal(np.ravel(found), np.ravel(wanted))
    if isinstance(wanted, np.ndarray):
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)


def raising(*methods, base=object):
    """An object that shows itself by no text, and of which those methods raise too."""

    def fails(self, *args, **kwargs):
        raise KeyError("of the reader's")

    return type("Hostile", (base,), dict.fromkeys(["__repr__", *methods], fails))()


NAMED = [
    *(as_array, as_float, as_number, check_matrix, check_labels, check_integer, check_real),
    *(check_text, check_sequence, check_path, check_flag, check_callable, check_shares),
    *(functools.partial(check_as_many, number=2), functools.partial(check_one_of, allowed="a")),
]
HOSTILE = [
    raising(),
    raising("__iter__"),
    raising("__array__"),
    raising("__fspath__"),
    raising("__int__", "__float__", base=int),
    raising("__float__", base=float),
    raising("__float__", base=Fraction),
    raising("__getattr__"),
    raising("__getattribute__"),
    raising("__fspath__", base=os.PathLike),
    raising("__str__", base=str),
    -(10**5000),  # more digits than Python writes
]


@pytest.mark.parametrize("check", NAMED)
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_an_object_raises_of_its_own_is_a_refusal_that_names_the_argument(check, number):
    refusal = "x must "
    try:
        check("x", HOSTILE[number])
    except (TypeError, ValueError) as error:
        refusal = str(error)
    assert refusal.startswith("x must ")


def test_what_cannot_say_what_it_is_is_shown_by_its_class():
    assert shown("a") == "'a'"
    assert re.fullmatch(r"<.*Hostile object at .*>", shown(HOSTILE[0]))
    assert re.fullmatch(r"<int object at .*>", shown(HOSTILE[-1]))
    assert shown("a" * 398) == repr("a" * 398)
    assert shown("a" * 200 + "b" * 199) == f"'{'a' * 199} … {'b' * 199}'"


def test_a_mask_is_looked_for_as_deep_as_an_array_can_be():
    deep, held = MASKED, []
    for _ in range(32):
        deep = [deep]
    held.append(held)
    with pytest.raises(TypeError, match="x must not be masked, but hides 2 entries"):
        check_unmasked("x", deep)
    check_unmasked("x", [deep])
    check_unmasked("x", held)


def test_a_rate_is_above_nothing_and_finite_in_the_dtype_that_it_meets():
    assert check_rate(1, np.float32) == 1.0
    assert check_rate(3e38, np.float32) == 3e38
    assert check_rate(1e39, np.float64) == 1e39
    for value, words in ((0, "above 0, but is 0.0"), (1e39, "finite in float32, but is 1e+39")):
        with pytest.raises(ValueError, match=f"^learning_rate must be {re.escape(words)}$"):
            check_rate(value, np.dtype(np.float32))


def test_two_arrays_of_different_shapes_are_both_named():
    column, flat = np.ones((2, 1)), np.ones(2)
    check_same_shape("x", column, "y", 0 * column)
    with pytest.raises(ValueError, match=r"^x and y must .*, but have \(2, 1\) and \(2,\)$"):
        check_same_shape("x", column, "y", flat)
    with pytest.raises(ValueError, match=r"^x and y must .*, but have \(2,\) and \(2, 1\)$"):
        check_same_shape("x", flat, "y", column)


def test_hidden_layers_are_none_to_a_thousand():
    assert [check_hidden_layers(number) for number in (0, 1000)] == [0, 1000]
    for number, words in ((-1, "at least 0, but is -1"), (1001, "at most 1000, but is 1001")):
        with pytest.raises(ValueError, match=f"^hidden_layers must be {words}$"):
            check_hidden_layers(number)


@pytest.mark.parametrize("value", [None, np.float16, int, "no dtype", 5, [1]])
def test_dtypes_are_two(value):
    assert [check_dtype("float32"), check_dtype(float)] == [np.float32, np.float64]
    message = re.escape(f"dtype must be float32 or float64, but is {value!r}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        check_dtype(value)


def test_randomness_is_a_generator(rng):
    assert check_rng(rng) is rng
    with pytest.raises(TypeError, match=r"^rng must be a .*default_rng\(0\), but is 3$"):
        check_rng(3)


def test_arrays_lie_apart_or_in_each_other():
    whole = np.zeros((4, 3))
    assert lie_apart([])
    assert lie_apart([whole, np.zeros(3)])
    assert lie_apart([whole[2:], whole[:2]])
    for arrays in ([whole[:3], whole[1:]], [whole, whole], [whole[1:2], whole], [whole, whole.T]):
        assert not lie_apart(arrays)
