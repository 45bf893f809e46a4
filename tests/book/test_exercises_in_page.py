"""The exercises are answered in the page, by the package's own judge, and remembered."""

import ast
import inspect
import json
import re
import time
from functools import cache
from html import unescape

import pytest

from mnist_gd.exercises import TASKS, WrongAnswer, check
from tests import test_exercises
from tests.book.conftest import HTML, give_up, until
from tests.page_functions import CELL
from tests.test_exercises import ASKED, CATALOGUE, PAGES, SOLVED, WRONG

PAGE, EXERCISE = "activations.html", "ex-softmax-code"
RIGHT_SOFTMAX = """import numpy as np


def my_softmax_gradient(grad_output, z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    s = e / e.sum(axis=1, keepdims=True)
    return s * (grad_output - np.sum(grad_output * s, axis=1, keepdims=True))
"""
WRONG_SOFTMAX = RIGHT_SOFTMAX.replace("z - z.max(axis=1, keepdims=True)", "z")
PASSED_ON = "def my_softmax_gradient(grad_output, z):\n    return grad_output\n"
ENDLESS = "def my_softmax_gradient(grad_output, z):\n    while True:\n        pass\n"
UNSTOPPED = """from itertools import count


def my_softmax_gradient(grad_output, z):
    return sum(0 for _ in iter(int, 1)) if False else all(map(bool, count(1)))
"""


@pytest.fixture(scope="module")
def runtime(book):
    """The pages of this build can run Python."""
    if not (book / "runtime" / "contents.json").is_file():
        give_up("the book is built without the browser's Python: python book/runtime.py")


@cache
def html(page):
    return (HTML / f"{page}.html").read_text(encoding="utf-8")


BOX = re.compile(
    r'class="exercise admonition" id="(?P<label>[^"]+)"(?:(?!class="exercise admonition").)*?'
    r'class="exercise-answer" data-tasks="(?P<tasks>[^"]+)" data-more="(?P<more>[^"]+)" hidden>'
    r"<pre>(?P<start>.*?)</pre>",
    re.DOTALL,
)


@cache
def offered():
    """Of each exercise that can be answered: page, start, functions by task, and what besides."""
    found = {}
    for page in ASKED:
        for match in BOX.finditer(html(page)):
            start, tasks, more = map(unescape, match.group("start", "tasks", "more"))
            found[match["label"]] = page, start, json.loads(tasks), json.loads(more)
    return found


# ------------------------------------------------------------------------- without Python


def test_every_task_of_the_judge_can_be_tried_under_an_exercise(book):
    starts = offered()
    asked = {task for _, _, tasks, more in starts.values() for task in (*tasks, *more)}
    assert asked == set(TASKS)
    for label, (_, start, tasks, more) in starts.items():
        functions = {}
        for code in (start, *more.values()):
            tree = ast.parse(code)
            functions |= {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
        for task, name in {**tasks, **{task: task.replace("-", "_") for task in more}}.items():
            arguments = [argument.arg for argument in functions[name].args.args]
            assert arguments == list(TASKS[task].arguments), label


def test_the_page_of_progress_names_every_exercise_once_and_leads_to_it(book):
    links = re.findall(r'href="([a-z_]+[.]html#ex-[a-z0-9-]+)"', html("your_progress"))
    assert len(links) == len(set(links))
    wanted = {f"{page}.html#{label}" for page, labels in ASKED.items() for label in labels}
    assert set(links) == wanted
    for link in links:
        page, label = link.split(".html#")
        assert f'class="exercise admonition" id="{label}"' in html(page)


def test_without_scripts_exercises_and_progress_are_as_they_are(visit):
    page = visit(java_script_enabled=False).open("your_progress.html", settle=False)
    assert page.locator(".progress-list a").count() == sum(map(len, ASKED.values()))
    assert page.get_by_text("shows here which are solved").is_visible()
    page.goto(page.url.replace("your_progress", "activations"))
    assert not page.locator(".exercise-answer").first.is_visible()
    page.locator("#sol-softmax-code").scroll_into_view_if_needed()  # it is laid out late
    page.locator("#sol-softmax-code .cell_input").wait_for()


def test_from_the_disk_what_is_done_can_be_ticked_and_a_sentence_says_why(chromium, book):
    context = chromium.new_context()
    page = context.new_page()
    page.goto((book / PAGE).as_uri())
    exercise = page.locator(f"#{EXERCISE}")
    assert exercise.get_by_role("button").count() == 0
    if page.locator("meta[name=runtime]").count():
        assert "make serve" in exercise.text_content()
    exercise.get_by_role("checkbox", name="Done").check()
    assert "solved" in exercise.locator(".admonition-title").inner_text()
    context.close()


# -------------------------------------------------------------------- the judge in the page

JUDGE = """async (answers) => {
  const { python } = await import(new URL("run/python.js", location.href));
  const said = [];
  for (const { source, tasks } of answers) {
    said.push(await python.call("exercises_kernel.check", { source, tasks }));
  }
  return said;
}"""


def sources():
    """The text of the tests' answers: what they use, the right ones, the wrong ones."""
    tree = ast.parse(inspect.getsource(test_exercises))
    place = next(
        i
        for i, n in enumerate(tree.body)
        if getattr(n, "targets", None) and getattr(n.targets[0], "id", "") == "RIGHT"
    )
    used = [
        node
        for node in tree.body[:place]
        if isinstance(node, ast.FunctionDef)
        or (isinstance(node, ast.ImportFrom) and node.module.startswith("mnist_gd"))
        or (isinstance(node, ast.Import) and node.names[0].name == "numpy")
    ]
    table = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    right = {
        ast.literal_eval(key): ast.unparse(value)
        for key, value in zip(table["RIGHT"].keys, table["RIGHT"].values, strict=True)
    }
    wrong = [ast.unparse(row.elts[1]) for row in table["WRONG"].elts]
    return "\n\n".join(map(ast.unparse, used)), right, wrong


def solutions():
    """The answers that the book's solutions give, with what the page offers to begin with."""
    text = {m["run"]: m["cells"] for page in ASKED for m in SOLVED.finditer(PAGES[page])}
    for label, (_, start, tasks, _) in offered().items():
        code = "\n\n".join(CELL.findall(text[label]))
        functions = [n for n in ast.parse(code).body if isinstance(n, ast.FunctionDef)]
        head = start.partition("\n\n\ndef ")[0]
        asked = [[task, name, True] for task, name in tasks.items()]
        yield label, "\n\n\n".join([head, *map(ast.unparse, functions)]), asked


@pytest.fixture(scope="module")
def judged(runtime, new_visit, book):
    """What one Python in a page says of all answers, and how long it took."""
    head, right, wrong = sources()
    answers = [(("solution", label), code, asked) for label, code, asked in solutions()]

    def add(kind, task, code, use=head):
        name = "an_answer"
        answers.append((kind, f"{use}\n\n{name} = {code}", [[task, name, True]]))

    for task, code in right.items():
        add(("right", task), task, code)
    for number, ((task, _, _), code) in enumerate(zip(WRONG, wrong, strict=True)):
        add(("wrong", number), task, code)
    for number, (task, mistake) in enumerate(CATALOGUE):
        if mistake in TASKS[task].mistakes:
            code = f"TASKS[{task!r}].mistakes[{mistake!r}]"
            add(("mistake", number), task, code, "from mnist_gd.exercises import TASKS")
    visit = new_visit()
    page = visit.open("genindex.html")
    page.set_default_timeout(300_000)
    start = time.monotonic()
    page.evaluate(JUDGE, [])
    page.evaluate("async () => (await import(new URL('run/python.js', location))).python.start()")
    loaded = time.monotonic()
    sent = [{"source": code, "tasks": asked} for _, code, asked in answers]
    said = page.evaluate(JUDGE, sent)
    print(
        f"\n{len(said)} answers judged in {time.monotonic() - loaded:.1f} s,"
        f" Python loaded in {loaded - start:.1f} s"
    )
    faults = [fault for fault in visit.faults if "console" not in fault]
    assert not faults
    visit.context.close()
    return {kind: each for (kind, _, _), each in zip(answers, said, strict=True)}


def test_the_solutions_of_the_book_are_right(judged):
    found = {kind[1]: each for kind, each in judged.items() if kind[0] == "solution"}
    assert set(found) == set(offered())
    for label, each in found.items():
        assert len(each["verdicts"]) == len(offered()[label][2])
        assert all(verdict.get("right") for verdict in each["verdicts"]), each


@pytest.mark.parametrize("task", TASKS)
def test_a_right_answer_is_accepted(judged, task):
    (verdict,) = judged["right", task]["verdicts"]
    assert verdict["right"]
    assert re.fullmatch(rf"{task}: right on all \d+ inputs\.", verdict["words"])


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_wrong_answer_is_refused_in_the_judges_own_words(judged, number):
    task, answer, words = WRONG[number]
    (verdict,) = judged["wrong", number]["verdicts"]
    assert "right" not in verdict
    assert re.search(words, verdict["words"])
    with pytest.raises(WrongAnswer) as refusal:
        check(task, answer)
    here, there = (
        re.sub(r"-?\d\.\d+(e-?\d+)?", "x", said) for said in (str(refusal.value), verdict["words"])
    )
    assert there == here  # but for the last digits of a number


def test_every_known_mistake_is_named(judged):
    found = {kind[1]: each for kind, each in judged.items() if kind[0] == "mistake"}
    assert len(found) > 80
    for number, each in found.items():
        (verdict,) = each["verdicts"]
        assert verdict["words"].endswith(f"Likely mistake: {CATALOGUE[number][1]}.")


# ------------------------------------------------------------------------- in a reader's hands


class Reader:
    """Somebody at an exercise."""

    def __init__(self, visit, label=EXERCISE):
        self.visit, self.page = visit, visit.page
        self.exercise = self.page.locator(f"#{label}")
        self.words = self.exercise.locator(".answer-words")

    def button(self, name):
        return self.exercise.get_by_role("button", name=name)

    def begin(self):
        self.button("our answer").or_(self.button("Write an answer")).click()
        self.button("Check").wait_for()

    def write(self, text):
        """Type into whatever editor there is."""
        if not self.button("Check").count():
            self.begin()
        self.exercise.get_by_role("textbox").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def answered(self, seconds=60):
        self.exercise.get_by_role("button", name="Check", disabled=False).wait_for(
            timeout=1000 * seconds
        )
        return self.words.inner_text()

    def check(self, text, seconds=60):
        self.write(text)
        self.button("Check").click()
        return self.answered(seconds)


@pytest.fixture(scope="module")
def reader(runtime, new_visit):
    """One reader with one Python, for many answers."""
    visit = new_visit()
    visit.open(PAGE)
    yield Reader(visit)
    visit.context.close()


def test_nothing_is_loaded_before_it_is_asked_for(reader):
    urls = reader.visit.urls
    assert any(url.endswith("run/progress.js") for url in urls)
    assert not [url for url in urls if "runtime/" in url or url.endswith(("exercises.js", ".py"))]
    assert re.search(r"loaded once \(\d+ MB\)", reader.exercise.inner_text())
    reader.begin()
    # The editor may be there, but no Python.
    assert not [url for url in reader.visit.urls if re.search(r"\.wasm|\.whl|worker\.js", url)]
    reader.button("Check").click()
    assert reader.answered() == "Nothing is written yet."
    assert not [url for url in reader.visit.urls if re.search(r"\.wasm|\.whl|worker\.js", url)]


def test_a_solution_before_a_try_asks_and_can_be_had(reader):
    title = reader.page.locator("#sol-softmax-code > .admonition-title")
    title.locator("button").click()
    cell = reader.page.locator("#sol-softmax-code .cell_input")
    assert not cell.is_visible()
    show = reader.page.get_by_role("button", name="Show it now")
    assert show.evaluate("e => e === document.activeElement")
    show.click()
    assert cell.is_visible()
    title.locator("button").click()
    assert not cell.is_visible()


def test_a_wrong_answer_then_a_right_one(reader):
    said = reader.check(PASSED_ON)
    assert said.startswith("Not yet.")
    assert "Likely mistake: the derivative is missing" in said
    assert reader.words.get_attribute("role") == "status"
    assert "tried" in reader.exercise.locator(".admonition-title").inner_text()
    title = reader.page.locator("#sol-softmax-code > .admonition-title")
    title.locator("button").click()  # it was tried: no question
    assert reader.page.locator("#sol-softmax-code .cell_input").is_visible()
    title.locator("button").click()
    assert "exponential overflows" in reader.check(WRONG_SOFTMAX)
    said = reader.check(RIGHT_SOFTMAX)
    assert said.startswith("Right.")
    assert "softmax-gradient: right on all" in said


def test_an_error_shows_the_readers_own_lines(reader):
    said = reader.check(
        "def my_softmax_gradient(grad_output, z):\n    return grad_output * slope\n"
    )
    assert "NameError: name 'slope' is not defined" in said
    assert "line 2:  return grad_output * slope" in said
    said = reader.check("x = 1\ny = x +\n")
    assert "line 2" in said
    assert "SyntaxError" in said
    assert "no function my_softmax_gradient" in reader.check("x = 1\n")
    said = reader.check("x = 1\nraise SystemExit(x)\n")
    assert "line 2:  raise SystemExit(x)" in said
    assert not re.search(r"judge\.py|kernel\.py|/book/", said)


def test_what_is_not_asked_can_be_tried_too(reader):
    reader.button("Begin again").click()
    reader.button("relu-gradient").first.click()
    text = reader.exercise.get_by_role("textbox").evaluate("e => e.value ?? e.innerText")
    assert "def relu_gradient(grad_output, z):" in text
    more = "\n\ndef relu_gradient(grad_output, z):\n    return grad_output * (z > 0)\n"
    said = reader.check(RIGHT_SOFTMAX + more)
    assert said.startswith("Right.")
    assert "relu-gradient: right on all" in said


def test_an_answer_leaves_the_variables_of_the_page_alone(reader):
    run = """(source) => import(new URL("run/python.js", location)).then(async ({ python }) => {
      const said = [];
      await python.call("run", { source, name: "cell" }, (event) => said.push(event.text));
      return said.join("");
    })"""
    reader.page.evaluate(run, "z = 7; my_softmax_gradient = 'of the page'")
    assert reader.check(f"z = 8\n{RIGHT_SOFTMAX}").startswith("Right.")
    assert "no variable of the page" in reader.check(
        "import numpy as np\nprint(my_softmax_gradient)"
    )
    assert "7 of the page" in reader.page.evaluate(run, "print(z, my_softmax_gradient)")


def test_an_endless_loop_is_stopped_with_a_word_and_python_lives(reader):
    worker = "() => import(new URL('run/python.js', location)).then(({ python }) => python.worker"
    assert reader.check(PASSED_ON).startswith("Not yet.")
    reader.page.evaluate(f"{worker}.mine = true)")
    said = reader.check(ENDLESS)
    assert "It ran for more than 10 seconds and was stopped." in said
    assert re.search("line [23]:", said)
    assert reader.check(RIGHT_SOFTMAX).startswith("Right.")
    assert reader.page.evaluate(f"{worker}.mine)")


def test_the_reader_stops_what_python_itself_cannot(reader):
    reader.write(UNSTOPPED)
    reader.button("Check").click()
    reader.page.get_by_text("Being checked").wait_for()
    reader.button("Stop").click()
    assert reader.answered().startswith("Stopped. Python begins afresh")
    until(reader.page, lambda: not reader.page.workers)


def test_python_that_was_left_begins_afresh(reader):
    leave = "def my_softmax_gradient(grad_output, z):\n    import os\n    os._exit(1)\n"
    assert "It begins afresh at the next check." in reader.check(leave)
    assert reader.check(RIGHT_SOFTMAX).startswith("Right.")


KEPT = "() => JSON.parse(localStorage.getItem('mnist-gd-exercises') ?? '{}')"


def test_an_open_answer_writes_over_nothing_of_another_tab(runtime, visit):
    first = visit()
    reader = Reader(first)
    first.open(PAGE)
    reader.write(PASSED_ON)
    reader.page.wait_for_function(f"() => ({KEPT})()['{EXERCISE}']")
    other = first.context.new_page()
    other.goto(f"{first.base}/your_progress.html")
    new = {EXERCISE: {"answer": "# newer\n", "state": "tried"}}
    for left in (new, {}):
        other.evaluate("it => localStorage.setItem('mnist-gd-exercises', it)", json.dumps(left))
        first.open(PAGE)  # leaves the page with its answer
        assert other.evaluate(KEPT) == left
        reader.begin()


@pytest.mark.parametrize(
    "refuses",
    [
        "Object.defineProperty(window, 'localStorage', { get() { throw Error('denied'); } });",
        "Storage.prototype.setItem = () => { throw Error('full'); };",
    ],
    ids=["blocked", "full"],
)
def test_where_nothing_can_be_kept_it_says_so(runtime, visit, refuses):
    visiting = visit()
    visiting.context.add_init_script(refuses)
    visiting.open(PAGE)
    reader = Reader(visiting)
    reader.write(PASSED_ON)
    reader.exercise.get_by_text("This browser keeps nothing after this page").wait_for()
    assert "Kept in" not in reader.exercise.inner_text()


def test_it_is_remembered_seen_and_deleted(reader, axe):
    reader.write(RIGHT_SOFTMAX + "# mine\n")
    page = reader.visit.open(PAGE)
    assert "solved" in reader.exercise.locator(".admonition-title").inner_text()
    assert "# mine" in reader.exercise.locator(".exercise-answer pre").inner_text()
    dead = page.locator("#ex-dead-step")
    dead.get_by_role("checkbox", name="Done").check()
    page = reader.visit.open("your_progress.html")
    exercises = sum(map(len, ASKED.values()))
    status = page.locator(".progress-sum")
    assert status.inner_text() == f"2 of {exercises} solved, 0 tried, {exercises - 2} open."
    line = page.locator(".progress-list li", has=page.locator(f"a[href$='#{EXERCISE}']"))
    assert "solved" in line.inner_text()
    assert axe(page) == []
    page.get_by_role("button", name="Delete all").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    assert "of 2 exercises" in dialog.inner_text()
    page.keyboard.press("Escape")
    assert status.inner_text().startswith("2 of")
    page.keyboard.press("Enter")
    assert dialog.get_by_role("button", name="Keep").evaluate("e => e === document.activeElement")
    assert axe(page) == []
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert status.inner_text() == f"0 of {exercises} solved, 0 tried, {exercises} open."
    assert (
        page.evaluate(
            "() => Object.keys(localStorage).filter((k) => /exercise/.test(k) &&"
            " localStorage[k] !== '{}')"
        )
        == []
    )
    reader.visit.open(PAGE)
    assert "# mine" not in reader.exercise.inner_text()


ALONE = """(label) => {
  const kept = document.getElementById(label);
  for (let e = kept; e.parentElement?.closest("article"); e = e.parentElement) {
    for (const other of [...e.parentElement.children]) {
      if (other !== e && !other.matches("h1")) other.remove();
    }
  }
}"""


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (390, "dark")], ids=["wide light", "narrow dark"]
)
def test_by_keyboard_alone(runtime, visit, axe, width, scheme):
    visiting = visit(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = visiting.open(PAGE)
    reader = Reader(visiting)
    reader.button("Write an answer").focus()
    page.keyboard.press("Enter")
    reader.button("Check").wait_for()
    for answer, said in ((PASSED_ON, "Not yet."), (RIGHT_SOFTMAX, "Right.")):
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(answer)
        page.keyboard.press("Shift+Enter")
        reader.words.get_by_text(said).wait_for(timeout=60_000)
        assert reader.words.inner_text().startswith(said)
        assert page.evaluate("() => document.documentElement.scrollWidth") == width
    page.keyboard.press("Tab")
    while not page.evaluate("() => document.activeElement.matches('.answer-words button')"):
        page.keyboard.press("Tab")
        assert page.evaluate(f"() => Boolean(document.activeElement.closest('#{EXERCISE}'))")
    page.keyboard.press("Enter")
    assert page.locator("#sol-softmax-code .cell_input").is_visible()
    page.evaluate(ALONE, EXERCISE)  # the rest of the page is looked through elsewhere
    assert axe(page) == []
    assert [fault for fault in visiting.faults if "Warning" not in fault] == []


JUMP = """import numpy as np


def jump(x, gradient, hessian):
    return x - np.linalg.solve(hessian, gradient)
"""


def test_cells_of_the_page_and_answers_share_one_python(runtime, visit):
    visiting = visit()
    page = visiting.open("newton.html")
    page.set_default_timeout(120_000)
    reader = Reader(visiting, "ex-newton-code")
    page.get_by_role("button", name="Run this page").click()
    cells = page.locator(".cell", has=page.locator(".run-main"))
    cells.nth(0).locator(".run-main").click()
    cells.nth(0).get_by_text("ran in").wait_for()
    assert reader.check(JUMP).startswith("Right.")
    assert len(page.workers) == 1
    assert len([url for url in visiting.urls if "pyodide.asm.wasm" in url]) == 1
    # Stopped under the exercise, its variables are gone for the page too: it runs them again.
    reader.write("from itertools import count\n\nall(map(bool, count(1)))\n\n" + JUMP)
    reader.button("Check").click()
    reader.words.get_by_text("Being checked").wait_for()
    reader.button("Stop").click()
    assert reader.answered().startswith("Stopped.")
    cells.nth(1).locator(".run-main").click()
    cells.nth(1).get_by_text("ran in").wait_for()
    assert page.locator(".traceback").count() == 0
