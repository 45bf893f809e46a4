"""The search on a real cluster of two worker processes: the same table, whoever dies."""

import os
import pickle
import signal
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster

from mnist_gd.experiments.runs import Configuration, validation_run
from mnist_gd.records import run_all
from mnist_gd.search import grid, grid_search

AXES = grid(
    question=["ten"],
    loss=["cross_entropy_with_logits"],
    hidden_size=[8],
    hidden_layers=[1],
    batch_size=[16, 64],
    learning_rate=[0.1, 1e30],  # of which one diverges
    images=[800],
    epochs=[1, 2],
)
CONFIGURATIONS = [Configuration(**settings) for settings in AXES]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Two worker processes on this machine, each with a cache of MNIST of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=tmp_path / "dask",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def table(folder, **options):
    result = grid_search(
        validation_run, CONFIGURATIONS, seeds=[0, 1], records=folder, progress=False, **options
    )
    return [(row.configuration, row.scores, row.diverged) for row in result.rows]


def test_one_table_whether_serial_on_processes_or_on_a_cluster(tmp_path, cluster):
    serial = table(tmp_path / "serial", n_jobs=1)
    assert [diverged for _, _, diverged in serial] == [0] * 4 + [2] * 4
    with joblib.parallel_config(backend="loky"):
        assert table(tmp_path / "loky", n_jobs=2) == serial
    with joblib.parallel_config(backend="dask"):
        assert table(tmp_path / "dask") == serial
    # The workers trained, and each loaded the data itself.
    pids = set(cluster.run(os.getpid).values())
    assert len(pids) == 2
    assert os.getpid() not in pids
    loaded = cluster.run(lambda: __import__("mnist_gd.data").data._training_set.cache_info())
    assert sum(info.currsize for info in loaded.values()) >= 1
    job = (validation_run, CONFIGURATIONS[0], 0)
    assert len(pickle.dumps(job)) < 1000  # what travels to them


def mortal(configuration, seed):
    """The first time that this is asked for rate 3, its worker dies in the middle."""
    log = Path(configuration["log"])
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{configuration['rate']}\n")
    time.sleep(0.05)
    if configuration["rate"] == 3 and log.read_text(encoding="utf-8").splitlines().count("3") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"score": 2 * configuration["rate"]}, {"square": np.array(configuration["rate"] ** 2)}


def test_a_worker_that_is_killed_costs_nothing_but_its_run(tmp_path, cluster):
    log = tmp_path / "log"
    before = set(cluster.run(os.getpid).values())
    with joblib.parallel_config(backend="dask"):
        records = run_all(
            mortal,
            grid(rate=list(range(12)), log=[str(log)]),
            records=tmp_path / "records",
            progress=False,
        )
    assert [record.outcome["score"] for record in records] == [2 * rate for rate in range(12)]
    assert [int(record.arrays["square"]) for record in records] == [r * r for r in range(12)]
    calls = sorted(map(int, log.read_text(encoding="utf-8").split()))
    assert calls.count(3) == 2  # once in vain
    # Dask may have handed the dead worker one more run than it was at, or lost a finished one
    # that was not fetched yet: never more.
    assert set(calls) == set(range(12))
    assert len(calls) <= 12 + 3
    cluster.wait_for_workers(2)
    assert set(cluster.run(os.getpid).values()) != before
