"""One contender in a process of its own: ``python -m benchmarks.worker NAME``.

It takes one core, imports what it needs, says so, and then does what each line of standard input
asks it for: it answers with one line of JSON.
"""

import json
import os
import re
import sys
from pathlib import Path
from time import perf_counter

try:
    import resource
except ModuleNotFoundError:  # on Windows
    resource = None

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def take_one_core():
    """Stay on the last core that is allowed, where the system knows how; says whether it did."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return True


def memory(name):
    """A line of /proc/self/status in bytes; elsewhere the peak so far, or None if unknown."""
    if STATUS.exists():
        return 1024 * int(re.search(rf"{name}:\s+(\d+)", STATUS.read_text(encoding="utf-8"))[1])
    if resource is None:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Worker:
    """What can be asked for; each method's answer is a dict."""

    def __init__(self, contender):
        self.contender, self.model = contender, None

    def load(self):
        """Load the images of uint8, and count memory from here on."""
        from mnist_gd.data import load_mnist

        self.mnist = load_mnist(dtype="uint8")
        if CLEAR.exists():
            CLEAR.write_text("5", encoding="utf-8")  # sets the peak back to what is in use
        self.before = memory("VmRSS")
        return {}

    def prepare(self, rows, **settings):
        """Bring images to their form, make the network, and compile it where that is done."""
        self.model = None  # gives back the memory of the last
        train, test = self.mnist.train, self.mnist.test
        images = self.contender.prepare(train.images[:rows])
        examples = images, train.labels[:rows]
        test_images = self.contender.prepare(test.images)
        self.model = self.contender(train=examples, test_images=test_images, **settings)
        return {}

    def epoch(self):
        """Train for one epoch; also how far the memory rose above what it was at first."""
        start = perf_counter()
        self.model.epoch()
        seconds, peak = perf_counter() - start, memory("VmHWM")
        return {"seconds": seconds, "memory": None if peak is None else peak - self.before}

    def score(self):
        """Return the share of test images that are read correctly."""
        return {"accuracy": float((self.model.predict() == self.mnist.test.labels).mean())}


def main(name):
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    pinned = take_one_core()
    from benchmarks.contenders import CONTENDERS

    worker = Worker(CONTENDERS[name].load())
    print(json.dumps({"pinned": pinned}), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(worker, asked.pop("do"))(**asked)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
