"""The test cases of other libraries, from their installed releases, run on this package.

Where a library's own test calls its function by a name of the test's module, ours is put in that
name's place, and the test runs as it is. What ours does not do (other averages, weights, infinite
logits) the stand-in leaves to the library's function; a test in which ours was never asked fails.
Elsewhere a table of the library's, or the function itself over a grid, says what is right.
"""

import inspect
import itertools
import warnings
from functools import wraps
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from mnist_gd import _archives, additions, losses, metrics
from mnist_gd.activations import identity, leaky_relu, prelu, relu, sigmoid, softmax, with_options
from mnist_gd.data import one_hot
from mnist_gd.layers import LinearLayer


def counted(test):
    """A test that counts the cases that it has run, by `count`; without any it fails."""
    signature = inspect.signature(test)
    fixtures = [p for name, p in signature.parameters.items() if name != "count"]

    @wraps(test)
    def run(**given):
        cases = []
        test(**given, count=lambda n=1: cases.append(n))
        print(f"{sum(cases):>5} cases of {test.__name__}")
        assert sum(cases) > 0

    run.__signature__ = signature.replace(parameters=fixtures)
    return run


def theirs(module, extra="test"):
    """A module of another library; the test is skipped where that is not installed."""
    library = module.split(".")[0]
    pytest.importorskip(library, reason=f"the extra {extra!r} is not installed")
    return import_module(module)


def arguments_of(test):
    """All combinations of arguments that a test of others is marked with."""
    marks = [mark.args for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    axes = []
    for names, values, *_ in marks:
        names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        axes.append([dict(zip(names, [v] if len(names) == 1 else v, strict=True)) for v in values])
    for combination in itertools.product(*axes):
        yield {name: value for some in combination for name, value in some.items()}


def run_theirs(monkeypatch, module, test, ours, **fixtures):
    """Run a test of others with each of its arguments; return how often ours was asked."""
    asked = []

    def stand_in(function, original):
        def either(*args, **kwargs):
            result = function(*args, **kwargs)
            if result is NotImplemented:
                return original(*args, **kwargs)
            asked.append(function)
            return result

        return either

    cases = 0
    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of theirs, about what is left to them
        for name, function in ours.items():
            patch.setattr(module, name, stand_in(function, getattr(module, name)))
        for arguments in arguments_of(test):
            asked.clear()
            test(**arguments, **fixtures)
            cases += bool(asked)
    return cases


# --------------------------------------------------------------------------------- SciPy


def over(function):
    """A function of the last axis as one of any axes, of SciPy's signature."""

    def over_axes(x, axis=None):
        x = np.asarray(x, dtype=np.result_type(np.asarray(x).dtype, np.float32))
        axes = tuple(range(x.ndim)) if axis is None else np.atleast_1d(axis).tolist()
        moved = np.moveaxis(x, axes, range(-len(axes), 0)) if axes else x
        rows = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
        back = function(rows).reshape(moved.shape)
        return np.moveaxis(back, range(-len(axes), 0), axes)[()] if axes else back[()]

    return over_axes


def log_softmax(z):
    """Minus the cross-entropy of each row for each class that it could have been."""
    rows = z.reshape(-1, z.shape[-1])
    classes = np.eye(z.shape[-1], dtype=z.dtype)
    each = [
        [-losses.cross_entropy_with_logits(row[None], y[None]) for y in classes] for row in rows
    ]
    return np.array(each, z.dtype).reshape(z.shape)


def log_expit(x):
    """Minus the binary cross-entropy of each logit if the answer is yes."""
    each = [-losses.binary_cross_entropy_with_logits(z, np.ones(1)) for z in x.reshape(-1, 1)]
    return np.array(each, x.dtype).reshape(x.shape)


def logsumexp(z):
    """Of all entries: the largest, and the cross-entropy if that class is true."""
    z = np.asarray(z)
    if z.dtype.kind == "c":
        return NotImplemented
    z = z.astype(np.float32 if z.dtype == np.float32 else np.float64)
    truth = np.eye(z.size, dtype=z.dtype)[[z.argmax()]]
    return z.dtype.type(losses.cross_entropy_with_logits(z.reshape(1, -1), truth) + z.max())


SCIPY = {
    "TestExpit": ("test_logit", {"expit": sigmoid}),
    "TestLogExpit": ("test_logit", {"log_expit": log_expit}),
    "TestSoftmax": ("test_logsumexp", {"softmax": over(softmax)}),
    "TestLogSoftmax": ("test_logsumexp", {"log_softmax": over(log_softmax)}),
    "TestLogSumExp": ("test_logsumexp", {"logsumexp": logsumexp}),
}
# Ours is of finite logits alone, without weights, signs and axes; and of complex ones there is
# none. Of a loss below the rounding of 1 it keeps no digits, which `test_gh18295` asks for.
OF_ALL_FINITE = ("test_array_like", "test_dtypes_a")


@pytest.mark.parametrize("name", SCIPY)
@counted
def test_scipys_own_tests(monkeypatch, count, name):
    file, ours = SCIPY[name]
    module = theirs(f"scipy.special.tests.{file}")
    group = getattr(module, name)()
    names = OF_ALL_FINITE if name == "TestLogSumExp" else vars(type(group))
    for test in (getattr(group, n) for n in names if n.startswith("test")):
        fixtures = {"xp": np} if "xp" in inspect.signature(test).parameters else {}
        count(run_theirs(monkeypatch, module, test, ours, **fixtures))


@counted
def test_scipys_logits_lead_back(count):
    """The inverse of our sigmoid, from the table of its logit."""
    module = theirs("scipy.special.tests.test_logit")

    class Back(module.TestLogit):
        def check_logit_out(self, a, expected):
            back = sigmoid(expected)
            assert back.dtype == a.dtype
            np.testing.assert_allclose(back, a, rtol=16 * np.finfo(a.dtype).eps)
            count()

    Back().test_float32()
    Back().test_float64()


@pytest.mark.parametrize("name", ["rel_entr", "kl_div", "entr"])
@counted
def test_scipys_entropies(monkeypatch, count, name):
    """Of yes and no together: the tables hold the complement of each probability too.

    Of `xlogy` only 0 log 0 is a matter of probabilities, which is in these as well; and the single
    terms of almost equal ones, for which SciPy has a table, cancel in a sum over the classes.
    """
    module, tables = theirs("scipy.special.tests.test_basic"), []
    monkeypatch.setattr(module, "assert_func_equal", lambda *table, **_: tables.append(table))
    getattr(module, f"test_{name}")()
    ((_, values, points),) = tables
    table = {tuple(np.atleast_1d(point)): v for point, v in zip(points, values, strict=True)}
    for point, value in table.items():
        if not all(0 <= p <= 1 for p in point):
            continue
        both = value + table[tuple(1 - p for p in point)]
        y, p = (np.array([[v, 1 - v]]) for v in (point[0], point[-1]))
        if name == "entr":
            assert losses.cross_entropy(y, y) == pytest.approx(both, rel=1e-13)
            assert losses.binary_cross_entropy(y, y) == pytest.approx(both, rel=1e-13)
        else:
            assert losses.kl_divergence(p, y) == pytest.approx(both, rel=1e-13)
        count()


# -------------------------------------------------------------------------- scikit-learn


class Adapted:
    """A loss of ours with the methods of scikit-learn's, which take one value at a time."""

    def __init__(self, loss, factor=1, classes=None):
        self._loss, self._factor, self._classes = loss, factor, classes

    def _pair(self, y_true, raw_prediction):
        if self._classes:
            y_true = one_hot(y_true.astype(int), self._classes, raw_prediction.dtype)
        return raw_prediction, y_true.astype(raw_prediction.dtype)

    def __call__(self, y_true, raw_prediction):
        return self._factor * self._loss(*self._pair(y_true, raw_prediction))

    def loss(self, y_true, raw_prediction):
        rows = zip(y_true[:, None], raw_prediction[:, None], strict=True)
        return np.array([self(y, z) for y, z in rows])

    def gradient(self, y_true, raw_prediction):
        gradient = self._loss.gradient(*self._pair(y_true, raw_prediction))
        return self._factor * len(y_true) * gradient

    def loss_gradient(self, y_true, raw_prediction):
        return self(y_true, raw_prediction), self.gradient(y_true, raw_prediction)

    def gradient_hessian(self, y_true, raw_prediction):
        return self.gradient(y_true, raw_prediction), None


ADAPTED = {
    "HalfSquaredError": Adapted(losses.mean_squared_error, factor=0.5),
    "HalfBinomialLoss": Adapted(losses.binary_cross_entropy_with_logits),
    "HalfMultinomialLoss": Adapted(losses.cross_entropy_with_logits, classes=3),
}


@counted
def test_scikit_learns_values_of_losses(count):
    """Their table of values and gradients, extreme logits among them; ours has no Hessian."""
    module = theirs("sklearn._loss.tests.test_loss")
    test = module.test_loss_on_specific_values
    for arguments in arguments_of(test):
        name = type(arguments["loss"]).__name__
        if name in ADAPTED:
            test(**arguments | {"loss": ADAPTED[name], "hessian_true": None})
            count()


@counted
def test_scikit_learns_alternative_formulas_of_losses(monkeypatch, count):
    module = theirs("sklearn._loss.tests.test_loss")
    binomial = {"HalfBinomialLoss": lambda: ADAPTED["HalfBinomialLoss"]}
    test = module.test_binomial_vs_alternative_formulation
    count(run_theirs(monkeypatch, module, test, binomial, global_dtype=np.float64))

    def multinomial(n_classes):
        return Adapted(losses.cross_entropy_with_logits, classes=n_classes)

    test = module.test_binomial_and_multinomial_loss
    both = binomial | {"HalfMultinomialLoss": multinomial}
    count(run_theirs(monkeypatch, module, test, both, global_random_seed=0))


def numbered(*labels):
    """Labels of any kind as the numbers of their classes, in their order."""
    classes = np.unique(np.concatenate([np.ravel(some) for some in labels]))
    return [np.searchsorted(classes, some) for some in labels], classes


def score(function):
    """A score of ours with the signature of theirs."""

    def adapted(y_true, y_pred, *, average="binary", **others):
        (y_true, y_pred), classes = numbered(y_true, y_pred)
        if others or y_true.ndim > 1 or average not in ("binary", "macro", None):
            return NotImplemented
        if average == "binary" and classes.tolist() not in ([0, 1], [False, True]):
            return NotImplemented  # which of the two is "yes" is a matter of their labels
        return function(y_true, y_pred, average)

    return adapted


def all_scores(y_true, y_pred, *, average=None, **others):
    three = [score(f) for f in (metrics.precision, metrics.recall, metrics.f1_score)]
    found = [f(y_true, y_pred, average=average, **others) for f in three]
    if any(value is NotImplemented for value in found):
        return NotImplemented
    return *found, np.unique(y_true, return_counts=True)[1] if average is None else None


def accuracy(y_true, y_pred, **others):
    (y_true, y_pred), _ = numbered(y_true, y_pred)
    return NotImplemented if others or y_true.ndim > 1 else metrics.accuracy(y_true, y_pred)


def matrix(y_true, y_pred, *, normalize=None, **others):
    (y_true, y_pred), classes = numbered(y_true, y_pred)
    if others or normalize not in (None, "true") or len(classes) < 2:
        return NotImplemented
    return metrics.confusion_matrix(y_true, y_pred, normalize=normalize == "true")


def log_loss(y_true, y_proba, *, normalize=True, **others):
    (labels,), classes = numbered(y_true)
    p = np.asarray(y_proba, float)
    if others or len(p) != len(labels) or (p.ndim == 2 and p.shape[1] != len(classes)):
        return NotImplemented  # a mistake that their function is to find
    loss = (
        losses.binary_cross_entropy(p, labels)
        if p.ndim == 1
        else losses.cross_entropy(p, one_hot(labels, len(classes), float))
    )
    return loss if normalize else loss * len(labels)


def brier_score(y_true, y_prob, **others):
    (labels,), classes = numbered(y_true)
    y_prob = np.asarray(y_prob)
    if others or labels.ndim > 1 or y_prob.ndim > 1 or len(classes) < 2:
        return NotImplemented
    return losses.mean_squared_error(y_prob, labels)


def roc_area(y_true, y_score, **others):
    y_true = np.asarray(y_true)
    if others or y_true.ndim > 1 or len(np.unique(y_true)) < 2:
        return NotImplemented
    return metrics.roc_area(y_true, y_score)


METRICS = {
    "accuracy_score": accuracy,
    "precision_score": score(metrics.precision),
    "recall_score": score(metrics.recall),
    "f1_score": score(metrics.f1_score),
    "precision_recall_fscore_support": all_scores,
    "confusion_matrix": matrix,
    "log_loss": log_loss,
    "brier_score_loss": brier_score,
}


@pytest.mark.parametrize(
    "name",
    [
        "precision_recall_f1_score_binary",
        "precision_recall_f1_score_multiclass",
        "precision_recall_f1_score_binary_averaged",
        "zero_precision_recall",
        "confusion_matrix_binary",
        "confusion_matrix_normalize",
        "confusion_matrix_normalize_single_class",
        "log_loss",
        "log_loss_perfect_predictions",
        "brier_score_loss_binary",
    ],
)
@counted
def test_scikit_learns_own_tests_of_metrics(monkeypatch, count, name):
    module = theirs("sklearn.metrics.tests.test_classification")
    count(run_theirs(monkeypatch, module, getattr(module, f"test_{name}"), METRICS))


@counted
def test_scikit_learns_own_tests_of_the_roc_area(monkeypatch, count):
    module = theirs("sklearn.metrics.tests.test_ranking")
    for test in (module.test_roc_curve_toydata, module.test_score_scale_invariance):
        count(run_theirs(monkeypatch, module, test, {"roc_auc_score": roc_area}))


# ---------------------------------------------------------------------------------- ONNX


def gemm(a, b, c=0.0, *, alpha=1.0, beta=1.0, transA=0, transB=0, broadcast=1):
    """A layer's pre-activation, if the third matrix is one row for all."""
    x, weights = (a.T if transA else a), alpha * (b.T if transB else b)
    if np.size(c) not in (1, weights.shape[1]):
        return NotImplemented
    bias = np.broadcast_to(beta * np.ravel(c), (1, weights.shape[1])).astype(a.dtype)
    return LinearLayer.from_arrays(weights.astype(a.dtype), bias).pre_activation(x)


def softmax_cross_entropy(scores, labels, weights=None, *, ignore_index=None, reduction="mean"):
    if weights is not None or ignore_index in labels:
        return NotImplemented
    classes = scores.shape[1]
    rows = np.moveaxis(scores, 1, -1).reshape(-1, classes)
    truth = one_hot(labels.ravel(), classes)
    log_probabilities = over(log_softmax)(scores, 1)
    if reduction == "none":
        pairs = zip(rows[:, None], truth[:, None], strict=True)
        each = [losses.cross_entropy_with_logits(*pair) for pair in pairs]
        return np.reshape(each, labels.shape).astype(scores.dtype), log_probabilities
    total = losses.cross_entropy_with_logits(rows, truth) * (
        len(rows) if reduction == "sum" else 1
    )
    return np.array(total, scores.dtype), log_probabilities


def argmax(x, *, axis=0, keepdims=1, select_last_index=0):
    if select_last_index:
        return NotImplemented
    rows = np.moveaxis(x, axis, -1)
    found = metrics.answers(rows.reshape(-1, rows.shape[-1])).reshape(rows.shape[:-1])
    return np.expand_dims(found, axis) if keepdims else found


def rows_of_ones(labels, depth, values, *, axis=-1):
    if labels.min() < 0 or labels.dtype.kind == "f":
        return NotImplemented
    hot = one_hot(labels.ravel(), int(depth.item())).reshape(*labels.shape, -1)
    return np.moveaxis(values[0] + (values[1] - values[0]) * hot, -1, axis).astype(values.dtype)


def real(function):
    """Of real arrays alone; ONNX has sequences, integers and eight bits too."""

    def checked(x, *args, **options):
        floating = isinstance(x, np.ndarray) and x.dtype in (np.float32, np.float64)
        return function(x, *args, **options) if floating else NotImplemented

    return checked


OPERATORS = {
    "Identity": real(identity),
    "Relu": real(relu),
    "LeakyRelu": real(lambda x, *, alpha=0.01: leaky_relu(x, alpha)),
    "PRelu": real(
        lambda x, slope: prelu(x, slope) if slope.size in (1, x.shape[-1]) else NotImplemented
    ),
    "Sigmoid": real(sigmoid),
    "Softmax": real(lambda x, *, axis=-1: over(softmax)(x, axis)),
    "LogSoftmax": real(lambda x, *, axis=-1: over(log_softmax)(x, axis)),
    "SoftmaxCrossEntropyLoss": real(softmax_cross_entropy),
    "Gemm": real(gemm),
    "ArgMax": real(argmax),
    "OneHot": rows_of_ones,
}
FILES = {"SoftmaxCrossEntropyLoss": "softmax_cross_entropy_loss"}  # where their cases are


def of_graph(graph, inputs, constants):
    """What a graph gives by our functions alone, or NotImplemented."""
    helper = theirs("onnx.helper")
    names = [i.name for i in graph.input if i.name not in constants]
    values = dict(zip(names, inputs, strict=True))
    values |= constants | {"": None}
    for node in graph.node:
        options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        options = {k: v.decode() if isinstance(v, bytes) else v for k, v in options.items()}
        result = OPERATORS[node.op_type](*(values[name] for name in node.input), **options)
        if result is NotImplemented:
            return NotImplemented
        results = result if isinstance(result, tuple) else (result,)
        values |= dict(zip(node.output, results, strict=False))  # the rest is not asked for
    return [values[output.name] for output in graph.output]


def compare_graph(model, data):
    """Whether ours computes a case; then it has to be right."""
    numpy_helper = theirs("onnx.numpy_helper")
    constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    inputs, outputs = data
    found = of_graph(model.graph, inputs, constants)
    if found is NotImplemented:
        return False
    for ours, expected in zip(found, outputs, strict=True):
        assert ours.shape == expected.shape
        assert ours.dtype == expected.dtype or expected.dtype == np.int64
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)
    return True


@pytest.mark.parametrize("operator", OPERATORS)
@counted
def test_the_cases_of_onnx(count, operator):
    """Those of one operator; its library makes the numbers as it is imported."""
    theirs(f"onnx.backend.test.case.node.{FILES.get(operator, operator.lower())}")
    for case in theirs("onnx.backend.test.case.node")._NodeTestCases:
        if [node.op_type for node in case.model.graph.node] == [operator]:
            for data in case.data_sets:
                count(compare_graph(case.model, data))


@counted
def test_the_modules_of_pytorch_in_onnx(count):
    """Graphs that PyTorch wrote of its modules, with what the modules gave."""
    onnx, loader = theirs("onnx"), theirs("onnx.backend.test.loader")
    for case in loader.load_model_tests(kind="pytorch-converted"):
        folder = Path(case.model_dir)
        model = onnx.load(folder / "model.onnx")
        if {node.op_type for node in model.graph.node} <= OPERATORS.keys():
            for data in folder.glob("test_data_set_*"):
                arrays = [
                    [onnx.numpy_helper.to_array(onnx.load_tensor(f)) for f in sorted(data.glob(p))]
                    for p in ("input_*.pb", "output_*.pb")
                ]
                count(compare_graph(model, arrays))


# ------------------------------------------------------------------- torchvision and optax

ALPHAS, GAMMAS = (-1, 0.0, 0.25, 0.5, 0.9, 1.0), (0.0, 0.5, 1.0, 2.0, 5.0)
GRID = np.concatenate([np.linspace(-30, 30, 61), [-700.0, -100.0, 1e-8, 100.0, 700.0]])


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("alpha", ALPHAS)
@counted
def test_the_focal_loss_of_torchvision_on_a_grid(count, alpha, gamma):
    """Each logit by itself, and the gradient; it takes 1 - p, which rounds: hence the absolute."""
    _archives.torchvision_mnist()  # makes it importable beside any PyTorch
    focal = theirs("torchvision.ops").sigmoid_focal_loss
    ours = with_options(losses.focal_loss_with_logits, alpha=alpha, gamma=gamma)
    for truth in (0.0, 1.0):
        z = torch.tensor(GRID, requires_grad=True)
        each = focal(z, torch.full_like(z, truth), alpha=alpha, gamma=gamma)
        each.sum().backward()
        y = np.array([truth])
        found = [ours(np.array([logit]), y) for logit in GRID]
        np.testing.assert_allclose(found, each.detach().numpy(), rtol=1e-12, atol=1e-13)
        slopes = np.concatenate([ours.gradient(np.array([logit]), y) for logit in GRID])
        expected = z.grad.numpy()
        known = np.isfinite(expected)  # at (1 - p)**gamma = 0 autograd has 0 times infinity
        assert known.all() or gamma < 1
        np.testing.assert_allclose(slopes[known], expected[known], rtol=1e-7, atol=1e-7)
        count(len(GRID))


@pytest.fixture
def optax():
    found = theirs("optax", "oracles")
    import jax

    with jax.enable_x64(True):
        yield found


def logits_and_truths(classes):
    rng = np.random.default_rng(8)
    z = rng.normal(scale=8, size=(200, classes))
    return z, rng.integers(0, 2, z.shape).astype(float), softmax(rng.normal(size=z.shape))


LOSSES_OF_OPTAX = {
    "squared_error": (losses.mean_squared_error, {}, "soft"),
    "sigmoid_binary_cross_entropy": (losses.binary_cross_entropy_with_logits, {}, "soft"),
    "sigmoid_focal_loss": (
        with_options(losses.focal_loss_with_logits, alpha=0.7, gamma=1.5),
        {"alpha": 0.7, "gamma": 1.5},
        "hard",
    ),
    "softmax_cross_entropy": (losses.cross_entropy_with_logits, {}, "soft"),
}


@pytest.mark.parametrize("name", LOSSES_OF_OPTAX)
@counted
def test_the_losses_of_optax(optax, count, name):
    import jax

    ours, options, kind = LOSSES_OF_OPTAX[name]
    z, hard, soft = logits_and_truths(5)
    y = hard if kind == "hard" else soft
    function = getattr(optax.losses, name)
    value, gradient = jax.value_and_grad(lambda z: function(z, y, **options).mean())(z)
    assert ours(z, y) == pytest.approx(float(value), rel=1e-12)
    np.testing.assert_allclose(ours.gradient(z, y), gradient, rtol=1e-9, atol=1e-15)
    count(len(z))


@counted
def test_the_divergence_of_optax(optax, count):
    z, _, y = logits_and_truths(5)
    p = softmax(z / 4)
    expected = optax.losses.kl_divergence(np.log(p), y)
    found = [losses.kl_divergence(row[None], truth[None]) for row, truth in zip(p, y, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    count(len(p))


@pytest.mark.parametrize(
    ("ours", "name", "options", "decay"),
    [
        (lambda: additions.Momentum(0.0), "sgd", {}, 0.0),
        (lambda: additions.Momentum(0.9), "sgd", {"momentum": 0.9}, 0.0),
        (additions.Adam, "adam", {}, 0.0),
        (lambda: additions.Adam(0.5, 0.9, 1e-3), "adam", {"b1": 0.5, "b2": 0.9, "eps": 1e-3}, 0.0),
        (additions.Adam, "adamw", {"weight_decay": 0.2}, 0.2),
    ],
)
@counted
def test_the_optimizers_of_optax(optax, count, ours, name, options, decay):
    """The same hundred steps down the same slope."""
    optimizer, own = getattr(optax, name)(0.03, **options), ours()
    theirs_at = np.array([1.0, -2.0, 0.3])
    ours_at, state = theirs_at.copy(), optimizer.init(theirs_at)
    for _ in range(100):
        slope, own_slope = (3 * at + np.cos(5 * at) for at in (theirs_at, ours_at))
        update, state = optimizer.update(slope, state, theirs_at)
        theirs_at = np.asarray(optax.apply_updates(theirs_at, update))
        additions.shrink_weights([ours_at], 0.03, decay)
        own.update([ours_at], [own_slope], 0.03)
        np.testing.assert_allclose(ours_at, theirs_at, rtol=1e-9)
        count()


@counted
def test_the_falling_rate_of_optax(optax, count):
    schedule, ours = optax.cosine_decay_schedule(0.3, 50), additions.cosine_decay(0.3)
    for step in range(51):
        assert ours(step / 50) == pytest.approx(float(schedule(step)), rel=1e-9, abs=1e-15)
        count()
