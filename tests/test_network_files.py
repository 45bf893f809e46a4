"""Files of networks that are damaged or made to harm: refused by their name, in little room."""

import io
import json
import tracemalloc
import zipfile

import numpy as np
import pytest

from mnist_gd import losses
from mnist_gd.networks import MultiLayerNetwork, Network
from tests.small_networks import make, weights_of

HUGE = 20_000
ROOM = 3_000_000  # bytes that reading a small file may take, its own included


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(0)
    return MultiLayerNetwork(
        4, 6, 1, hidden_layers=0, loss=losses.binary_cross_entropy_with_logits, rng=rng
    )


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "network.npz"
    network.save(path)
    return path


def facts(network):
    arrays = [(array.dtype, array.shape, array.tobytes()) for array in weights_of(network)]
    return network.loss, [layer.activation for layer in network.layers], arrays


def assert_refused_or_same(path, network):
    """Return the error, which names the file, or None if the network is the same."""
    try:
        read = Network.load(path)
    except ValueError as refusal:
        error = refusal
    else:
        assert facts(read) == facts(network)
        return None
    assert str(path) in str(error)
    return error


@pytest.mark.parametrize("bits", [0xFF, 0x01], ids=hex)
def test_every_byte_is_flipped_once(saved, network, bits):
    content = saved.read_bytes()
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= bits
        saved.write_bytes(damaged)
        refused += assert_refused_or_same(saved, network) is not None
    assert refused > len(content) / 2  # the rest are dates and the like


def test_every_truncation_is_refused(saved, network):
    content = saved.read_bytes()
    for length in range(len(content)):
        saved.write_bytes(content[:length])
        assert assert_refused_or_same(saved, network)


def header(shape, dtype="<f8"):
    """The beginning of an array's file, without the array."""
    file = io.BytesIO()
    about = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, about)
    return file.getvalue()


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def text(about):
    file = io.BytesIO()
    np.save(file, np.array(about))
    return file.getvalue()


DEEP = "[" * 100_000
BOMBS = {
    "a header that claims much": {"weights_0.npy": header((HUGE, HUGE))},
    "headers that fit each other": {
        "weights_0.npy": header((HUGE, HUGE)),
        "bias_0.npy": header((1, HUGE)),
    },
    "a shape beyond all integers": {"weights_0.npy": header((2**70, 4))},
    "a negative shape": {"weights_0.npy": header((-1, -192))},
    "a text that claims much": {"about.npy": header((), f"<U{HUGE**2}")},
    "a text nested deeply": {"about.npy": text(DEEP)},
    "activations without end": {"about.npy": text(json.dumps({"activations": [0] * 30_000}))},
    "a header longer than its file": {"weights_0.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"},
    "objects": {"weights_0.npy": header((4, 6), "|O")},
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_a_file_claims_takes_no_room(saved, bomb, packed):
    members = members_of(saved) | BOMBS[bomb]
    with zipfile.ZipFile(saved, "w", packed) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert_refused_in_little_room(saved)


def assert_refused_in_little_room(path):
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="path must be a file made by save") as caught:
            Network.load(path)
        assert str(path) in str(caught.value)
        assert tracemalloc.get_traced_memory()[1] < ROOM
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ["unasked.npy", "weights_0.npy", "about.npy", "x/../bias_0.npy"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_nobody_asked_for_is_not_read(saved, packed, name):
    """Ten million bytes, packed to ten thousand or as they are; beside, or twice of one name."""
    with zipfile.ZipFile(saved, "a", packed) as archive:
        archive.writestr(name, header((10_000_000,), "|u1") + bytes(10_000_000))
    assert_refused_in_little_room(saved)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_not_loaded(saved, value):
    with np.load(saved) as file:
        arrays = dict(file)
    arrays["weights_0"][1, 0] = value
    np.savez(saved, **arrays)
    assert_refused_in_little_room(saved)


def test_masked_weights_are_not_saved(network, tmp_path):
    network = make("single", network.loss)
    network.layers[0].weights = np.ma.masked_less(network.layers[0].weights, 0)
    with pytest.raises(TypeError, match="weights of layer 0 must be an ndarray"):
        network.save(tmp_path / "network.npz")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("path", [None, 3, b"network.npz", ["network.npz"], "net\0work.npz"])
def test_what_is_no_path_is_refused(network, path):
    for call in (network.save, Network.load):
        with pytest.raises(TypeError, match="path must be a path, but is"):
            call(path)
