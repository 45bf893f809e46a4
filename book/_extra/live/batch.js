// Gradient descent with mini-batches on 32 examples in a plane: the formulas of the chapter
// "Gradients from a few examples", without any drawing. Points are arrays [x, y].
(() => {
  "use strict";

  const COUNT = 32; // examples
  const CURVATURES = [1, 4];
  const SPREAD = [1.5, 0.5]; // of the examples, before they are centred

  // Whole numbers below 2^32, the same for the same seed (mulberry32).
  const generator = (seed) => {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (t ^ (t >>> 14)) >>> 0;
    };
  };

  // The examples, with the mean 0: there is the minimum (normal numbers by Box and Muller).
  const examples = (seed = 1) => {
    const next = generator(seed);
    const uniform = () => (next() + 0.5) / 2 ** 32;
    const drawn = Array.from({ length: COUNT }, () =>
      SPREAD.map(
        (width) =>
          width * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
      ));
    const mean = SPREAD.map((_, i) => drawn.reduce((sum, point) => sum + point[i], 0) / COUNT);
    return drawn.map((point) => point.map((x, i) => x - mean[i]));
  };

  // The first `size` places of `order` become a draw without replacement (Fisher and Yates).
  const shuffle = (order, size, next) => {
    for (let i = 0; i < size; i += 1) {
      const j = i + Math.floor((next() / 2 ** 32) * (order.length - i));
      [order[i], order[j]] = [order[j], order[i]];
    }
  };

  // f above its minimum, and the gradient of a batch, equation eq-noisy-gradient, where
  // f_i(x) = (x - a_i)^T H (x - a_i) / 2.
  const excess = (point) =>
    0.5 * point.reduce((sum, x, i) => sum + CURVATURES[i] * (x * x), 0);
  const gradient = (points, rows, point) =>
    point.map((x, i) => {
      const mean = rows.reduce((sum, row) => sum + points[row][i], 0) / rows.length;
      return CURVATURES[i] * (x - mean);
    });

  // A descent with batches drawn anew or from reshuffled epochs; ends where it leaves 1e100.
  const walk = (points, start, rate, size, steps, { seed = 1, reshuffled = false } = {}) => {
    const next = generator(seed);
    const order = points.map((_, i) => i);
    const perEpoch = points.length / size;
    let point = [...start];
    const path = [point];
    for (let step = 0; step < steps; step += 1) {
      const at = reshuffled ? step % perEpoch : 0;
      if (at === 0) {
        shuffle(order, reshuffled ? points.length : size, next);
      }
      const slope = gradient(points, order.slice(at * size, (at + 1) * size), point);
      point = point.map((x, i) => x - rate * slope[i]);
      if (!point.every((x) => Math.abs(x) < 1e100)) {
        break;
      }
      path.push(point);
    }
    return path;
  };

  // Where one step leads from a point, for `count` batches.
  const cloud = (points, point, rate, size, count, seed = 1) => {
    const next = generator(seed);
    const order = points.map((_, i) => i);
    return Array.from({ length: count }, () => {
      shuffle(order, size, next);
      const slope = gradient(points, order.slice(0, size), point);
      return point.map((x, i) => x - rate * slope[i]);
    });
  };

  // The variance of a batch's gradient along each axis, equation eq-noise-variance.
  const noise = (points, size) =>
    CURVATURES.map((curvature, i) => {
      const variance = points.reduce((sum, point) => sum + point[i] ** 2, 0) / points.length;
      const few = (points.length - size) / (points.length - 1);
      return (((curvature ** 2 * variance) / size) * few);
    });

  // The floor: equation eq-noise-floor, or the mean over an epoch of eq-noise-reshuffled.
  const floor = (points, rate, size, reshuffled = false) => {
    const m = points.length / size;
    if (m === 1) {
      return 0;
    }
    return noise(points, size).reduce((sum, c, i) => {
      const curvature = CURVATURES[i];
      if (!reshuffled) {
        return sum + (rate * c) / (2 * (2 - rate * curvature));
      }
      const q = 1 - rate * curvature;
      const s = (t) => {
        let [squares, plain] = [0, 0];
        for (let j = 0; j < t; j += 1) {
          squares += q ** (2 * j);
          plain += q ** j;
        }
        return (c / (m - 1)) * (m * squares - plain ** 2);
      };
      const atEnd = (rate ** 2 * s(m)) / (1 - q ** (2 * m));
      let mean = 0;
      for (let t = 0; t < m; t += 1) {
        mean += (q ** (2 * t) * atEnd + rate ** 2 * s(t)) / m;
      }
      return sum + (curvature / 2) * mean;
    }, 0);
  };

  const limit = 2 / CURVATURES[1]; // of the rate

  // The mean loss above the minimum from a step on.
  const settled = (path, from) => {
    const late = path.slice(from);
    return late.reduce((sum, point) => sum + excess(point), 0) / late.length;
  };

  // ---- the same in words

  const kindOf = ({ rate, size }) => {
    if (rate >= limit) {
      return "diverges";
    }
    return size === COUNT ? "exact" : "floor";
  };

  const headline = (now, number) =>
    ({
      diverges: "No floor: the rate is not below 2/L.",
      exact: "Exact gradients: no noise and no floor.",
      floor: `Ends on a floor, predicted at ${number(now.predicted)} above the minimum.`,
    })[kindOf(now)];

  const details = (now, number) => {
    const { size, measured, predicted, averaged } = now;
    const epoch = `An epoch of ${COUNT} examples has ${COUNT / size} `;
    const steps = `${epoch}${size === COUNT ? "step" : "steps"}.`;
    if (kindOf(now) !== "floor") {
      return steps;
    }
    return (
      `Measured over ${averaged.toLocaleString("en")} steps: ${number(measured)}, ` +
      `${number(measured / predicted, 2)} times the prediction. ${steps}`
    );
  };

  window.batch = {
    COUNT, CURVATURES, examples, excess, walk, cloud, noise, floor, limit, settled,
    kindOf, headline, details,
  };
})();
