"""Formula, function and check belong together: the table of equation labels, both ways.

A docstring names the label of the equation that its function computes. The chapter defines the
label. In the chapter a cell that can fail follows the formula.
"""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, BOOK = ROOT / "mnist_gd", ROOT / "book"
page_facts = pytest.importorskip("page_facts", reason="the extra 'book' is not installed")

#: The chapters, with the modules that each is about; those of theory have one of their name.
CHAPTERS = {path.stem: page_facts.modules(path) for path in sorted(BOOK.glob("*.md"))}
THEORY = [chapter for chapter, modules in CHAPTERS.items() if chapter in modules]

#: Public functions that compute no formula.
NO_FORMULA = {
    "check_chain": "checks that layers fit each other",
    "unchanged_by_errors": "undoes a pass that failed",
    "with_options": "fixes the options of another function",
}

#: Labels that no function of the package has: for each, what it is.
NO_FUNCTION = {
    # gradient_descent: theory that is evaluated on the page
    "eq-directional-derivative": "definition, step to the steepest ascent",
    "eq-steepest-ascent": "theorem",
    "eq-truncation": "error term of the central difference",
    "eq-best-step": "optimum of the two error terms",
    "eq-lipschitz": "assumption of the descent lemma",
    "eq-descent-lemma": "theorem",
    "eq-sufficient-decrease": "corollary of the descent lemma",
    "eq-logistic-curvature": "example of the assumption",
    "eq-gradient-vanishes": "corollary of the descent lemma",
    "eq-quadratic": "model problem",
    "eq-quadratic-error": "exact course of descent on the model problem",
    "eq-quadratic-condition": "condition of convergence",
    "eq-quadratic-rate": "predicted rate",
    "eq-condition-rate": "predicted rate",
    "eq-momentum-polynomial": "derivation of a rate",
    "eq-momentum-range": "condition of convergence",
    "eq-momentum-rate": "predicted rate",
    "eq-nesterov-polynomial": "derivation of a rate",
    "eq-nesterov-rate": "predicted rate",
    "eq-noisy-gradient": "model of a mini-batch",
    "eq-noise-variance": "its variance",
    "eq-noisy-step": "model of a noisy step",
    "eq-noise-floor": "predicted error",
    "eq-robbins-monro": "condition on a falling rate",
    "eq-saddle-escape": "predicted number of steps",
    "eq-line": "line between two networks",
    # activations
    "eq-linear-collapse": "lemma: two linear layers are one",
    "eq-activation-vjp": "what the backward pass of any activation is",
    "eq-dead-unit": "lemma",
    "eq-same-sign": "lemma",
    "eq-sigmoid-symmetry": "identity that the derivative and the losses use",
    "eq-vanishing-bound": "inequality, asserted on the page",
    "eq-softmax-jacobian": "matrix that the vector-Jacobian product never forms",
    "eq-softmax-two-classes": "identity",
    # losses
    "eq-likelihood": "where the losses come from",
    "eq-gaussian-likelihood": "step from the likelihood to squared error",
    "eq-saturation": "two derivatives compared",
    "eq-expected-loss": "what a proper loss is defined by",
    "eq-focal-terms": "notation of the focal loss",
    "eq-focal-stationary": "the focal loss is not proper",
    "eq-kl-entropy": "relation of two losses",
    "eq-gibbs": "inequality",
    # networks, metrics
    "eq-network-cost": "count of multiplications",
    "eq-network-memory": "count of what is kept for the way back",
    "eq-f1-one-class": "special case of F1",
    "eq-f1-chance": "F1 of guessing",
    "eq-accuracy-error": "standard error",
    # additions
    "eq-momentum-floor": "predicted error",
    "eq-adam-weights": "where the bias correction comes from",
    "eq-early-stopping": "why it does what weight decay does",
    # imbalance: evaluated and checked on the page
    "eq-average-precision": "area under a curve of one page",
    "eq-focal-honest-logit": "eq-focal-stationary, solved for logits",
    "eq-prior-shift": "Bayes' rule for another prevalence",
}

#: The labels of these chapters that no function has, each with the assertion that shows it.
SHOWN = {
    "activations": {
        "eq-linear-collapse": "np.allclose(layers[1](layers[0](x)), x @ (W1 @ W2)",
        "eq-activation-vjp": "np.allclose(G[0] @ J, activation.backward(G[:1], Z[:1])[0])",
        "eq-dead-unit": "not units.weights_grad[:, dead].any()",
        "eq-same-sign": "np.sign(above.weights_grad[k, j]) in (0, np.sign(g[j]))",
        "eq-sigmoid-symmetry": "np.allclose(1 - sigmoid(Z), sigmoid(-Z))",
        "eq-vanishing-bound": "np.isclose(np.linalg.norm(delta), stretches[0] / 4)",
        "eq-softmax-jacobian": "np.allclose(J.sum(axis=0), 0)",
        "eq-softmax-two-classes": "np.allclose(softmax(pairs)[:, 0], sigmoid(",
    },
    "losses": {
        "eq-likelihood": "np.isclose(-log(likelihood) / len(P), losses.binary_cross_entropy(",
        "eq-gaussian-likelihood": "np.isclose(np.mean(costs), mse(guess, truth) / (2 * s**2)",
        "eq-saturation": "np.isclose(squared_gradient(at)[0], 2 * (q - 1) * q * (1 - q))",
        "eq-expected-loss": "np.isclose(loss(np.full(10, q[at]), three_in_ten), expected)",
        "eq-focal-terms": "np.isclose(focal_formula(p, y, alpha, gamma), losses.focal_loss(",
        "eq-focal-stationary": "np.abs(probability_from_focal(best[name], alpha) - shares)",
        "eq-kl-entropy": "np.isclose(kl(p, y), ce(p, y) - np.mean(entropies))",
        "eq-gibbs": "divergences.min() > 0",
    },
    "layers": {},
    "networks": {
        "eq-network-memory": "sum(a.size for a in A) == len(batch) * sum(layer.input_size",
        "eq-network-cost": "there + back == cost",
    },
    "metrics": {
        "eq-f1-one-class": "np.isclose(f1_score(y_true[only], y_pred[only]), 2 * r / (r + 1))",
        "eq-f1-chance": "np.isclose(f1_score(truth, guess), chance[name]",
        "eq-accuracy-error": "np.isclose(boot_accuracy.std(), formula",
    },
}

#: Chapters in which a comment in the cell that asserts a formula names its label.
COMMENTED = ("gradient_descent",)

LABEL = r"eq-[a-z0-9]+(?:-[a-z0-9]+)*"
NAMED = re.compile(rf"`({LABEL})`")
DEFINED = re.compile(rf"^\s*\$\$\s*\(({LABEL})\)\s*$", re.MULTILINE)


def documented(tree):
    """Yield the name and docstring of a module and of all that it defines."""
    yield "module", ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, ast.get_docstring(node) or ""


def labels_named():
    """Map each module to the labels in its docstrings."""
    table = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        table[".".join(path.relative_to(PACKAGE).with_suffix("").parts)] = {
            label for _, docstring in documented(tree) for label in NAMED.findall(docstring)
        }
    return table


def page(name):
    return (BOOK / f"{name}.md").read_text(encoding="utf-8")


NAMES = labels_named()
DEFINITIONS = {
    path.stem: DEFINED.findall(path.read_text(encoding="utf-8")) for path in BOOK.glob("*.md")
}
ALL_NAMED = set().union(*NAMES.values())


def cells_of(text):
    return re.findall(r"^```\{code-cell\}.*?^```", text, re.MULTILINE | re.DOTALL)


def defined_for(module):
    """The labels that the chapters about a module define."""
    return {label for c, about in CHAPTERS.items() if module in about for label in DEFINITIONS[c]}


def test_the_chapters_of_theory_are_found():
    assert len(THEORY) >= 8
    assert len({module for modules in CHAPTERS.values() for module in modules}) >= 14


@pytest.mark.parametrize("module", [name for name, labels in NAMES.items() if labels])
def test_labels_in_docstrings_are_defined_in_the_chapter(module):
    # A label may be borrowed, if the chapter that defines it has a module that names it too.
    known = defined_for(module)
    for other in NAMES:
        known |= NAMES[other] & defined_for(other)
    assert NAMES[module] <= known, f"not defined: {sorted(NAMES[module] - known)}"


@pytest.mark.parametrize("module", ["activations", "losses", "layers", "additions"])
def test_public_functions_name_their_equation(module):
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert public
    silent = {node.name for node in public if not NAMED.search(ast.get_docstring(node) or "")}
    assert silent - set(NO_FORMULA) == set()


@pytest.mark.parametrize("chapter", THEORY)
def test_defined_labels_have_a_function_or_a_reason(chapter):
    idle = set(DEFINITIONS[chapter]) - ALL_NAMED - set(NO_FUNCTION)
    assert not idle, f"name them in a docstring or give a reason here: {sorted(idle)}"


def test_no_label_is_defined_twice():
    counts = Counter(label for labels in DEFINITIONS.values() for label in labels)
    assert [label for label, n in counts.items() if n > 1] == []


def test_reasons_are_of_use():
    defined = {label for labels in DEFINITIONS.values() for label in labels}
    assert set(NO_FUNCTION) <= defined, "reasons for labels that are gone"
    assert not set(NO_FUNCTION) & ALL_NAMED, "reasons for labels that a function has"


@pytest.mark.parametrize("chapter", THEORY)
def test_a_cell_that_can_fail_follows_each_formula_of_the_package(chapter):
    text = page(chapter)
    for match in DEFINED.finditer(text):
        if match.group(1) not in ALL_NAMED:
            continue
        near = "\n## ".join(text[match.end() :].split("\n## ")[:2])  # its section and the next
        assert any("assert " in cell or "check_gradient(" in cell for cell in cells_of(near)), (
            f"nothing checks {match.group(1)} in its section or the next"
        )


@pytest.mark.parametrize(
    ("chapter", "label"),
    [(chapter, label) for chapter in COMMENTED for label in DEFINITIONS[chapter]],
)
def test_a_comment_in_a_cell_names_the_formula_that_the_cell_asserts(chapter, label):
    for cell in cells_of(page(chapter)):
        named = re.search(rf"#.*{label}(?![-\w])", cell)
        if named and re.search(r"^ *(assert |check_gradient\()", cell, re.MULTILINE):
            return
    pytest.fail(f"no cell that asserts something names {label}")


@pytest.mark.parametrize("chapter", SHOWN)
def test_the_assertion_of_a_formula_without_a_function_follows_it(chapter):
    text, shown = page(chapter), SHOWN[chapter]
    ends = {match.group(1): match.end() for match in DEFINED.finditer(text)}
    assert set(ends) - ALL_NAMED == set(shown), "a formula without an assertion, or the reverse"
    for label, assertion in shown.items():
        section = text[ends[label] :].split("\n## ")[0]
        assert any(f"assert {assertion}" in cell for cell in cells_of(section)), (
            f"the section of {label} does not assert {assertion}"
        )
