// The trained network of the book, in plain JavaScript: the same formulas as in the
// package mnist_gd, for one image at a time. Numbers are doubles, weights come as float16.
(() => {
  "use strict";

  const SIDE = 28; // pixels of an MNIST image
  const BOX = 20; // the square that a digit is fitted into
  const CENTRE = 14.5; // where MNIST puts the centre of mass: the middle of pixel 14 of 0 to 27
  const PEN = 2.6; // width of the re-drawn line, in pixels: gives as much ink as MNIST has

  // A float16 as a number: 1 sign bit, 5 of exponent, 10 of fraction.
  const fromHalf = (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) {
      return sign * fraction * 2 ** -24;
    }
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  };

  const bytesOf = (base64) => {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) {
      bytes[i] = text.charCodeAt(i);
    }
    return bytes;
  };

  const halves = (base64) => {
    const view = new DataView(bytesOf(base64).buffer);
    const numbers = new Float64Array(view.byteLength / 2);
    for (let i = 0; i < numbers.length; i += 1) {
      numbers[i] = fromHalf(view.getUint16(2 * i, true));
    }
    return numbers;
  };

  // Layers from the sizes and one array that holds weights and bias of each in turn.
  const makeLayers = (sizes, numbers) => {
    let at = 0;
    const take = (count) => numbers.slice(at, (at += count));
    return sizes.slice(1).map((outputs, number) => {
      const inputs = sizes[number];
      return { inputs, outputs, weights: take(inputs * outputs), bias: take(outputs) };
    });
  };

  // x @ weights + bias
  const preActivation = ({ outputs, weights, bias }, x) => {
    const z = Float64Array.from(bias);
    x.forEach((value, i) => {
      if (value !== 0) {
        const row = i * outputs;
        for (let j = 0; j < outputs; j += 1) {
          z[j] += value * weights[row + j];
        }
      }
    });
    return z;
  };

  const softmax = (z) => {
    const top = Math.max(...z);
    const powers = z.map((value) => Math.exp(value - top));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((value) => value / sum);
  };

  // What goes into each layer, and the probabilities that come out of the last.
  const forward = (layers, image) => {
    const signals = [image];
    layers.forEach((layer, number) => {
      const z = preActivation(layer, signals[number]);
      const last = number === layers.length - 1;
      signals.push(last ? z : z.map((value) => Math.max(value, 0)));
    });
    const logits = signals.pop();
    return { signals, logits, probabilities: softmax(logits) };
  };

  const crossEntropy = (logits, label) => {
    const top = Math.max(...logits);
    return Math.log(logits.reduce((sum, z) => sum + Math.exp(z - top), 0)) + top - logits[label];
  };

  // One step of gradient descent on one image: changes the layers, returns the loss before.
  const gradientStep = (layers, image, label, rate) => {
    const { signals, logits, probabilities } = forward(layers, image);
    let gradient = probabilities.map((p, k) => p - (k === label ? 1 : 0));
    for (let number = layers.length - 1; number >= 0; number -= 1) {
      const { inputs, outputs, weights, bias } = layers[number];
      const x = signals[number];
      const next = new Float64Array(inputs);
      for (let i = 0; i < inputs; i += 1) {
        if (x[i] > 0) { // else ReLU passes no gradient on, and the weights get none
          for (let j = 0; j < outputs; j += 1) {
            next[i] += weights[i * outputs + j] * gradient[j];
            weights[i * outputs + j] -= rate * x[i] * gradient[j];
          }
        }
      }
      gradient.forEach((value, j) => {
        bias[j] -= rate * value;
      });
      gradient = next;
    }
    return crossEntropy(logits, label);
  };

  const distance = (x, y, [x1, y1], [x2, y2]) => {
    const [dx, dy] = [x2 - x1, y2 - y1];
    const length = dx * dx + dy * dy;
    const t = length ? Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / length)) : 0;
    return Math.hypot(x - x1 - t * dx, y - y1 - t * dy);
  };

  // Draw lines with a round pen: a pixel is as bright as the pen covers it.
  const rasterise = (strokes) => {
    const image = new Float64Array(SIDE * SIDE);
    for (const stroke of strokes) {
      for (let k = 0; k < Math.max(1, stroke.length - 1); k += 1) {
        const [from, to] = [stroke[k], stroke[k + 1] ?? stroke[k]];
        const reach = PEN / 2 + 0.5;
        const first = (a, b) => Math.max(0, Math.floor(Math.min(a, b) - reach));
        const last = (a, b) => Math.min(SIDE - 1, Math.ceil(Math.max(a, b) + reach));
        for (let row = first(from[1], to[1]); row <= last(from[1], to[1]); row += 1) {
          for (let col = first(from[0], to[0]); col <= last(from[0], to[0]); col += 1) {
            const light = reach - distance(col + 0.5, row + 0.5, from, to);
            const at = row * SIDE + col;
            image[at] = Math.max(image[at], Math.min(1, light));
          }
        }
      }
    }
    return image;
  };

  const massCentre = (image) => {
    let [sum, x, y] = [0, 0, 0];
    image.forEach((value, i) => {
      sum += value;
      x += value * ((i % SIDE) + 0.5);
      y += value * (Math.floor(i / SIDE) + 0.5);
    });
    return [x / sum, y / sum];
  };

  // Strokes, lists of [x, y] in any unit, in MNIST's form: the larger side of the digit
  // fills the box of 20 pixels, and the centre of its mass lies at CENTRE in the field of 28.
  const toImage = (strokes) => {
    const points = strokes.flat();
    if (points.length === 0) {
      return new Float64Array(SIDE * SIDE);
    }
    const range = (axis) => {
      const values = points.map((point) => point[axis]);
      return [Math.min(...values), Math.max(...values)];
    };
    const [[left, right], [top, bottom]] = [range(0), range(1)];
    const extent = Math.max(right - left, bottom - top);
    const scale = extent > 0 ? (BOX - PEN) / extent : 1;
    const moved = (dx, dy) =>
      strokes.map((stroke) => stroke.map(([x, y]) => [x * scale + dx, y * scale + dy]));
    const dx = CENTRE - (scale * (left + right)) / 2;
    const dy = CENTRE - (scale * (top + bottom)) / 2;
    const [x, y] = massCentre(rasterise(moved(dx, dy)));
    return rasterise(moved(dx + CENTRE - x, dy + CENTRE - y));
  };

  // The export of the page: weights, test images, and what NumPy made of them.
  const load = (data) => {
    const layers = makeLayers(data.sizes, halves(data.weights));
    const pixels = bytesOf(data.images);
    const size = data.sizes[0];
    const images = data.labels.map((_, n) =>
      Float64Array.from(pixels.slice(n * size, (n + 1) * size), (value) => value / 255),
    );
    return { layers, images, labels: data.labels };
  };

  const copy = (layers) =>
    layers.map((layer) => ({
      ...layer,
      weights: layer.weights.slice(),
      bias: layer.bias.slice(),
    }));

  // The differences from NumPy, one image after the other: in the probabilities, and in the loss
  // of the first image before and after a gradient step towards a wrong label.
  function* differences({ probabilities, step }, { layers, images }) {
    for (const [n, image] of images.entries()) {
      const found = forward(layers, image).probabilities;
      yield Math.max(...found.map((p, k) => Math.abs(p - probabilities[n][k])));
    }
    const own = copy(layers);
    yield Math.abs(gradientStep(own, images[0], step.label, step.rate) - step.before);
    yield Math.abs(crossEntropy(forward(own, images[0]).logits, step.label) - step.after);
  }

  window.digitNetwork = {
    SIDE, copy, crossEntropy, differences, forward, gradientStep, load, makeLayers, toImage,
  };
})();
