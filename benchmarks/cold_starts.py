"""From nothing: trainings in new processes, imports, and the loading of the data.

Each function returns a part of the record, with every raw time.
"""

from time import perf_counter

from benchmarks.contenders import CONTENDERS, SIZES
from benchmarks.processes import Process, told

MODULES = ("mnist_gd", "mnist_gd.networks", "jax.numpy", "torch", "sklearn.neural_network")
IMPORTS = """
from time import perf_counter
start = perf_counter()
import numpy
middle = perf_counter()
import {}
print([middle - start, perf_counter() - middle])
"""
LOADING = """
from time import perf_counter
from mnist_gd.data import load_mnist
times = []
for _ in range({}):
    start = perf_counter()
    load_mnist()
    times.append(perf_counter() - start)
print(times[1:])
"""


def cold_run(name, seed, *, epochs, batch_size, rate, rows, target=None):
    """Train in a new process: seconds since its start at the end of each phase and epoch.

    With a target the test images are read after each epoch, and it ends where it is reached.
    """
    start = perf_counter()
    with Process(name) as process:
        run = {"seed": seed, "imported": perf_counter() - start, "epochs": [], "accuracies": []}
        process.ask("load")
        run["loaded"] = perf_counter() - start
        how = {"batch_size": batch_size, "sizes": SIZES, "rows": rows}
        process.ask("prepare", **how, rate=rate, seed=seed)
        run["ready"] = perf_counter() - start
        for _ in range(epochs):
            run["memory"] = process.ask("epoch")["memory"]
            if target is not None:
                run["accuracies"].append(process.ask("score")["accuracy"])
            run["epochs"].append(perf_counter() - start)
            if target is not None and run["accuracies"][-1] >= target:
                break
    return run


def cold_runs(seeds, names, **settings):
    """Cold runs with each seed, by contender, one after the other in turn."""
    learners = [name for name in names if CONTENDERS[name].learns]
    runs = {name: [] for name in learners}
    for seed in range(seeds):
        for name in learners:
            runs[name].append(cold_run(name, seed, **settings))
        print(f"cold starts, {settings['epochs']} epochs at most, seed {seed}: done", flush=True)
    return {"settings": settings, "runs": runs}


def imports(plan, missing):
    """Seconds of imports in fresh processes, in turn, above NumPy's; and of `load_mnist`, warm."""
    modules = [name for name in MODULES if name.split(".")[0] not in missing]
    times = {name: [] for name in ("numpy", *modules)}
    for number in range(1 + plan.imports):
        for name in modules:
            numpy, above = told("-c", IMPORTS.format(name))
            if number:  # the first reads the files from the disk
                times["numpy"].append(numpy)
                times[name].append(above)
    return {"imports": times, "load_mnist": told("-c", LOADING.format(1 + plan.imports))}
