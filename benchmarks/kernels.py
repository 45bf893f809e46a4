"""What another kernel of the same BLAS makes of the headline networks.

OpenBLAS has kernels for many processors, and adds in another order in each; the last bits of the
weights differ then, and a training makes more of them. Here the networks behind the two headline
results are trained again with each of several kernels, all seeds of the book, and asked the test
set. ``OPENBLAS_CORETYPE`` chooses a kernel before NumPy is imported, so that each has a process.

The scores go to a file in ``benchmarks/records/kernels``; the page *The record of this run* shows
the newest. ``make benchmark`` makes it, in a minute or five a kernel.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import about, keep
from mnist_gd import metrics
from mnist_gd.data import load_mnist, one_vs_rest
from mnist_gd.experiments import plans
from mnist_gd.experiments.runs import QUESTIONS, Configuration, final_run
from mnist_gd.experiments.studies import final_results
from mnist_gd.records import run_all

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).parent / "records" / "kernels"
KERNELS = ("SkylakeX", "Haswell", "Nehalem")  # of processors with AVX-512, AVX2, and neither
METRICS = {"ten": metrics.accuracy, "four": metrics.f1_score}


def asked(settings, seeds):
    """Train the networks of some questions with this process's kernel; their scores by seed."""
    test = load_mnist(dtype="uint8").test
    scores = {}
    for question, given in settings.items():
        with tempfile.TemporaryDirectory() as folder:
            runs = run_all(final_run, [Configuration(**given)], seeds=seeds, records=folder)
        digit = QUESTIONS[question]
        labels = test.labels if digit is None else one_vs_rest(test.labels, digit)
        answers = [run.network().predict(test.images) for run in runs]
        scores[question] = [float(METRICS[question](labels, several)) for several in answers]
    return {"kernel": about()["blas"]["architecture"], "scores": scores}


def with_kernel(kernel, settings, seeds):
    """The same in a process of its own that was told to take a kernel."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kernels", "--with-this-kernel"],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_CORETYPE": kernel},
        input=json.dumps([settings, list(seeds)]),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout)


def compared(settings, seeds, kernels=KERNELS):
    """The scores with each kernel; one that the processor lacks is another one's name."""
    scores = {}
    for kernel in kernels:
        found = with_kernel(kernel, settings, seeds)
        print(f"asked for {kernel}, had {found['kernel']}: {found['scores']}", flush=True)
        scores[found["kernel"]] = found["scores"]
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", nargs="?", type=Path, help="folder of the book's records")
    parser.add_argument("--with-this-kernel", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.with_this_kernel:
        print(json.dumps(asked(*json.load(sys.stdin))))
        return
    settings = {
        question: asdict(final_results(question, records=options.records).configuration)
        for question in METRICS
    }
    found = {"settings": settings, "seeds": list(plans.SEEDS)}
    keep(found | {"kernels": compared(settings, plans.SEEDS)}, FOLDER)


if __name__ == "__main__":
    main()
