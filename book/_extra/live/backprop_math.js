// A network of two inputs, two hidden units and one output, forward and back one step at a
// time: the formulas of the chapter "Networks", without any drawing.
(() => {
  "use strict";

  // What the chapter works out by hand.
  const FIRST = {
    x1: 2, x2: 1, y: 1,
    w11: 1, w21: -1, b1: 1,
    w12: -1, w22: 3, b2: 0,
    v1: 1, v2: -2, c: 0,
  };
  const PARAMETERS = ["w11", "w21", "b1", "w12", "w22", "b2", "v1", "v2", "c"];

  const sigmoid = (z) => {
    const e = Math.exp(-Math.abs(z));
    return (z >= 0 ? 1 : e) / (1 + e);
  };

  // Every number of both ways, by name; d… is the derivative of the loss with respect to ….
  const evaluate = (s) => {
    const z1 = s.x1 * s.w11 + s.x2 * s.w21 + s.b1;
    const z2 = s.x1 * s.w12 + s.x2 * s.w22 + s.b2;
    const [a1, a2] = [Math.max(0, z1), Math.max(0, z2)];
    const z = a1 * s.v1 + a2 * s.v2 + s.c;
    const p = sigmoid(z);
    const loss = Math.max(0, z) - s.y * z + Math.log1p(Math.exp(-Math.abs(z)));
    const dz = p - s.y;
    const [da1, da2] = [s.v1 * dz, s.v2 * dz];
    const [dz1, dz2] = [z1 > 0 ? da1 : 0, z2 > 0 ? da2 : 0];
    return {
      ...s, z1, z2, a1, a2, z, p, loss, dz, da1, da2, dz1, dz2,
      dv1: a1 * dz, dv2: a2 * dz, dc: dz,
      dw11: s.x1 * dz1, dw21: s.x2 * dz1, db1: dz1,
      dw12: s.x1 * dz2, dw22: s.x2 * dz2, db2: dz2,
    };
  };

  // One step against the gradient.
  const descend = (s, rate) => {
    const now = evaluate(s);
    const moved = PARAMETERS.map((name) => [name, s[name] - rate * now[`d${name}`]]);
    return { ...s, ...Object.fromEntries(moved) };
  };

  // ---- the steps, each with its sentence

  const written = (value) => {
    const small = value !== 0 && Math.abs(value) < 0.0005;
    const text = small ? value.toExponential(0) : String(Math.round(1000 * value) / 1000 + 0);
    return text.replaceAll("-", "−");
  };
  const factor = (value) => (value < 0 ? `(${written(value)})` : written(value));
  const lowered = (name) =>
    name.replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]).replace(/^d(?=.)/, "∂");
  const product = (n, a, b) => `${factor(n[a])} × ${factor(n[b])}`;

  // What a unit takes in: `terms` are pairs of a signal and its weight.
  const sum = (name, terms, bias) => (n) =>
    `${lowered(name)} = ` +
    `${terms.map((pair) => pair.map(lowered).join(" ")).join(" + ")} + ${lowered(bias)} = ` +
    `${terms.map(([a, b]) => product(n, a, b)).join(" + ")} + ${factor(n[bias])} = ` +
    `${written(n[name])}.`;
  const times = (name, a, b) => (n) =>
    `${lowered(name)} = ${lowered(a)} ${lowered(b)} = ${product(n, a, b)} = ${written(n[name])}`;

  const hidden = (i) => ({
    sum: {
      way: "forward", gives: [`z${i}`], edges: [`w1${i}`, `w2${i}`], title: `What enters unit ${i}`,
      says: sum(`z${i}`, [["x1", `w1${i}`], ["x2", `w2${i}`]], `b${i}`),
    },
    activation: {
      way: "forward", gives: [`a${i}`], edges: [], title: `What unit ${i} makes of it`,
      says: (n) => `a${lowered(String(i))} = max(0, ${written(n[`z${i}`])}) = ` +
        `${written(n[`a${i}`])}: the unit is ${n[`z${i}`] > 0 ? "on" : "off"}.`,
    },
    output: {
      way: "back", gives: [`da${i}`], edges: [`v${i}`], title: `Through the weight to unit ${i}`,
      says: (n) => `${times(`da${i}`, `v${i}`, "dz")(n)}.`,
    },
    kink: {
      way: "back", gives: [`dz${i}`], edges: [], title: `Back through the kink of unit ${i}`,
      says: (n) => n[`z${i}`] > 0
        ? `The unit was on: ${lowered(`dz${i}`)} = ${lowered(`da${i}`)} = ${written(n[`dz${i}`])}.`
        : `The unit was off: ${lowered(`dz${i}`)} = 0, whatever arrives.`,
    },
    weights: {
      way: "back", gives: [`dw1${i}`, `dw2${i}`, `db${i}`], edges: [`w1${i}`, `w2${i}`],
      title: `The weights of unit ${i}`,
      says: (n) => `${times(`dw1${i}`, "x1", `dz${i}`)(n)}, ` +
        `${times(`dw2${i}`, "x2", `dz${i}`)(n)}, ` +
        `${lowered(`db${i}`)} = ${lowered(`dz${i}`)} = ${written(n[`db${i}`])}.`,
    },
  });

  const [one, two] = [hidden(1), hidden(2)];
  const STEPS = [
    one.sum, one.activation, two.sum, two.activation,
    {
      way: "forward", gives: ["z"], edges: ["v1", "v2"], title: "The logit",
      says: sum("z", [["a1", "v1"], ["a2", "v2"]], "c"),
    },
    {
      way: "forward", gives: ["p"], edges: [], title: "The probability of “yes”",
      says: (n) => `p = σ(${written(n.z)}) = ${written(n.p)}.`,
    },
    {
      way: "forward", gives: ["loss"], edges: [], title: "The loss",
      says: (n) => n.y === 1
        ? `The truth is “yes”: L = −log p = ${written(n.loss)}.`
        : `The truth is “no”: L = −log(1 − p) = ${written(n.loss)}.`,
    },
    {
      way: "back", gives: ["dz"], edges: [], title: "The way back begins at the logit",
      says: (n) => `∂z = p − y = ${written(n.p)} − ${n.y} = ${written(n.dz)}.`,
    },
    {
      way: "back", gives: ["dv1", "dv2", "dc"], edges: ["v1", "v2"],
      title: "The weights of the output",
      says: (n) => `${times("dv1", "a1", "dz")(n)}, ${times("dv2", "a2", "dz")(n)}, ` +
        `∂c = ∂z = ${written(n.dc)}.`,
    },
    one.output, one.kink, one.weights, two.output, two.kink, two.weights,
  ];

  window.backprop = { FIRST, PARAMETERS, STEPS, evaluate, descend, written, lowered };
})();
