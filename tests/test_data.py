"""MNIST comes offline, whole and right, whatever happened to the cache; and its few operations."""

import gzip
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import warnings
from contextlib import contextmanager, suppress
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestCentroid

from mnist_gd import _archives, data, handwriting
from mnist_gd.data import (
    balanced_subset,
    load_mnist,
    nearest_mean,
    one_hot,
    one_vs_rest,
    scale_pixels,
    stage_with_torchvision,
    train_validation_split,
)

ROOT = Path(__file__).parents[1]
RAW = Path("MNIST", "raw")
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
FILES = (IMAGES, LABELS, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def raw_idx(name):
    """An archive of the package read by hand: the format is four bytes, the sizes, the values."""
    content = gzip.decompress((_archives.ARCHIVES / f"{name}.gz").read_bytes())
    axes = content[3]
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


@pytest.fixture(scope="module")
def truth():
    return {name: raw_idx(name) for name in FILES}


@pytest.fixture(scope="module")
def sound_root(tmp_path_factory):
    """A cache folder as the first load leaves it; tests must not change it."""
    root = tmp_path_factory.mktemp("cache") / "not" / "there" / "yet"
    load_mnist(root, "uint8")
    return root


@pytest.fixture(scope="module")
def mnist(sound_root):
    return load_mnist(sound_root)


@pytest.fixture
def root(sound_root, tmp_path):
    """A copy of the cache folder, to be damaged."""
    return Path(shutil.copytree(sound_root, tmp_path / "copy"))


@pytest.fixture
def archives(tmp_path, monkeypatch):
    """A copy of the package's folder of archives, to be damaged."""
    folder = tmp_path / "archives"
    copy = Path(shutil.copytree(_archives.ARCHIVES, folder, copy_function=shutil.copyfile))
    monkeypatch.setattr(_archives, "ARCHIVES", copy)
    return copy


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Nothing in this file may reach for the network."""

    def refuse(*args, **kwargs):
        raise AssertionError(f"the network was asked for: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@contextmanager
def ordinary_user(folder):
    """Work in `folder`, by relative paths, as a user for whom the modes of files hold."""
    folder.chmod(0o755)
    before, root = os.getcwd(), os.geteuid() == 0
    os.chdir(folder)
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        os.chdir(before)


def assert_is_mnist(loaded, truth):
    for split, part in ((loaded.train, "train"), (loaded.test, "t10k")):
        assert np.array_equal(split.images.reshape(-1, 28, 28), truth[f"{part}-images-idx3-ubyte"])
        assert np.array_equal(split.labels, truth[f"{part}-labels-idx1-ubyte"])


def flip(path, position):
    with open(path, "r+b") as file:
        file.seek(position, os.SEEK_END if position < 0 else os.SEEK_SET)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


# What is in the data


@pytest.mark.parametrize(("part", "size"), [("train", 60_000), ("test", 10_000)])
def test_shapes_dtypes_and_ranges(mnist, part, size):
    split = getattr(mnist, part)
    assert split.images.shape == (size, 784)
    assert split.images.dtype == np.float32
    assert split.images.min() == 0.0
    assert split.images.max() == 1.0
    assert split.labels.shape == (size,)
    assert split.labels.dtype == np.dtype(int)
    assert len(split) == size


def test_counts_of_each_class(mnist):
    assert np.bincount(mnist.train.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert np.bincount(mnist.test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


def test_pixels_row_by_row_and_each_image_with_its_label(sound_root, truth):
    """Every pixel and label against the archives read by hand: nothing is transposed, shuffled
    or paired with a neighbour's label.
    """
    assert_is_mnist(load_mnist(sound_root, "uint8"), truth)


def test_float32_is_uint8_over_255(mnist, sound_root):
    raw = load_mnist(sound_root, dtype="uint8")
    assert raw.train.images.dtype == np.uint8
    assert raw.train.images.max() == 255
    assert np.array_equal(mnist.test.images, scale_pixels(raw.test.images))
    exact = raw.test.images.astype(np.float64) / 255
    np.testing.assert_allclose(mnist.test.images, exact, rtol=1.2e-7)
    assert np.array_equal(mnist.test.labels, raw.test.labels)


def test_loaded_arrays_can_be_written_to_and_do_not_share_memory(sound_root):
    first = load_mnist(sound_root, "uint8")
    first.train.images[:] = 7
    assert load_mnist(sound_root, "uint8").train.images.max() == 255


def test_the_data_are_not_changed(mnist):
    for part in (mnist, mnist.train):
        for name in vars(part):
            with pytest.raises(FrozenInstanceError):
                setattr(part, name, None)


@pytest.mark.parametrize("dtype", ["float64", "int8", None, 8])
def test_unknown_dtype(sound_root, dtype):
    with pytest.raises(ValueError, match=rf"dtype must be one of .*'uint8'.*, but is {dtype!r}"):
        load_mnist(sound_root, dtype)


def test_default_root_is_the_users_cache(sound_root, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "mnist_gd.data.user_cache_path", lambda name: asked.append(name) or sound_root
    )
    load_mnist(dtype="uint8")
    assert asked == ["mnist_gd"]


# The cache folder


def test_second_load_needs_no_archive(sound_root, tmp_path, monkeypatch, truth):
    monkeypatch.setattr(_archives, "ARCHIVES", tmp_path / "nowhere")
    assert_is_mnist(load_mnist(sound_root, "uint8"), truth)


@pytest.mark.parametrize("again", [True, False])
def test_no_load_needs_torchvision(sound_root, tmp_path, again):
    """Importing it takes longer than everything else, in every worker of a search."""
    program = (
        "import sys; from mnist_gd.data import load_mnist; "
        "print(len(load_mnist(sys.argv[1]).train), 'torchvision' in sys.modules)"
    )
    assert run_python(program, sound_root if again else tmp_path).split() == ["60000", "False"]


def test_nothing_but_the_four_files_is_left(sound_root):
    files = sorted(p.relative_to(sound_root) for p in sound_root.rglob("*") if p.is_file())
    assert files == sorted(RAW / name for name in FILES)
    assert [p.name for p in sound_root.iterdir()] == ["MNIST"]


def half_written(root):
    """As a process leaves it that was killed between two files."""
    for name in FILES[2:]:
        (root / RAW / name).unlink()


def truncated(root):
    os.truncate(root / RAW / IMAGES, 20_000_000)


def replaced_by_the_other_set(root):
    """Whole, well-formed files, but of the other set."""
    shutil.copyfile(root / RAW / FILES[2], root / RAW / IMAGES)
    shutil.copyfile(root / RAW / FILES[3], root / RAW / LABELS)


def damaged_legacy_file(root):
    """Older versions of torchvision kept their own files beside, which it prefers to read."""
    (root / "MNIST" / "processed").mkdir()
    for name in ("training.pt", "test.pt"):
        (root / "MNIST" / "processed" / name).write_bytes(b"no tensor")
    (root / RAW / LABELS).unlink()


DAMAGES = {
    "missing file": lambda root: (root / RAW / LABELS).unlink(),
    "empty file": lambda root: os.truncate(root / RAW / LABELS, 0),
    "truncated images": truncated,
    "flipped bit in the images": lambda root: flip(root / RAW / IMAGES, 30_000_000),
    "flipped bit in the last label": lambda root: flip(root / RAW / FILES[3], -1),
    "header says signed bytes": lambda root: flip(root / RAW / LABELS, 2),
    "header says two axes": lambda root: flip(root / RAW / IMAGES, 3),
    "half-written folder": half_written,
    "the test set in place of the training set": replaced_by_the_other_set,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_repaired(root, sound_root, truth, damage, monkeypatch):
    damage(root)
    assert_is_mnist(load_mnist(root, "uint8"), truth)
    for name in FILES:
        assert (root / RAW / name).read_bytes() == (sound_root / RAW / name).read_bytes()
    # ... for good: the next load does without the archives.
    monkeypatch.setattr(_archives, "ARCHIVES", root / "nowhere")
    assert_is_mnist(load_mnist(root, "uint8"), truth)


def test_header_of_a_type_that_does_not_exist(root):
    with open(root / RAW / LABELS, "r+b") as file:
        file.seek(2)
        file.write(b"\x0a")
    assert _archives._read_sound(root) is None


def test_damaged_legacy_files_do_no_harm(root, truth):
    damaged_legacy_file(root)
    assert_is_mnist(load_mnist(root, "uint8"), truth)


def test_stray_staging_folder_is_left_alone(root, truth):
    """Of a process that was killed, or that is still at work: it does no harm either way."""
    stray = root / ".staging-abc" / RAW
    stray.mkdir(parents=True)
    (stray / IMAGES).write_bytes(b"half")
    (root / RAW / IMAGES).unlink()
    assert_is_mnist(load_mnist(root, "uint8"), truth)
    assert (stray / IMAGES).read_bytes() == b"half"
    assert [p.name for p in root.glob(".staging-*")] == [".staging-abc"]


# The archives in the package


ARCHIVE_DAMAGES = {
    "missing": lambda path: path.unlink(),
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "flipped bit": lambda path: flip(path, 1000),
    "empty": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("damage", ARCHIVE_DAMAGES.values(), ids=ARCHIVE_DAMAGES.keys())
@pytest.mark.parametrize("name", [f"{IMAGES}.gz", f"{FILES[3]}.gz"])
def test_damaged_archive_is_named(archives, tmp_path, name, damage):
    damage(archives / name)
    with pytest.raises(RuntimeError, match=name) as raised:
        load_mnist(tmp_path / "cache")
    assert "install mnist_gd again" in str(raised.value)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe nonsense\n"])
def test_damaged_list_of_sums_is_named(archives, tmp_path, content):
    sums = archives / "SHA256SUMS"
    sums.unlink() if content is None else sums.write_bytes(content)
    with pytest.raises(RuntimeError, match=r"SHA256SUMS.*install mnist_gd again"):
        load_mnist(tmp_path / "cache")


@pytest.mark.parametrize("damage", ["flipped bit", "truncated", "no archive"])
@pytest.mark.parametrize("load", [load_mnist, stage_with_torchvision])
def test_archive_damaged_together_with_its_sum(archives, tmp_path, load, damage):
    """The checksum in the archive is the second gate; torchvision's, after which it downloads."""
    archive, sums = archives / f"{FILES[3]}.gz", archives / "SHA256SUMS"
    before = _archives._sha256(archive.read_bytes())
    (ARCHIVE_DAMAGES | {"no archive": lambda path: path.write_bytes(b"a letter")})[damage](archive)
    sums.write_text(
        sums.read_text(encoding="utf-8").replace(before, _archives._sha256(archive.read_bytes())),
        encoding="utf-8",
    )
    with pytest.raises((RuntimeError, AssertionError), match=r"damaged|network|download"):
        load(tmp_path / "cache")


def test_decoded_sums_are_the_last_gate(tmp_path, monkeypatch):
    monkeypatch.setitem(_archives.DECODED, "train-labels", "0" * 64)
    with pytest.raises(RuntimeError, match="does not have the expected SHA-256 sums"):
        load_mnist(tmp_path / "cache")


# Folders that cannot be written to


def test_root_below_a_file(tmp_path, truth):
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match=r"file.*cannot be written to.*in memory") as told:
        loaded = load_mnist(tmp_path / "file" / "cache", "uint8")
    assert [warning.filename for warning in told] == [__file__]
    assert_is_mnist(loaded, truth)


def test_sound_read_only_root_serves_without_a_warning(root, truth):
    root.chmod(0o555)
    with ordinary_user(root.parent), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_is_mnist(load_mnist("copy", "uint8"), truth)
    root.chmod(0o755)


def test_damaged_read_only_root_is_not_trusted(root, truth):
    flip(root / RAW / IMAGES, 30_000_000)
    root.chmod(0o555)
    with ordinary_user(root.parent), pytest.warns(UserWarning, match="copy cannot be written to"):
        assert_is_mnist(load_mnist("copy", "uint8"), truth)
    root.chmod(0o755)


def test_root_that_cannot_even_be_looked_into(tmp_path, truth):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    with ordinary_user(tmp_path), pytest.warns(UserWarning, match="closed cannot be written to"):
        assert_is_mnist(load_mnist("closed", "uint8"), truth)
    closed.chmod(0o755)


def test_read_only_package_folder(tmp_path, archives, truth, monkeypatch):
    """Installed by another user: what is copied out of it must not inherit its modes."""
    for path in (*archives.iterdir(), archives):
        path.chmod(0o555 if path.is_dir() else 0o444)
    monkeypatch.setattr(_archives, "ARCHIVES", Path("archives"))
    with ordinary_user(tmp_path):
        with pytest.raises(PermissionError):
            (_archives.ARCHIVES / "new").touch()
        with pytest.warns(UserWarning, match="cannot be written to"):
            assert_is_mnist(load_mnist(_archives.ARCHIVES / "cache", "uint8"), truth)
    archives.chmod(0o755)


# Several processes at once

RACE = """
import multiprocessing, sys
from mnist_gd import _archives, data


def load(barrier, folder, results):
    barrier.wait()
    mnist = data.load_mnist(folder, "uint8")
    arrays = [a for split in (mnist.train, mnist.test) for a in (split.images, split.labels)]
    results.put([_archives._sha256(array) for array in arrays])


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(6), context.Queue()
    processes = [
        context.Process(target=load, args=(barrier, sys.argv[1], results)) for _ in range(6)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        print(*results.get(timeout=120))
"""


def run_python(program, *arguments, path=(), **environment):
    """Run a program in a fresh interpreter that finds the package; return what it prints."""
    paths = os.pathsep.join([*map(str, path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_others_see_whole_files_or_none(tmp_path, sound_root):
    """Another process may look at any moment."""
    seen, done = set(), threading.Event()

    def watch():
        while not done.is_set():
            for name in FILES:
                with suppress(FileNotFoundError):
                    seen.add((name, (tmp_path / RAW / name).stat().st_size))

    watcher = threading.Thread(target=watch)
    watcher.start()
    load_mnist(tmp_path)
    done.set()
    watcher.join()
    assert seen == {(name, (sound_root / RAW / name).stat().st_size) for name in FILES}


def test_six_processes_start_at_once_on_an_empty_folder(tmp_path, mnist, sound_root):
    printed = run_python(RACE, tmp_path / "cache").splitlines()
    raw = load_mnist(sound_root, "uint8")
    right = [_archives._sha256(a) for s in (raw.train, raw.test) for a in (s.images, s.labels)]
    assert [line.split() for line in printed] == [right] * 6
    left = sorted(p.name for p in (tmp_path / "cache").rglob("*") if p.is_file())
    assert left == sorted(FILES)


# torchvision, with and without its compiled operators


def test_schemas_are_declared_only_where_the_operators_do_not_load():
    _archives.torchvision_mnist()
    from torchvision.extension import _has_ops

    assert (_archives._schemas is None) == _has_ops()


# What matters of torchvision, in small: importing it needs the operator to be declared, and a part
# of it has been imported before that.
STAND_IN = """
import torch
import torchvision.part

torch.library.register_fake("torchvision::nms")(lambda dets, scores, iou_threshold: dets)
"""
DECLARED = """
import torch

library = torch.library.Library("torchvision", "FRAGMENT")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""
DATASETS = """
import torchvision

class MNIST:
    part = torchvision.part
"""
IMPORT_TWICE = """
import sys
import xyz
from mnist_gd import _archives

assert _archives.torchvision_mnist() is _archives.torchvision_mnist()
assert sys.modules["xyz"] is xyz
print(_archives.torchvision_mnist().__name__, _archives._schemas is None)
"""


@pytest.mark.parametrize("damaged", [(), FILES[:2]], ids=["empty", "damaged"])
def test_torchvision_unpacks_the_same_files(tmp_path, sound_root, monkeypatch, truth, damaged):
    """Into an empty folder, or over damaged files; then nothing has to be unpacked again."""
    for name in damaged:
        (tmp_path / RAW).mkdir(parents=True, exist_ok=True)
        (tmp_path / RAW / name).write_bytes(b"damaged")
    stage_with_torchvision(tmp_path)
    for name in FILES:
        assert (tmp_path / RAW / name).read_bytes() == (sound_root / RAW / name).read_bytes()
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == sorted(FILES)
    monkeypatch.setattr(_archives, "ARCHIVES", tmp_path / "nowhere")
    assert_is_mnist(load_mnist(tmp_path, "uint8"), truth)


def test_where_torchvision_is_missing_the_extra_is_named(monkeypatch, tmp_path):
    for name in ("torchvision", "torchvision.datasets"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'mnist_gd\[torch\]'"):
        stage_with_torchvision(tmp_path)


@pytest.mark.parametrize("operators", [True, False], ids=["load", "do not load"])
def test_import_of_torchvision(tmp_path, operators):
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(STAND_IN, encoding="utf-8")
    (package / "datasets.py").write_text(DATASETS, encoding="utf-8")
    for other in (package / "part.py", tmp_path / "xyz.py"):
        other.touch()
    program = (DECLARED if operators else "") + IMPORT_TWICE
    assert run_python(program, path=[tmp_path]).split() == ["MNIST", str(operators)]


def test_other_errors_of_torchvision_pass_through(tmp_path):
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(
        "raise RuntimeError('no such luck')", encoding="utf-8"
    )
    program = """
from mnist_gd import _archives
try:
    _archives.torchvision_mnist()
except RuntimeError as error:
    print(error, _archives._schemas)
"""
    assert run_python(program, path=[tmp_path]) == "no such luck None\n"


# Operations


def test_what_another_module_has_is_handed_on_and_nothing_else():
    assert data.digit_from_image is handwriting.digit_from_image
    for name in ("a_digit", "digit_from_images", "zero"):
        with pytest.raises(AttributeError, match=f"'mnist_gd.data' has no attribute '{name}'"):
            getattr(data, name)


def test_scale_pixels():
    pixels = np.arange(256, dtype=np.uint8)
    scaled = scale_pixels(pixels)
    assert scaled.dtype == np.float32
    assert (scaled[0], scaled[255]) == (0, 1)
    np.testing.assert_allclose(scaled, np.arange(256) / 255, rtol=1.2e-7)
    assert pixels.dtype == np.uint8
    for dtype in (np.float32, np.float64, bool, np.int8, np.int64):
        already = np.array([[0.5, 1.0]], dtype)
        assert scale_pixels(already) is already


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_hot(dtype):
    rows = one_hot(np.array([2, 0, 1, 2]), 4, dtype)
    assert rows.dtype == dtype
    assert rows.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]


def test_one_hot_is_ten_classes_in_float32_by_default():
    rows = one_hot(np.arange(10, dtype=np.uint8))
    assert rows.dtype == np.float32
    assert np.array_equal(rows, np.eye(10))


def test_one_vs_rest(mnist):
    answers = one_vs_rest(np.array([4, 9, 4, 0], np.uint8), 4)
    assert answers.dtype == np.dtype(int)
    assert answers.tolist() == [1, 0, 1, 0]
    assert one_vs_rest(mnist.train.labels, 4).sum() == 5842
    assert one_vs_rest(np.array([1, 2]), 0).tolist() == [0, 0]


def test_balanced_subset_of_mnist(mnist):
    """Half 4s, every other digit equally often, none twice, in no order of the file."""
    labels = mnist.train.labels
    rows = balanced_subset(labels, 4, rng=np.random.default_rng(0))
    each = 5842 // 9
    assert rows.dtype == np.dtype(int)
    assert np.bincount(labels[rows]).tolist() == [each] * 4 + [9 * each] + [each] * 5
    assert len(np.unique(rows)) == len(rows) == 18 * each
    # 4s and others mixed, and from the whole file (a mean to 6 standard errors).
    for half in np.array_split(rows, 2):
        assert abs(np.mean(labels[half] == 4) - 0.5) < 3 / np.sqrt(len(half))
    spread = 60_000 / np.sqrt(12 * len(rows))
    assert abs(rows.mean() - 30_000) < 6 * spread
    assert not np.array_equal(rows, np.sort(rows))


def test_balanced_subset_is_limited_by_the_rarest_class():
    labels = np.array([0] * 50 + [1] * 3 + [2] * 50)
    rows = balanced_subset(labels, 0, rng=np.random.default_rng(0))
    assert np.bincount(labels[rows]).tolist() == [6, 3, 3]
    rows = balanced_subset(labels[50:], 1, rng=np.random.default_rng(0))  # beside one class
    assert np.bincount(labels[50:][rows]).tolist() == [0, 3, 3]


@pytest.mark.parametrize("choose", [balanced_subset, train_validation_split])
def test_the_seed_decides(choose):
    labels = np.repeat(np.arange(5), 40)

    def draw(seed):
        return np.hstack(choose(labels, 3, rng=np.random.default_rng(seed))).tolist()

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


@given(
    counts=st.lists(st.integers(0, 30), min_size=1, max_size=6).filter(lambda c: sum(c) > 1),
    share=st.floats(0, 1, exclude_max=True),
    seed=st.integers(0, 2**32),
)
def test_train_validation_split(counts, share, seed):
    """Disjoint, complete, and each class shares to within one row, whatever the file's order."""
    n = sum(counts)
    size = min(1 + int(share * n), n - 1)
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    training, validation = train_validation_split(labels, size, rng=rng)
    assert len(validation) == size
    assert np.array_equal(np.sort(np.concatenate([training, validation])), np.arange(n))
    assert np.array_equal(training, np.sort(training))
    assert np.array_equal(validation, np.sort(validation))
    shares = np.bincount(labels[validation], minlength=len(counts))
    assert (abs(shares - np.array(counts) * size / n) < 1 + 1e-9).all()


def test_split_is_random_within_a_class():
    labels = np.zeros(1000, int)
    _, validation = train_validation_split(labels, 500, rng=np.random.default_rng(0))
    gaps = np.bincount(np.diff(validation))
    assert gaps[1] > 150  # neighbours chosen together: not every second row


# Bad input: the message names the argument and what is allowed

SOME = np.array([0, 1, 2, 1])


BAD_INPUT = [
    (one_hot, (np.array([0, 3]), 3), ValueError, "labels must be from 0 to 2, but range from 0 t"),
    (one_hot, (np.array([-1, 0]), 3), ValueError, "labels must be from 0 to 2"),
    (one_hot, (np.array([0.0, 1.0]), 3), TypeError, "labels must hold integers, but its dtype is"),
    (one_hot, (np.array([[0], [1]]), 3), ValueError, r"labels must have the shape \(n,\)"),
    (one_hot, (np.array([], int), 3), ValueError, "labels must have the shape"),
    (one_hot, (SOME, 0), ValueError, "num_classes must be at least 1, but is 0"),
    (one_hot, (SOME, 3.0), TypeError, r"num_classes must be an integer, but is 3\.0"),
    (one_vs_rest, (SOME, -1), ValueError, "digit must be at least 0, but is -1"),
    (one_vs_rest, (SOME, True), TypeError, "digit must be an integer, but is True"),
    (one_vs_rest, (SOME / 2, 1), TypeError, "labels must hold integers"),
    (balanced_subset, (SOME, 7), ValueError, r"digit must be one of the labels.* is 7 with 0"),
    (balanced_subset, (SOME, 0), ValueError, r"digit must .* with 2 examples .* is 0 with 1"),
    (balanced_subset, (SOME * 0, 0), ValueError, r"digit must .* and other classes beside it"),
    (balanced_subset, (SOME, -1), ValueError, "digit must be at least 0, but is -1"),
    (balanced_subset, (SOME, "1"), TypeError, "digit must be an integer, but is '1'"),
    (train_validation_split, (SOME, 4), ValueError, "validation_size must be at most 3, but is 4"),
    (train_validation_split, (SOME, 5), ValueError, "validation_size must be at most 3, but is 5"),
    (train_validation_split, (SOME, 0), ValueError, "validation_size must be at least 1"),
    (train_validation_split, (SOME, 0.5), TypeError, r"validation_size must be an int.* is 0\.5"),
]


@pytest.mark.parametrize(("function", "arguments", "error", "message"), BAD_INPUT)
def test_bad_input(function, arguments, error, message):
    random = function in (balanced_subset, train_validation_split)
    with pytest.raises(error, match=message):
        function(*arguments, **({"rng": np.random.default_rng(0)} if random else {}))


@pytest.mark.parametrize("rng", [0, None, np.random, np.random.RandomState(0)])
@pytest.mark.parametrize("function", [balanced_subset, train_validation_split])
def test_randomness_comes_from_a_generator(function, rng):
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator"):
        function(SOME, 1, rng=rng)


def test_the_nearest_mean_is_that_of_scikit_learn(rng):
    images, labels = rng.random((60, 9)), np.arange(60) % 4
    means = np.array([images[labels == label].mean(axis=0) for label in range(4)])
    asked = rng.random((200, 9))
    theirs = NearestCentroid().fit(images, labels).predict(asked)
    np.testing.assert_array_equal(nearest_mean(asked, means), theirs)


def test_the_nearest_mean_is_found_in_half_precision():
    """The square of 300 is infinite there, and so is a sum of 784 squares of 10."""
    images, means = np.full((1, 784), 10.0), np.array([[0.0], [100.0], [300.0]]) * np.ones(784)
    for dtype in (np.float16, np.float32, np.float64):
        for other in (np.float16, np.float64):
            assert nearest_mean(images.astype(dtype), means.astype(other)).tolist() == [0]


@pytest.mark.parametrize("far", [3e38, np.nan, np.inf])
def test_what_is_too_far_away_to_tell_is_no_nearest_mean(far):
    """The square of such a distance is no number any more."""
    images = np.array([[far, far]], np.float32)
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match="distances of images to means must be finite, but"),
    ):
        nearest_mean(images, np.array([[0, 0], [3e38, 3e38]], np.float32))


@pytest.mark.parametrize("images", ["a", [None], 1j, np.ma.masked_less([1.0, 2.0], 2)])
def test_what_is_no_image_is_not_scaled(images):
    with pytest.raises(TypeError, match="images must"):
        scale_pixels(images)


def test_a_list_of_pixels_is_an_array_of_them():
    np.testing.assert_array_equal(scale_pixels([[0.0, 0.5]]), np.array([[0, 0.5]]))
