"""Times of epochs; each function returns a part of the record, with every raw time.

The contenders take turns, so that whatever else the machine does falls on all of a round.
"""

from contextlib import ExitStack

from benchmarks.contenders import CONTENDERS, SIZES
from benchmarks.processes import Process
from benchmarks.summary import fastest

RATE = 0.01  # where only time counts: nothing diverges
BATCH = 64
CLASSES = SIZES[-1]


def rounds_of_epochs(processes, rounds, **settings):
    """Seconds of each round's epoch, by contender; one more before them warms up."""
    for process in processes.values():
        process.ask("prepare", **settings)
        process.ask("epoch")
    times = {name: [] for name in processes}
    for _ in range(rounds):
        for name, process in processes.items():
            times[name].append(process.ask("epoch")["seconds"])
    return times


def started(stack, names):
    """Processes that have loaded the data, to be ended with the stack."""
    processes = {name: stack.enter_context(Process(name)) for name in names}
    for process in processes.values():
        process.ask("load")
    return processes


def epochs(plan, names):
    """Seconds of an epoch at each batch size, by contender."""
    with ExitStack() as stack:
        processes, times = started(stack, names), {}
        for size in plan.batch_sizes:
            how = {"batch_size": size, "sizes": SIZES, "rows": plan.rows}
            times[str(size)] = rounds_of_epochs(processes, plan.rounds, **how, rate=RATE, seed=0)
            print(f"epochs at batches of {size}: done", flush=True)
        return times


def scaling(plan, names, times):
    """Seconds of an epoch against one size at a time, of this package and the fastest other."""
    others = [name for name in names if CONTENDERS[name].learns and name != "package"]
    rival = fastest({name: times[str(BATCH)][name] for name in others})
    with ExitStack() as stack:
        processes, axes = started(stack, ["package", rival]), {}
        for axis, values in plan.axes.items():
            axes[axis] = []
            for value in values:
                now = {"batch": BATCH, "width": 256, "depth": 3, "images": plan.rows, axis: value}
                sizes = [SIZES[0], *[now["width"]] * now["depth"], CLASSES]
                how = {"batch_size": now["batch"], "sizes": sizes, "rows": now["images"]}
                seconds = rounds_of_epochs(processes, plan.few, **how, rate=RATE, seed=0)
                axes[axis].append({"value": value, "seconds": seconds})
            print(f"epochs against {axis}: done", flush=True)
    return {"rival": rival, "axes": axes}
