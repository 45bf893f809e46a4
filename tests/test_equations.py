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
    "with_options": "fixes the options of another function",
}

#: Labels that no function of the package has: for each, what it is.
NO_FUNCTION = {
    # gradient_descent: theory that is evaluated on the page
    "eq-one-variable": "exact course of descent on a parabola",
    "eq-directional-derivative": "definition, step to the steepest ascent",
    "eq-steepest-ascent": "theorem",
    "eq-gd-regression": "example, a function of the page; losses has it for any model",
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
    # gradient_check
    "eq-check-logistic": "example, whose gradient the chapter gets wrong on purpose",
    "eq-truncation": "error term of the central difference",
    "eq-best-step": "optimum of the two error terms",
    "eq-directional-check": "two evaluations, on the page alone",
    "eq-directional-power": "how much of an error they show",
    # convexity
    "eq-convex": "definition",
    "eq-convex-step": "step of a proof",
    "eq-convex-rate": "theorem",
    "eq-polyak-lojasiewicz": "what strong convexity gives",
    "eq-linear-rate": "theorem",
    "eq-stopping": "rule for stopping",
    "eq-armijo": "condition on a step, a function of the page",
    "eq-standardised": "Hessian of two standardised inputs",
    # newton
    "eq-newton-model": "Taylor polynomial",
    "eq-newton-step": "a function of the page",
    "eq-newton-error": "course of the error",
    "eq-newton-product": "a function of the page",
    # momentum and noise
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
    "eq-noise-reshuffled": "predicted error",
    "eq-noise-mean": "predicted error",
    "eq-noise-strong": "predicted rate",
    "eq-noise-convex": "predicted rate",
    "eq-momentum-lag": "exact course on the steepest and the flattest direction",
    "eq-nesterov-best": "predicted rate",
    # landscape: evaluated and checked on the page
    "eq-two-weights": "smallest network, its gradient and its Hessian",
    "eq-hessian-vector": "difference of two gradients",
    "eq-saddle-escape": "predicted number of steps",
    "eq-line": "line between two networks",
    # activations
    "eq-linear-collapse": "lemma: two linear layers are one",
    "eq-activation-vjp": "what the backward pass of any activation is",
    "eq-dead-unit": "lemma",
    "eq-same-sign": "lemma",
    "eq-sigmoid-symmetry": "identity that the derivative and the losses use",
    "eq-vanishing-bound": "inequality, asserted on the page",
    "eq-tanh": "an activation that the page makes itself",
    "eq-tanh-sigmoid": "identity that its derivative uses",
    "eq-tanh-derivative": "its derivative",
    "eq-softmax-jacobian": "matrix that the vector-Jacobian product never forms",
    "eq-softmax-two-classes": "identity",
    # losses
    "eq-likelihood": "where the losses come from",
    "eq-gaussian-likelihood": "step from the likelihood to squared error",
    "eq-saturation": "two derivatives compared",
    "eq-expected-loss": "what a proper loss is defined by",
    "eq-focal-terms": "notation of the focal loss",
    "eq-kl-entropy": "relation of two losses",
    "eq-gibbs": "inequality",
    # layers
    "eq-layers-delta": "step of the way back, before the three gradients",
    "eq-layers-signal": "derivation of the two laws of the first weights",
    # networks, metrics
    "eq-network-cost": "count of multiplications",
    "eq-network-memory": "count of what is kept for the way back",
    "eq-f1-one-class": "special case of F1",
    "eq-f1-chance": "F1 of guessing",
    "eq-accuracy-error": "standard error",
    "eq-errors-of-a-choice": "step to the threshold of fewest errors",
    "eq-f1-of-a-choice": "step to the threshold of the best F1",
    "eq-paired-error": "standard error of a difference on the same images",
    # additions
    "eq-momentum-floor": "predicted error",
    "eq-adam-weights": "where the bias correction comes from",
    "eq-early-stopping": "why it does what weight decay does",
    # imbalance: evaluated and checked on the page
    "eq-average-precision": "area under a curve of one page",
    "eq-focal-stationary": "the share for which an answer is best",
    "eq-focal-honest-logit": "eq-focal-stationary, solved for logits",
    "eq-prior-shift": "Bayes' rule for another prevalence",
}

#: The labels of these chapters that no function has, each with the assertion that shows it.
SHOWN = {
    "gradient_check": {
        "eq-check-logistic": "check_gradient(penalized, penalized_gradient, begin) < 1e-8",
        "eq-truncation": "np.allclose(central[coarse], steps[coarse] ** 2 / 6 * third",
        "eq-best-step": "np.isclose(fine[np.argmin(E)], predicted",
        "eq-directional-check": "error_right < 1e-6 < 1e-4 < error_wrong",
        "eq-directional-power": "np.isclose(np.mean(squares), np.sum(e**2))",
    },
    "activations": {
        "eq-linear-collapse": "np.allclose(two_layers, x @ (W1 @ W2) + (b1 @ W2 + b2))",
        "eq-activation-vjp": "np.array_equal(g @ J, [13, 12])",
        "eq-dead-unit": "not (x.T @ passed)[:, dead].any()",
        "eq-same-sign": "np.sign(gradient[k, j]) in (0, np.sign(g[j]))",
        "eq-sigmoid-symmetry": "np.allclose(1 - sigmoid(Z), sigmoid(-Z))",
        "eq-vanishing-bound": "np.isclose(np.linalg.norm(delta), bound)",
        "eq-tanh": "np.allclose(tanh(at), [0, 3 / 5])",
        "eq-tanh-sigmoid": "np.allclose(tanh(Z), 2 * sigmoid(2 * Z) - 1)",
        "eq-tanh-derivative": "np.allclose(tanh.backward(np.array([25.0, 25.0]), at), [25, 16])",
        "eq-softmax-jacobian": "np.allclose(J.sum(axis=0), 0)",
        "eq-softmax-two-classes": "np.allclose(softmax(pairs)[:, 0], sigmoid(",
    },
    "losses": {
        "eq-likelihood": "np.allclose(loss, -1 / 3 * np.log(likelihood))",
        "eq-gaussian-likelihood": "np.allclose(costs, (truth - guess) ** 2 / (2 * s**2) + con",
        "eq-saturation": 'np.allclose(slopes["squared error"], 2 * (answer - 1) * answer * (1',
        "eq-expected-loss": "np.isclose(loss(np.full(10, q[at]), three_in_ten), R[at])",
        "eq-focal-terms": "np.isclose(focal(p, y, alpha, gamma),  # eq-focal",
        "eq-kl-entropy": "np.isclose(kl(p, y), ce(p, y) - np.mean(entropies))",
        "eq-gibbs": "-kl(guess[None], y[None]) <= middle + 1e-12 and middle <= 1e-12",
    },
    "layers": {
        "eq-layers-delta": "max(errors) < 1e-6",
        "eq-layers-signal": "np.allclose((wide.pre_activation(some) ** 2).mean(axis=1), predicted",
    },
    "networks": {
        "eq-network-memory": "sum(a.size for a in A) == len(batch) * sum(layer.input_size",
        "eq-network-cost": "there + back == cost",
    },
    "metrics": {
        "eq-f1-one-class": "np.isclose(f1_score(y_true[only], y_pred[only]), 2 * r / (r + 1))",
        "eq-f1-chance": "np.isclose(f1_score(fours * 1, guess * 1), by_chance",
        "eq-accuracy-error": "np.isclose(boot_accuracy.std(), formula",
        "eq-errors-of-a-choice": "abs(q[errors.argmin()] - 1 / 2) < 1e-4",
        "eq-f1-of-a-choice": "abs(q[f1.argmax()] - golden) < 1e-4",
        "eq-paired-error": "np.isclose(paired, difference.std() / np.sqrt(n))",
    },
    "imbalance": {
        "eq-average-precision": "np.isclose(average_precision(np.array([1, 0, 1, 1, 0, 1])",
        "eq-focal-stationary": "np.allclose(share * of_yes + (1 - share) * of_no, 0, atol=1e-12)",
        "eq-focal-honest-logit": "np.allclose(np.log(odds), honest_logit(z, alpha, gamma))",
        "eq-prior-shift": "np.isclose(shifted(0.0, 0.5, 0.1), -np.log(9))",
    },
}

#: Chapters in which a comment in the cell that asserts a formula names its label.
COMMENTED = (
    "gradient_descent",
    "losses",
    "metrics",
    "convexity",
    "noise",
    "momentum",
    "landscape",
    "newton",
)

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


@pytest.mark.parametrize("chapter", [*THEORY, "activations_more"])
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
