"""What a build puts beside its pages for Python in the browser."""

import gzip
import io
import json
import os
import shutil
import zipfile
from types import SimpleNamespace

import pytest

from tests.test_runtime import EDITOR, NUMPY, TQDM, release, runtime, tarball, wheel

browser_runtime = pytest.importorskip(
    "browser_runtime", reason="the extra 'book' is not installed"
)

EDITORS = {
    "@lezer/lr": {
        "package.json": b'{"exports": {"import": "./dist/index.js"}, "main": "dist/index.cjs"}',
        "dist/index.js": b"import { Tree,\n  Parser } from '@lezer/common';\n"
        b'const text = "from \'x\'";\nexport { Parser } from "@lezer/common";\n',
        "LICENSE": b"MIT of lr",
    },
    "@lezer/common": {
        "package.json": b'{"main": "index.js"}',
        "index.js": b"export class Tree {}\nexport class Parser {}\n",
        "LICENSE": b"MIT of common",
    },
}


def doubled(configuration, seed):
    return {"score": 2 + seed}, {}


def tripled(configuration, seed):
    return {"score": 3 + seed}, {"w": [1.0, 2.0]}


def of_the_book(**settings):
    from mnist_gd.experiments.runs import Configuration

    return Configuration(question="four", loss="mean_squared_error", learning_rate=0.1, **settings)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A project with a page, a package, data, records, and a runtime in the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    core, _ = release("1")
    core["pyodide.asm.wasm"] = b"wasm " * 1000
    core["pyodide-lock.json"] = core["pyodide-lock.json"].replace(b'six-"', b'six"')
    common = tarball(EDITORS["@lezer/common"])
    files = core | {EDITOR: tarball(EDITORS["@lezer/lr"]), "lezer-common-1.0.tgz": common}
    parts = {
        "numpy/a.py": b"a",
        "numpy/a.pyi": b"types",
        "numpy/tests/b.py": b"b",
        "numpy/c.so": b"c",
    }
    files |= {NUMPY: wheel(NUMPY, parts), TQDM: wheel(TQDM), "six-1.whl": wheel("six-1.whl")}
    sums = {name: runtime.sha256(content) for name, content in files.items()}
    pins = {
        "pyodide": {
            "version": "1",
            "python": "3.1",
            "tarball": "",
            "page": ["numpy"],
            "unused": ["s-ix"],
        },
        "core": {name: sums[name] for name in runtime.CORE},
        "packages": {"page": {NUMPY: sums[NUMPY], "six-1.whl": sums["six-1.whl"]}},
        "wheels": {"page": {TQDM: sums[TQDM]}},
        "npm": {
            "@lezer/lr@1.4": sums[EDITOR],
            "@lezer/common@1.0": sums["lezer-common-1.0.tgz"],
        },
    }
    texts = {
        "book/runtime.toml": runtime.written(pins, "# pins\n\n[x]"),
        "book/page.md": "# Page\n",
        "book/_extra/run/kernel.py": "x = 1\n",
        "mnist_gd/__init__.py": "",
        "mnist_gd/layers.py": "y = 1\n",
        "mnist_gd/mnist/images.gz": "images",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    kept = tmp_path / "xdg" / "mnist_gd" / "browser-1"
    kept.mkdir(parents=True)
    for name, content in files.items():
        (kept / name).write_bytes(content)
    return tmp_path / "book"


def build(book, functions=()):
    """Do what a build does; returns the runtime's folder, what was said, and a page's tags."""
    said = []
    app = SimpleNamespace(
        srcdir=book,
        outdir=book / "_build" / "html",
        builder=SimpleNamespace(name="html"),
        config=SimpleNamespace(html_context={}),
    )
    app.outdir.mkdir(parents=True, exist_ok=True)
    context = {"metatags": "<meta>"}
    with pytest.MonkeyPatch.context() as patch:
        logger = SimpleNamespace(info=lambda text, *values: said.append(text % values))
        patch.setattr(browser_runtime, "LOGGER", logger)
        patch.setattr(browser_runtime, "run_functions", lambda: list(functions))
        browser_runtime.look(app, app.config)
        browser_runtime.tell(app, "page", "page.html", context, None)
        browser_runtime.assemble(app, None)
    assert app.config.html_context == {"has_runtime": app.runtime is not None}
    return app.outdir / "runtime", said, context["metatags"]


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def contents(folder):
    return json.loads((folder / "contents.json").read_text(encoding="utf-8"))


def test_the_contents_name_what_is_there_with_its_bytes(book):
    folder, said, tags = build(book)
    there, about = files(folder), contents(folder)
    for file in about["eager"]:
        place = file.get("packed", file["url"].partition("?")[0])
        assert len(there[place]) == file["bytes"]
    eager = [file["url"].partition("?")[0] for file in about["eager"]]
    assert about["pyodide"] + "pyodide.asm.wasm" in eager
    assert {about["lock"], TQDM, "mnist_gd.zip"} < set(eager)
    assert not any("six" in name or "pyodide-lock" in name for name in eager)
    assert eager[-1] == about["archives"][-1]["url"].partition("?")[0]
    for lazy in about["lazy"]:
        assert all(lazy["url"] + name in there for name in lazy["names"])
    assert about["lazy"][0]["names"] == ["images.gz"]
    assert set(about["build"]) == {"numpy", "digests"}
    assert f"{TQDM}: MIT\n" in there["LICENSES.txt"].decode()
    total = sum(file["bytes"] for file in about["eager"])
    assert tags == f'<meta>\n<meta name="runtime" content="{round(total, -5)}" />'
    assert len(said) == 1
    assert f"{total / 1e6:.1f} MB at once" in said[0]


def test_a_page_loads_less_and_jupyterlite_what_is_official(book):
    folder, _, _ = build(book)
    there, about = files(folder), contents(folder)
    kept = files(book.parent / "xdg" / "mnist_gd" / "browser-1")
    for name in (NUMPY, "six-1.whl", "pyodide.asm.wasm", "pyodide-lock.json"):
        assert there[about["pyodide"] + name] == kept[name]
    (wasm,) = (file for file in about["eager"] if file["url"].endswith(".wasm"))
    assert gzip.decompress(there[wasm["packed"]]) == kept["pyodide.asm.wasm"]
    assert wasm["bytes"] < 100
    lock = json.loads(there[about["lock"]])
    assert set(lock["packages"]) == {"numpy"}
    assert lock["packages"]["numpy"]["depends"] == []
    page = about["lock"].partition("/")[0]
    assert lock["packages"]["numpy"]["file_name"] == f"../{page}/{NUMPY}"
    small = there[f"{page}/{NUMPY}"]
    assert runtime.sha256(small) == lock["packages"]["numpy"]["sha256"]
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        names = [name for name in archive.namelist() if "dist-info" not in name]
        assert names == ["numpy/a.py", "numpy/c.so"]
        assert archive.read("numpy/c.so") == b"c"


def test_what_was_made_is_kept_and_made_again_where_it_is_damaged(book, monkeypatch):
    slim, calls = browser_runtime.slim, []
    monkeypatch.setattr(browser_runtime, "slim", lambda *about: calls.append(1) or slim(*about))
    first = files(build(book)[0])
    assert files(build(book)[0]) == first
    assert len(calls) == 1
    made = book.parent / "xdg" / "mnist_gd" / "browser-1" / "made"
    (path,) = made.glob(f"{NUMPY}.*")
    flip(path)
    assert files(build(book)[0]) == first
    assert len(calls) == 2
    assert len(list(made.iterdir())) == 2
    monkeypatch.setitem(browser_runtime.LEFT_OUT, "numpy", r"\.so$")
    assert contents(build(book)[0])["lock"] not in first


def test_the_same_files_give_the_same_bytes_whatever_their_dates(book):
    first = files(build(book)[0])
    for path in [*book.parent.rglob("*.py"), *book.parent.rglob("*.md")]:
        os.utime(path, (1e9, 1e9))
    again = book.parent / "elsewhere"
    for path in ("book", "mnist_gd", "xdg"):
        (again / path).parent.mkdir(exist_ok=True)
        os.rename(book.parent / path, again / path)
    (again / "xdg").rename(book.parent / "xdg")
    assert files(build(again / "book")[0]) == first


def test_an_archive_has_its_files_in_order_and_without_dates():
    one = browser_runtime.archive({"b.py": b"b", "a/c.py": b"c"})
    assert one == browser_runtime.archive({"a/c.py": b"c", "b.py": b"b"})
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.namelist() == ["a/c.py", "b.py"]
        assert {info.date_time[0] for info in archive.infolist()} == {2020}
        assert archive.read("a/c.py") == b"c"


def test_the_archive_holds_the_package_the_kernel_and_what_pages_read(book, monkeypatch):
    root = book.parent
    (root / "benchmarks" / "records").mkdir(parents=True)
    for name in ("__init__.py", "summary.py", "worker.py", "records/day.json"):
        (root / "benchmarks" / name).write_text("{}", encoding="utf-8")
    page = "---\nreads: [benchmarks/summary.py, benchmarks/records]\n---\n# Page\n"
    (book / "page.md").write_text(page, encoding="utf-8")
    monkeypatch.setattr("cache_key.ROOT", root)
    folder, _, _ = build(book)
    with zipfile.ZipFile(folder / "mnist_gd.zip") as archive:
        assert archive.namelist() == [
            "benchmarks/__init__.py",
            "benchmarks/records/day.json",
            "benchmarks/summary.py",
            "kernel.py",
            "mnist_gd/__init__.py",
            "mnist_gd/layers.py",
        ]


def test_a_change_changes_the_address(book):
    before = contents(build(book)[0])
    (book.parent / "mnist_gd" / "layers.py").write_text("y = 2\n", encoding="utf-8")
    (book.parent / "mnist_gd" / "mnist" / "images.gz").write_text("others", encoding="utf-8")
    folder, _, _ = build(book)
    after = contents(folder)
    assert before["archives"][:-1] == after["archives"][:-1]
    assert before["archives"][-1] != after["archives"][-1]
    assert before["lazy"][0]["url"] != after["lazy"][0]["url"]
    assert before["lazy"][1]["url"] == after["lazy"][1]["url"]
    assert not (folder / before["lazy"][0]["url"]).exists()  # nothing of the build before


@pytest.mark.parametrize("made", [dict, of_the_book])
def test_records_of_other_code_are_left_out(book, made):
    from mnist_gd.records import run_all

    configuration = made(epochs=1, batch_size=64, hidden_size=4)
    kept = book / "_build" / "records"
    options = {"records": kept, "progress": False, "n_jobs": 1}
    run_all(tripled, [configuration], seeds=range(2), **options)
    wanted = {path.name for path in kept.iterdir()}
    run_all(doubled, [configuration], **options)
    stale = {path.name for path in kept.iterdir()} - wanted
    (kept / "studies.json").write_text('["four_losses"]', encoding="utf-8")
    (kept / "damaged.json").write_text('{"key"', encoding="utf-8")
    (kept / ".writing-x").write_text("a part", encoding="utf-8")
    folder, _, _ = build(book, [tripled])
    lazy = contents(folder)["lazy"][1]
    assert len(wanted) == 4
    assert len(stale) == 1
    assert set(lazy["names"]) == wanted | {"studies.json"}
    assert {path.name for path in (folder / lazy["url"]).iterdir()} == wanted | {"studies.json"}
    assert lazy["folder"] == "/book/_build/records"


def test_the_functions_of_which_records_are_kept_are_those_of_the_book():
    names = {function.__name__ for function in browser_runtime.run_functions()}
    assert names == {"curve_run", "final_run", "validation_run"}


def test_modules_of_the_editor_import_each_other_by_relative_addresses(book):
    folder, _, _ = build(book)
    place = folder / contents(folder)["codemirror"]
    script = (place / "lezer-lr.js").read_text(encoding="utf-8")
    assert script.splitlines() == [
        "import { Tree,",
        "  Parser } from './lezer-common.js';",
        "const text = \"from 'x'\";",
        'export { Parser } from "./lezer-common.js";',
    ]
    licences = (place / "LICENSES.txt").read_text(encoding="utf-8")
    assert "MIT of lr" in licences
    assert "MIT of common" in licences


def test_a_module_that_is_not_pinned_is_named():
    lone = {"@lezer/lr": EDITORS["@lezer/lr"]}
    with pytest.raises(LookupError, match="imports '@lezer/common', which"):
        browser_runtime.editor(lone)


def flip(path):
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda book, kept: (kept / NUMPY).unlink(), NUMPY),
        (lambda book, kept: flip(kept / "pyodide.asm.wasm"), "pyodide.asm.wasm"),
        (lambda book, kept: flip(kept / TQDM), TQDM),
        (lambda book, kept: shutil.rmtree(kept), "pyodide.js and 10 more"),
        (lambda book, kept: (book / "runtime.toml").unlink(), "runtime.toml"),
    ],
)
def test_without_a_whole_runtime_there_is_none_and_a_line_says_so(book, damage, named):
    """Also where an earlier build had one."""
    folder, _, _ = build(book)
    assert (folder / "contents.json").exists()
    damage(book, book.parent / "xdg" / "mnist_gd" / "browser-1")
    folder, said, tags = build(book)
    assert not folder.exists()
    assert tags == "<meta>"
    (line,) = said
    assert line.startswith(f"no Run buttons, for the browser's Python lacks {named}: ")
    assert line.endswith(" book/runtime.py")


def test_files_of_others_are_linked_and_never_written_through(book):
    folder, _, _ = build(book)
    kept = book.parent / "xdg" / "mnist_gd" / "browser-1" / TQDM
    assert (folder / TQDM).samefile(kept)
    browser_runtime.put(folder / TQDM, b"another")
    assert kept.read_bytes() == wheel(TQDM)
    browser_runtime.put(folder / TQDM, kept)
    assert (folder / TQDM).samefile(kept)


def test_where_links_cannot_be_made_files_are_copied(book, monkeypatch):
    def refuse(*args):
        raise OSError("another device")

    linked = files(build(book)[0])
    (book / "_build").rename(book / "_build_before")
    monkeypatch.setattr(browser_runtime.os, "link", refuse)
    folder, _, _ = build(book)
    assert files(folder) == linked
    assert (folder / TQDM).stat().st_nlink == 1
