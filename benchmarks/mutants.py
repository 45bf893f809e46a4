"""How many small mistakes in a module its own tests see: mutants of Cosmic Ray.

``make mutants`` makes each mistake in a copy of the package, one at a time, and runs the tests of
the module on it, until one fails. What came out goes to ``benchmarks/records/mutants``: how many
were made and seen, and each that was not, with the reason why, which is written there by hand and
kept as long as that mistake is not seen. With names of modules, as in
``python -m benchmarks.mutants losses experiments.runs``, only theirs are made again.

A mistake is a mutation by Cosmic Ray that a slip of the pen might be: one operator, comparison,
number, decorator, condition or kind of exception for another, a loop that does not run. Messages
of errors and annotations are left as they are. Of many, some are drawn, always the same.
"""

import argparse
import gc
import hashlib
import importlib
import json
import logging
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mnist_gd"
RECORD = Path(__file__).parent / "records" / "mutants" / "mutants.json"
MOST = 100
SEED = 0
COPIED = ("benchmarks", "book", "mnist_gd", "tests")
LEFT_OUT = shutil.ignore_patterns("_build", "__pycache__")

# Who tests a module without a file of that name.
TESTED_BY = {
    "__init__": "package",
    "_archives": "data",
    "_arguments": "activations losses",
    "_configurations": "experiments",
    "_examples": "networks",
    "_ink": "handwriting",
    "_pictures": "handwriting",
    "_passes": "training kernels networks",
    "_record_files": "records record_files",
    "data": "data examples",
    "experiments._tables": "searches studies",
    "experiments.plans": "searches studies",
    "experiments.runs": "experiments",
}

# Of operators on two numbers, the one that is taken for the other.
SWAPPED = {
    "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Div", "Mod_FloorDiv", "Pow_Mul",
    "LShift_RShift", "RShift_LShift", "BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitOr",
}  # fmt: skip
NO_MISTAKE = re.compile(
    "Variable(Replacer|Inserter)"
    "|ReplaceComparisonOperator_(?!Is_IsNot|IsNot_Is).*_Is(Not)?$"
    "|ReplaceUnaryOperator_(?!Delete).*_(Invert|Not)$"
)
UNTOUCHED = {"raise_stmt", "parameters", "annassign", "tfpdef"}


def modules():
    """The names of the package's modules but the exercises, which the pages judge."""
    names = (path.relative_to(PACKAGE).with_suffix("").parts for path in PACKAGE.rglob("*.py"))
    found = {".".join(name) for name in names if name[0] != "exercises"}
    return sorted(name for name in found if (PACKAGE / source(name)).stat().st_size > 400)


def source(name):
    """Where the code of a module stands in the package."""
    return Path(*name.split(".")).with_suffix(".py")


def tests(name):
    """Where its tests stand."""
    files = TESTED_BY.get(name, name.split(".")[-1].lstrip("_")).split()
    return [Path("tests", f"test_{file}.py") for file in files]


def digest(root, name):
    """A hash of a module and its tests, whatever ends their lines."""
    paths = [root / "mnist_gd" / source(name), *(root / path for path in tests(name))]
    text = "\0".join(path.read_text(encoding="utf-8") for path in paths)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stale(entry, name):
    """Whether the module or its tests have changed since that was written."""
    return entry["digest"] != digest(ROOT, name)


def score(entry):
    """The part of the mistakes that the tests saw, of those that can be seen."""
    equivalent = sum(survivor["equivalent"] for survivor in entry["survivors"])
    return entry["seen"] / max(entry["tried"] - equivalent, 1)


def operators():
    """Those of Cosmic Ray that make a mistake."""
    from cosmic_ray.plugins import get_operator, operator_names

    for name in operator_names():
        short = name.split("/")[1]
        binary = short.removeprefix("ReplaceBinaryOperator_")
        if not NO_MISTAKE.search(short) and (binary == short or binary in SWAPPED):
            yield short, get_operator(name)()


def is_left_alone(node):
    while node is not None:
        if node.type in UNTOUCHED:
            return True
        node = node.parent
    return False


def mutations(code):
    """Yield each mistake: the operator, the how manieth of its places, and the line there."""
    from cosmic_ray.ast import ast_nodes, get_ast

    nodes = list(ast_nodes(get_ast(code)))
    for name, operator in operators():
        occurrence = 0
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                if not is_left_alone(node):
                    yield name, operator, occurrence, start[0]
                occurrence += 1


class Order:
    """Tests that saw the most mistakes, then the quickest; which one fails is noted."""

    def __init__(self, notes, seconds, seen):
        self.notes, self.seconds, self.seen = notes, seconds, seen

    def pytest_collection_modifyitems(self, items):
        def price(item):
            return self.seconds.get(item.nodeid, 1) / (1 + self.seen.get(item.nodeid, 0))

        items.sort(key=price)

    def pytest_runtest_logreport(self, report):
        with self.notes.open("a", encoding="utf-8") as file:
            file.write(json.dumps([report.nodeid, report.duration, report.outcome]) + "\n")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus):
        if not self.seconds:
            loaded = [name for name, m in sys.modules.items() if outside(m)]
            self.notes.with_suffix(".loaded").write_text(json.dumps(loaded), encoding="utf-8")
        os._exit(int(exitstatus))  # nothing is tidied up


def outside(module):
    """Whether it is of another package, to be imported once for all mistakes."""
    return "site-packages" in (getattr(module, "__file__", None) or "")


class Trial:
    """The tests of one module, in a copy of the project where mistakes are made in it."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.path = folder / "mnist_gd" / source(name)
        self.code = self.path.read_text(encoding="utf-8")
        self.notes = folder / "notes"
        self.seconds, self.seen = {}, {}
        os.environ |= {"PYTHONPATH": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    def passes(self, code, limit):
        """Whether the tests pass with this code, in a process that is not silent for longer."""
        self.path.write_text(code, encoding="utf-8")
        self.notes.write_text("", encoding="utf-8")
        pid = os.fork()
        if pid == 0:
            self._run()
        last, heard, ended = time.monotonic(), 0, 0
        while not ended and time.monotonic() < last + limit:
            ended, status = os.waitpid(pid, os.WNOHANG)
            size = self.notes.stat().st_size
            if size != heard:
                last, heard = time.monotonic(), size
            time.sleep(0.01)
        with suppress(ProcessLookupError):  # those that the tests began, too
            os.killpg(pid, signal.SIGKILL)
        if not ended:
            _, status = os.waitpid(pid, 0)
        return status == 0

    def _run(self):
        status = 1
        try:
            os.setsid()
            os.chdir(self.folder)
            out = os.open(self.folder / "out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            sys.dont_write_bytecode = bool(self.seconds)
            sys.path.insert(0, str(self.folder))
            importlib.reload(logging)  # by which the package tells when a process began
            options = ["-x", "-q", "--tb=short", "-p", "no:cacheprovider"]
            order = Order(self.notes, self.seconds, self.seen)
            status = pytest.main([*options, *map(str, tests(self.name))], plugins=[order])
        finally:
            os._exit(int(status))

    def _said(self):
        return (self.folder / "out").read_text(encoding="utf-8")

    def reports(self):
        lines = self.notes.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def begin(self):
        """Run the tests on the right code; return how long a test may take with a wrong one."""
        if not self.passes(self.code, 600):
            raise SystemExit(f"{self.name}: {self._said()}")
        for test, seconds, _ in self.reports():
            self.seconds[test] = self.seconds.get(test, 0) + seconds
        for name in json.loads(self.notes.with_suffix(".loaded").read_text(encoding="utf-8")):
            try:
                importlib.import_module(name)
            except Exception:  # what cannot be imported alone is imported by each
                continue
        gc.freeze()  # what is imported is not looked through by each
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        for path in self.path.parent.glob(f"__pycache__/{self.path.stem}.*"):
            path.unlink()  # what was compiled from the right code
        if not self.passes(self.code, 600):
            raise SystemExit(f"{self.name}, in order: {self._said()}")
        return 20 + 5 * max(self.seconds.values())

    def sees(self, code, limit):
        """Whether a test fails on this code, or the code goes on for ever."""
        if self.passes(code, limit):
            return False
        for test, _, outcome in self.reports():
            if outcome == "failed":
                self.seen[test] = self.seen.get(test, 0) + 1
        return True


def changed(before, after, line):
    """The line as it was and as it is."""
    return [code.splitlines()[line - 1].strip() for code in (before, after)]


def measure(name, most, say=print):
    """Make the mistakes in one module; return what the record says of it."""
    from cosmic_ray.mutating import mutate_code

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        folder.chmod(0o755)  # tests of files may become another user
        for part in COPIED:
            shutil.copytree(ROOT / part, folder / part, ignore=LEFT_OUT)
        for path in (path for path in ROOT.iterdir() if path.is_file()):
            shutil.copy(path, folder)
        told = digest(folder, name)
        trial = Trial(name, folder)
        limit = trial.begin()
        made = list(mutations(trial.code))
        tried = made
        if len(made) > most:
            tried = sorted(random.Random(SEED).sample(range(len(made)), most))
            tried = [made[index] for index in tried]
        survivors, begun = [], time.monotonic()
        for operator, mutate, occurrence, line in tried:
            code = mutate_code(trial.code, mutate, occurrence)
            if not trial.sees(code, limit):
                before, after = changed(trial.code, code, line)
                survivors.append(
                    {"operator": operator, "line": line, "before": before, "after": after}
                )
                say(f"{name}:{line}: {operator}\n  - {before}\n  + {after}", flush=True)
    seconds = time.monotonic() - begun
    say(
        f"{name}: {len(tried) - len(survivors)} of {len(tried)}, {len(made)} made, "
        f"{seconds:.0f} s; tests {sum(trial.seconds.values()):.1f} s",
        flush=True,
    )
    return {
        "date": str(date.today()),
        "digest": told,
        "tests": [path.as_posix() for path in tests(name)],
        "made": len(made),
        "tried": len(tried),
        "seen": len(tried) - len(survivors),
        "survivors": survivors,
    }


def read():
    """The record, or an empty one."""
    if not RECORD.exists():
        return {"modules": {}}
    return json.loads(RECORD.read_text(encoding="utf-8"))


def write(name, entry):
    """Put it into the record, with the reasons that stand there."""
    with FileLock(Path(tempfile.gettempdir(), "mnist_gd-mutants.lock")):
        record = read()
        known = record["modules"].get(name, {"survivors": []})["survivors"]
        known = {(s["before"], s["after"]): (s["equivalent"], s["why"]) for s in known}
        for survivor in entry["survivors"]:
            key = survivor["before"], survivor["after"]
            survivor["equivalent"], survivor["why"] = known.get(key, (False, ""))
        record |= {"tool": f"Cosmic Ray {version('cosmic-ray')}", "seed": SEED}
        record["modules"] = dict(sorted((record["modules"] | {name: entry}).items()))
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_text(
            json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants")
    parser.add_argument("names", nargs="*", metavar="module")
    parser.add_argument("--most", type=int, default=MOST, help="mistakes of a module")
    arguments = parser.parse_args()
    for name in arguments.names or modules():
        write(name, measure(name, arguments.most))


if __name__ == "__main__":
    main()
