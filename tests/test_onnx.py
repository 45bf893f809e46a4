"""Exported networks, run by others: ONNX Runtime, and the reference evaluator of ONNX."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra 'onnx' is not installed")
pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")

import onnx
import onnxruntime as runtime
from onnx.reference import ReferenceEvaluator

from mnist_gd import activations, losses
from mnist_gd.activations import with_options
from mnist_gd.data import scale_pixels
from mnist_gd.layers import LinearLayer
from mnist_gd.networks import MultiLayerNetwork, Network, SingleLayerNetwork
from mnist_gd.onnx import to_onnx


def by_runtime(model, x, outputs=("logits",)):
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(outputs, {"x": x})


def by_reference(model, x, outputs=("logits",)):
    return ReferenceEvaluator(model).run(outputs, {"x": x})


@pytest.fixture(scope="module")
def trained(mnist):
    """Networks for all ten digits and for one, after an epoch on some images."""
    x, digits = mnist.train.images[:10_000], mnist.train.labels[:10_000]
    rng = np.random.default_rng(0)
    ten = MultiLayerNetwork(784, 64, loss=losses.cross_entropy_with_logits, rng=rng)
    four = SingleLayerNetwork(784, 64, loss=losses.binary_cross_entropy_with_logits, rng=rng)
    settings = {"epochs": 1, "batch_size": 32, "learning_rate": 0.1, "rng": rng}
    ten.train(x, digits, **settings)
    four.train(x, digits == 4, **settings)
    return {"ten": ten, "four": four}


@pytest.mark.parametrize("run", [by_runtime, by_reference])
@pytest.mark.parametrize("name", ["ten", "four"])
def test_every_test_image_gets_the_same_answer(trained, mnist, name, run):
    network, images = trained[name], mnist.test.images
    model = onnx.load_from_string(to_onnx(network, probabilities=True).SerializeToString())
    logits, probabilities = run(model, scale_pixels(images), ("logits", "probabilities"))
    ours = network.logits(images)
    assert len(ours) == 10_000
    assert logits.dtype == probabilities.dtype == ours.dtype == np.float32
    scale = np.abs(ours).max()
    np.testing.assert_allclose(logits, ours, rtol=0, atol=1e-5 * scale)
    np.testing.assert_allclose(probabilities, network.predict_proba(images), rtol=0, atol=1e-5)
    answers = logits.argmax(axis=1) if name == "ten" else (logits[:, 0] > 0).astype(int)
    np.testing.assert_array_equal(answers, network.predict(images))
    share = network.evaluate(images, mnist.test.labels if name == "ten" else answers)
    assert share > 0.85, "a network that learned something was compared"


ACTIVATIONS = {
    "identity": activations.identity,
    "relu": activations.relu,
    "leaky_relu": activations.leaky_relu,
    "leaky_relu, steep": with_options(activations.leaky_relu, negative_slope=0.3),
    "leaky_relu, down": with_options(activations.leaky_relu, negative_slope=-1),
    "sigmoid": activations.sigmoid,
    "softmax": activations.softmax,
}


def chain(activation, dtype, outputs=3):
    """Layers of random weights, each with the activation, the last one too."""
    rng = np.random.default_rng(1)
    sizes = [(4, 6), (6, 5), (5, outputs)]
    layers = [LinearLayer(*size, activation, rng=rng, dtype=dtype) for size in sizes]
    for layer in layers:
        layer.bias[:] = rng.normal(size=layer.bias.shape)
    return Network(layers, loss=losses.mean_squared_error)


@pytest.mark.parametrize("run", [by_runtime, by_reference])
@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_every_activation_in_every_layer(activation, dtype, run):
    """In float64 to the rounding of float64: no constant of the graph is rounded to float32."""
    network = chain(activation, dtype)
    x = np.random.default_rng(2).normal(scale=3, size=(50, 4)).astype(dtype)
    (logits,) = run(to_onnx(network), x)
    assert logits.dtype == dtype
    np.testing.assert_allclose(logits, network.logits(x), rtol=0, atol=50 * np.finfo(dtype).eps)


def test_all_activations_that_a_layer_takes_are_among_them():
    taken = {
        name
        for name in activations.__all__
        if not getattr(getattr(activations, name), "trainable", True)
    }
    assert taken == {name.split(",")[0] for name in ACTIVATIONS}


def test_a_network_of_one_layer(dtype):
    layer = LinearLayer(2, 2, activations.identity, rng=np.random.default_rng(0), dtype=dtype)
    network = Network([layer], loss=losses.mean_squared_error)
    x = np.eye(2, dtype=dtype)
    (logits,) = by_reference(to_onnx(network), x)
    assert logits.dtype == dtype
    np.testing.assert_allclose(logits, layer.weights + layer.bias, rtol=1e-6)


@pytest.mark.parametrize("outputs", [1, 3])
def test_probabilities_are_an_output_where_asked_for(outputs):
    network = chain(activations.identity, np.float64, outputs)
    assert [output.name for output in to_onnx(network).graph.output] == ["logits"]
    x = np.random.default_rng(2).normal(size=(5, 4))
    model = to_onnx(network, probabilities=True)
    (probabilities,) = by_runtime(model, x, ["probabilities"])
    np.testing.assert_allclose(probabilities, network.predict_proba(x), rtol=1e-13)
    (alone,) = by_runtime(model, x[:1], ["probabilities"])  # any number of rows
    np.testing.assert_allclose(alone, probabilities[:1], rtol=1e-13)


def test_runtimes_of_the_last_years_read_it():
    """The versions are those of ONNX 1.11, of February 2022; who made it is said."""
    model = to_onnx(chain(activations.relu, np.float32))
    assert (model.ir_version, [opset.version for opset in model.opset_import]) == (8, [16])
    assert model.producer_name == "mnist_gd"


def test_what_it_cannot_say_is_refused():
    def double(z):
        return 2 * z

    double.backward = lambda grad_output, z: 2 * grad_output
    with pytest.raises(ValueError, match=r"activation must be of mnist_gd\.activations .*double"):
        to_onnx(chain(double, np.float32))

    class Other(LinearLayer):
        pass

    rng = np.random.default_rng(0)
    other = Network([Other(2, 2, rng=rng)], loss=losses.mean_squared_error)
    with pytest.raises(ValueError, match="layers must be LinearLayers in a file"):
        to_onnx(other)

    class Inverted(Network):
        def _infer(self, x):
            return -super()._infer(x)

    with pytest.raises(ValueError, match=r"network must answer as a Network does .*'_infer'"):
        to_onnx(Inverted(chain(activations.relu, np.float32).layers, loss=losses.cross_entropy))

    masked = chain(activations.relu, np.float32)
    masked.layers[1].weights = np.ma.masked_less(masked.layers[1].weights, 0)
    with pytest.raises(TypeError, match="weights of layer 1 must be an ndarray in a file"):
        to_onnx(masked)

    broken = chain(activations.relu, np.float32)
    broken.layers[1].weights[0, 0] = np.nan
    with pytest.raises(ValueError, match="the weights of layer 1 must be finite, but holds 1 NaN"):
        to_onnx(broken)


def test_without_onnx_it_says_which_extra_brings_it():
    program = """
import sys
sys.modules["onnx"] = None  # as if it were not there
import mnist_gd.networks
try:
    import mnist_gd.onnx
except ImportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    assert "onnx is not installed" in done.stdout
    assert "pip install 'mnist_gd[onnx]'" in done.stdout
