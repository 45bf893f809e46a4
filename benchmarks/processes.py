"""Processes that the measurements start: one thread, one core, one question at a time."""

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMEXPR")
ALONE = {f"{library}_NUM_THREADS".replace("MAXIMUM_NUM", "MAXIMUM"): "1" for library in THREADS}
ALONE |= {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
}


def start(*arguments, **options):
    """Start this Python in the project's folder, with one thread."""
    command = [sys.executable, *arguments]
    environment = os.environ | ALONE
    return subprocess.Popen(command, cwd=ROOT, env=environment, encoding="utf-8", **options)


def told(*arguments):
    """Return what such a process printed, as JSON."""
    process = start(*arguments, stdout=subprocess.PIPE)
    printed, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{arguments} ended with {process.returncode}")
    return json.loads(printed)


class Process(AbstractContextManager):
    """A contender; made, it has imported all that it needs.

    Parameters
    ----------
    name : str
        In :data:`benchmarks.contenders.CONTENDERS`.
    """

    def __init__(self, name):
        self.name = name
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = start("-m", "benchmarks.worker", name, **pipes)
        self.pinned = self._answer()["pinned"]

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {self.name} ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, do, **arguments):
        """Have one thing done, and return the answer."""
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def __exit__(self, *error):
        """End the process, whatever it is at."""
        self.process.stdin.close()
        if error[0] is not None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
