"""How the package is built: its floors, what importing it costs, and its documentation."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from dataclasses import is_dataclass
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

import pytest
from numpydoc.validate import validate

import mnist_gd

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mnist_gd"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def name_of(path):
    """The name of a module below the package, with dots; a sub-package has its own."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


PATHS = {name: path for path in sorted(PACKAGE.rglob("*.py")) if (name := name_of(path))}
MODULES = sorted(PATHS)
PUBLIC = [name for name in MODULES if not re.search(r"\b_", name)]
TOP = [name for name in PUBLIC if "." not in name]

# Folders of modules that offer nothing themselves.
FOLDERS = {"experiments"}

# An import goes down, or stays on its floor without going round in a circle.
FLOORS = {
    "_arguments": 0,
    "_checks": 0,
    "_instructions": 0,
    "_code": 0,
    "_configurations": 0,
    "_files": 0,
    "_ink": 0,
    "_kernels": 0,
    "_progress": 0,
    "_running": 0,
    "_sources": 0,
    "_workers": 0,
    "plots": 0,
    "report": 0,
    "_archives": 1,
    "_steps": 1,
    "activations": 1,
    "additions": 1,
    "_drawings": 1,
    "_pictures": 1,
    "doubt": 1,
    "handwriting": 1,
    "losses": 1,
    "metrics": 1,
    "gradient_descent": 1,
    "gradient_check": 1,
    "history": 1,
    "_record_files": 2,
    "scaling": 1,
    "data": 2,
    "layers": 2,
    "_examples": 3,
    "_network_files": 3,
    "_passes": 3,
    "training": 3,
    "networks": 4,
    "exercises": 5,
    "exercises.activations": 5,
    "exercises.convexity": 5,
    "exercises.gradient_check": 5,
    "exercises.gradient_descent": 5,
    "exercises.judge": 5,
    "exercises.labels": 5,
    "exercises.landscape": 5,
    "exercises.layers": 5,
    "exercises.losses": 5,
    "exercises.metrics": 5,
    "exercises.momentum": 5,
    "exercises.noise": 5,
    "exercises.networks": 5,
    "exercises.newton": 5,
    "exercises._tasks": 5,
    "onnx": 5,
    "records": 5,
    "sklearn": 5,
    "search": 6,
    "experiments": 0,
    "experiments.plans": 0,
    "experiments._tables": 1,
    "experiments.runs": 5,
    "experiments.searches": 7,
    "experiments.studies": 7,
}
# What each module may import beside NumPy and the standard library.
OTHERS = {
    "_configurations": {"joblib"},
    "_progress": {"tqdm"},
    "data": {"platformdirs"},
    "_running": {"tqdm"},
    "onnx": {"onnx"},
    "plots": {"matplotlib"},
    "records": {"filelock", "joblib", "threadpoolctl"},
    "sklearn": {"sklearn"},
}
# What is imported only when a function needs it.
LAZY = {
    "_archives": {"torch", "torchvision"},
    "_network_files": {"mnist_gd.networks"},
    "_workers": {"joblib"},
    "data": {"mnist_gd.handwriting"},
    "handwriting": {"PIL"},
    "history": {"mnist_gd.plots"},
    "plots": {"matplotlib_inline"},
    "report": {"IPython", "myst_nb"},
}


def imports(module):
    """The modules that a module imports: at once, and inside its functions."""
    tree = ast.parse(PATHS[module].read_text(encoding="utf-8"))
    at_once, lazy = set(), set()

    def visit(node, found):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module} imports relatively"
                for alias in child.names:
                    inner = f"{child.module}.{alias.name}"
                    is_module = inner.removeprefix("mnist_gd.") in PATHS
                    found.add(inner if is_module else child.module)
            inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            visit(child, lazy if inner else found)

    visit(tree, at_once)
    return at_once, lazy


def own(names):
    return {name.removeprefix("mnist_gd.") for name in names if name.startswith("mnist_gd.")}


def run_by(module):
    """What runs when a module is imported: also the sub-packages that it enters from outside."""
    found = own(imports(module)[0])
    parents = {parent for name in found for parent in PATHS if name.startswith(f"{parent}.")}
    return found | {parent for parent in parents if not f"{module}.".startswith(f"{parent}.")}


def foreign(names):
    tops = {name.split(".")[0] for name in names}
    return {top for top in tops if top not in sys.stdlib_module_names and top != "mnist_gd"}


def members():
    """Every public function and class, by its full name."""
    for module in PUBLIC:
        namespace = importlib.import_module(f"mnist_gd.{module}")
        for name in getattr(namespace, "__all__", ()):
            member = getattr(namespace, name)
            if callable(member) and member.__module__ == namespace.__name__:
                yield f"mnist_gd.{module}.{name}", member


def methods():
    for full_name, member in members():
        if inspect.isclass(member):
            for name, value in vars(member).items():
                if not name.startswith("_") and isinstance(
                    value, property | classmethod | staticmethod | type(methods)
                ):
                    yield f"{full_name}.{name}"


MEMBERS = dict(members())


# Floors


def test_every_module_has_a_floor():
    assert set(MODULES) == set(FLOORS)


def test_contributors_are_told_the_floors():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = {}
    for floor, names in re.findall(r"^(\d)  ([^(\n]*)", text, re.MULTILINE):
        told |= dict.fromkeys(names.split(), int(floor))
    assert told.pop("numpy") == 0
    assert told.items() <= FLOORS.items()
    untold = {name for name in PUBLIC if name.split(".")[0] != "exercises"} - told.keys()
    assert untold == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_says_what_its_modules_are_for(folder):
    told = re.findall(
        r":mod:`mnist_gd\.([\w.]+)`", importlib.import_module(f"mnist_gd.{folder}").__doc__
    )
    assert sorted(told) == [name for name in PUBLIC if name.startswith(f"{folder}.")]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    above = {name for name in run_by(module) if FLOORS[name] > FLOORS[module]}
    assert not above, f"{module} imports what stands above it"


@pytest.mark.parametrize("module", MODULES)
def test_imports_never_go_round(module):
    seen, waiting = set(), run_by(module)
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting |= run_by(name) - seen
    assert module not in seen


@pytest.mark.parametrize("module", MODULES)
def test_other_packages_stay_in_their_module(module):
    at_once, lazy = imports(module)
    assert foreign(at_once) - {"numpy"} <= OTHERS.get(module, set())
    assert foreign(lazy) | {f"mnist_gd.{name}" for name in own(lazy)} <= LAZY.get(module, set())


def test_the_rules_name_nothing_that_is_not_there():
    """A permission that nobody uses any more is taken back."""
    for module, allowed in OTHERS.items():
        assert foreign(imports(module)[0]) - {"numpy"} == allowed
    for module, allowed in LAZY.items():
        lazy = imports(module)[1]
        assert foreign(lazy) | {f"mnist_gd.{name}" for name in own(lazy)} == allowed


def test_what_is_imported_is_required():
    required = {re.match(r"[\w-]+", requirement)[0] for requirement in PROJECT["dependencies"]}
    imported = {"numpy"}.union(*OTHERS.values())
    assert imported - {"matplotlib", "onnx", "sklearn"} == required  # these say which extra


CHECKED = {"as_float", "check_integer", "check_labels", "check_matrix", "check_real"}


def test_what_was_checked_is_what_is_used():
    """A check returns the value that it allows; the raw one may overflow, or be another type."""
    for path in PATHS.values():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            thrown = node.value if isinstance(node, ast.Expr) else None
            compared = node.left if isinstance(node, ast.Compare) else None
            for call in (thrown, compared):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                    name = call.func.id
                    allowed = compared is call and name == "check_labels"  # labels == digit
                    assert name not in CHECKED or allowed, f"{path.name}:{call.lineno}"


# Importing


def test_every_subpackage_is_installed():
    """The wheel takes folders with an `__init__` whose names fit."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "setuptools"
    ]
    for folder in {path.parent for path in PATHS.values()}:
        assert (folder / "__init__.py").exists(), folder
        name = ".".join(folder.relative_to(ROOT).parts)
        assert any(fnmatch(name, known) for known in tool["packages"]["find"]["include"]), name


def loaded_by(statement):
    program = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=True,
    )
    return set(done.stdout.split())


HEAVY = {"matplotlib", "joblib", "torch", "torchvision", "scipy", "sklearn", "onnx", "tqdm"}
HEAVY |= {"onnxruntime", "IPython"}


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import mnist_gd", set()),
        ("import mnist_gd; mnist_gd.losses.focal_loss", set()),
        ("import mnist_gd.data", set()),
        ("import mnist_gd.networks", {"tqdm"}),
        ("import mnist_gd.experiments", set()),
        ("import mnist_gd.experiments.plans", set()),
        ("import mnist_gd.experiments.studies", {"tqdm", "joblib"}),
        ("import mnist_gd.plots", {"matplotlib"}),
        ("import mnist_gd.onnx", {"onnx", "tqdm"}),
        ("import mnist_gd.sklearn", {"sklearn", "scipy", "joblib", "tqdm"}),
    ],
)
def test_importing_loads_nothing_heavy(statement, allowed):
    loaded = loaded_by(statement)
    assert "mnist_gd" in loaded
    assert loaded & HEAVY <= allowed


def test_the_version_is_looked_up_when_it_is_asked_for():
    """To look it up takes longer than all else that is imported beside NumPy."""
    program = "import sys, numpy; sys.modules.pop('importlib.metadata', None); import mnist_gd; "
    program += "print('importlib.metadata' in sys.modules, mnist_gd.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=True,
    )
    assert done.stdout.split() == ["False", mnist_gd.__version__]


def test_modules_are_reached_as_attributes():
    assert sorted(mnist_gd.__all__) == TOP
    for name in mnist_gd.__all__:
        assert getattr(mnist_gd, name) is importlib.import_module(f"mnist_gd.{name}")


@pytest.mark.parametrize("name", ["nonsense", "Losses", "__author__"])
def test_what_is_no_module_is_no_attribute(name):
    with pytest.raises(AttributeError, match=f"module 'mnist_gd' has no attribute '{name}'"):
        getattr(mnist_gd, name)


def test_a_checkout_that_is_not_installed_has_no_version(monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert mnist_gd.__version__ == "0+unknown"


def test_version():
    try:
        installed = metadata.version("mnist_gd")
    except metadata.PackageNotFoundError:
        assert mnist_gd.__version__ == "0+unknown"
    else:
        assert mnist_gd.__version__ == installed == PROJECT["version"]


# Names


@pytest.mark.parametrize("module", PUBLIC)
def test_all_lists_the_public_names(module):
    """Each function and class that the module defines and does not hide; and nothing twice."""
    namespace = importlib.import_module(f"mnist_gd.{module}")
    listed = getattr(namespace, "__all__", [])
    assert len(set(listed)) == len(listed)
    assert all(hasattr(namespace, name) for name in listed)
    tree = ast.parse(inspect.getsource(namespace))
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert defined <= set(listed)


CONTRACT = {
    "activations": "relu leaky_relu prelu sigmoid softmax identity",
    "losses": "mean_squared_error binary_cross_entropy focal_loss cross_entropy kl_divergence "
    "binary_cross_entropy_with_logits focal_loss_with_logits cross_entropy_with_logits",
    "layers": "LinearLayer",
    "networks": "SingleLayerNetwork MultiLayerNetwork minibatches History",
    "metrics": "accuracy precision recall f1_score confusion_matrix",
    "data": "load_mnist MNIST one_hot one_vs_rest balanced_subset train_validation_split",
    "search": "grid grid_search",
    "gradient_check": "numerical_gradient check_gradient",
    "gradient_descent": "minimize",
}


@pytest.mark.parametrize("module", CONTRACT)
def test_names_that_readers_rely_on(module):
    namespace = importlib.import_module(f"mnist_gd.{module}")
    assert set(CONTRACT[module].split()) <= set(namespace.__all__)


# Documentation


@pytest.mark.parametrize("module", MODULES)
def test_modules_say_what_they_are(module):
    summary = importlib.import_module(f"mnist_gd.{module}").__doc__.splitlines()[0]
    assert summary.endswith((".", ":"))


def problems(full_name):
    return {code: message for code, message in validate(full_name)["errors"]}


# No docstring; parameters unknown, misordered; sections unknown or misordered; no summary.
ALWAYS = {"GL06", "GL07", "GL08", "PR02", "PR03", "SS01"}
# Parameters or results that are not documented.
SECTIONS = {"PR01", "RT01", "YD01"}


@pytest.mark.parametrize("full_name", [*MEMBERS, *methods()])
def test_docstrings(full_name):
    found = problems(full_name)
    assert not {code: found[code] for code in ALWAYS & found.keys()}


def is_derivative(full_name):
    """`f_gradient` and `f_backward` take what `f` takes, as their modules say."""
    base, _, kind = full_name.rpartition("_")
    return kind in ("gradient", "backward") and base in MEMBERS


@pytest.mark.parametrize("full_name", [name for name in MEMBERS if not is_derivative(name)])
def test_parameters_and_results_are_documented(full_name):
    """In sections of their own; an alias may say whose they are, a dataclass by its attributes."""
    member = MEMBERS[full_name]
    if is_dataclass(member):
        undocumented = [name for name in member.__dataclass_fields__ if name not in member.__doc__]
        assert not undocumented
        return
    found = problems(full_name)
    missing = SECTIONS & found.keys()
    if re.search(r"are\s+those\s+of\s+:(func|class):", member.__doc__):
        missing -= SECTIONS
    if member.__doc__.startswith("Return ") or inspect.isclass(member):
        missing -= {"RT01"}
    if inspect.isclass(member) and issubclass(member, BaseException):
        missing -= {"PR01"}
    assert not {code: found[code] for code in missing}


def test_a_folder_of_modules_runs_nothing():
    """So that one of them does not come with the others."""
    for folder in FOLDERS:
        (docstring,) = ast.parse(PATHS[folder].read_text(encoding="utf-8")).body
        assert isinstance(docstring.value, ast.Constant)


def test_the_reference_has_every_module():
    """Each with its own heading; what a sub-package offers stands in one place."""
    page = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    headings = re.findall(r"^##+ `mnist_gd\.(.+)`$", page, re.MULTILINE)
    assert headings == re.findall(r"automodule:: mnist_gd\.(.+)$", page, re.MULTILINE)
    assert sorted(headings) == [
        name for name in PUBLIC if name in TOP or name.split(".")[0] in FOLDERS
    ]


# Size


@pytest.mark.parametrize("module", MODULES)
def test_a_module_fits_in_the_head(module):
    assert len(PATHS[module].read_text(encoding="utf-8").splitlines()) <= 330


def test_plans_are_tables_alone():
    """What a teacher edits: nothing is defined, imported or called there but `range`."""
    tree = ast.parse(PATHS["experiments.plans"].read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.Import | ast.ImportFrom
    assert not [node for node in ast.walk(tree) if isinstance(node, kinds)]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert {call.func.id for call in calls} == {"range"}


ARRAYS = re.compile(r"\bndarray\b|\bSplit\b")


@pytest.mark.parametrize("full_name", [n for n in MEMBERS if is_dataclass(MEMBERS[n])])
def test_what_holds_arrays_is_compared_as_a_whole_thing(full_name):
    """Entry by entry they would be neither equal nor not: an object is equal to itself alone."""
    holds = any(
        ARRAYS.search(str(f.type)) for f in MEMBERS[full_name].__dataclass_fields__.values()
    )
    holds |= "ndarray" in MEMBERS[full_name].__doc__.split("Attributes")[-1]
    assert holds == (MEMBERS[full_name].__eq__ is object.__eq__)


@pytest.mark.parametrize("module", MODULES)
def test_messages_show_values_by_what_shows_any(module):
    """By `shown`: repr of an object of the reader's may raise, or fill the screen."""
    tree = ast.parse(PATHS[module].read_text(encoding="utf-8"))
    names = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "__getattr__"]
    of_names = {id(node) for function in names for node in ast.walk(function)}
    parts = [
        n for n in ast.walk(tree) if isinstance(n, ast.FormattedValue) and n.conversion == 114
    ]
    assert not [part.lineno for part in parts if id(part) not in of_names]
