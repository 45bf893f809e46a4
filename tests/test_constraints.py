"""The pins are those of the environment that `make setup` makes, and are refreshed by a tool."""

import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging", reason="the extra 'test' is not installed")
from packaging.requirements import Requirement  # noqa: E402
from packaging.utils import canonicalize_name  # noqa: E402
from packaging.version import Version  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("constraints", ROOT / ".ci" / "constraints.py")
constraints = importlib.util.module_from_spec(spec)
spec.loader.exec_module(constraints)

TEXT = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PINS = {canonicalize_name(name): version for name, version in constraints.pins(TEXT).items()}
#: Of extras that `make setup` leaves out; each with what it needs beside the others.
LEFT_OUT = {"jax": {"jaxlib", "opt-einsum", "ml-dtypes"}, "optax": {"absl-py"}}


@pytest.fixture(scope="module")
def installed():
    """The distributions of the environment that make has made, by name."""
    if not (Path(sys.prefix) / ".ready").is_file():
        pytest.skip("this is no environment of `make setup`")
    return {canonicalize_name(found.name): found for found in distributions()}


def requirements(found, extras=()):
    """What an installed distribution asks for: here, and on another system or Python."""
    here, elsewhere = set(), set()
    for text in found.requires or []:
        wanted = Requirement(text)
        said = wanted.marker is None or any(
            wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)
        )
        (here if said else elsewhere).add((canonicalize_name(wanted.name), *wanted.extras))
    return here, elsewhere


def closure(installed, extras):
    """All that the project needs, itself left out; and what it would need elsewhere."""
    needed, elsewhere, left = set(), set(), [("mnist-gd", *extras)]
    seen = set()
    while left:
        name, *wanted = left.pop()
        if (name, *wanted) in seen or name not in installed:
            continue
        seen.add((name, *wanted))
        needed.add(name)
        here, other = requirements(installed[name], wanted)
        left += here
        elsewhere |= {first for first, *_ in other}
    return needed - {"mnist-gd"}, elsewhere


def test_all_that_is_installed_is_pinned_to_its_version(installed):
    """What another asks for in one version alone needs no pin; pip comes with the environment."""
    exact = {
        canonicalize_name(wanted.name)
        for found in installed.values()
        for wanted in map(Requirement, found.requires or [])
        if str(wanted.specifier).startswith("==")
    }
    free = {"mnist-gd", "pip"} | (exact - PINS.keys())
    versions = {name: Version(d.version).public for name, d in installed.items()}
    versions = {name: version for name, version in versions.items() if name not in free}
    assert versions == {name: v for name, v in PINS.items() if name in versions}


def test_every_pin_is_needed_here_elsewhere_or_by_an_extra_left_out(installed):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = list(project["optional-dependencies"])
    needed, elsewhere = closure(installed, extras)
    assert LEFT_OUT.keys() <= {
        Requirement(text).name for of in project["optional-dependencies"].values() for text in of
    }
    for name, others in LEFT_OUT.items():
        elsewhere |= {name, *others}
    assert PINS.keys() - needed - elsewhere == set()
    assert (elsewhere - needed) & PINS.keys() == PINS.keys() - installed.keys()


def report(name, version, requires=(), **about):
    metadata = {"name": name, "version": version, "requires_dist": list(requires)}
    return {"metadata": metadata, **about}


def test_refreshed_pins_keep_comments_names_and_what_is_needed_elsewhere():
    text = "# A comment\n# held: old<3; why\nGone==1\nOf_Windows==4\nOld.Name==1.0\n"
    installs = [
        report("mnist_gd", "1", ["old-name", "torch"], is_direct=True),
        report("old-name", "2.0", ["of-windows; sys_platform == 'win32'"]),
        report("torch", "2.1+cpu", ["library==7"]),
        report("library", "7"),
    ]
    assert constraints.refreshed(text, installs) == (
        "# A comment\n# held: old<3; why\nOf_Windows==4\nOld.Name==2.0\ntorch==2.1\n"
    )
    again = constraints.refreshed(TEXT, [])
    assert [line for line in again.splitlines() if line[0] == "#"] == [
        line for line in TEXT.splitlines() if line[0] == "#"
    ]


def test_what_is_held_is_kept_to():
    held = list(map(Requirement, constraints.HELD.findall(TEXT)))
    assert held
    assert all(requirement.specifier.contains(PINS[requirement.name]) for requirement in held)


def wheel(folder, name, version, requires=()):
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {text}\n" for text in requires)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as written:
        written.writestr(f"{about}/METADATA", metadata)
        written.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        written.writestr(f"{about}/RECORD", "")


def test_pip_resolves_to_the_newest_that_is_not_held(tmp_path):
    """Without network: of wheels in a folder."""
    wheel(tmp_path, "first", "1.0", ["second>=1"])
    for version in ("1.0", "2.0", "3.0"):
        wheel(tmp_path, "second", version)
    options = ["--no-index", "--find-links", str(tmp_path)]

    def second(*held):
        installs = constraints.resolved("first", held, options)
        text = constraints.refreshed("# Head\nsecond==1.0\n", installs)
        assert text.startswith("# Head\nfirst==1.0\nsecond==")
        return constraints.pins(text)["second"]

    assert second() == "3.0"
    assert second("second<3") == "2.0"
    with pytest.raises(subprocess.CalledProcessError):
        second("second<1")


def test_pins_are_in_order_and_once():
    names = [canonicalize_name(name) for name in constraints.pins(TEXT)]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.]+", line)
               for line in TEXT.splitlines() if line[0] != "#")  # fmt: skip


def test_what_is_fetched_beside_pip_has_its_sum():
    """One program fetches; hooks of pre-commit are the environment's own tools."""
    fetches = re.compile(
        r"\b(urlopen|urlretrieve|requests\.get|http\.client|httpx|pooch)\b|curl |wget "
    )
    own = [
        path.relative_to(ROOT).as_posix()
        for folder in ("mnist_gd", "benchmarks", "book", ".ci", ".binder")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ""} and path.is_file() and "_build" not in path.parts
        if fetches.search(path.read_text(encoding="utf-8"))
    ]
    assert own == ["book/runtime.py"]
    names = tomllib.loads((ROOT / "book" / "runtime.toml").read_text(encoding="utf-8"))
    tables = [names["core"], names["npm"], *names["packages"].values(), *names["wheels"].values()]
    sums = [digest for table in tables for digest in table.values()]
    assert len(sums) > 50
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in sums)
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (.*)", hooks) == ["local"]


def test_the_audit_checks_every_pin_or_fails():
    """Of what is not found it says so and fails: else a machine that cannot ask would pass."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (command,) = re.findall(r"pip-audit (--.*) -r constraints\.txt", makefile)
    assert command.split() == ["--strict", "--no-deps", "--disable-pip"]
    assert re.search(r"pip install .*pip-audit==[\d.]+;", makefile)
