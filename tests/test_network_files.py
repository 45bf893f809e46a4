"""Files of networks that are damaged or made to harm: refused by their name, in little room."""

import io
import json
import os
import pickle
import re
import tracemalloc
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import activations, losses, metrics
from mnist_gd._network_files import from_arrays, to_arrays
from mnist_gd.activations import leaky_relu, with_options
from mnist_gd.layers import LinearLayer
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


def array(value, version=(1, 0)):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(value), version)
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
    "a text nested deeply": {"about.npy": array(DEEP)},
    "activations without end": {"about.npy": array(json.dumps({"activations": [0] * 30_000}))},
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
        with pytest.raises((TypeError, ValueError), match="path must be a path, but is"):
            call(path)


# ------------------------------------------------------------------ what is wrong is said


def rewrite(path, changes, packed=zipfile.ZIP_STORED):
    """Change members of a file, by name; those that are None are left out."""
    members = members_of(path) | changes
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)


def about(path, **changes):
    with np.load(path) as file:
        return json.dumps(json.loads(str(file["about"])) | changes)


MATRIX = "must be a matrix of float32 or float64, but is"
WRONG = [
    ({"about.npy": None}, "it holds no short array about, but ['weights_0', 'bias_0']"),
    ({"about.npy": array(["{}"])}, "about must be one text, but is <U2 of the shape (1,)"),
    ({"about.npy": array(1.0)}, "about must be one text, but is float64 of the shape ()"),
    ({"about.npy": array(b"{}")}, "about must be one text, but is |S2 of the shape ()"),
    ({"bias_0.npy": None}, "it holds 2 arrays for 1 layers"),
    ({"bias_1.npy": array([[0.0]])}, "it holds 4 arrays for 1 layers"),
    (
        {"bias_0.npy": None, "bias_1.npy": array([[0.0]])},
        "it holds ['about.npy', 'bias_1.npy', 'weights_0.npy'], "
        "not about and ['weights_0', 'bias_0']",
    ),
    (
        {"weights_0.npy": None, "a.npy": array([[0.0]])},
        "it holds ['a.npy', 'about.npy', 'bias_0.npy'], not about and ['weights_0', 'bias_0']",
    ),
    ({"bias_0.npy": array([0.0])}, f"bias_0 {MATRIX} float64"),
    ({"bias_0.npy": array([[[0.0]]])}, f"bias_0 {MATRIX} float64"),
    ({"weights_0.npy": array(np.ones((4, 1), np.float16))}, f"weights_0 {MATRIX} float16"),
    ({"weights_0.npy": array(np.ones((4, 1), np.int8))}, f"weights_0 {MATRIX} int8"),
    (
        {"weights_0.npy": array(np.ones((4, 1)), version=(2, 0))},
        "weights_0.npy must be of the format 1.0",
    ),
    (
        {"weights_0.npy": array(np.ones((4, 1))).replace(b"Y\1\0", b"Y\0\7")},
        "weights_0.npy must be of the format 1.0",
    ),
    *(
        (
            {"weights_0.npy": header(shape, dtype) + bytes(size)},
            f"weights_0.npy must hold {np.dtype(dtype)} of the shape {shape}, but has {size} "
            "bytes",
        )
        for shape, dtype, size in [
            ((4, 1), "<f8", 31),
            ((4, 1), "<f8", 33),
            ((4, 1), "<f8", 0),
            ((-4, -1), "<f8", 32),
            ((4, 1), "|O", 32),
        ]
    ),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_what_is_wrong_with_a_file_is_said(saved, changes, message):
    rewrite(saved, changes)
    message = f"path must be a file made by save, but {saved} is not: {message}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Network.load(saved)


def test_packed_arrays_are_named(saved):
    rewrite(saved, {}, zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match=r"not be compressed, but are: \['about', 'weights_0', "):
        Network.load(saved)


@pytest.mark.parametrize("more", [-1, 1])
def test_a_directory_that_gives_an_array_two_lengths_is_refused(saved, more):
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("other", b"")
        archive.getinfo("bias_0.npy").file_size += more
    with pytest.raises(ValueError, match=r"its arrays must not be compressed, but are: \[\]$"):
        Network.load(saved)


@pytest.mark.parametrize("longer", [0, 1])
def test_the_text_is_short(saved, network, longer):
    """All of its array takes as much as 100000 characters."""
    length = (4 * 100_000 - len(header((), "<U99999"))) // 4 + longer
    rewrite(saved, {"about.npy": array(about(saved).ljust(length))})
    if longer:
        with pytest.raises(ValueError, match="it holds no short array about"):
            Network.load(saved)
    else:
        assert facts(Network.load(saved)) == facts(network)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"loss": {"name": "focal_loss", "options": []}},
            "its options must be a dict, but are []",
        ),
        ({"loss": {"name": "no_loss", "options": {}}}, "'no_loss' is no function of mnist_gd.l"),
        ({"loss": {"name": "isfinite", "options": {}}}, "'isfinite' is no function of mnist_gd.l"),
        (
            {"loss": {"name": "focal_loss_gradient", "options": {}}},
            "'focal_loss_gradient' is no function of mnist_gd.losses",
        ),
        (
            {"loss": {"name": "focal_loss", "options": {"alpha": 7}}},
            "alpha must be at most 1, but is 7.0",
        ),
        (
            {"activations": [{"name": "with_options", "options": {}}]},
            "'with_options' is no function of mnist_gd.activations",
        ),
    ],
)
def test_functions_that_are_none_are_named(saved, changes, message):
    rewrite(saved, {"about.npy": array(about(saved, **changes))})
    with pytest.raises(ValueError, match=re.escape(message)):
        Network.load(saved)


@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.mean_squared_error])
def test_options_come_back_with_their_functions(tmp_path, loss):
    rng = np.random.default_rng(0)
    activations = [leaky_relu, with_options(leaky_relu, negative_slope=0.2), None]
    layers = [LinearLayer(3, 3, function, rng=rng) for function in activations]
    Network(layers, loss=loss).save(tmp_path / "network.npz")
    read = Network.load(tmp_path / "network.npz")
    x = rng.normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(read.logits(x), Network(layers, loss=loss).logits(x))
    assert read.loss is loss
    assert [layer.activation for layer in read.layers][::2] == [leaky_relu, layers[2].activation]
    assert read.layers[1].activation.keywords == {"negative_slope": 0.2}


class OtherLayer(LinearLayer):
    """Of the reader's own."""


def own(z):
    return z


own.backward = lambda grad_output, z: grad_output


def with_odd_option(value):
    return with_options(losses.focal_loss, alpha=value)


def with_attributes(function, **attributes):
    """What has the function and the options of one of the package, but not all else."""
    changed = partial(function)
    vars(changed).update(attributes)
    return changed


CHANGED = [
    with_attributes(losses.mean_squared_error, gradient=own, on_logits=False),
    with_attributes(
        losses.mean_squared_error,
        gradient=partial(losses.mean_squared_error.gradient),
        on_logits=True,
    ),
    with_attributes(
        losses.focal_loss,
        gradient=with_options(losses.focal_loss.gradient, alpha=0.5),
        on_logits=False,
    ),
]


@pytest.mark.parametrize("loss", CHANGED)
def test_a_function_with_a_derivative_of_its_own_is_not_saved(tmp_path, loss):
    layer = LinearLayer(3, 1, rng=np.random.default_rng(0))
    network = Network([layer], loss=loss)
    with pytest.raises(ValueError, match=r"loss must be of mnist_gd\.losses to be saved, but is"):
        network.save(tmp_path / "network.npz")
    assert not [*tmp_path.iterdir()]


def test_layers_that_share_an_array_are_not_saved(tmp_path):
    first, second = (LinearLayer(3, 3, rng=np.random.default_rng(0)) for _ in range(2))
    second.weights = first.weights
    network = Network([first, second], loss=losses.mean_squared_error)
    with pytest.raises(ValueError, match="layers must have arrays of their own to be saved"):
        network.save(tmp_path / "network.npz")


def test_a_layer_stands_once_in_a_network():
    layer = LinearLayer(3, 3, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="layers must be one LinearLayer or more, none twice"):
        Network([layer, layer], loss=losses.mean_squared_error)


def test_members_that_lie_over_each_other_are_refused(tmp_path, saved):
    """The bias is a part of the weights' bytes: of many such a file makes far more than it is."""
    members = members_of(saved)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("bias_0.npy", array(np.zeros((1, 6), np.float32)))
        about = archive.filelist[0]
        entry = inner.getvalue()
    place = -len(entry) % 24
    weights = np.frombuffer(bytes(place) + entry, np.float32).reshape(-1, 6)
    path = tmp_path / "over.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.npy", members["about.npy"])
        archive.writestr("weights_0.npy", array(weights))
        archive.fp.flush()
        about.header_offset = path.read_bytes().index(entry)
        archive.filelist.append(about)
        archive.NameToInfo[about.filename] = about
    with pytest.raises(ValueError, match=r"over\.npz is not: its arrays must lie apart"):
        Network.load(path)


def test_what_is_no_file_is_refused_before_it_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(ValueError, match=r"must be a file made by save, but .* is none"):
            Network.load(path)


class Inverted(Network):
    def _infer(self, x):
        return -super()._infer(x)


class Renamed(Network):
    """One that only trains in its own way, which no file has to say."""

    def train(self, *args, **settings):
        return super().train(*args, epochs=1, **settings)


class EqualsAllTypes(type):
    def __eq__(self, other):
        return True

    __hash__ = type.__hash__


class EqualsAll(metaclass=EqualsAllTypes):
    """What claims to be whatever it is compared with, and to have the name of an activation."""

    __name__ = "relu"
    __hash__ = object.__hash__
    backward = staticmethod(lambda grad_output, z: grad_output)

    def __call__(self, z):
        return z

    def __eq__(self, other):
        return True


def test_what_claims_to_be_an_activation_is_not_saved_as_that(tmp_path):
    layers = [LinearLayer(3, 2, EqualsAll(), rng=np.random.default_rng(0))]
    network = Network(layers, loss=losses.cross_entropy_with_logits)
    with pytest.raises(
        ValueError, match=r"activation must be of mnist_gd\.activations to be saved"
    ):
        network.save(tmp_path / "network.npz")


def replaced(name, value):
    def change(network):
        setattr(network, name, value)

    return change


@pytest.mark.parametrize(
    ("kind", "change", "own"),
    [
        (Inverted, lambda network: None, "_infer"),
        (Network, replaced("logits", lambda x: x), "logits"),
        (Network, replaced("output_activation", activations.relu), "output_activation"),
        (Network, replaced("metric", metrics.recall), "metric"),
        (Network, replaced("binary", True), "binary"),
        (Network, replaced("binary", EqualsAll()), "binary"),
        (Network, replaced("evaluate", len), "evaluate"),
        (Network, replaced("input_size", np.array([3, 3])), "input_size"),
        (Network, lambda network: delattr(network, "metric"), "metric"),
        (Network, lambda network: replaced("forward", len)(network.layers[0]), "forward"),
        (Network, lambda n: replaced("pre_activation", abs)(n.layers[0]), "pre_activation"),
    ],
)
def test_a_network_that_answers_in_its_own_way_is_not_saved(tmp_path, kind, change, own):
    network = kind([LinearLayer(3, 2, rng=np.random.default_rng(0))], loss=losses.cross_entropy)
    change(network)
    with pytest.raises(ValueError, match=rf"network must answer as .* has its own \['{own}'\]"):
        network.save(tmp_path / "network.npz")
    assert not [*tmp_path.iterdir()]


def test_a_network_that_only_trains_in_its_own_way_is_saved(tmp_path):
    layers = [LinearLayer(3, 2, rng=np.random.default_rng(0))]
    network = Renamed(layers, loss=losses.cross_entropy_with_logits)
    network.forward(np.ones((2, 3)))
    network.save(tmp_path / "network.npz")
    again = Renamed.load(tmp_path / "network.npz")
    np.testing.assert_array_equal(again.logits(np.ones((2, 3))), network.logits(np.ones((2, 3))))


@pytest.mark.parametrize("of", [lambda network: network, lambda network: network.layers[0]])
def test_a_network_with_more_than_a_file_holds_is_not_saved(tmp_path, network, of):
    of(network).note = "ours"
    with pytest.raises(ValueError, match=r"network must hold no more than .* but has \['note'\]"):
        network.save(tmp_path / "network.npz")
    assert not [*tmp_path.iterdir()]
    del of(network).note
    network.save(tmp_path / "network.npz")


@pytest.mark.parametrize("name", [5, None, ["Network"]])
def test_the_name_of_the_class_is_a_text(network, name):
    arrays = to_arrays(network)
    about = json.loads(str(arrays["about"])) | {"network": name}
    with pytest.raises(TypeError, match="network must be a string, but is"):
        from_arrays(arrays | {"about": np.array(json.dumps(about))})


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"layer": OtherLayer}, "layers must be LinearLayers in a file, but one is"),
        ({"activation": own}, "activation must be of mnist_gd.activations to be saved, but is"),
        ({"loss": with_odd_option("x")}, "options of the loss must be numbers, but are {'alpha'"),
        ({"loss": with_odd_option("2")}, "options of the loss must be numbers, but are {'alpha'"),
        ({"loss": with_odd_option(10**400)}, "options of the loss must be numbers, but are {'al"),
        ({"loss": with_odd_option(None)}, "options of the loss must be numbers, but are {'alpha'"),
        (
            {"loss": with_odd_option(7)},
            "a saved network could not be read again: alpha must be at most 1, but is 7.0",
        ),
    ],
)
def test_what_no_file_could_hold_is_named(tmp_path, parts, message):
    layer = parts.get("layer", LinearLayer)(
        3, 1, parts.get("activation"), rng=np.random.default_rng(0)
    )
    network = Network([layer], loss=parts.get("loss", losses.mean_squared_error))
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        network.save(tmp_path / "network.npz")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_a_path_names_a_file(network, path):
    with pytest.raises(ValueError, match="path must name a file, but is "):
        network.save(path)


def test_what_says_nothing_is_named(monkeypatch, tmp_path):
    def out_of_memory(file):
        raise MemoryError

    monkeypatch.setattr("mnist_gd._network_files._read", out_of_memory)
    path = tmp_path / "network.npz"
    path.touch()
    with pytest.raises(ValueError, match=r"is not: MemoryError\(\)"):
        Network.load(path)


def test_arrays_that_lie_in_each_other_are_not_saved(tmp_path):
    layers = [LinearLayer(3, 3, rng=np.random.default_rng(0)) for _ in range(2)]
    buffer = np.ones((4, 3), np.float32)
    layers[0].weights, layers[1].weights = buffer[:3], buffer[1:]
    network = Network(layers, loss=losses.cross_entropy_with_logits)
    with pytest.raises(ValueError, match="layers must have arrays of their own to be saved"):
        network.save(tmp_path / "network.npz")


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("bias", np.zeros((1, 2)), "bias must have the shape"),
        ("bias", np.zeros((7, 2), np.float32), "bias must have the shape"),
        ("bias", np.zeros(2, np.float32), "bias must have the shape"),
        ("weights", np.zeros((3, 2), np.float16), "weights must be float32 or float64"),
        ("weights", np.zeros((3, 2), ">f4"), "weights must be float32 or float64"),
        ("weights", np.zeros((0, 2), np.float32), "weights must have the shape"),
    ],
)
def test_arrays_that_are_no_layers_are_not_saved(tmp_path, part, value, words):
    network = Network([LinearLayer(3, 2, rng=np.random.default_rng(0))], loss=losses.cross_entropy)
    setattr(network.layers[0], part, value)
    with pytest.raises(ValueError, match=words):
        network.save(tmp_path / "network.npz")


def test_what_is_no_file_is_not_replaced_by_one(tmp_path, network):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/null")):
        with pytest.raises(ValueError, match="path must name a file, but is "):
            network.save(path)
    assert not (tmp_path / "pipe").is_file()


def test_a_network_that_comes_from_another_process_is_saved(tmp_path):
    """Its sizes are equal numbers then, but not the same objects."""
    made = MultiLayerNetwork(
        784, 300, 300, hidden_layers=1, loss=losses.cross_entropy, rng=np.random.default_rng(0)
    )
    network = pickle.loads(pickle.dumps(made))
    network.save(tmp_path / "network.npz")
    again = Network.load(tmp_path / "network.npz")
    for array, other in zip(weights_of(made), weights_of(again), strict=True):
        np.testing.assert_array_equal(array, other)
