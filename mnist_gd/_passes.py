"""The two passes of a step, and by which doors they go."""

from functools import partial
from itertools import chain, repeat, zip_longest

import numpy as np

from mnist_gd._checks import attribute, check_rate, lie_apart
from mnist_gd._kernels import has_kernel, is_original, itself, kernel_of
from mnist_gd._steps import unchanged_by_errors, whole_step
from mnist_gd.additions import shrink_weights
from mnist_gd.gradient_descent import DivergenceError


def passes(network, optimizer, weight_decay):
    """Return what is called for each batch: the way forward, and the step.

    Where a class, activation or loss of the reader's has a say, these are the public methods,
    which check what they are handed. Else nothing is checked that cannot be wrong: of an
    optimizer's steps the first alone, whether it is for such parameters. What has shrunk, or was
    moved by an update of the reader's, is given back if the step raises.
    """
    ours = _is_ours(network)
    via = kernel_of if ours else itself
    forward = partial(network._forward, via=via) if ours else network.forward
    back = (
        partial(network._backward, via=via) if is_original(network.backward) else network.backward
    )
    update = network.update if optimizer is None else optimizer.update
    moves = chain([update], repeat(via(update)))
    keeps = weight_decay or not has_kernel(update)

    def descend(targets, when):
        learning_rate = when[-1]
        if ours and optimizer is None and not weight_decay:
            back(targets, learning_rate)
            return
        back(targets)
        moved = () if optimizer is None else (network.parameters, network.gradients)
        try:
            kept = (network.layers, network.parameters) if keeps else ([], [])
            with unchanged_by_errors(*kept):
                if weight_decay:
                    shrink_weights(_weights(network.layers), learning_rate, weight_decay)
                next(moves)(*moved, learning_rate)
        except DivergenceError as error:
            raise DivergenceError(f"{error}, {at('in', when)}") from None

    return forward, descend


def at(where, when):
    """Name epoch, batch and rate of a step in a message."""
    epoch, batch, learning_rate = when
    return f"{where} epoch {epoch}, batch {batch}, with learning_rate={learning_rate:g}"


def _weights(layers):
    """The weights of each layer; those that layers share only once."""
    weights = {layer.weights.ctypes.data: layer.weights for layer in layers}
    return [*weights.values()]


def check_update(network, learning_rate):
    """Return both if a step can be taken in every layer."""
    for layer in network.layers:
        layer.check_gradients()
    return network, check_rate(learning_rate, network.layers[0].weights.dtype)


def whole(network, *_):
    """The context of a step of the whole network."""
    return whole_step(network.layers, lambda: network.parameters)


def left_in(layers):
    """What its last pass forward has left in each layer, until the layer takes a step."""
    return [attribute(layer, name) for layer in layers for name in ("_x", "_z")]


def check_last_pass(network):
    """Raise unless each layer holds what the network's last pass forward has left in it."""
    pairs = zip_longest(left_in(network.layers), network._passed or [])
    if not all(now is then or np.array_equal(now, then) for now, then in pairs):
        raise RuntimeError(
            "backward needs a forward pass before it, but since the last one a layer has taken a "
            "step, or passed on other rows; layer(x) looks at what one gives, and leaves no trace"
        )


def check_parameters(layers, settings):
    """Raise unless a step can be taken in every layer, before one is taken in any.

    A layer with an update of its own knows what it needs.
    """
    moved = settings.patience is not None or settings.weight_decay
    for layer in (layer for layer in layers if moved or has_kernel(layer.update)):
        sizes = layer.input_size, layer.output_size
        for name, shape in (("weights", sizes), ("bias", (1, sizes[1]))):
            array = np.asarray(getattr(layer, name))
            if array.shape != shape or array.dtype.kind != "f" or not array.flags.writeable:
                raise ValueError(
                    f"{name} of a layer must be a writeable array of floating-point numbers of "
                    f"the shape {shape}, but is {'' if array.flags.writeable else 'a read-only '}"
                    f"one of {array.dtype} and of the shape {array.shape}"
                )


def _is_ours(network):
    """Whether all that a step calls is of this package, and no two layers share an array."""
    called = [network.loss, network.loss.gradient]
    for layer in network.layers:
        called += [layer.pre_activation, layer.forward, layer.backward, layer.update]
        called += [layer.activation, layer.activation.backward]
    return (
        all(map(has_kernel, called))
        and all(map(is_original, (network.forward, network.backward, network.update)))
        and lie_apart(network.parameters)
    )
