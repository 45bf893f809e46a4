"""How the pages read: more prose than code, lines of one width, sections that begin with words."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"
PAGES = sorted(path.stem for path in BOOK.glob("*.md") if path.stem != "README")
WIDTH = {True: 97, False: 99}  # of prose, and of all else, as in the modules
THEORY = (
    "gradient_descent",
    "gradient_check",
    "activations",
    "losses",
    "layers",
    "networks",
    "metrics",
    "convexity",
    "noise",
    "momentum",
    "landscape",
)
FENCE = re.compile(r"^(`{3,}|:{3,})\s*(\S*)")


def cell(body):
    """What a cell is to a reader, and its lines of code: not its options, caption and the like."""
    if body and body[0] == "---":
        end = body.index("---", 1) + 1
    else:
        end = next((n for n, line in enumerate(body) if not line.startswith(":")), len(body))
    options = " ".join(body[:end])
    kind = (
        "gone"
        if "remove-cell" in options
        else "folded"
        if re.search("hide-|remove-input", options)
        else "open"
    )
    return kind, body[end:]


def blocks(page):
    """Yield what a page is made of: its kind, and the lines of each that are not empty."""
    lines = (BOOK / f"{page}.md").read_text(encoding="utf-8").splitlines()
    if lines[0] == "---":
        lines = lines[lines.index("---", 1) + 1 :]
    fence, kind, body = None, None, []
    for line in filter(str.strip, lines):
        found = FENCE.match(line)
        if fence is not None:
            if line.strip() == fence:
                if kind == "{code-cell}":
                    yield cell(body)
                fence, body = None, []
            else:
                body.append(line)
        elif found and found[2] in {"{code-cell}", "{raw}"}:
            fence, kind = found[1], found[2]
        elif line.startswith("#"):
            yield "heading", [line]
        elif not line.startswith(("---", ":", "(", "```", "%")):
            yield "prose", [line]


def count(page):
    """Lines of prose, of open and of folded code."""
    counted = dict.fromkeys(("prose", "open", "folded", "gone", "heading"), 0)
    for kind, body in blocks(page):
        counted[kind] += len(body)
    prose = counted["prose"] + counted["heading"]
    return prose, counted["open"], counted["folded"] + counted["gone"]


@pytest.mark.parametrize("pages", [PAGES, THEORY], ids=["book", "theory"])
def test_there_is_more_to_read_than_code(pages):
    prose, shown, folded = map(sum, zip(*map(count, pages), strict=True))
    assert shown <= 0.9 * prose
    assert folded <= 1.2 * prose


def test_pages_of_theory_show_what_a_reader_should_read():
    assert {page for page in THEORY if count(page)[1] > 0.9 * count(page)[0]} == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_section_begins_with_words(page):
    kinds = [(kind, body[0]) for kind, body in blocks(page) if kind != "gone"]
    begun = [
        heading
        for (kind, heading), (after, _) in zip(kinds, kinds[1:], strict=False)
        if kind == "heading" and after in {"open", "folded"}
    ]
    assert begun == []


@pytest.mark.parametrize("page", PAGES)
def test_lines_have_one_width(page):
    """A formula of its own, a table, an address, what is read aloud: these may be longer."""
    prose = {line for kind, body in blocks(page) if kind == "prose" for line in body}
    free = re.compile(r"\s*(:?alt:|\||<|aria-|\S+$|\[\S+\]: )")
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    without_formulas = re.sub(r"^\$\$\n.*?^\$\$", "", text, flags=re.MULTILINE | re.DOTALL)
    long = [
        line
        for line in without_formulas.splitlines()
        if len(line) > WIDTH[line in prose] and not free.match(line)
    ]
    assert long == []


@pytest.mark.parametrize("page", PAGES)
def test_attributes_stand_on_a_line_of_their_own(page):
    """Before text they would be shown as text."""
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    assert re.findall(r"^\{[.#][^}\n]*\}[ \t]+\S.*$", text, re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES)
def test_endings_and_exercises_have_names(page):
    """One name for what was learned; a title for each exercise, which lists of them show."""
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## (What we .*)$", text, re.MULTILINE)) <= {"What we learned"}
    assert re.findall(r"^`{3,}\{exercise(?:-start)?\}\s*$", text, re.MULTILINE) == []
