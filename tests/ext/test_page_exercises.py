"""What an answer begins with comes from the package's tasks; text and solution must agree."""

import ast
import json
from html import unescape

import pytest

page_exercises = pytest.importorskip("page_exercises", reason="the extra 'book' is not installed")
SIGNED = "my_gradient(grad_output, z)"


@pytest.mark.parametrize(
    ("literals", "tasks", "besides"),
    [
        ([SIGNED, 'mnist_gd.exercises.check("relu-gradient", my_gradient)'],
         {"relu-gradient": "my_gradient"}, []),
        ([SIGNED, "mnist_gd.exercises.check", '"relu-gradient"'],
         {"relu-gradient": "my_gradient"}, []),
        (["step(x)", "halve(f, x)", '"gradient-step"', '"backtracking"', "x"],
         {"gradient-step": "step", "backtracking": "halve"}, []),
        ([SIGNED, 'check("relu-gradient", my_gradient)', "kl-gradient"],
         {"relu-gradient": "my_gradient"}, ["kl-gradient"]),
        (["f(x)", '"no-task-of-ours"', "z", "rng.normal()"], {}, []),
    ],
)  # fmt: skip
def test_tasks_and_functions_are_found_in_the_text(literals, tasks, besides):
    assert page_exercises.asked(literals) == (tasks, besides)


@pytest.mark.parametrize(
    ("literals", "solution", "fault"),
    [
        ([SIGNED], "def my_gradient(grad_output, z): pass", None),
        (["my_gradient(g, z)"], "def my_gradient(grad_output, z): pass", "text does not say"),
        ([SIGNED], "def other(grad_output, z): pass", "solution defines no my_gradient"),
        ([SIGNED], "def my_gradient(g, z): pass", "has other arguments"),
    ],
)
def test_where_text_solution_and_task_part_is_said(literals, solution, fault):
    functions = {node.name: node for node in ast.parse(solution).body}
    found = page_exercises.faults({"relu-gradient": "my_gradient"}, literals, functions)
    assert len(found) == bool(fault)
    assert all(fault in each for each in found)


def test_a_task_that_the_judge_does_not_know_is_said():
    (fault,) = page_exercises.faults({"relu": "f"}, [], {})
    assert "knows no relu" in fault


def test_an_answer_begins_with_the_imports_that_its_solution_needs():
    cells = [
        "%matplotlib inline\nimport numpy",
        "import numpy as np\nfrom mnist_gd import exercises, plots\n"
        "from mnist_gd.activations import relu, sigmoid as s, softmax",
        "from mnist_gd.exercises import check\nfrom math import exp",
    ]
    head = page_exercises.imports(cells, {"np", "s", "relu", "check", "exp"})
    assert head == "import numpy as np\n\nfrom mnist_gd.activations import relu, sigmoid as s"
    assert page_exercises.imports(cells, set()) == "import numpy as np"


def exercise(paragraphs):
    """An exercise, and its solution, as their directives make them."""
    from docutils import nodes
    from sphinx_exercise.nodes import exercise_enumerable_node, solution_node

    made = exercise_enumerable_node(label="ex-it", ids=["ex-it"])
    made += nodes.paragraph("", "", *(nodes.literal(text=text) for text in paragraphs))
    cell = nodes.container(classes=["cell_input"])
    cell += nodes.literal_block(text="def my_gradient(grad_output, z):\n    return sigmoid(z)\n")
    solution = solution_node(target_label="ex-it")
    solution += cell
    return made, solution


def test_what_an_answer_begins_with_lies_hidden_under_its_exercise():
    cells = ["from mnist_gd.activations import sigmoid"]
    made, solution = exercise([SIGNED, 'check("relu-gradient", my_gradient)', "mse-gradient"])
    page_exercises.add_start(made, solution, cells)
    html = unescape(made.children[-1].astext())
    assert (
        "hidden><pre>import numpy as np\n\nfrom mnist_gd.activations import sigmoid\n\n\n" in html
    )
    assert "def my_gradient(grad_output, z):\n    ...\n</pre>" in html
    assert json.dumps({"relu-gradient": "my_gradient"}) in html
    assert json.dumps({"mse-gradient": "def mse_gradient(y_pred, y_true):\n    ...\n"}) in html


def test_an_exercise_without_a_task_stays_as_it_is():
    made, solution = exercise(["my_gradient"])
    before = len(made.children)
    page_exercises.add_start(made, solution, [])
    assert len(made.children) == before


def test_an_exercise_without_a_name_is_called_by_what_it_asks():
    from docutils import nodes

    made, _ = exercise([])
    made.children = [
        nodes.paragraph("", "", nodes.emphasis(text="Prove, and code."), nodes.Text(" a"))
    ]
    assert page_exercises.kind_of(made) == "prove, and code"
    made.children = [nodes.paragraph("", "", nodes.Text("Prove "), nodes.emphasis(text="it."))]
    assert page_exercises.kind_of(made) == ""
