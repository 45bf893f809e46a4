"""The benchmarks run, their record has what the page shows, and the page tells it as it is."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import contenders, kernels, processes, summary, worker
from benchmarks import times as page_times
from benchmarks.contenders import CONTENDERS, SIZES
from mnist_gd._record_files import read_times
from mnist_gd.experiments import plans
from mnist_gd.experiments.runs import Configuration, validation_run
from mnist_gd.records import run_all

ROOT = Path(__file__).resolve().parents[1]


def installed(*names):
    """Those contenders whose library is there."""
    there, _ = contenders.available()
    return [pytest.param(n, marks=() if n in there else pytest.mark.skip(n)) for n in names]


def numbers(values):
    return len(values) > 0 and all(isinstance(v, float) and v > 0 for v in values)


def check(record):
    """All that the page needs, each time a positive number."""
    assert set(record["labels"]) == set(CONTENDERS)
    assert record["machine"].keys() == {"processor", "cores", "system", "pinned"}
    assert record["versions"].keys() >= {"python", "numpy"}
    assert record["blas"].keys() == {"internal_api", "version", "architecture"}
    there = set(CONTENDERS) - set(record["left_out"])
    assert {"products", "package", "notebook"} <= there
    plan, learners = record["plan"], there - {"products"}
    assert list(record["epochs"]) == [str(size) for size in plan["batch_sizes"]]
    for times in record["epochs"].values():
        assert set(times) == there
        assert all(len(t) == plan["rounds"] and numbers(t) for t in times.values())
    rival = record["scaling"]["rival"]
    assert rival in learners - {"package"}
    assert record["scaling"]["axes"].keys() == {"batch", "width", "depth", "images"}
    for axis, points in record["scaling"]["axes"].items():
        assert [point["value"] for point in points] == list(plan["axes"][axis])
        for point in points:
            assert point["seconds"].keys() == {"package", rival}
            assert all(numbers(times) for times in point["seconds"].values())
    for part, seeds in (("to_target", plan["seeds"]), ("ten_epochs", plan["ten_seeds"])):
        assert record[part]["settings"].keys() >= {"batch_size", "rate", "epochs"}
        assert set(record[part]["runs"]) == learners
        for runs in record[part]["runs"].values():
            assert [run["seed"] for run in runs] == list(range(seeds))
            for run in runs:
                clock = [0, run["imported"], run["loaded"], run["ready"], *run["epochs"]]
                assert clock == sorted(set(clock))
                assert run["memory"] is None or run["memory"] > 0
                assert len(run["accuracies"]) == (len(run["epochs"]) if part == "to_target" else 0)
    assert record["imports"].keys() >= {"numpy", "mnist_gd", "mnist_gd.networks"}
    assert all(numbers(times) for times in record["imports"].values())
    assert numbers(record["load_mnist"])
    whole, loops = summary.whole_search(record["search"])
    assert numbers([whole, *loops.values()])


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """What a short run says, and the record that it writes; JAX is not there, as for most."""
    folder = tmp_path_factory.mktemp("quick")
    (folder / "none").mkdir()
    (folder / "none" / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'jax' else find(name, *rest)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--folder", folder / "records"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(folder / "none")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = (folder / "records").glob("*.json")
    return done.stdout, path


def test_a_short_run_leaves_out_who_is_not_there_and_writes_a_record(quick):
    said, path = quick
    record = json.loads(path.read_text(encoding="utf-8"))
    check(record)
    assert record["quick"] is True
    assert record["left_out"].keys() >= {"jax_epoch", "jax_step"}
    assert "left out: JAX by the epoch, for jax is not installed" in said
    # The package has the same products to do: with a wide margin for an unquiet machine.
    for times in record["epochs"].values():
        assert min(times["package"]) > 0.8 * min(times["products"])


def test_a_short_run_is_no_record(quick):
    with pytest.raises(ValueError, match="empty"):
        summary.newest(quick[1].parent)


def test_the_kept_record_has_what_the_page_shows():
    record = summary.newest()
    check(record)
    assert record["quick"] is False
    assert not record["left_out"]
    assert record["plan"]["rows"] == 60_000


def test_the_newest_record_is_taken(tmp_path):
    for name in ("2026-01-02", "2026-11-01", "2025-12-31", "2027-01-01-quick"):
        (tmp_path / f"{name}.json").write_text(f'"{name}"', encoding="utf-8")
    assert summary.newest(tmp_path) == "2026-11-01"


@pytest.mark.parametrize("name", installed(*(n for n in CONTENDERS if CONTENDERS[n].learns)))
def test_a_contender_learns_from_full_batches_and_from_what_is_left(name):
    """500 images are 15 batches of 32 and some; 100 are only what is left of a batch of 128."""
    with processes.Process(name) as process:
        process.ask("load")
        for rows, batch_size, least in ((500, 32, 0.7), (100, 128, 0.4)):
            settings = {"rows": rows, "batch_size": batch_size, "rate": 0.1, "seed": 0}
            process.ask("prepare", sizes=SIZES, **settings)
            assert numbers([process.ask("epoch")["seconds"] for _ in range(20)])
            assert process.ask("score")["accuracy"] > least


def test_a_process_that_fails_is_told_of_and_ended(capfd):
    with pytest.raises(RuntimeError, match="process of products ended with 1"):
        with processes.Process("products") as process:
            process.ask("no such thing")
    assert process.process.poll() is not None
    assert "AttributeError" in capfd.readouterr().err


def test_ratios_are_taken_within_a_round():
    times = {"products": [1.0, 2.0], "package": [3.0, 2.0], "torch": [1.0, 1.0]}
    found = summary.ratios(times)
    assert {name: list(r) for name, r in found.items()} == {"package": [3, 1], "torch": [1, 0.5]}
    assert summary.fastest(times) == "torch"


def test_fits_find_what_made_the_data(rng):
    sizes = np.array([8, 32, 128, 512])
    b, error = summary.exponent(sizes, 3.0 * sizes**1.7)
    np.testing.assert_allclose([b, error], [1.7, 0], atol=1e-12)
    sizes = np.repeat(sizes, 50)
    noisy = sizes**0.5 * np.exp(0.1 * rng.normal(size=len(sizes)))
    b, error = summary.exponent(sizes, noisy)
    assert abs(b - 0.5) < 5 * error
    spread = 0.1 / np.sqrt(len(sizes)) / np.std(np.log(sizes))
    np.testing.assert_allclose(error, spread, rtol=0.2)

    steps, images = 2e-4, 1e-5
    batches = np.array([16, 64, 256])
    seconds = np.ceil(60_000 / batches) * steps + 60_000 * images
    np.testing.assert_allclose(summary.costs(batches, seconds, 60_000), [steps, images])


def test_phases_and_the_target_of_a_cold_run():
    run = {"imported": 1, "loaded": 3, "ready": 6, "epochs": [10, 15, 21]}
    run["accuracies"] = [0.9, 0.98, 0.97]
    assert summary.reached(run, 0.98) == (15, 2)
    assert summary.reached(run, 0.99) is None
    assert list(summary.phases(run, 15).values()) == [1, 2, 3, 9]


def test_a_search_is_extrapolated_by_its_epochs():
    loops = [{"rates": 2, "seconds": {"float32": 3.0}}, {"rates": 1, "seconds": {"float32": 4.0}}]
    search = {"epochs": [10, 15, 20], "loops": loops, "search": {"epochs": 2, "seconds": 9.0}}
    assert summary.whole_search(search) == (9 * 10, {"float32": 45 * (2 * 3 + 4)})


def test_what_pages_show_of_times_is_measured():
    rng = np.random.default_rng(0)
    images = rng.integers(256, size=(2000, 784), dtype=np.uint8)
    labels = rng.integers(10, size=2000)
    taken = {
        "steps": page_times.steps(images, labels, rounds=2),
        "activations": page_times.activations(rounds=2, calls=1),
        "buffers": page_times.buffers(images, rounds=2, calls=1),
        "drawing": page_times.drawing(images, labels, rounds=2),
    }
    kept = summary.newest(summary.RECORDS / "times")
    for name, found in taken.items():
        assert found.keys() == kept[name].keys()
    assert list(kept["steps"]) == ["1", "4", "16", "64", "256", "1024"]
    assert numbers([*kept["steps"].values(), *kept["activations"].values()])
    assert kept["steps"]["1024"] > kept["steps"]["16"]
    for name in ("buffers", "drawing"):
        assert all(map(numbers, kept[name].values()))


def test_the_buffered_layer_is_the_plain_one():
    images = np.random.default_rng(0).integers(256, size=(64, 784), dtype=np.uint8)
    given = page_times.layer(images)
    buffered = page_times.Buffered(given[0], given[2])
    for _ in range(2):
        for a, b in zip(page_times.plain(*given), buffered(*given), strict=True):
            np.testing.assert_array_equal(a, b)


def test_jobs_take_turns():
    turns = []
    seconds = page_times.by_turns(
        {name: lambda name=name: turns.append(name) for name in "ab"}, 2, 3
    )
    assert "".join(turns) == "aaabbb" * 2
    assert {name: len(of_job) for name, of_job in seconds.items()} == {"a": 2, "b": 2}


def test_times_of_trainings_are_taken_from_records(tmp_path):
    configuration = Configuration(
        question="four", loss="binary_cross_entropy_with_logits", batch_size=512, epochs=2,
        learning_rate=0.1, hidden_size=4, images=1024,
    )  # fmt: skip
    asked = {"records": tmp_path, "n_jobs": 1, "progress": False}
    (run,) = run_all(validation_run, [configuration], **asked)
    (kept,) = (found := page_times.of_runs(tmp_path)).values()
    assert kept["seconds"] == pytest.approx(run.seconds, rel=1e-3)
    assert kept["history"] == pytest.approx(run.history.seconds, rel=1e-3)
    doubled = {name: {"seconds": 7.0, "history": [3.0, 6.0]} for name in found}
    (tmp_path / "times.json").write_text(json.dumps(doubled), encoding="utf-8")
    (again,) = run_all(validation_run, [configuration], **asked)
    assert (again.seconds, again.history.seconds) == (7.0, [3.0, 6.0])
    assert page_times.of_runs(tmp_path) == found
    for path in tmp_path.glob("*.json"):
        path.rename(path.with_stem("of-other-code"))
    assert page_times.of_runs(tmp_path) == {}


def test_times_that_no_machine_has_kept_are_lacking():
    found = {
        "a": {"seconds": 1.0, "history": [1.0]},
        "b": {"seconds": 1.0, "history": [0.5, 1.0]},
        "c": {"seconds": 1.0, "history": []},
    }
    kept = {"b": found["a"], "c": found["b"]}  # b has diverged there, c here
    assert page_times.lacking(found, kept) == {"a": found["a"], "b": found["b"]}
    assert page_times.lacking(found, found) == {}


def test_what_was_lacking_is_kept_beside_what_the_day_has(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(page_times, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["times", str(tmp_path), "--lacking"])
    every = {name: {"seconds": 1.0, "history": [1.0]} for name in "abc"}
    (tmp_path / "times.json").write_text(json.dumps({"a": every["a"]}), encoding="utf-8")
    for found in ("ab", "ac", "a"):
        monkeypatch.setattr(
            page_times, "of_runs", lambda _, found=found: {n: every[n] for n in found}
        )
        page_times.main()
    assert capsys.readouterr().out.splitlines()[-1].startswith("Of every training of this build")
    (written,) = (tmp_path / "runs").iterdir()
    assert json.loads(written.read_text(encoding="utf-8"))["runs"] == {n: every[n] for n in "bc"}


def test_of_every_training_that_a_build_shows_the_time_is_kept():
    records = ROOT / "book" / "_build" / "records"
    if not (records / "times.json").is_file() or (records / "studies.json").is_file():
        pytest.skip("no book built here with its short studies")
    assert page_times.of_runs(records).keys() <= read_times(records).keys()


def test_another_kernel_trains_the_same_networks(monkeypatch):
    """Each kernel in its own process, with its own name; a kernel that is not there is none."""
    settings = {
        question: {"question": question, "loss": loss, "batch_size": 64, "epochs": 1}
        | {"learning_rate": 0.1, "hidden_size": 4, "images": 2048}
        for question, loss in (
            ("ten", "cross_entropy_with_logits"), ("four", "binary_cross_entropy_with_logits")
        )
    }  # fmt: skip
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    found = kernels.compared(settings, [0, 1], ["Nehalem", "Haswell"])
    own = kernels.asked(settings, [0, 1])
    if own["kernel"] in ("Haswell", "SkylakeX"):
        assert list(found) == ["Nehalem", "Haswell"]
    for scores in (*found.values(), own["scores"]):
        assert list(scores) == ["ten", "four"]
        assert all(len(of_seed) == 2 and max(of_seed) <= 1 for of_seed in scores.values())
        np.testing.assert_allclose(scores["ten"], own["scores"]["ten"], atol=0.02)


def test_the_kept_record_of_kernels_is_of_the_headlines():
    kept = summary.newest(summary.RECORDS / "kernels")
    assert len(kept["kernels"]) >= 2
    assert kept["seeds"] == list(plans.SEEDS)
    assert kept["settings"].keys() == kernels.METRICS.keys()
    for question, settings in kept["settings"].items():
        assert Configuration(**settings).question == question
        for scores in kept["kernels"].values():
            assert len(scores[question]) == len(plans.SEEDS)
            assert min(scores[question]) > 0.97


def test_memory_is_known_where_it_can_be():
    if worker.STATUS.exists() or worker.resource is not None:
        assert 1e7 < worker.memory("VmHWM") < 1e12
    else:
        assert worker.memory("VmHWM") is None


BESIDE = ("on_a_cluster", "kernels", "times")


def test_make_sets_up_what_it_measures_and_nothing_else_does(tmp_path):
    if os.name != "posix" or shutil.which("make") is None:
        pytest.skip("no make, or paths that it does not know")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}

    def commands(target):
        command = ["make", "-n", "-B", target, f"VENV={tmp_path / 'venv'}"]
        told = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=True
        )
        return told.stdout

    said = commands("benchmark")
    assert re.findall(r"-e '[.][[](.*)[]]'", said) == ["benchmark,cluster"]
    python = f"{tmp_path / 'venv'}/bin/python"
    measured = re.findall(rf"^{re.escape(python)} -m (benchmarks\S*)", said, re.MULTILINE)
    assert measured == ["benchmarks", *map("benchmarks.{}".format, BESIDE)]
    assert "benchmark" not in commands("book") + commands("test")
    assert f"{python} -m benchmarks.full_search book/_build/records\n" in commands("studies")


def test_what_is_written_about_the_benchmarks_is_there():
    """Files of the folder, and the options of its command."""
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        (about,) = (p for p in text.split("\n\n") if "benchmarks/" in p)
        for path in re.findall(r"`(benchmarks/[\w./]*|\w+[.]py)`", about):
            folder = ROOT if "/" in path else ROOT / "benchmarks"
            assert (folder / path).exists(), path
    assert {"--quick"} == set(re.findall(r"`python -m benchmarks (--\w+)`", about))
    main = (ROOT / "benchmarks" / "__main__.py").read_text(encoding="utf-8")
    assert '"--quick"' in main
