// Gradient descent on a valley with two curvatures: the formulas of the chapter "Gradient
// descent", without any drawing. Points are arrays [x, y].
(() => {
  "use strict";

  // f(x) = (mu x^2 + L y^2) / 2 and its gradient, equation eq-quadratic with the minimum at 0.
  const valley = (curvatures) => ({
    value: (point) => 0.5 * point.reduce((sum, x, i) => sum + curvatures[i] * (x * x), 0),
    gradient: (point) => point.map((x, i) => curvatures[i] * x),
  });

  // The same walk as mnist_gd.gradient_descent.minimize: equation eq-gradient-step, with
  // momentum eq-momentum. Where that raises DivergenceError, `left` is the step; else null.
  const minimize = ({ value, gradient }, start, rate, steps, momentum = 0) => {
    let point = [...start];
    let velocity = point.map(() => 0);
    const points = [point];
    const values = [value(point)];
    for (let step = 1; step <= steps; step += 1) {
      const slope = gradient(point);
      velocity = velocity.map((v, i) => momentum * v - rate * slope[i]);
      point = point.map((x, i) => x + velocity[i]);
      const reached = value(point);
      if (![...point, reached].every(Number.isFinite)) {
        return { points, values, left: step };
      }
      points.push(point);
      values.push(reached);
    }
    return { points, values, left: null };
  };

  // How one coordinate goes on: the larger root of eq-momentum-polynomial, which without
  // momentum is 1 - rate * curvature, eq-quadratic-error. It swings about the minimum unless
  // both roots are real and positive.
  const pace = (curvature, rate, momentum = 0) => {
    const half = (1 + momentum - rate * curvature) / 2;
    const discriminant = half * half - momentum;
    return discriminant < 0
      ? { factor: Math.sqrt(momentum), swings: true }
      : { factor: Math.abs(half) + Math.sqrt(discriminant), swings: half < 0 };
  };

  // The marks on the rate: up to `calm` nothing swings (1/L without momentum, the lower end
  // of eq-momentum-range with it), `best` is the fastest (2 / (mu + L), eq-condition-rate),
  // from `limit` on nothing converges (2/L, eq-quadratic-condition).
  const marks = (mu, L, momentum = 0) => ({
    calm: (1 - Math.sqrt(momentum)) ** 2 / L,
    best: (2 * (1 + momentum)) / (mu + L),
    limit: (2 * (1 + momentum)) / L,
  });

  // What is going to happen from `start`: rho of eq-quadratic-rate, over the coordinates that
  // do not stand at their minimum already.
  const predict = ([mu, L], start, rate, momentum = 0) => {
    const flat = start[0] !== 0 ? pace(mu, rate, momentum) : null;
    const steep = start[1] !== 0 ? pace(L, rate, momentum) : null;
    const moving = [flat, steep].filter(Boolean);
    const rho = moving.length ? Math.max(...moving.map(({ factor }) => factor)) : 0;
    let kind = "calm";
    if (!moving.length) {
      kind = "there";
    } else if (Math.abs(rho - 1) < 1e-9) {
      kind = "forever";
    } else if (rho > 1) {
      kind = "diverges";
    } else if (moving.some(({ swings }) => swings)) {
      kind = "swings";
    }
    return { rho, kind, flat, steep };
  };

  // Steps until the error is the share `goal` of what it was: by rho, and counted.
  const stepsPredicted = (rho, goal = 1e-3) =>
    Math.max(1, Math.ceil(Math.log(goal) / Math.log(rho)));
  const stepsCounted = (curvatures, start, rate, momentum = 0, goal = 1e-3, most = 50000) => {
    const wanted = goal * Math.hypot(...start);
    let point = start;
    let velocity = [0, 0];
    for (let step = 0; step <= most; step += 1) {
      if (Math.hypot(...point) <= wanted) {
        return step;
      }
      velocity = velocity.map((v, i) => momentum * v - rate * curvatures[i] * point[i]);
      point = point.map((x, i) => x + velocity[i]);
    }
    return null;
  };

  // ---- the same in words

  const headline = ({ kind, flat, steep }) => {
    if (kind === "swings") {
      const across = flat?.swings ? "in both directions" : "from wall to wall";
      return `Converges, swinging ${steep?.swings ? across : "along the valley"}.`;
    }
    return {
      calm: "Converges without swinging.",
      diverges: "Diverges: each swing is wider than the last.",
      forever: "Swings for ever and comes no nearer.",
      there: "You stand at the minimum: nothing is left to descend.",
    }[kind];
  };

  const details = ({ curvatures, point, rate, momentum, run, outlook }, number) => {
    const { rho, kind } = outlook;
    if (kind === "there" || kind === "forever") {
      return "";
    }
    let alone = "";
    if (point[1] === 0) {
      alone = "The start lies on the valley's floor, so only μ counts. ";
    } else if (point[0] === 0) {
      alone = "The start lies straight up the wall, so only L counts. ";
    }
    if (kind === "diverges") {
      const last = run.values.length - 1;
      return (
        `${alone}In the long run the error grows by the factor ρ = ${number(rho)} a step. ` +
        `f was ${number(run.values[0])} at the start; after ${last} steps it is ` +
        `${number(run.values[last])}.`
      );
    }
    return (
      `${alone}In the long run the error shrinks by the factor ρ = ${number(rho)} a step. ` +
      `Steps to a thousandth of it: ${stepsPredicted(rho)} predicted by ρ, ` +
      `${stepsCounted(curvatures, point, rate, momentum)} counted.`
    );
  };

  window.descent = {
    valley, minimize, pace, marks, predict, stepsPredicted, stepsCounted, headline, details,
  };
})();
