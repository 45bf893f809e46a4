"""How the browser's Python is fetched: from folders, local servers and pip without an index."""

import base64
import errno
import hashlib
import importlib.util
import io
import json
import os
import re
import tarfile
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("runtime", ROOT / "book" / "runtime.py")
runtime = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runtime)

NUMPY = "numpy-2.0-cp312-cp312-pyodide_2024_0_wasm32.whl"
TQDM = "tqdm-4.0-py3-none-any.whl"
EDITOR = "lezer-lr-1.4.tgz"
MIRROR = "a_mirror-1.0-py3-none-any.whl"


def tarball(files):
    """A package as npm packs it."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz", encoding="utf-8") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(f"package/{name}")
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return whole.getvalue()


def wheel(name, files=()):
    """A wheel that pip takes."""
    project, version, *_ = name.split("-")
    info = f"{project}-{version}.dist-info"
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for inner, content in dict(files).items():
            archive.writestr(inner, content)
        about = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\nLicense: MIT\n"
        archive.writestr(f"{info}/METADATA", about)
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", tag)
        archive.writestr(f"{info}/RECORD", "")
    return whole.getvalue()


def release(version, numpy=NUMPY):
    """The files of a Pyodide, and its package at npm."""
    six = {"depends": [], "file_name": "six-1.whl", "sha256": runtime.sha256(b"six")}
    scipy = {"depends": ["numpy"], "file_name": "scipy-1.whl", "sha256": "0" * 64}
    about = {"depends": ["S_ix"], "file_name": numpy, "sha256": runtime.sha256(b"numpy")}
    packages = {"numpy": about, "s-ix": six, "scipy": scipy}
    lock = {"info": {"python": f"3.{version}"}, "packages": packages}
    core = {name: f"{name} {version}".encode() for name in runtime.CORE}
    core["pyodide-lock.json"] = json.dumps(lock).encode()
    return core, tarball(core | {"package.json": b"{}"})


class World:
    """Sources of a small runtime on this machine, the pins of it, and a cache."""

    def __init__(self, folder):
        self.folder, self.web, self.index = folder, folder / "web", folder / "index"
        core, packed = release("1")
        editor = tarball({"package.json": b"{}"})
        self.good = core | {NUMPY: b"numpy", "six-1.whl": b"six"}
        mirrored = {f"inside/{name}": content for name, content in self.good.items()}
        self.good |= {TQDM: wheel(TQDM), EDITOR: editor}
        self.put(self.web / "release-1", core | {NUMPY: b"numpy", "six-1.whl": b"six"})
        self.put(self.web / "npm" / "pyodide" / "-", {"pyodide-1.tgz": packed})
        self.put(self.web / "npm" / "@lezer" / "lr" / "-", {"lr-1.4.tgz": editor})
        self.put(self.index, {TQDM: wheel(TQDM), MIRROR: wheel(MIRROR, mirrored)})
        self.toml, self.cache = (
            folder / "runtime.toml",
            folder / "cache" / "mnist_gd" / "browser-1",
        )
        self.asked = []

    @staticmethod
    def put(folder, files):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)

    def pin(self, base):
        sums = {name: runtime.sha256(content) for name, content in self.good.items()}
        packed = (self.web / "npm" / "pyodide" / "-" / "pyodide-1.tgz").read_bytes()
        self.pins = {
            "pyodide": {
                "version": "1",
                "python": "3.1",
                "tarball": runtime.sha256(packed),
                "page": ["numpy"],
            },
            "sources": {
                "npm": f"{base}/npm",
                "release": f"{base}/release-{{version}}",
                "mirror": "a-mirror==1.0",
                "mirror_folder": "inside",
            },
            "core": {name: sums[name] for name in runtime.CORE},
            "packages": {"page": {name: sums[name] for name in (NUMPY, "six-1.whl")}},
            "wheels": {"page": {TQDM: sums[TQDM]}},
            "npm": {"@lezer/lr@1.4": sums[EDITOR]},
        }
        self.toml.write_text(runtime.written(self.pins, "# a comment\n\n[x]"), encoding="utf-8")

    def run(self, *arguments):
        return runtime.main(["--pins", str(self.toml), *map(str, arguments)])

    def kept(self):
        """What is in the cache, leftovers too."""
        return {path.name: path.read_bytes() for path in self.cache.glob("*")}

    def lose(self, *names):
        """Take files out of the release's address, out of npm's, and out of pip's reach."""
        for name in names:
            for path in self.folder.glob(f"{name}/**/*"):
                if path.is_file():
                    path.unlink()


@pytest.fixture
def world(tmp_path, monkeypatch):
    """The sources, behind a server that notes what it is asked."""
    made = World(tmp_path)

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self):
            made.asked.append(self.path)
            if self.path in made.broken:
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"only its beginning")
                return
            super().do_GET()

        def log_message(self, *args):
            pass

    made.broken = set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=made.web))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.pin(f"http://127.0.0.1:{server.server_port}")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "NO_PROXY": "*"}
    settings |= {"PIP_FIND_LINKS": made.index.as_uri()}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MNIST_GD_RUNTIME", raising=False)
    monkeypatch.setattr(runtime, "user_cache_path", lambda name: tmp_path / "cache" / name)
    yield made
    server.shutdown()
    server.server_close()


def test_all_is_fetched_once_and_kept(world, capsys):
    assert world.run() == 0
    assert world.kept() == world.good
    assert runtime.missing(world.pins, world.cache) == []
    asked = len(world.asked)
    assert world.run() == 0
    assert len(world.asked) == asked
    said = capsys.readouterr().out
    assert said.count(str(world.cache)) == 2
    assert "1 files, 0.0 MB, from pip download" in said


def test_a_folder_is_asked_first_by_option_and_by_environment(world, tmp_path, monkeypatch):
    world.put(tmp_path / "given", world.good)
    assert world.run("--from", tmp_path / "given") == 0
    assert world.asked == []
    world.lose("cache")
    monkeypatch.setenv("MNIST_GD_RUNTIME", str(tmp_path / "given"))
    assert world.run() == 0
    assert world.asked == []
    assert world.kept() == world.good


def test_what_the_given_folder_lacks_comes_from_elsewhere(world, tmp_path):
    world.put(tmp_path / "given", {NUMPY: world.good[NUMPY]})
    assert world.run("--from", tmp_path / "given") == 0
    assert not any(NUMPY in path for path in world.asked)
    assert world.kept() == world.good


def test_the_mirror_has_what_the_release_does_not_answer(world, capsys):
    world.lose("web/release-1", "web/npm/pyodide")
    assert world.run() == 0
    assert world.kept() == world.good
    assert "8 files, 0.0 MB, from pip download a-mirror==1.0" in capsys.readouterr().out
    assert not list(world.cache.glob("*mirror*"))


def flipped(content):
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (NUMPY, flipped),
        (NUMPY, lambda content: content[:-1]),
        ("pyodide.asm.wasm", lambda content: b""),
        ("pyodide-lock.json", flipped),
        (TQDM, flipped),
        (EDITOR, flipped),
    ],
)
def test_a_damaged_file_is_refused_with_its_name_and_its_source(world, capsys, name, damage):
    """No other source has it here; the others are kept, and a later run needs it alone."""
    world.lose("web", "index")
    given = world.folder / "given"
    world.put(given, world.good | {name: damage(world.good[name])})
    assert world.run("--from", given) == 1
    said = capsys.readouterr()
    assert f"{name}: {given}: refused" in said.out
    assert f"missing: {name}\n" in said.err
    assert "error: 1 files" in said.err
    assert world.kept() == {k: v for k, v in world.good.items() if k != name}
    assert runtime.missing(world.pins, world.cache) == [name]
    world.put(given, {name: world.good[name]})
    assert world.run("--from", given) == 0


def test_a_sound_source_serves_after_a_damaged_one(world, tmp_path, capsys):
    world.put(tmp_path / "given", {NUMPY: flipped(world.good[NUMPY])})
    assert world.run("--from", tmp_path / "given") == 0
    assert world.kept() == world.good
    assert f"{NUMPY}: {tmp_path / 'given'}: refused" in capsys.readouterr().out


def test_a_download_that_breaks_off_is_not_kept(world, capsys):
    world.lose("index")
    world.broken = {f"/release-1/{NUMPY}", "/npm/@lezer/lr/-/lr-1.4.tgz"}
    assert world.run() == 1
    said = capsys.readouterr().err
    assert said.count("IncompleteRead") == 2
    assert {NUMPY, EDITOR} & set(world.kept()) == set()
    assert not list(world.cache.glob(".*"))


def test_a_package_of_npm_that_was_tampered_with_gives_no_file(world, capsys):
    core, _ = release("1")
    core["pyodide.asm.wasm"] = b"another"
    world.put(world.web / "npm" / "pyodide" / "-", {"pyodide-1.tgz": tarball(core)})
    world.lose("web/release-1", "index")
    assert world.run() == 1
    assert "/npm/pyodide: refused: the package has the sum" in capsys.readouterr().err
    assert set(world.kept()) == {EDITOR}


def test_without_any_source_nothing_is_kept_and_each_file_is_named(world, capsys):
    world.lose("web", "index")
    assert world.run() == 1
    said = capsys.readouterr().err
    assert f"error: {len(world.good)} files" in said
    assert all(name in said for name in world.good)
    assert said.count("missing: ") == 4  # one for each kind of file
    assert world.kept() == {}


def test_the_book_does_without_the_wheels_of_its_tests(world, capsys):
    text = world.toml.read_text(encoding="utf-8")
    wheel_of_tests = '[wheels.tests]\n"pytest-9.0-py3-none-any.whl" = "0"\n\n[npm]'
    world.toml.write_text(text.replace("[npm]", wheel_of_tests), encoding="utf-8")
    assert world.run() == 0
    assert "missing: pytest-9.0" in capsys.readouterr().err
    assert world.kept() == world.good


def test_an_index_that_does_not_answer_is_asked_once(world, monkeypatch, capsys):
    world.lose("web", "index")
    text = world.toml.read_text(encoding="utf-8")
    more = '[wheels.page]\n"pluggy-1.0-py3-none-any.whl" = "0"\n'
    world.toml.write_text(text.replace("[wheels.page]\n", more), encoding="utf-8")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    calls, run = [], runtime.subprocess.run
    monkeypatch.setattr(runtime.subprocess, "run", lambda *a, **k: calls.append(1) or run(*a, **k))
    assert world.run() == 1
    assert len(calls) == 2  # for a wheel, and for the mirror
    assert f"missing: pluggy-1.0-py3-none-any.whl, {TQDM}\n" in capsys.readouterr().err


def test_a_source_that_does_not_answer_is_asked_once(world, monkeypatch, capsys):
    world.lose("index")
    asked = []

    def closed(address, timeout):
        asked.append(address)
        raise TimeoutError("timed out")

    monkeypatch.setattr(runtime, "urlopen", closed)
    assert world.run() == 1
    assert len(asked) == 2  # npm and the release
    assert capsys.readouterr().err.count("timed out") == 4


def test_a_cache_that_was_half_written_is_mended(world):
    assert world.run() == 0
    (world.cache / NUMPY).write_bytes(world.good[NUMPY][:2])
    (world.cache / TQDM).unlink()
    (world.cache / ".writing-x").write_bytes(b"a part")
    assert set(runtime.missing(world.pins, world.cache)) == {NUMPY, TQDM}
    assert world.run() == 0
    assert world.kept() == world.good | {".writing-x": b"a part"}


def test_a_full_disk_leaves_nothing_half_written(world, monkeypatch, capsys):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runtime.os, "replace", full)
    assert world.run() == 1
    assert "cannot be kept: [Errno 28] No space left" in capsys.readouterr().err
    assert world.kept() == {}


# ------------------------------------------------------------------------------ pinning


def publish(world, version, content, integrity=None):
    """Put a version of Pyodide into npm's registry."""
    sum_ = base64.b64encode(hashlib.sha512(content).digest()).decode()
    about = {"dist": {"integrity": integrity or f"sha512-{sum_}"}}
    folder = world.web / "npm" / "pyodide"
    world.put(folder / "-", {f"pyodide-{version}.tgz": content})
    world.put(folder, {version: json.dumps(about).encode()})


def test_another_version_is_pinned_by_its_own_list_and_fetched(world, tmp_path):
    newer = NUMPY.replace("2.0", "2.1")
    core, content = release("2", newer)
    publish(world, "2", content)
    world.put(world.web / "release-2", core | {newer: b"numpy", "six-1.whl": b"six"})
    before = world.toml.read_text(encoding="utf-8")
    assert world.run("--update", "2") == 0
    pins = runtime.read_pins(world.toml)
    sums = {name: runtime.sha256(core[name]) for name in core}
    assert pins["core"] == sums
    assert pins["packages"]["page"] == {
        newer: runtime.sha256(b"numpy"),
        "six-1.whl": runtime.sha256(b"six"),
    }
    about = {"version": "2", "python": "3.2", "tarball": runtime.sha256(content)}
    assert pins["pyodide"] == world.pins["pyodide"] | about
    for name in ("sources", "wheels", "npm"):
        assert pins[name] == world.pins[name]
    assert before.startswith("# a comment\n\n[pyodide]\n")
    assert world.toml.read_text(encoding="utf-8").startswith("# a comment\n\n[pyodide]\n")
    assert runtime.missing(pins, world.cache.with_name("browser-2")) == []


def test_an_empty_sum_is_filled_in(world):
    publish(world, "1", (world.web / "npm/pyodide/-/pyodide-1.tgz").read_bytes())
    text = world.toml.read_text(encoding="utf-8")
    sum_ = world.pins["wheels"]["page"][TQDM]
    world.toml.write_text(text.replace(sum_, ""), encoding="utf-8")
    assert world.run("--update", "1") == 0
    assert world.toml.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("content", "integrity", "complaint"),
    [
        (release("2")[1], "sha512-" + "A" * 86 + "==", "has not the sum"),
        (release("2")[1], "sha1-AAAA", "has not the sum"),
        (b"no tarball", None, "ReadError"),
        (tarball({"pyodide-lock.json": b"{}"}), None, "KeyError"),
        (tarball({"pyodide-lock.json": b"<html>"}), None, "JSONDecodeError"),
    ],
)
def test_a_wrong_list_changes_nothing(world, capsys, content, integrity, complaint):
    publish(world, "2", content, integrity)
    before = world.toml.read_bytes()
    assert world.run("--update", "2") == 1
    said = capsys.readouterr().err
    assert "Pyodide 2 cannot be pinned" in said
    assert complaint in said
    assert world.toml.read_bytes() == before
    assert not world.cache.with_name("browser-2").exists()


def test_a_version_that_is_not_published_changes_nothing(world, capsys):
    before = world.toml.read_bytes()
    assert world.run("--update", "9") == 1
    assert "HTTP Error 404" in capsys.readouterr().err
    assert world.toml.read_bytes() == before


def test_the_pins_of_the_book_are_whole_and_as_an_update_writes_them():
    pins = runtime.read_pins()
    text = runtime.PINS.read_text(encoding="utf-8")
    assert runtime.written(pins, text) == text
    files = [item for files in runtime.files_of(pins).values() for item in files.items()]
    assert len(dict(files)) == len(files)  # no name twice
    for name, expected in [*files, ("", pins["pyodide"]["tarball"])]:
        assert re.fullmatch(r"[0-9a-f]{64}", expected), name
    assert set(pins["core"]) == set(runtime.CORE)
    assert all(name.endswith("-none-any.whl") for name in runtime.files_of(pins)["wheels"])
