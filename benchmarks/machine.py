"""On what a record was taken: the machine, and the versions of all that ran; and its file."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

LIBRARIES = ("numpy", "mnist_gd", "jax", "jaxlib", "torch", "scikit-learn", "scipy", "joblib")


def processor():
    """The processor's name as Linux tells it, else what the platform says."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def about():
    """When, where and with which versions."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    np.dot(np.ones((2, 2)), np.ones((2, 2)))  # so that NumPy's BLAS is loaded
    blas = next(found for found in threadpool_info() if found["user_api"] == "blas")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "pinned": hasattr(os, "sched_setaffinity"),
        },
        "versions": versions,
        "blas": {key: blas.get(key) for key in ("internal_api", "version", "architecture")},
    }


def keep(found, folder, indent=1):
    """Write what was found, and on what machine, to a file of today in a folder of records."""
    kept = about() | found
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kept['date'][:10]}.json"
    path.write_text(json.dumps(kept, indent=indent) + "\n", encoding="utf-8")
    print(f"written to {path}")
