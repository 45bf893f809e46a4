"""What runs a page's cells in the browser, here in the Python of the build: kernel and tables."""

import json
import subprocess
import sys
from pathlib import Path

import markdown_tables
import pytest

RUN = Path(__file__).resolve().parents[2] / "book" / "_extra" / "run"


def events_of(*cells, before=""):
    """What cells emit, each a piece of source, in a Python of their own."""
    script = f"""
import json, sys
sys.path.insert(0, {str(RUN)!r})
import kernel, shown
shown.install()
{before}
for number, source in enumerate({cells!r}, 1):
    events = []
    ok = kernel.run(source, f"cell {{number}}", events.append)
    print(json.dumps([ok, events]), file=sys.__stdout__)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_a_cell_prints_and_ends_with():
    (ok, events), (again, last) = events_of("x = 3\nprint('a')\nprint('b')\nx * 2", "x;")
    assert ok
    assert again
    *printed, value = events
    assert {event["kind"] for event in printed} == {"stream"}
    assert "".join(event["text"] for event in printed) == "a\nb\n"
    assert value == {"kind": "text", "text": "6"}
    assert last == []


def test_an_error_is_that_of_the_cells():
    source = "def f(x):\n    return 1 / x\n\nf(1)"
    call = (
        "try:\n    f(0)\nexcept ZeroDivisionError as error:\n    raise ValueError('no') from error"
    )
    (first, _), (second, events), (third, syntax) = events_of(source, call, "1 +")
    assert (first, second, third) == (True, False, False)
    (error,) = events
    assert (error["kind"], error["name"], error["message"]) == ("error", "ValueError", "no")
    assert 'File "cell 1", line 2, in f\n    return 1 / x' in error["text"]
    assert 'File "cell 2", line 2' in error["text"]
    assert "kernel.py" not in error["text"]
    assert "ast.py" not in syntax[0]["text"]
    assert 'File "cell 3", line 1' in syntax[0]["text"]


def test_an_error_whose_words_fail_is_shown_all_the_same():
    cell = "class Odd(Exception):\n    def __str__(self):\n        return 1 / 0\nraise Odd"
    ((ok, (error,)),) = events_of(cell)
    assert not ok
    assert (error["kind"], error["name"], error["message"]) == ("error", "Odd", "")
    assert error["text"].splitlines()[-1].startswith("Odd")


def test_input_says_that_nobody_can_be_asked():
    ((ok, (error,)),) = events_of("input('How many? ')")
    assert not ok
    assert (error["name"], "into the cell" in error["message"]) == ("EOFError", True)


def test_what_a_cell_shows_has_an_end():
    (_, (text,)), (_, many) = events_of(
        "'x' * 3_000_000", "for number in range(5000):\n    display(number)"
    )
    assert 200_000 < len(text["text"]) < 200_100
    assert text["text"].endswith("is left out")
    assert len(many) == 1000
    assert many[-1]["text"].endswith("is left out")


def test_texts_are_glued_and_tables_shown():
    cell = """
from myst_nb import glue
from IPython.display import HTML, Markdown, display
glue("a-name", "3.5", display=False)
display(HTML("<b>bold</b>"))
Markdown("```{table} Of *two*.\\n:name: tab-x\\n\\n| a | b |\\n| --- | --: |\\n| 1 | 2 |\\n```")
"""
    ((ok, events),) = events_of(cell)
    assert ok
    assert events[0] == {"kind": "glue", "name": "a-name", "text": "3.5"}
    assert events[1]["data"] == {"text/html": "<b>bold</b>"}
    assert 'data-name="tab-x"' in events[2]["data"]["text/html"]


def test_figures_are_shown_at_plt_show_and_at_the_end():
    pytest.importorskip("matplotlib", reason="the extra 'book' is not installed")
    cell = """
from matplotlib import pyplot as plt
plt.plot([1, 2]); plt.show()
print("between")
plt.subplots()
"""
    (ok, events), (_, after) = events_of(cell, "plt.get_fignums()")
    assert ok
    kinds = list(dict.fromkeys(event["kind"] for event in events))
    assert kinds == ["data", "stream", "text"]
    assert (events[0]["kind"], events[-1]["kind"]) == ("data", "data")
    drawn = [event["data"]["image/svg+xml"] for event in events if event["kind"] == "data"]
    assert all(svg.startswith("<svg") and "currentColor" in svg for svg in drawn)
    ids = [set(part.split('"')[0] for part in svg.split(' id="')[1:]) for svg in drawn]
    assert not ids[0] & ids[1]
    assert after[0]["text"] == "[]"


def test_bars_are_told():
    cell = "from tqdm import tqdm\nfor _ in tqdm(range(3), mininterval=0):\n    pass"
    ((ok, events),) = events_of(cell)
    assert ok
    assert {event["kind"] for event in events} == {"progress"}
    assert (events[-1]["done"], events[-1]["total"]) == (3, 3)


def test_trainings_that_take_long_are_asked_for_first():
    before = """
from mnist_gd import records
from types import SimpleNamespace
kernel._machine["seconds_of_work"] = 1.0
did = []
records._run_missing = kernel._asking(lambda *args: did.append(len(args[1])))
"""
    cell = """
from mnist_gd import records
from types import SimpleNamespace
wanted = {"a": (SimpleNamespace(work=%d), 0), "b": (SimpleNamespace(work=9), 0)}
try:
    records._run_missing(None, wanted, {"a": None, "b": 1}, None, 1, True)
except Exception:
    pass
"""
    (long, asked), (short, nothing) = events_of(cell % 100, cell % 5, before=before)
    assert (long, short) == (False, True)
    assert asked == [{"kind": "ask", "trainings": 1, "seconds": 100.0}]
    assert [(e["kind"], e["total"], e["estimate"]) for e in nothing] == [("progress", 1, 5.0)]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a `b|c` *d*", '<code class="docutils literal notranslate">b|c</code> <em>d</em>'),
        ("$x < y$", r'<span class="math notranslate nohighlight">\(x &lt; y\)</span>'),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
        ("**no** 2 * 3 * 4", "<strong>no</strong> 2 * 3 * 4"),
    ],
)
def test_lines_of_markdown(text, html):
    assert html in markdown_tables.inline(text)


def test_the_corner_of_a_table_heads_nothing():
    made = markdown_tables.html("| | a |\n| --- | --: |\n| b | 1 |")
    assert '<td class="head"><p></p></td><th class="head text-right"><p>a</p></th>' in made
    assert '<td class="text-right"><p>1</p></td>' in made
