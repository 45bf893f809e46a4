"""The four archives of MNIST that the package carries: unpacked, verified, repaired."""

import gzip
import hashlib
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from mnist_gd._checks import check_path
from mnist_gd._files import write_atomically

ARCHIVES = Path(__file__).parent / "mnist"
SHAPES = {
    "train-images": (60_000, 28, 28),
    "train-labels": (60_000,),
    "t10k-images": (10_000, 28, 28),
    "t10k-labels": (10_000,),
}
# SHA-256 of the decoded arrays: pixels and labels, row after row, without the files' headers.
DECODED = {
    "train-images": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "train-labels": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "t10k-images": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "t10k-labels": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


def load_arrays(root):
    """Return images and labels by name, from the files in `root`, which is repaired if need be.

    Parameters
    ----------
    root : pathlib.Path

    Returns
    -------
    dict of ndarray of uint8
    """
    arrays = _read_sound(root)
    if arrays is not None:
        return arrays
    files = {name: _unpack(name) for name in SHAPES}
    try:
        raw = _raw(root)
        raw.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_atomically(raw / _file(name), lambda file, content=content: file.write(content))
    except OSError as error:
        warnings.warn(
            f"{root} cannot be written to ({error}); MNIST is unpacked in memory instead",
            stacklevel=3,
        )
    arrays = {name: _decode(name, np.frombuffer(files[name], np.uint8).copy()) for name in SHAPES}
    if any(array is None for array in arrays.values()):
        raise RuntimeError("MNIST was unpacked, but does not have the expected SHA-256 sums")
    return arrays


def stage_with_torchvision(root):
    """Have torchvision check and unpack the archives into `root`, as if it had downloaded them.

    It finds them in the folder to which it downloads, compares them with its own MD5 sums and
    unpacks them. It works in a folder of this process's own; each file is then moved into place
    in one step.

    Parameters
    ----------
    root : path

    Raises
    ------
    ImportError
        If torchvision is not installed.
    RuntimeError
        If an archive is damaged.
    """
    root = check_path("root", root)
    dataset = torchvision_mnist()
    _raw(root).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".staging-", dir=root) as folder:
        staging = _raw(Path(folder))
        staging.mkdir(parents=True)
        for name in SHAPES:
            shutil.copyfile(_sound_archive(name), staging / f"{_file(name)}.gz")
        dataset(folder, train=True, download=True)
        for name in SHAPES:
            os.replace(staging / _file(name), _raw(root) / _file(name))


def _raw(root):
    return root / "MNIST" / "raw"  # where torchvision looks


def _file(name):
    return f"{name}-idx{len(SHAPES[name])}-ubyte"


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _read_sound(root):
    """The four arrays that lie unpacked in `root`; None if they are not sound."""
    arrays = {}
    for name in SHAPES:
        try:
            content = np.fromfile(_raw(root) / _file(name), np.uint8)
        except OSError:
            return None
        arrays[name] = _decode(name, content)
        if arrays[name] is None:
            return None
    return arrays


def _decode(name, content):
    """The array in a file's content; None if header or sum are not what they must be."""
    shape = SHAPES[name]
    header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
    array = content[len(header) :]
    if content[: len(header)].tobytes() != header or _sha256(array) != DECODED[name]:
        return None
    return array.reshape(shape)


def _unpack(name):
    path = _sound_archive(name)
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise RuntimeError(
            f"the archive {path} is damaged ({error}); install mnist_gd again"
        ) from error


def _sound_archive(name):
    """Path of an archive of the package; raises if it is not what it was when it was packed."""
    path = ARCHIVES / f"{_file(name)}.gz"
    sums_file = path.with_name("SHA256SUMS")
    for file in (path, sums_file):
        if not file.is_file():
            raise RuntimeError(f"{file} is missing: install mnist_gd again")
    sums = sums_file.read_text(encoding="utf-8", errors="replace").splitlines()
    found = _sha256(path.read_bytes())
    if f"{found}  {path.name}" not in sums:
        raise RuntimeError(
            f"the archive {path} is damaged: its SHA-256, {found}, is not the one in "
            f"{sums_file.name}; install mnist_gd again"
        )
    return path


_schemas = None  # a torch.library.Library, kept alive for as long as its operators are needed


def torchvision_mnist():
    """torchvision's MNIST class, also where torchvision's compiled operators do not load.

    PyPI's torchvision for Linux is built for CUDA. Beside a CPU-only PyTorch its operators do
    not load, and importing it fails because two of them are never declared. Declaring them, when
    and only when that happens, lets everything that needs no operator work.
    """
    global _schemas
    try:
        from torchvision.datasets import MNIST
    except ModuleNotFoundError as error:
        raise ImportError(
            "torchvision is not installed; it comes with the extra: pip install 'mnist_gd[torch]'"
        ) from error
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
        import torch

        for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        _schemas = torch.library.Library("torchvision", "FRAGMENT")
        _schemas.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _schemas.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        from torchvision.datasets import MNIST
    return MNIST
