"""The environments that others set up: Binder's image and the development container."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BINDER = ROOT / ".binder"


def pip_install(text):
    """What a script's one `pip install` installs, and under which constraints."""
    (command,) = re.findall(r"pip install((?:.*\\\n)*.*)", text)
    extras = re.search(r"^EXTRAS := (.*)$", MAKEFILE, re.MULTILINE)[1]
    words = shlex.split(command.replace("\\\n", " ").replace("$(EXTRAS)", extras))
    options = {"--quiet", "--disable-pip-version-check", "--no-cache-dir"}
    return [word for word in words if word not in options]


def container():
    path = ROOT / ".devcontainer" / "devcontainer.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_can_be_run(name):
    assert os.access(BINDER / name, os.X_OK)
    subprocess.run(["bash", "-n", BINDER / name], check=True)


def test_binder_installs_what_make_installs():
    installs = pip_install((BINDER / "postBuild").read_text(encoding="utf-8"))
    assert installs == pip_install(MAKEFILE)
    assert installs[:2] == ["-c", "constraints.txt"]


def test_plain_steps_of_the_readme_are_those_of_make():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\$ \.venv/bin/(.*)$", readme, re.MULTILINE)
    install, build, tests = map(shlex.split, steps)
    assert install[:4] == ["python", "-m", "pip", "install"]
    assert install[4:] == pip_install(MAKEFILE)
    makefile = MAKEFILE.replace(" -X warn_default_encoding", "")  # for who writes, not who reads
    of_make = [
        shlex.split(line) for line in re.findall(r"^\t\$\(BIN\)/(.*)$", makefile, re.MULTILINE)
    ]
    assert tests in of_make
    assert any(step[: len(build)] == build for step in of_make)  # strictly, by make


def test_binder_opens_chapters_as_make_live_does():
    command = [BINDER / "start", "printenv", "JUPYTER_CONFIG_PATH"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert Path(done.stdout.split(":")[0]) / "jupyter_server_config.py" == (
        ROOT / ".jupyter" / "jupyter_server_config.py"
    )


def test_pythons_are_new_enough():
    for text in (container()["image"], (BINDER / "runtime.txt").read_text(encoding="utf-8")):
        major, minor = map(int, re.search(r"python[:-](\d+)\.(\d+)", text).groups())
        assert (major, minor) >= (3, 11)


def test_container_sets_up_with_make():
    program, target = container()["postCreateCommand"].split()
    assert program == "make"
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert "$(LAB_OPTIONS)" in MAKEFILE
    assert "LAB_OPTIONS" in container()["containerEnv"]
