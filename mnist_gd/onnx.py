"""Trained networks in the form that other programs run: ONNX, Open Neural Network Exchange."""

from functools import partial

import numpy as np

from mnist_gd import activations
from mnist_gd._checks import check_flag, is_a, shown
from mnist_gd._network_files import plain_parameters
from mnist_gd.networks import Network

try:
    from onnx import checker, helper, numpy_helper
except ModuleNotFoundError as error:
    raise ImportError(
        "onnx is not installed; it comes with the extra: pip install 'mnist_gd[onnx]'"
    ) from error

__all__ = ["to_onnx"]

# Of 2022: late enough for each operator as it is used here, and every runtime since reads it.
OPSET, IR_VERSION = 16, 8
OPERATORS = [
    (activations.identity, "Identity"),
    (activations.relu, "Relu"),
    (activations.leaky_relu, "PRelu"),  # its slope has the dtype of the network
    (activations.sigmoid, "Sigmoid"),
    (activations.softmax, "Softmax"),
]


def to_onnx(network, *, probabilities=False):
    """Return a network as an ONNX graph, which computes what the network does.

    The graph's input `x`, shape (n, input_size), has the dtype of the network: pixels in [0, 1],
    not uint8. Its output `logits` has the shape (n, output_size).

    Parameters
    ----------
    network : mnist_gd.networks.Network
    probabilities : bool
        Whether there is a second output, `probabilities`, as by
        :meth:`mnist_gd.networks.Network.predict_proba`.

    Returns
    -------
    onnx.ModelProto
        ``onnx.save`` writes it to a file; ``SerializeToString()`` gives the bytes of one.

    Raises
    ------
    ValueError, TypeError
        If network, layer or activation is not of this package, or a parameter is not finite.
    """
    if not is_a(network, Network):
        raise TypeError(f"network must be a Network, but is {shown(network)}")
    probabilities = check_flag("probabilities", probabilities)
    nodes, constants, signal = [], plain_parameters(network), "x"
    for number, layer in enumerate(network.layers):
        inputs = [signal, f"weights_{number}", f"bias_{number}"]
        nodes.append(helper.make_node("Gemm", inputs, [f"z_{number}"]))
        last = layer is network.layers[-1]
        inputs, signal = [f"z_{number}"], "logits" if last else f"a_{number}"
        if (operator := _operator(layer.activation)) == "PRelu":
            inputs.append(f"slope_{number}")
            slope = -layer.activation(np.array([-1.0]))
            constants[inputs[1]] = slope.astype(layer.weights.dtype)
        nodes.append(helper.make_node(operator, inputs, [signal]))
    outputs = ["logits"]
    if probabilities:
        operator = _operator(network.output_activation)
        nodes.append(helper.make_node(operator, ["logits"], ["probabilities"]))
        outputs.append("probabilities")
    dtype = helper.np_dtype_to_tensor_dtype(network.layers[0].weights.dtype)
    graph = helper.make_graph(
        nodes,
        type(network).__name__,
        [helper.make_tensor_value_info("x", dtype, ["n", network.input_size])],
        [helper.make_tensor_value_info(o, dtype, ["n", network.output_size]) for o in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(
        graph,
        producer_name="mnist_gd",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    checker.check_model(model, full_check=True)
    return model


def _operator(activation):
    """The name of ONNX for an activation, with options or without."""
    plain = activation.func if is_a(activation, partial) else activation
    for known, operator in OPERATORS:
        if plain is known:
            return operator
    raise ValueError(
        f"activation must be of {activations.__name__} to be exported, but is {shown(activation)}"
    )
