// Activations, their derivatives, and a gradient on its way back through many layers: the
// formulas of the chapter "Activations", without any drawing.
(() => {
  "use strict";

  const DEPTH = 10;
  const WIDTH = 64; // units in each layer
  const ROWS = 16; // examples

  // The exponential of -|z| only, as in mnist_gd.activations: nothing overflows.
  const sigmoid = (z) => {
    const e = Math.exp(-Math.abs(z));
    return (z >= 0 ? 1 : e) / (1 + e);
  };

  // f and f', equations eq-identity, eq-relu, eq-leaky-relu, eq-sigmoid and eq-tanh with
  // their derivatives. A rectifier's weights are drawn by eq-he, the others' by eq-glorot.
  const activations = {
    relu: {
      spoken: "ReLU",
      rectifier: true,
      f: (z) => Math.max(0, z),
      derivative: (z) => (z > 0 ? 1 : 0),
    },
    leaky: {
      spoken: "leaky ReLU",
      rectifier: true,
      f: (z, slope) => (z > 0 ? z : slope * z),
      derivative: (z, slope) => (z > 0 ? 1 : slope),
    },
    sigmoid: {
      spoken: "the sigmoid",
      rectifier: false,
      f: sigmoid,
      derivative: (z) => sigmoid(z) * sigmoid(-z),
    },
    tanh: {
      spoken: "the hyperbolic tangent",
      rectifier: false,
      f: Math.tanh,
      derivative: (z) => 4 * sigmoid(2 * z) * sigmoid(-2 * z), // 1 - tanh(z) ** 2, unrounded
    },
    identity: {
      spoken: "the identity",
      rectifier: false,
      f: (z) => z,
      derivative: () => 1,
    },
  };

  // Normal random numbers that are the same for the same seed (mulberry32, Box and Muller).
  const normals = (seed, count) => {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
    };
    return Float64Array.from(
      { length: count },
      () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
    );
  };

  // What is random in a network: weights of standard deviation 1 for each layer, a batch of
  // inputs, and the gradient that arrives at the top.
  const drawNetwork = (seed) => {
    const all = normals(seed, DEPTH * WIDTH * WIDTH + 2 * ROWS * WIDTH);
    let at = 0;
    const take = (count) => all.subarray(at, (at += count));
    const layers = Array.from({ length: DEPTH }, () => take(WIDTH * WIDTH));
    return { layers, inputs: take(ROWS * WIDTH), gradient: take(ROWS * WIDTH) };
  };

  const spread = ({ rectifier }, times = 1) =>
    times * Math.sqrt(rectifier ? 2 / WIDTH : 2 / (WIDTH + WIDTH));

  // Rows times weights, or times the transposed weights; both scaled by one number.
  const multiply = (rows, weights, scale, transposed) => {
    const product = new Float64Array(rows.length);
    const [inner, outer] = transposed ? [1, WIDTH] : [WIDTH, 1];
    for (let row = 0; row < rows.length; row += WIDTH) {
      for (let j = 0; j < WIDTH; j += 1) {
        let sum = 0;
        for (let i = 0; i < WIDTH; i += 1) {
          sum += rows[row + i] * weights[i * inner + j * outer];
        }
        product[row + j] = scale * sum;
      }
    }
    return product;
  };

  const rootMeanSquare = (values) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

  // Size of the gradient after each layer on the way back, as a share of what arrived: each
  // layer multiplies by f'(z), eq-activation-vjp, and by its weights, eq-linear-input-gradient.
  const gradientSizes = (network, name, { slope = 0.01, times = 1 } = {}) => {
    const activation = activations[name];
    const scale = spread(activation, times);
    let signal = network.inputs;
    const preActivations = network.layers.map((weights) => {
      const z = multiply(signal, weights, scale, false);
      signal = z.map((value) => activation.f(value, slope));
      return z;
    });
    let gradient = network.gradient;
    const arrived = rootMeanSquare(gradient);
    return [...network.layers.keys()].reverse().map((layer) => {
      const z = preActivations[layer];
      const passed = gradient.map((g, i) => g * activation.derivative(z[i], slope));
      gradient = multiply(passed, network.layers[layer], scale, true);
      return rootMeanSquare(gradient) / arrived;
    });
  };

  window.activation = { DEPTH, WIDTH, ROWS, activations, drawNetwork, spread, gradientSizes };
})();
