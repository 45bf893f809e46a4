"""Networks as files: the loss, the weights and the activation of each layer."""

import io
import json
from functools import partial
from pathlib import Path

import numpy as np

from mnist_gd import activations, losses
from mnist_gd._checks import check_finite
from mnist_gd._files import write_atomically
from mnist_gd.activations import with_options
from mnist_gd.layers import LinearLayer, check_chain

PARTS = ("weights", "bias")


def to_arrays(network):
    """Return a network as arrays: those of its layers, and a text that names the functions."""
    for layer in network.layers:
        if type(layer) is not LinearLayer:
            raise ValueError(f"layers must be LinearLayers to be saved, but one is {layer!r}")
    about = {
        "network": type(network).__name__,
        "loss": _entry("loss", network.loss, losses),
        "activations": [
            _entry("activation", layer.activation, activations) for layer in network.layers
        ],
    }
    arrays = {"about": np.array(json.dumps(about))}
    for number, layer in enumerate(network.layers):
        for part in PARTS:
            array = getattr(layer, part)
            check_finite(f"the {part} of layer {number}", array)
            arrays[f"{part}_{number}"] = array
    return arrays


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
    return about["network"], layers, loss


def write_network(path, network):
    """Write an ``.npz`` file in one step, once it has been seen that it can be read again."""
    content = io.BytesIO()
    np.savez(content, **to_arrays(network))
    try:
        _read(content.getvalue())
    except Exception as error:
        raise ValueError(f"a saved network could not be read again: {error}") from error
    write_atomically(path, lambda file: file.write(content.getvalue()))


def read_network(path):
    """Return the name of the class, the layers and the loss of a file."""
    content = Path(path).read_bytes()
    try:
        return _read(content)
    except Exception as error:  # what a damaged file leads to is not to be foreseen
        raise ValueError(
            f"path must be a file made by save, but {path} is not: {error or repr(error)}"
        ) from error


def _read(content):
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = dict(file)
    read = from_arrays(arrays)
    parts = [f"{part}_{i}" for i in range(len(read[1])) for part in PARTS]
    if sorted(arrays) != sorted(["about", *parts]):
        raise ValueError(f"it holds the arrays {[*arrays]}, not about and {parts}")
    return read


def _entry(what, function, module):
    """How a file names a loss or an activation: its name and its options."""
    plain = function.func if isinstance(function, partial) else function
    if getattr(module, getattr(plain, "__name__", ""), None) is not plain:
        raise ValueError(f"{what} must be of {module.__name__} to be saved, but is {function!r}")
    options = getattr(function, "keywords", {})
    try:
        options = {name: float(value) for name, value in options.items()}
    except (TypeError, ValueError):
        raise ValueError(f"options of the {what} must be numbers, but are {options}") from None
    return {"name": plain.__name__, "options": options}


def _function(entry, module, derivative):
    """The loss or activation that an entry of a file names."""
    function = getattr(module, entry["name"]) if entry["name"] in module.__all__ else None
    if not hasattr(function, derivative):
        raise ValueError(f"{entry['name']!r} is no function of {module.__name__}")
    return with_options(function, **entry["options"]) if entry["options"] else function
