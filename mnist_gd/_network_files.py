"""Networks as files: the loss, the weights and the activation of each layer."""

import io
import json
import math
import zipfile
from functools import partial
from itertools import pairwise

import numpy as np

from mnist_gd import activations, losses
from mnist_gd._checks import (
    attribute,
    check_finite,
    check_path,
    check_real,
    check_text,
    is_a,
    lie_apart,
    shown,
)
from mnist_gd._files import write_atomically
from mnist_gd.activations import with_options
from mnist_gd.layers import LinearLayer, check_chain

PARTS = ("weights", "bias")
ANSWERS = {"pre_activation", "forward", "_forward", "logits", "_infer", "predict_proba", "predict"}
ANSWERS |= {"evaluate", "labels", "targets"}
STATE = {
    "layers",
    "_logits",
    "_masks",
    "_passed",
}  # what Network(layers, loss) does not say of a network
LONGEST_TEXT = 100_000  # characters of what names the functions


def to_arrays(network):
    """Return a network as arrays: those of its layers, and a text that names the functions."""
    parameters = plain_parameters(network)
    if not lie_apart(network.parameters):
        raise ValueError("layers must have arrays of their own to be saved, but share some")
    if more := _more(network):
        raise ValueError(f"network must hold no more than a Network to be saved, but has {more}")
    about = {
        "network": type(network).__name__,
        "loss": _entry("loss", network.loss, losses, "gradient"),
        "activations": [
            _entry("activation", layer.activation, activations, "backward")
            for layer in network.layers
        ],
    }
    return {"about": np.array(json.dumps(about))} | parameters


def plain_parameters(network):
    """Return the arrays of a network by name, if it is nothing but those and its functions."""
    for layer in network.layers:
        if type(layer) is not LinearLayer:
            raise ValueError(f"layers must be LinearLayers in a file, but one is {shown(layer)}")
    if own := _own(network):
        raise ValueError(
            f"network must answer as a Network does to go into a file, but has its own {own}"
        )
    parameters = {}
    for number, layer in enumerate(network.layers):
        for part in PARTS:
            array = getattr(layer, part)
            if type(array) is not np.ndarray:  # of a masked array the file would lose the mask
                raise TypeError(
                    f"the {part} of layer {number} must be an ndarray in a file, but is a "
                    f"{type(array).__name__}"
                )
            check_finite(f"the {part} of layer {number}", array)
            parameters[f"{part}_{number}"] = array
        LinearLayer.from_arrays(layer.weights, layer.bias)
    check_chain(network.layers)
    return parameters


def _own(network):
    """What its class, or somebody since, has put in place of what says how a Network answers."""
    from mnist_gd.networks import Network  # which imports this module

    above = type(network).__mro__[: type(network).__mro__.index(Network)]
    own = {name for part in (*above, network, *network.layers) for name in vars(part)} & ANSWERS
    fresh = vars(Network(network.layers, loss=network.loss))
    derived = fresh.keys() - STATE
    return sorted(own | {n for n in derived if not _same(fresh[n], vars(network).get(n))})


def _more(network):
    """What somebody has added to it or to its layers, of which a file would say nothing."""
    from mnist_gd.networks import Network

    first = network.layers[0]
    layer = LinearLayer.from_arrays(first.weights, first.bias)
    more = vars(network).keys() - vars(Network([layer], loss=network.loss)).keys()
    return sorted(more.union(*(vars(each).keys() - vars(layer).keys() for each in network.layers)))


def _same(a, b):
    return a is b or (type(a) is type(b) and a == b)


def from_arrays(arrays):
    """Return the name of the class, the layers and the loss of what :func:`to_arrays` gave."""
    about = json.loads(str(arrays["about"]))
    layers = [
        LinearLayer.from_arrays(
            arrays[f"weights_{number}"],
            arrays[f"bias_{number}"],
            _function(entry, activations, "backward"),
        )
        for number, entry in enumerate(about["activations"])
    ]
    check_chain(layers)
    loss = _function(about["loss"], losses, "gradient")
    row = np.eye(1, layers[-1].output_size, dtype=layers[-1].weights.dtype)
    loss(row, row)
    return check_text("network", about["network"]), layers, loss


def write_network(path, network):
    """Write an ``.npz`` file in one step, once it has been seen that it gives the same back."""
    path, content = check_path("path", path), io.BytesIO()
    if not path.name or (path.exists() and not path.is_file()):
        raise ValueError(f"path must name a file, but is {shown(str(path))}")
    arrays = to_arrays(network)
    np.savez(content, **arrays)
    try:
        _read(content)
    except Exception as error:
        raise ValueError(f"a saved network could not be read again: {error}") from error
    write_atomically(path, lambda file: file.write(content.getvalue()))


def read_network(path):
    """Return the name of the class, the layers and the loss of a file."""
    path = check_path("path", path)
    if path.exists() and not path.is_file():
        raise ValueError(f"path must be a file made by save, but {path} is none")
    with open(path, "rb") as file:
        try:
            return _read(file)
        except Exception as error:  # what a damaged file leads to is not to be foreseen
            raise ValueError(
                f"path must be a file made by save, but {path} is not: {str(error) or repr(error)}"
            ) from error


def _read(file):
    """Read the directory, then the text, then all headers, and arrays once those have passed.

    So what is read takes the room that the file takes on the disk, whatever a header claims.
    """
    with zipfile.ZipFile(file) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        packed = [name for name, info in members.items() if info.compress_type]
        if packed or any(info.file_size != info.compress_size for info in members.values()):
            raise ValueError(f"its arrays must not be compressed, but are: {packed}")
        places = sorted((info.header_offset, info.compress_size) for info in archive.infolist())
        for (before, size), (place, _) in pairwise(places):
            if place < before + size:
                raise ValueError(f"its arrays must lie apart, but one at {place} lies in another")
        if "about" not in members or members["about"].file_size > 4 * LONGEST_TEXT:
            raise ValueError(f"it holds no short array about, but {[*members][:9]}")
        about = _header(archive, members["about"])
        if about[0] != () or about[1].kind != "U":
            raise ValueError(f"about must be one text, but is {about[1]} of the shape {about[0]}")
        arrays = {"about": _array(archive, members["about"])}
        entries = json.loads(str(arrays["about"]))["activations"]
        names = sorted(archive.namelist())  # each as often as it is there
        if len(names) != 1 + len(PARTS) * len(entries):
            raise ValueError(f"it holds {len(names)} arrays for {len(entries)} layers")
        parts = [f"{part}_{number}" for number in range(len(entries)) for part in PARTS]
        if names != sorted(f"{name}.npy" for name in ["about", *parts]):
            raise ValueError(f"it holds {names}, not about and {parts}")
        for name in parts:
            shape, dtype = _header(archive, members[name])
            if dtype not in (np.float32, np.float64) or len(shape) != 2:
                raise ValueError(f"{name} must be a matrix of float32 or float64, but is {dtype}")
        arrays |= {name: _array(archive, members[name]) for name in parts}
    return from_arrays(arrays)


def _header(archive, info):
    """Return shape and dtype of a member, if it is as long as they say."""
    with archive.open(info) as member:
        if np.lib.format.read_magic(member) != (1, 0):  # whose header is short
            raise ValueError(f"{info.filename} must be of the format 1.0")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        room = info.file_size - member.tell()
    if dtype.hasobject or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != room:
        raise ValueError(
            f"{info.filename} must hold {dtype} of the shape {shape}, but has {room} bytes"
        )
    return shape, dtype


def _array(archive, info):
    with archive.open(info) as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def _entry(what, function, module, derivative):
    """How a file names a loss or an activation: its name and its options."""
    plain = function.func if is_a(function, partial) else function
    known = getattr(module, attribute(plain, "__name__", ""), None) is plain
    if known and plain is not function:  # by with_options, not with a derivative of its own
        own, theirs = attribute(function, derivative), attribute(plain, derivative)
        known = getattr(own, "func", None) is theirs and own.keywords == function.keywords
        known &= not function.args and vars(function).get("on_logits") is getattr(
            plain, "on_logits", None
        )
    if not known:
        raise ValueError(
            f"{what} must be of {module.__name__} to be saved, but is {shown(function)}"
        )
    options = getattr(function, "keywords", {})
    try:
        options = {name: check_real(name, value) for name, value in options.items()}
    except (TypeError, ValueError):
        raise ValueError(
            f"options of the {what} must be numbers, but are {shown(options)}"
        ) from None
    return {"name": plain.__name__, "options": options}


def _function(entry, module, derivative):
    """The loss or activation that an entry of a file names."""
    function = getattr(module, entry["name"]) if entry["name"] in module.__all__ else None
    if not hasattr(function, derivative):
        raise ValueError(f"{shown(entry['name'])} is no function of {module.__name__}")
    if not is_a(entry["options"], dict):
        raise TypeError(f"its options must be a dict, but are {shown(entry['options'])}")
    return with_options(function, **entry["options"]) if entry["options"] else function
