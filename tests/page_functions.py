"""The functions with which pages compute their sentences, and records to feed them with."""

import ast
import re
from pathlib import Path

from mnist_gd import report
from mnist_gd.experiments.runs import Configuration
from mnist_gd.records import Record

BOOK = Path(__file__).resolve().parents[1] / "book"
CELL = re.compile(
    r"^```\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[^\n]*\n)*)(.*?)^```",
    re.MULTILINE | re.DOTALL,
)


def functions_of(page):
    """The functions that the cells of a page define; nothing else of the page is run."""
    defined = {name: getattr(report, name) for name in report.__all__}
    for cell in CELL.findall((BOOK / f"{page}.md").read_text(encoding="utf-8")):
        module = ast.parse(cell)
        module.body = [node for node in module.body if isinstance(node, ast.FunctionDef)]
        exec(compile(module, page, "exec"), defined)
    return defined


def run(scores, *, epochs=3, hidden=64, rate=1.0):
    configuration = Configuration(
        question="ten",
        loss="cross_entropy_with_logits",
        hidden_size=hidden,
        batch_size=64,
        learning_rate=rate,
        epochs=epochs,
    )
    outcome = {"history": {"validation_score": scores}}
    if len(scores) < epochs:
        outcome["diverged"] = "the loss is no longer finite"
    return Record(configuration, 0, outcome, {}, 1.0)
