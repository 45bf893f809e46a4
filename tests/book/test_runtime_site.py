"""The browser's Python in the built book: whole, official, and started under the policy."""

import gzip
import hashlib
import importlib.util
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.book.conftest import HTML, give_up

BOOK = Path(__file__).resolve().parents[2] / "book"
spec = importlib.util.spec_from_file_location("runtime", BOOK / "runtime.py")
runtime = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runtime)
ROOT = HTML / "runtime"

START = """async () => {
  const { Python } = await import("./run/python.js");
  const python = new Python(new URL("runtime/", location));
  const heard = [];
  await python.start();
  const source = `import warnings
warnings.simplefilter("error")
import numpy, mnist_gd.networks
from matplotlib import pyplot as plt
plt.plot([1, 2])
plt.title(r"$\\\\mathbf{w}_1 \\\\mathtt{x} \\\\mathcal{L} \\\\int \\\\sum$")
plt.show()
print(numpy.__version__)`;
  await python.call("run", { source, name: "cell" }, (event) => heard.push(event));
  python.stop();
  return heard.map(({ text }) => text ?? "").join("");
}"""
EDITOR = """async () => {
  const contents = await (await fetch("./runtime/contents.json")).json();
  const load = (name) => import(`./runtime/${contents.codemirror}codemirror-${name}.js`);
  const [{ EditorView }, { python }] = await Promise.all(["view", "lang-python"].map(load));
  const view = new EditorView({ doc: "for x in y: pass", extensions: [python()] });
  return view.contentDOM.textContent;
}"""


@pytest.fixture(scope="module")
def contents():
    if not (ROOT / "contents.json").exists():
        give_up("the book has no runtime: python book/runtime.py, then make book")
    return json.loads((ROOT / "contents.json").read_text(encoding="utf-8"))


def test_every_file_of_pyodide_has_the_sum_of_its_official_list(contents):
    folder = ROOT / contents["pyodide"]
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    official = {about["file_name"]: about["sha256"] for about in lock["packages"].values()}
    official |= runtime.read_pins()["core"]
    for path in folder.iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == official[path.name], path.name


def test_a_page_loads_all_that_it_needs_with_sums_that_python_checks(contents):
    """What is left out of a wheel is none of its code; the rest is as in the official one."""
    lock = json.loads((ROOT / contents["lock"]).read_text(encoding="utf-8"))
    assert set(lock["packages"]) == set(runtime.closure(lock, contents["packages"]))
    eager = {file["url"] for file in contents["eager"]}
    for about in lock["packages"].values():
        url = about["file_name"].removeprefix("../")
        content = (ROOT / url).read_bytes()
        assert url in eager
        assert hashlib.sha256(content).hexdigest() == about["sha256"]
        whole = ROOT / contents["pyodide"] / url.rpartition("/")[2]
        with zipfile.ZipFile(io.BytesIO(content)) as wheel, zipfile.ZipFile(whole) as official:
            left_out = set(official.namelist()) - set(wheel.namelist())
            assert not [n for n in left_out if n.endswith((".so", ".py")) and "f2py" not in n]
            assert all(wheel.read(name) == official.read(name) for name in wheel.namelist())
    (wasm,) = (file for file in contents["eager"] if "packed" in file)
    assert (
        gzip.decompress((ROOT / wasm["packed"]).read_bytes()) == (ROOT / wasm["url"]).read_bytes()
    )


def test_what_is_loaded_at_once_is_there_and_as_large_as_pages_say(contents):
    for file in contents["eager"]:
        place = file.get("packed", file["url"].partition("?")[0])
        assert (ROOT / place).stat().st_size == file["bytes"]
    total = sum(file["bytes"] for file in contents["eager"])
    assert 10e6 < total < 18e6
    html = (HTML / "index.html").read_text(encoding="utf-8")
    (said,) = re.findall(r'<meta name="runtime" content="(\d+)"', html)
    assert abs(int(said) - total) <= 1e5


def test_records_and_data_are_there(contents):
    data, records = contents["lazy"]
    assert {name for name in data["names"] if name.endswith(".gz")} >= {
        f"{part}-ubyte.gz" for part in ("t10k-images-idx3", "train-labels-idx1")
    }
    assert len(records["names"]) > 300
    for lazy in contents["lazy"]:
        there = {path.name for path in (ROOT / lazy["url"]).iterdir()}
        assert there == set(lazy["names"])


def test_the_licences_name_every_wheel(contents):
    said = (ROOT / "LICENSES.txt").read_text(encoding="utf-8")
    for path in ROOT.rglob("*.whl"):
        assert re.search(rf"^{re.escape(path.name)}: \S", said, re.MULTILINE), path.name
    assert "MPL-2.0" in said


def test_python_and_the_editor_start_under_the_policy(contents, visit):
    """Nothing breaks the policy, or is asked of another origin; formulas find their fonts."""
    book = visit()
    page = book.open("index.html", settle=False)
    assert page.evaluate(START) == "2.0.2\n"
    assert page.evaluate(EDITOR) == "for x in y: pass"
    assert book.faults == []
