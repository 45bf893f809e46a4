"""The contract of all public functions: a right result, or a refusal that names the argument.

Each function is called with arguments that are right, of which one is exchanged for anything. The
functions, and the methods of the classes, are found in `__all__` of the modules, their arguments
made by name: a new function whose arguments have no maker fails.
"""

import datetime
import decimal
import importlib.util
import inspect
import os
import re
import sys
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from mnist_gd import data, losses
from mnist_gd._checks import attribute, is_a, shown
from mnist_gd.activations import leaky_relu, relu
from mnist_gd.additions import cosine_decay
from mnist_gd.doubt import fit_subspaces
from mnist_gd.exercises import WrongAnswer
from mnist_gd.experiments import searches, studies
from mnist_gd.experiments.runs import Configuration
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.history import History
from mnist_gd.networks import SingleLayerNetwork
from mnist_gd.records import Record, run_all
from mnist_gd.search import Row, SearchResult

MODULES = (
    *("activations", "additions", "data", "doubt", "exercises", "gradient_check"),
    *("gradient_descent", "handwriting", "history", "layers", "losses", "metrics", "networks"),
    *("plots", "records", "report", "scaling", "search", "training"),
    *("experiments.runs", "experiments.searches", "experiments.studies"),
    *(["onnx"] if importlib.util.find_spec("onnx") else []),  # which no browser has
)
# What is not drawn, and why. Of a class it is the making alone: its methods are drawn.
ELSEWHERE = {
    "MNIST": "holds what load_mnist read",
    "Split": "holds what load_mnist read",
    "History": "filled by a training",
    "Descent": "filled by minimize",
    "Subspaces": "made by fit_subspaces",
    "Handwriting": "made by read_handwriting",
    "Report": "made by check",
    "Record": "made by run_all",
    "Row": "made by grid_search",
    "SearchResult": "made by grid_search",
    "Study": "made by study",
    "FinalResults": "made by final_results",
    "DivergenceError": "is raised",
    "WrongAnswer": "is raised",
    "stage_with_torchvision": "tests/test_data.py: asks torchvision, of which it is a part",
    "say": "tests/test_report.py: hands what typeset returns to a page",
    "shift_logits": "a step of those that have checked",
    "train": "takes what Network.train has checked",
}
# Of scikit-learn's form mnist_gd.sklearn: tests/test_sklearn.py, by scikit-learn's own checks.


def rows(classes=3):
    """Rows of numbers that are probabilities too."""
    z = np.arange(1.0, 4 * classes + 1).reshape(4, classes)
    return z / z.sum(axis=1, keepdims=True)


def hill(x):
    return float(np.sum(np.tanh(x)))  # finite, whatever x is


def slope(x):
    return 1 - np.tanh(x) ** 2


def a_network():
    """A network in the midst of a training."""
    loss = losses.cross_entropy_with_logits
    network = SingleLayerNetwork(3, 5, 3, loss=loss, rng=np.random.default_rng(0))
    network.forward(rows())
    network.backward(np.array([0, 1, 2, 0]))
    return network


def a_history():
    course = [0.5, 0.25]
    return History("accuracy", course, course, course, course, [1.0, 2.0])


def a_run(configuration, seed):
    """A training of the tests; its record is made where it is asked for."""
    return {"history": a_history().as_dict()}, {}


def a_record():
    return Record({"epochs": 2}, 0, *a_run(None, 0), 1.0)


def a_row():
    return Row({"epochs": 2}, [a_record()])


def a_configuration():
    return Configuration(
        question="ten",
        loss="cross_entropy_with_logits",
        hidden_layers=0,
        batch_size=10,
        epochs=1,
        learning_rate=0.1,
    )


def a_one():
    image = np.full((32, 32), 255, np.uint8)
    image[6:26, 14:18] = 0
    return image


def final_results():
    logits = {"test_logits": np.eye(3)[[0, 1, 2, 0]]}
    record = Record(a_configuration(), 0, {}, logits, 1.0)
    labels = np.array([0, 1, 2, 0])
    return studies.FinalResults(None, labels, labels, a_configuration(), {"plain": [record]})


# An object of each class, for its methods.
OWNERS = {
    "Adam": lambda: PUBLIC["Adam"](),
    "Momentum": lambda: PUBLIC["Momentum"](),
    "FinalResults": final_results,
    "History": a_history,
    "LinearLayer": lambda: a_network().layers[0],
    "Network": a_network,
    "Record": a_record,
    "Row": a_row,
    "SearchResult": lambda: SearchResult([a_row()]),
    "Settings": lambda: PUBLIC["Settings"](
        epochs=2, batch_size=2, learning_rate=cosine_decay(0.1), rng=np.random.default_rng(0)
    ),
    "Split": lambda: data.Split(np.ones((2, 784)), np.array([0, 1])),
    "Study": lambda: studies.Study({"plain": [a_record()]}, {}, {}, False),
    "Subspaces": lambda: fit_subspaces(rows(), np.zeros(4, int), 2),
}
TRAINED = {"epochs": lambda: 2, "batch_size": lambda: 2, "rng": lambda: np.random.default_rng(0)}

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
    "layers": lambda: a_network().layers,
    "network": a_network,
    "metric": lambda: PUBLIC["accuracy"],
    "validation": lambda: (rows(), np.array([0, 1, 2, 0])),
    "track_training": lambda: False,
    "progress": lambda: False,
    "path": lambda: "network.npz",
    "image": a_one,
    "history": a_history,
    "matrix": lambda: np.array([[2, 0], [1, 3]]),
    "classes": lambda: ["no", "yes"],
    "titles": lambda: ["a", "b"],
    "columns": lambda: 2,
    "size": lambda: 0.5,
    "axes": lambda: Figure().add_subplot(),
    "limits": lambda: (0, 1),
    "value": lambda: -0.5,
    "form": lambda: ".2f",
    "values": lambda: np.array([0.5, 0.25, 1.0]),
    "names": lambda: ["a", "b"],
    "nothing": lambda: "none",
    "caption": lambda: "What is shown.",
    "header": lambda: ["name", "score"],
    "arrays": lambda: [rows()],
    "components": lambda: 2,
    "a": rows,
    "b": rows,
    "root": lambda: "root",
    "question": lambda: "ten",
    "part": lambda: "training",
    "mix": lambda: "balanced",
    "configuration": a_configuration,
    "configurations": lambda: [{"epochs": 1}, {"epochs": 2}],
    "seed": lambda: 0,
    "seeds": lambda: [0],
    "records": lambda: "records",
    "n_jobs": lambda: 1,
    "run_missing": lambda: False,
    "rungs": lambda: [{"epochs": [1]}, {"epochs": [2]}],
    "keep": lambda: 0.5,
    "row": lambda: Row(a_configuration(), []),
    "scale": lambda: "build",
    "experiment": lambda: "four",
    "name": lambda: "plain",
}
RUNS = {name: MAKERS[name] for name in ("seeds", "records", "n_jobs", "progress", "run_missing")}
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
    "rate of cosine_decay": {"progress": lambda: 0.5},
    "Settings.rate": {"progress": lambda: 0.5},
    "LinearLayer.from_arrays": {"weights": rows, "bias": lambda: np.ones((1, 3))},
    "LinearLayer": {"activation": lambda: relu},
    "LinearLayer.backward": {"input_gradient": lambda: True, "grad_output": lambda: rows(5)},
    "LinearLayer.descend": {"input_gradient": lambda: True, "grad_output": lambda: rows(5)},
    "Network.train": TRAINED | {"learning_rate": lambda: 0.1, "weight_decay": lambda: 0.1},
    "Momentum.update": {"parameters": lambda: [rows()], "gradients": lambda: [rows()]},
    "Adam.update": {"parameters": lambda: [rows()], "gradients": lambda: [rows()]},
    "Row.__getitem__": {"column": lambda: "score"},
    "FinalResults.scores": {"metric": lambda: PUBLIC["accuracy"]},
    "check": {"name": lambda: "relu-gradient", "function": lambda: lambda g, z: g * (z > 0)},
    "edges": {"images": lambda: np.ones((2, 784)) / 2},
    "fit_subspaces": {"rows": rows, "labels": lambda: np.zeros(4, int)},
    "Subspaces.distances": {"rows": rows},
    "plot_heatmap": {
        "values": rows,
        "rows": lambda: [0, 1, 2, 3],
        "columns": lambda: [0, 1, 2],
        "form": lambda: "{:.2f}",
        "texts": lambda: None,
    },
    "table": {"rows": lambda: [["a", "0.5"], ["b", "0.25"]]},
    "grid": {"learning_rate": lambda: [0.1, 1.0], "epochs": lambda: [1, 2]},
    "grid_search": {"function": lambda: a_run} | RUNS,
    "successive_halving": {"function": lambda: a_run} | RUNS,
    "run_all": {"function": lambda: a_run},
    "validate": {"configurations": lambda: [a_configuration()], "n_jobs": lambda: 1},
    "load_mnist": {"dtype": lambda: "uint8"},
    "to_onnx": {"probabilities": lambda: True},
    "Configuration": {
        "images": lambda: 5,
        "loss": lambda: "focal_loss_with_logits",
        "question": lambda: "four",
        "mix": lambda: "natural",
        "judged_on": lambda: "natural",
        "decay": lambda: "cosine",
        "optimizer": lambda: "adam",
        "shifts": lambda: 2,
    },
    "study": {"name": lambda: "four_losses"},
    "main": {"arguments": lambda: ["records"]},
}


def public():
    """All functions, classes and methods of the modules, by their names."""
    found = {"rate of cosine_decay": cosine_decay(0.1)}
    for module in MODULES:
        module = importlib.import_module(f"mnist_gd.{module}")
        for name in module.__all__:
            member = getattr(module, name)
            if callable(member) and name not in ELSEWHERE:
                found[name] = member
            if inspect.isclass(member) and not issubclass(member, Exception):
                found |= methods(name, member)
    return found


def methods(name, owner):
    of_its_own = {n: getattr(owner, n) for n in vars(owner)}
    return {
        f"{name}.{n}": method
        for n, method in of_its_own.items()
        if inspect.isroutine(method) and (n[0] != "_" or n in ("__call__", "__getitem__"))
    }


PUBLIC = public()


def makers(name):
    parameters = inspect.signature(PUBLIC[name]).parameters.values()
    names = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    own = OF_ITS_OWN.get(name, {}) | {"self": OWNERS.get(name.split(".")[0])}
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        names += [p for p in own if p != "self" and p not in names]
    return {p: own.get(p, MAKERS.get(p)) for p in names}


# It has an argument: beside the object that it is a method of.
DRAWN = [name for name in PUBLIC if {*makers(name)} - {"self"}]


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory):
    """A folder of their own, few images in place of MNIST, and no training of a search."""
    rng = np.random.default_rng(0)
    labels = np.arange(200, dtype=np.uint8) % 10
    images = rng.integers(0, 256, (200, 28, 28), dtype=np.uint8)
    few = {
        f"{p}-{k}": a
        for p in ("train", "t10k")
        for k, a in (("images", images), ("labels", labels))
    }
    cached = (data._training_set, data._split_rows, data._examples)

    def recorded(*args, run_missing=True, **options):
        missing = False if is_a(run_missing, bool | np.bool) else run_missing
        return run_all(*args, run_missing=missing, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("contract"))
        patch.setattr(data, "load_arrays", lambda root: few)
        patch.setattr(data, "VALIDATION_SIZE", 20)
        for function in cached:
            function.cache_clear()
        PUBLIC["run_all"](
            a_run, MAKERS["configurations"](), records="records", progress=False, n_jobs=1
        )
        a_network().save("network.npz")
        for module in (searches, studies, importlib.import_module("mnist_gd.search")):
            patch.setattr(module, "run_all", recorded)
        yield
    for function in cached:
        function.cache_clear()


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_function_is_drawn(name):
    arguments = makers(name)
    assert None not in arguments.values(), f"a maker for {arguments} of {name}, or why not"
    try:
        result = PUBLIC[name](**{p: make() for p, make in arguments.items()})
    except LookupError:
        assert ALSO[name] is LookupError
    else:
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


def raises(self, *args, **kwargs):
    raise KeyError("of the reader's")


def hostile(base, *methods):
    """An object that shows itself by no text, and of which those methods raise too."""
    return type("Hostile", (base,), dict.fromkeys(["__repr__", *methods], raises))()


RAISING = [hostile(object, "__getattr__"), hostile(object, "__getattribute__")]
ANYTHING = [
    *(None, True, False, 0, -1, 1, 2, 3, 255, 2**31, 2**63, 10**30, 10**400),
    *(0.0, -0.0, 0.5, 1.0, -1.5, 5e-324, 1e-300, 1.7e308, np.nan, np.inf, -np.inf),
    *(np.uint8(2), np.int8(-1), np.float32(0.5), np.float16(0.5), np.longdouble("0.1")),
    *("2.5", "", b"1", 1j, [], (), {}, [[1.0], [2.0, 3.0]], [None], ["a"], range(3), {1, 2}),
    *([0.5, 0.5], [1, 2, 3], [np.nan], decimal.Decimal("0.5"), datetime.date(2020, 1, 1)),
    *("float32", "float16", "int8", [2, 3], (2**40, 2**40), (-1, 2)),
    *([np.ma.masked_less([1.0, 2.0, 3.0], 2)], np.timedelta64(2, "s")),
    *([[np.ma.masked_less([1.0, 2.0, 3.0], 2)]], 10**5000, "\ud800", "a\0b", {1: [1]}),
    *(hostile(object, *names) for names in ((), ["__iter__"], ["__array__"])),
    *(hostile(int, "__int__", "__float__"), hostile(float, "__float__"), hostile(list)),
    *(hostile(os.PathLike, "__fspath__"), hostile(object, "__eq__", "__hash__")),
    *RAISING,
]
# By their places: hypothesis itself would have them show themselves.
SCALARS = st.integers(0, len(ANYTHING) - 1).map(ANYTHING.__getitem__)


class Call:
    """Arguments, and the name of the one that was changed."""

    def __init__(self, changed, arguments):
        self.changed, self.arguments = changed, arguments

    def __repr__(self):
        return f"{self.changed} of { {p: shown(value) for p, value in self.arguments.items()} }"


@st.composite
def calls(draw, name):
    """Right arguments, of which one is anything."""
    arguments = {p: make() for p, make in makers(name).items()}
    changed = draw(st.sampled_from(sorted({*arguments} - {"self"})))
    right = arguments[changed]
    anything = SCALARS | arrays(right)
    if isinstance(right, list):
        anything |= st.lists(arrays(right[0]), min_size=1, max_size=2)
    value = arguments[changed] = draw(anything)
    if changed in ("epochs", "steps"):  # which are right, however many
        assume(not is_a(value, int) or value < 1000)
    return Call(changed, arguments)


# What is held


def leaves(value):
    """All arrays and numbers in a result or an argument."""
    if is_a(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    if is_a(value, dict):
        return leaves([*value.values()])
    if hasattr(type(value), "__next__"):
        return leaves(list(value))
    if type(value).__module__.startswith("mnist_gd."):
        return leaves(vars(value))
    numbers = is_a(value, np.ndarray | np.generic) or type(value) in (float, int, bool)
    return [value] if numbers else []


def holds_nan(value, test=np.isnan):
    """Whether a result holds a NaN; or, by another test, an infinity."""
    kinds = [leaf for leaf in leaves(value) if np.asarray(leaf).dtype.kind == "f"]
    return any(test(np.asarray(leaf)).any() for leaf in kinds)


def frozen(value):
    """What must be the same after a call."""
    return [
        (a.dtype, a.shape, a.strides, repr(a.tolist()), repr(np.ma.getmask(a).tolist()))
        if is_a(a, np.ndarray)
        else shown(a)
        for a in leaves(value)
    ]


IN_PLACE = {
    "shrink_weights": {"weights"},
    "Momentum.update": {"parameters"},
    "Adam.update": {"parameters"},
}
# What else may be raised: what comes of right arguments, or that a file or a record is not there.
SEARCHES = (
    *("sweep", "choose", "notebook_search", "task_four", "finalists", "fastest", "full_search"),
    *("halving_search", "validate", "study", "final_results", "main"),
    *("grid_search", "successive_halving", "run_all", "Record.network", "Row.__getitem__"),
)
ALSO = {
    **dict.fromkeys(SEARCHES, LookupError),
    **dict.fromkeys(("minimize", "Network.train", "validation_run"), DivergenceError),
    **dict.fromkeys(("curve_run", "final_run"), DivergenceError),
    **dict.fromkeys(("Adam.update", "Momentum.update"), DivergenceError),
    **dict.fromkeys(
        ("Network.update", "LinearLayer.update", "LinearLayer.descend"), DivergenceError
    ),
    **dict.fromkeys(("Network.load", "Network.save"), OSError),
    **dict.fromkeys(("digit_from_image", "read_handwriting"), OSError),
    "check_gradient": AssertionError,
    "check": WrongAnswer,
}
# Products of the largest numbers are not finite: a network looks for that in what its layers
# give, a training in each step.
LEFT_TO_OTHERS = {
    *(f"LinearLayer.{method}" for method in ("__call__", "pre_activation", "forward", "backward")),
    *("LinearLayer.descend", "Network.forward"),
}
KEEPS_DTYPE = {"z", "y_pred", "grad_output", "images"}


def keep_contract(name, changed, arguments, overflow):
    function = PUBLIC[name]
    before = {p: frozen(value) for p, value in arguments.items() if p != "rng"}
    finite = not holds_nan(list(arguments.values()), lambda a: ~np.isfinite(a))
    refusal = stopped = None
    plt.close("all")
    try:
        with warnings.catch_warnings(), np.errstate(all=overflow):
            warnings.simplefilter("ignore")
            result = function(**arguments)
            if hasattr(type(result), "__next__"):
                result = list(result)
    except ALSO.get(name, ()) as error:
        stopped = error
    except FloatingPointError as error:  # as the caller has told NumPy
        assert overflow == "raise"
        stopped = error
    except (ValueError, TypeError) as error:
        refusal = error
    else:
        assert not (finite and holds_nan(result)) or name in LEFT_TO_OTHERS, result
        masked = any(map(np.ma.is_masked, leaves(arguments[changed])))
        assert not masked or any(map(np.ma.is_masked, leaves(result))), "a mask was forgotten"
    if refusal:
        names = "|".join(map(re.escape, {*arguments} - {"self"}))
        assert re.search(rf"\b({names})\b", str(refusal)), refusal
    for p, value in before.items():
        trained = stopped and name == "Network.train"  # until it left the finite numbers
        if ((refusal or stopped) and not trained) or p not in {"self", *IN_PLACE.get(name, ())}:
            assert frozen(arguments[p]) == value, f"{p} was changed"
    if not (refusal or stopped) and changed in KEEPS_DTYPE and is_a(result, np.ndarray):
        given_dtype = attribute(arguments[changed], "dtype")
        if given_dtype in (np.float32, np.float64) and result.dtype.kind == "f":
            given_dtypes = {attribute(value, "dtype") for value in arguments.values()}
            assert result.dtype in given_dtypes


EXAMPLES = 20 if sys.platform == "emscripten" else 50  # there as many as of any property


@pytest.mark.parametrize("name", DRAWN)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_right_result_or_a_refusal_that_names_the_argument(name, data):
    call = data.draw(calls(name))
    overflow = data.draw(st.sampled_from(["ignore", "raise"]))
    keep_contract(name, call.changed, call.arguments, overflow)


@pytest.mark.parametrize("name", DRAWN)
def test_an_object_that_raises_when_it_is_asked_is_refused_as_any_argument(name):
    """Of so few among so much, draws may miss an argument."""
    for changed in sorted({*makers(name)} - {"self"}):
        for value in RAISING:
            arguments = {p: make() for p, make in makers(name).items()} | {changed: value}
            keep_contract(name, changed, arguments, "ignore")
