"""The contract of all public functions: a right result, or a refusal that names the argument.

Each function is called with arguments that are right, of which one is exchanged for anything. The
functions are found in `__all__` of the modules, their arguments made by name: a new function whose
arguments have no maker fails.
"""

import datetime
import decimal
import importlib
import inspect
import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_gd import losses
from mnist_gd.activations import leaky_relu, relu
from mnist_gd.gradient_descent import DivergenceError

MODULES = (
    *("activations", "additions", "data", "gradient_check", "gradient_descent", "layers"),
    *("losses", "metrics", "networks", "scaling", "training"),
)
# What is not drawn, and why.
ELSEWHERE = {
    "MNIST": "holds what load_mnist read",
    "Split": "holds what load_mnist read",
    "Network": "tests/test_networks.py: of layers that were checked",
    "History": "filled by a training",
    "Descent": "filled by minimize",
    "DivergenceError": "is raised",
    "check_chain": "tests/test_layers.py: of layers that were checked",
    "unchanged_by_errors": "tests/test_layers.py: a context of layers",
    "examples": "reads MNIST",
    "load_mnist": "reads MNIST",
    "stage_with_torchvision": "reads MNIST",
    "shift_logits": "a step of those that have checked",
    "train": "takes what Network.train has checked",
    "cosine": "of two gradients that were computed",
}


def rows(classes=3):
    """Rows of numbers that are probabilities too."""
    z = np.arange(1.0, 4 * classes + 1).reshape(4, classes)
    return z / z.sum(axis=1, keepdims=True)


def hill(x):
    return float(np.sum(np.tanh(x)))  # finite, whatever x is


def slope(x):
    return 1 - np.tanh(x) ** 2


# A right argument for each name; where a function needs another, under its own name.
MAKERS = {
    "z": rows,
    "grad_output": rows,
    "slope": lambda: np.full(3, 0.5),
    "negative_slope": lambda: 0.1,
    "function": lambda: leaky_relu,
    "y_pred": rows,
    "y_true": lambda: np.eye(3)[[0, 1, 2, 0]],
    "alpha": lambda: 0.25,
    "gamma": lambda: 2.0,
    "momentum": lambda: 0.9,
    "beta1": lambda: 0.9,
    "beta2": lambda: 0.99,
    "epsilon": lambda: 1e-8,
    "learning_rate": lambda: 0.1,
    "weights": lambda: [rows()],
    "weight_decay": lambda: 0.1,
    "shape": lambda: (4, 3),
    "rate": lambda: 0.5,
    "rng": lambda: np.random.default_rng(0),
    "dtype": lambda: np.float32,
    "images": lambda: np.ones((2, 784)),
    "largest": lambda: 2,
    "labels": lambda: np.array([0, 1, 2, 0, 1, 2, 0, 0]),
    "num_classes": lambda: 3,
    "digit": lambda: 0,
    "means": lambda: np.ones((3, 784)),
    "validation_size": lambda: 2,
    "f": lambda: hill,
    "gradient": lambda: slope,
    "x": rows,
    "step": lambda: 1e-5,
    "tolerance": lambda: 1e-4,
    "start": lambda: np.ones(3),
    "steps": lambda: 3,
    "nesterov": lambda: True,
    "input_size": lambda: 4,
    "output_size": lambda: 3,
    "hidden_size": lambda: 5,
    "hidden_layers": lambda: 2,
    "activation": lambda: relu,
    "loss": lambda: losses.cross_entropy_with_logits,
    "logits": rows,
    "threshold": lambda: 0.5,
    "normalize": lambda: True,
    "average": lambda: "binary",
    "prevalence": lambda: 0.1,
    "recall": lambda: 0.9,
    "false_alarms": lambda: np.array([0.1, 0.2]),
    "outcomes": lambda: np.array([0, 1, 1, 0]),
    "probabilities": lambda: np.array([0.1, 0.8, 0.9, 0.6]),
    "bins": lambda: 5,
    "fewest": lambda: 1,
    "scores": lambda: np.array([0.1, 0.8, 0.9, 0.6]),
    "seconds": lambda: [1.0, 2.0, 3.0],
    "workers": lambda: 2,
    "each": lambda: 0.1,
    "longest_first": lambda: True,
    "y": lambda: np.array([0, 1, 2, 0]),
    "batch_size": lambda: 2,
    "epochs": lambda: 2,
    "optimizer": lambda: None,
    "dropout": lambda: 0.1,
    "augment": lambda: None,
    "patience": lambda: None,
}
LABELS = {"y_true": lambda: np.array([0, 1, 1, 0]), "y_pred": lambda: np.array([0, 1, 0, 0])}
OF_ITS_OWN = {
    "accuracy": LABELS,
    "confusion_matrix": LABELS,
    "precision": LABELS,
    "recall": LABELS,
    "f1_score": LABELS,
    "specificity": LABELS,
    "roc_area": {"y_true": lambda: np.array([0, 1, 1, 0])},
    "makespan": {"start": lambda: 0.5},
    "makespan_bounds": {"start": lambda: 0.5},
}


def public():
    """All functions and classes of the modules, by their names."""
    found = {}
    for module in MODULES:
        module = importlib.import_module(f"mnist_gd.{module}")
        found |= {name: getattr(module, name) for name in module.__all__}
    return {name: member for name, member in found.items() if name not in ELSEWHERE}


PUBLIC = public()


def makers(name):
    parameters = inspect.signature(PUBLIC[name]).parameters.values()
    names = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    return {p: OF_ITS_OWN.get(name, {}).get(p, MAKERS.get(p)) for p in names}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_function_is_drawn(name):
    arguments = makers(name)
    assert None not in arguments.values(), f"a maker for {arguments} of {name}, or why not"
    result = PUBLIC[name](**{p: make() for p, make in arguments.items()})
    assert not holds_nan(result)


# What is drawn


def extremes(dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        about = np.finfo(dtype)
        return [0.0, -0.0, 1, -1, 0.5, about.max, about.min, about.tiny, about.smallest_subnormal]
    if dtype.kind in "iu":
        about = np.iinfo(dtype)
        return [0, 1, 2, about.max, about.min]
    return {
        "b": [True, False],
        "c": [1j, 0, 1],
        "O": [None, 0.5, 10**400, "1"],
        "U": ["0.5", ""],
        "S": [b"1"],
        "M": [np.datetime64("2020-01-01", "s")],
        "m": [np.timedelta64(1, "s")],
    }[dtype.kind]


DTYPES = [
    *("?", "i1", "u1", "i4", "i8", "u8", "f2", "f4", "f8", ">f8", np.longdouble),
    *("c16", "O", "U3", "S1", "M8[s]", "m8[s]"),
]
SHAPES = st.one_of(
    st.sampled_from([(4, 3), (4,), (3,), (4, 1), (1, 3), (8,), (2, 784)]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
LAYOUTS = {
    "as it is": lambda a: a,
    "Fortran": np.asfortranarray,
    "reversed": lambda a: a[..., ::-1].copy()[..., ::-1] if a.ndim else a,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a,
    "matrix": lambda a: np.matrix(a) if a.ndim == 2 else a,
    "masked": lambda a: np.ma.MaskedArray(a, mask=np.ones(a.shape, bool)),
    "masked nowhere": np.ma.MaskedArray,
}


@st.composite
def arrays(draw, like):
    """Arrays of any kind, or the right one in another dtype."""
    dtype = draw(st.sampled_from(DTYPES))
    layout = draw(st.sampled_from(sorted(LAYOUTS)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(like, np.ndarray) and draw(st.booleans()):
            array = like.astype(dtype, copy=True) if np.dtype(dtype).kind not in "Mm" else like
            bad = draw(st.sampled_from([None, np.nan, np.inf, -np.inf]))
            if bad is not None and array.dtype.kind == "f":
                array.flat[draw(st.integers(0, array.size - 1))] = bad
        else:
            shape = draw(SHAPES)
            values = [extremes(dtype)[draw(st.integers(0, len(extremes(dtype)) - 1))]]
            values += draw(st.lists(st.sampled_from(extremes(dtype)), max_size=5))
            array = np.empty(shape, dtype)
            array[...] = np.resize(np.array(values, dtype), shape)
        array = LAYOUTS[layout](array)
    array.flags.writeable = draw(st.booleans())
    return array


SCALARS = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1, 2, 3, 255, 2**31, 2**63, 10**30, 10**400),
        *(0.0, -0.0, 0.5, 1.0, -1.5, 5e-324, 1e-300, 1.7e308, np.nan, np.inf, -np.inf),
        *(np.uint8(2), np.int8(-1), np.float32(0.5), np.float16(0.5), np.longdouble("0.1")),
        *("2.5", "", b"1", 1j, [], (), {}, [[1.0], [2.0, 3.0]], [None], ["a"], range(3), {1, 2}),
        *([0.5, 0.5], [1, 2, 3], [np.nan], decimal.Decimal("0.5"), datetime.date(2020, 1, 1)),
        *("float32", "float16", "int8", [2, 3], (2**40, 2**40), (-1, 2)),
    ]
)


@st.composite
def calls(draw, name):
    """Right arguments, of which one is anything; its name goes first."""
    arguments = {p: make() for p, make in makers(name).items()}
    changed = draw(st.sampled_from(sorted(arguments)))
    right = arguments[changed]
    anything = SCALARS | arrays(right)
    if isinstance(right, list):
        anything |= st.lists(arrays(right[0]), min_size=1, max_size=2)
    arguments[changed] = draw(anything)
    return changed, arguments


# What is held


def leaves(value):
    """All arrays and numbers in a result or an argument."""
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    if hasattr(value, "__next__"):
        return leaves(list(value))
    if hasattr(value, "__dict__") and not callable(value) and not isinstance(value, np.ndarray):
        return leaves(list(vars(value).values()))
    return [value] if isinstance(value, np.ndarray | np.generic | float) else []


def holds_nan(value, test=np.isnan):
    """Whether a result holds a NaN; or, by another test, an infinity."""
    kinds = [leaf for leaf in leaves(value) if np.asarray(leaf).dtype.kind == "f"]
    return any(test(np.asarray(leaf)).any() for leaf in kinds)


def frozen(value):
    """What must be the same after a call."""
    arrays = [leaf for leaf in leaves(value) if isinstance(leaf, np.ndarray)]
    return [
        (a.dtype, a.shape, a.strides, repr(a.tolist()), repr(np.ma.getmask(a).tolist()))
        for a in arrays
    ]


IN_PLACE = {"shrink_weights": "weights"}
ALSO = {"minimize": DivergenceError, "check_gradient": AssertionError}
KEEPS_DTYPE = {"z", "y_pred", "grad_output", "images"}


def keep_contract(name, changed, arguments):
    function = PUBLIC[name]
    before = {p: frozen(value) for p, value in arguments.items() if p != "rng"}
    finite = not holds_nan(list(arguments.values()), lambda a: ~np.isfinite(a))
    refusal = None
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = function(**arguments)
            if hasattr(result, "__next__"):
                result = list(result)
    except ALSO.get(name, ()):
        return
    except (ValueError, TypeError) as error:
        refusal = error
    else:
        assert not (finite and holds_nan(result)), result
    if refusal:
        assert re.search(rf"\b({'|'.join(map(re.escape, arguments))})\b", str(refusal)), refusal
    for p, value in before.items():
        if refusal or IN_PLACE.get(name) != p:
            assert frozen(arguments[p]) == value, f"{p} was changed"
    if not refusal and changed in KEEPS_DTYPE and isinstance(result, np.ndarray):
        given_dtype = getattr(arguments[changed], "dtype", None)
        if given_dtype in (np.float32, np.float64) and result.dtype.kind == "f":
            given_dtypes = {getattr(value, "dtype", None) for value in arguments.values()}
            assert result.dtype in given_dtypes


@pytest.mark.parametrize("name", PUBLIC)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_right_result_or_a_refusal_that_names_the_argument(name, data):
    keep_contract(name, *data.draw(calls(name)))
