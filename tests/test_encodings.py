"""Text is read and written as UTF-8 by name, whatever the machine's own encoding is."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CELL = re.compile(
    r"^`{3,}\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[^\n]*\n)*)(.*?)^`{3,}$", re.M | re.S
)
ELSEWHERE = {"_build", "_extra", "_static", ".git", "build", "dist", "node_modules"}
TEXT_MODE = re.compile(r"(?!.*b)[rwaxt+]+")
PROCESSES = {"run", "Popen", "check_output", "check_call", "call"}


def files(ending):
    for path in sorted(ROOT.rglob(f"*{ending}")):
        parts = path.relative_to(ROOT).parts
        if not any(part in ELSEWHERE or part.startswith(".venv") for part in parts):
            yield path


def cells(page):
    """The code cells of a page, without IPython's magics."""
    for cell in CELL.findall(page):
        yield re.sub(r"^( *)[%!].*$", r"\1pass", cell, flags=re.MULTILINE)


def lapses(code):
    """Calls that read or write text in whatever encoding the machine has, in order.

    Code in strings (a program for another process, a page) is looked at too.
    """
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and opens_text(node) and not is_utf8(node):
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "(" in node.value:
            for inner in [node.value, *cells(node.value)]:
                try:
                    found += lapses(inner)
                except SyntaxError:
                    continue
    return found


def opens_text(call):
    name = getattr(call.func, "attr", getattr(call.func, "id", None))
    named = {word.arg: word.value for word in call.keywords}
    values = [getattr(arg, "value", None) for arg in call.args]
    if name in ("read_text", "write_text"):
        return True
    if name in PROCESSES:
        return any(
            getattr(named.get(word), "value", False) for word in ("text", "universal_newlines")
        )
    if name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "open", "fdopen"):
        mode = getattr(named.get("mode"), "value", None)
        modes = [mode, *values] if mode else values
        modes = [
            text for text in modes if isinstance(text, str) and re.fullmatch(r"[rwaxbt+]+", text)
        ]
        if modes or "Temporary" in name:
            return any(TEXT_MODE.fullmatch(text) for text in modes)
        # No mode: the built-in one and fdopen take a path, that of a path nothing at all.
        return isinstance(call.func, ast.Name) or name == "fdopen" or not call.args
    return False


def is_utf8(call):
    encodings = [word.value for word in call.keywords if word.arg == "encoding"]
    return any(isinstance(e, ast.Constant) and e.value == "utf-8" for e in encodings)


@pytest.mark.parametrize(
    "line",
    [
        "open(path)",
        "open(path, 'a')",
        "open(path, mode='w')",
        "open(path, encoding=None)",
        "open(path, encoding='latin-1')",
        "path.open()",
        "path.open('w', newline='')",
        "gzip.open(path, 'rt')",
        "os.fdopen(handle)",
        "path.read_text()",
        "path.write_text(text)",
        "tempfile.NamedTemporaryFile('w')",
        "subprocess.run(command, text=True)",
        "subprocess.Popen(command, universal_newlines=True)",
    ],
)
def test_a_lapse_is_seen_in_code_in_strings_and_in_cells(line):
    assert len(lapses(line)) == 1
    assert len(lapses(f"program = {line + chr(10)!r}")) == 1
    page = f"Text.\n\n```{{code-cell}} ipython3\n:tags: [x]\n\n%matplotlib inline\n{line}\n```\n"
    assert [lapses(cell) for cell in cells(page)] == [lapses(line)]
    assert lapses(f"PAGE = {page!r}") == lapses(line)


def test_bytes_other_methods_and_utf8_are_no_lapse():
    assert not lapses(
        "open(path, 'rb'); path.open('wb'); gzip.open(path); os.fdopen(handle, 'wb')\n"
        "tempfile.NamedTemporaryFile(); subprocess.run(command, capture_output=True)\n"
        "page.open('losses.html'); webbrowser.open(address)\n"
        "open(path, 'a', encoding='utf-8'); path.read_text(encoding='utf-8')\n"
        "subprocess.run(command, text=True, encoding='utf-8')\n"
    )


@pytest.mark.parametrize(
    "path", [*files(".py"), *files(".md")], ids=lambda p: str(p.relative_to(ROOT))
)
def test_text_is_utf8_by_name(path):
    text = path.read_text(encoding="utf-8")
    codes = [text] if path.suffix == ".py" else cells(text)
    if path != Path(__file__):
        assert [lapse for code in codes for lapse in lapses(code)] == []


PLANTED = """
import {module}

def test_planted(tmp_path):
    {module}.lapse(tmp_path / "text")
"""


def test_pytest_sees_lapses_of_ours_and_no_others_where_the_interpreter_tells(tmp_path):
    lapse = "def lapse(path):\n    path.write_text('text')\n"
    ours = {
        "mnist_gd._lapse": "mnist_gd/_lapse.py",
        "planted": "book/_ext/planted.py",
        "tests.own": "tests/own.py",
    }
    no_data = shutil.ignore_patterns("*.gz", "__pycache__")
    shutil.copytree(ROOT / "mnist_gd", tmp_path / "mnist_gd", ignore=no_data)
    for place in (*ours.values(), "theirs.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(lapse, encoding="utf-8")
    for module in [*ours, "theirs"]:
        test = tmp_path / "tests" / f"test_{module.replace('.', '_')}.py"
        test.write_text(PLANTED.format(module=module), encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    failed = re.findall(r"^FAILED tests/test_(\S+?)\.py.* - EncodingWarning", done.stdout, re.M)
    assert sorted(failed) == ["mnist_gd__lapse", "planted", "tests_own"], done.stdout
    assert "1 passed" in done.stdout
