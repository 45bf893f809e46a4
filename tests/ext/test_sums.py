"""The sums of a built book, and what tells two builds apart by them."""

import subprocess
import sys
from pathlib import Path

import pytest
import sums

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "book"))

import verify  # noqa: E402


@pytest.fixture
def built(tmp_path):
    """A folder of three files, and its sums as a build leaves them."""
    folder = tmp_path / "html"
    (folder / "run").mkdir(parents=True)
    for name in ("index.html", "run/page.js", *sums.MEASURED, *sums.OF_BUILDS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")

    class App:
        outdir = folder

        class builder:
            name = "html"

    sums.write_sums(App, None)
    return folder


def test_what_is_measured_alone_is_left_out(built):
    found = sums.read_sums(built / "SHA256SUMS")
    assert list(found) == ["index.html", "run/page.js"]
    how_fast = {"how_fast.html", "notebooks/how_fast.ipynb", "lite/files/how_fast.ipynb"}
    assert sums.MEASURED == {"run/build.json", "searchindex.js", *how_fast}
    assert found == sums.sums_of(built)


def test_the_sums_are_those_of_sha256sum(built):
    if sys.platform != "linux":
        pytest.skip("its own program for sums")
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=built, check=True)


def test_files_that_differ_are_named():
    assert verify.differences({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "3"}) == [
        "differs  b",
        "missing  c",
        "new      d",
    ]
    assert verify.differences({"a": "1"}, {"a": "1"}) == []


def test_a_published_book_that_was_changed_is_refused(built):
    whole = verify.sums_at(built)
    assert whole == verify.sums_at(built / "SHA256SUMS")
    (built / "run" / "build.json").write_text("another machine", encoding="utf-8")
    assert verify.sums_at(built) == whole
    (built / "index.html").write_text("changed", encoding="utf-8")
    with pytest.raises(ValueError, match=r"not as it was built: differs  index\.html"):
        verify.sums_at(built)


@pytest.mark.parametrize("text", ["abc  index.html", f"{'0' * 64} index.html", f"{'0' * 64}  "])
def test_what_holds_no_sums_is_refused(tmp_path, text):
    path = tmp_path / "SHA256SUMS"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"hex|must hold lines of a sum and a name"):
        sums.read_sums(path)


def test_what_the_book_is_made_from_is_copied_without_records(tmp_path):
    book = verify.copied(tmp_path / "copy")
    assert (book / "_config.yml").is_file()
    assert (book.parent / "mnist_gd" / "records.py").is_file()
    assert not (book / "_build").exists()
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "one.json").write_text("{}", encoding="utf-8")
    book = verify.copied(tmp_path / "other", records=tmp_path / "records")
    assert (book / "_build" / "records" / "one.json").is_file()
