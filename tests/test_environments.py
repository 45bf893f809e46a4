"""What others set up: Binder's image, the development container, continuous integration."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BINDER = ROOT / ".binder"
CPU_INDEX = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]


def pip_install(text):
    """What a script's one `pip install` of the project installs, and under which constraints."""
    commands = re.findall(r"pip install((?:.*\\\n)*.*)", text)
    (command,) = (command for command in commands if "constraints.txt" in command)
    extras = re.search(r"^EXTRAS := (.*)$", MAKEFILE, re.MULTILINE)[1]
    command = command.replace("\\\n", " ").replace("$(EXTRAS)", extras)
    words = shlex.split(command.replace("$(if $(TORCH),--extra-index-url $(TORCH_INDEX))", ""))
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
    assert installs == [*CPU_INDEX, *pip_install(MAKEFILE)]
    assert installs[2:4] == ["-c", "constraints.txt"]


@pytest.mark.parametrize("torch", [None, "cpu"])
@pytest.mark.parametrize("place", ["argument", "environment"])
def test_make_takes_pytorch_from_its_own_index_where_asked_to(tmp_path, torch, place):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    said = [f"TORCH={torch}"] if torch and place == "argument" else []
    env = {name: value for name, value in os.environ.items() if name != "TORCH"}
    env |= {"TORCH": torch} if torch and place == "environment" else {}
    command = ["make", "-C", ROOT, "-n", "-B", "setup", f"VENV={tmp_path / 'venv'}", *said]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=True)
    (install,) = re.findall(r"pip install((?:.*\\\n)*.*)", done.stdout)
    index = CPU_INDEX if torch else []
    words = shlex.split(install.replace("\\\n", " "))
    assert words[: -len(pip_install(MAKEFILE))] == ["--disable-pip-version-check", *index]
    assert words[-len(pip_install(MAKEFILE)) :] == pip_install(MAKEFILE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(word in readme for word in ["make book TORCH=cpu", *index])


def workflow():
    yaml = pytest.importorskip("yaml", reason="the extra 'book' is not installed")
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


ACTION = f"actions/none@{'0' * 40}"


def commands(job):
    return [step["run"] for step in workflow()["jobs"][job]["steps"] if "run" in step]


def test_the_workflow_may_read_alone_ends_in_time_and_names_versions():
    about = workflow()
    assert about["permissions"] == {"contents": "read"}
    assert about["concurrency"]["cancel-in-progress"] is True
    for job in about["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 90
        assert "permissions" not in job
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step.get("uses", ACTION))
            paths = step.get("with", {}).get("cache-dependency-path", "").split()
            assert all((ROOT / path).is_file() for path in paths)


def test_the_workflow_does_on_linux_what_the_script_does_with_the_small_pytorch():
    assert workflow()["jobs"]["everything"]["env"] == {"TORCH": "cpu"}
    (script,) = commands("everything")
    assert os.access(ROOT / script, os.X_OK)
    targets = re.findall(
        r"^(?:\w+=\w+ )?make (\S+)$", (ROOT / script).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert targets == ["test", "book", "test-book"]
    assert all(re.search(rf"^{target}:", MAKEFILE, re.MULTILINE) for target in targets)


def test_the_workflow_tests_the_package_with_the_oldest_and_the_newest_python():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = re.findall(r"Python :: (3\.\d+)$", "\n".join(project["classifiers"]), re.MULTILINE)
    assert workflow()["jobs"]["package"]["strategy"]["matrix"]["python"] == [
        pythons[0],
        pythons[-1],
    ]
    install, tests = commands("package")
    assert pip_install(install) == pip_install(MAKEFILE)
    own = shlex.split(tests)
    of_make = shlex.split(
        re.search(r"^\t\$\(BIN\)/(.* -m pytest -m .*)$", MAKEFILE, re.MULTILINE)[1]
    )
    assert own[: len(of_make)] == of_make
    ignored = own[len(of_make) :]
    assert set(ignored[::2]) == {"--ignore"}
    assert all((ROOT / path).exists() for path in ignored[1::2])


def test_plain_steps_of_the_readme_are_those_of_make():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\$ \.venv/bin/(.*)$", readme, re.MULTILINE)
    install, build, tests = map(shlex.split, steps)
    assert install[:4] == ["python", "-m", "pip", "install"]
    assert install[4:] == pip_install(MAKEFILE)
    makefile = MAKEFILE.replace("\\\n", " ")
    makefile = makefile.replace(" -X warn_default_encoding", "")  # it is for who writes here
    of_make = [
        shlex.split(line) for line in re.findall(r"^\t\$\(BIN\)/(.*)$", makefile, re.MULTILINE)
    ]
    assert tests in of_make
    assert f"$(BIN)/{shlex.join(build)} -W" in makefile  # strictly, by make


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
    program, target, torch = container()["postCreateCommand"].split()
    assert (program, torch) == ("make", "TORCH=cpu")
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert "$(LAB_OPTIONS)" in MAKEFILE
    assert "LAB_OPTIONS" in container()["containerEnv"]
