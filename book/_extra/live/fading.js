// The live figure "An activation and its gradient" of the chapter "Activations".
(() => {
  "use strict";

  const REACH = 6; // the curves go from -REACH to REACH
  const DECADES = [-9, 6]; // of the gradient's size
  const THUMB = 26; // width of a slider's thumb, as in the style

  const start = () => {
    const figure = document.getElementById("live-activation");
    const A = window.activation;
    const C = window.liveChart;
    if (!figure || !A || !C) {
      return;
    }
    const find = (name) => figure.querySelector(`[data-part="${name}"]`);
    const FIRST = { name: "sigmoid", z: 1, slope: 0.01, times: 1, seed: 1 };
    let state = { ...FIRST };
    let network = A.drawNetwork(state.seed);

    const derive = () => {
      const { f, derivative, spoken } = A.activations[state.name];
      const { z, slope } = state;
      return {
        ...state,
        spoken,
        f: (value) => f(value, slope),
        derivative: (value) => derivative(value, slope),
        height: f(z, slope),
        steepness: derivative(z, slope),
        sizes: A.gradientSizes(network, state.name, state),
      };
    };

    // ---- the curves of f and f'

    // Both charts and the slider under them share one horizontal axis.
    const across = (width) => (z) => width / 2 + (z / REACH) * (width / 2 - THUMB / 2);

    const drawCurve = (part, [low, high], marks, curve, now, kind) => {
      const below = kind === "slope" ? 20 : 0; // for the numbers of the axis
      const canvas = C.canvas(find(part), { left: 0, right: 0, top: 0, bottom: below });
      const { svg, width, box } = canvas;
      const height = box.bottom;
      const x = across(width);
      const y = (value) => height - ((value - low) / (high - low)) * height;
      marks.forEach((mark) => {
        const at = { x1: x(-REACH), x2: x(REACH), y1: y(mark), y2: y(mark) };
        C.element(svg, "line", { class: mark === 0 ? "axis" : "grid", ...at });
        C.element(svg, "text", { x: x(-REACH), y: y(mark) - 4 }, C.number(mark, 0));
      });
      C.element(svg, "line", { class: "axis", x1: x(0), x2: x(0), y1: 0, y2: height });
      for (let mark = -REACH; below && mark <= REACH; mark += 2) {
        const at = { x: x(mark), y: height + 15, "text-anchor": "middle" };
        C.element(svg, "text", at, C.number(mark, 0));
      }
      const inside = canvas.inside();
      const { z } = now;
      C.element(inside, "line", { class: "plumb", x1: x(z), x2: x(z), y1: 0, y2: height });
      if (kind === "f") {
        const tangent = [-20, 20].map((dz) => [x(z + dz), y(now.height + dz * now.steepness)]);
        C.line(inside, tangent, { class: "guide" });
      }
      // The derivatives of the rectifiers jump at 0: a piece on either side, not joined.
      const jumps = kind === "slope" && A.activations[now.name].rectifier;
      const pieces = jumps ? [[-REACH, 0], [1e-9, REACH]] : [[-REACH, 0, REACH]];
      pieces.forEach((ends) => {
        const fine = Array.from({ length: 201 }, (_, i) => {
          const at = ends[0] + (i / 200) * (ends[ends.length - 1] - ends[0]);
          return [x(at), y(curve(at))];
        });
        C.line(inside, fine, { class: `curve ${kind}` });
      });
      const value = kind === "f" ? now.height : now.steepness;
      C.element(svg, "circle", { class: `ring ${kind}`, cx: x(z), cy: y(value), r: 15 });
      C.element(svg, "circle", { class: `handle ${kind}`, cx: x(z), cy: y(value), r: 7 });
    };

    // ---- the gradient through ten layers

    const drawChain = (now) => {
      const canvas = C.canvas(find("chain"), { left: 40, right: 4, top: 8, bottom: 36 });
      const { svg, box } = canvas;
      const y = C.decades(canvas, ...DECADES, 3);
      const pitch = (box.right - box.left) / A.DEPTH;
      const x = (layer) => box.left + (layer - 0.5) * pitch;
      const inside = canvas.inside();
      now.sizes.forEach((size, i) => {
        const [top, bottom] = [y(size), y(1)].sort((a, b) => a - b);
        const bar = { x: x(i + 1) - 0.3 * pitch, width: 0.6 * pitch, y: top };
        C.element(inside, "rect", { class: "bar", ...bar, height: bottom - top });
        // An end that is seen where the bar is short.
        C.element(inside, "rect", { class: "bar", ...bar, y: y(size) - 2.5, height: 5 });
        const under = { x: x(i + 1), y: box.bottom + 17, "text-anchor": "middle" };
        C.element(svg, "text", under, String(i + 1));
      });
      const name = { x: (box.left + box.right) / 2, y: box.bottom + 33, "text-anchor": "middle" };
      C.element(svg, "text", name, "layers passed on the way back");
      C.element(svg, "line", { class: "axis", x1: box.left, x2: box.right, y1: y(1), y2: y(1) });
      const alone = now.sizes.map((_, i) => [x(i + 1), y(now.steepness ** (i + 1))]);
      C.line(inside, [[box.left, y(1)], ...alone], { class: "curve slope" });
      alone.forEach(([cx, cy]) => C.element(inside, "circle", { class: "dot", cx, cy, r: 3.5 }));
    };

    // ---- words

    const course = ({ sizes }) => {
      const pace = sizes[A.DEPTH - 1] ** (1 / A.DEPTH);
      const slowly = pace > 0.75 && pace < 1.33;
      return { pace, slowly, kind: pace < 0.92 ? "fades" : pace > 1.09 ? "grows" : "keeps" };
    };

    const headline = (now) => {
      const { pace, slowly, kind } = course(now);
      const does = kind === "keeps" ? "keeps its size" : kind + (slowly ? " slowly" : "");
      return `With ${now.spoken} the gradient ${does}: a factor of ${C.number(pace, 2)} a layer.`;
    };

    const details = ({ sizes, steepness, z }) =>
      `After ${A.DEPTH} layers it has ${C.number(sizes[A.DEPTH - 1])} times the size that it ` +
      `began with. Units that all stood at z = ${C.number(z, 1)}, where f′ is ` +
      `${C.number(steepness)}, would pass on f′(z)¹⁰ = ${C.number(steepness ** A.DEPTH)}, the ` +
      "weights apart.";

    const show = () => {
      const now = derive();
      const bounded = { sigmoid: [[-0.3, 1.3], [0, 1]], tanh: [[-1.4, 1.4], [-1, 0, 1]] };
      const [tall, marks] = bounded[now.name] ?? [[-6.6, 6.6], [-4, 0, 4]];
      drawCurve("curve", tall, marks, now.f, now, "f");
      drawCurve("slope-curve", [-0.2, 1.3], [0, 1], now.derivative, now, "slope");
      drawChain(now);
      find("curve-text").textContent = `f(z) = ${C.number(now.height)}`;
      find("slope-curve-text").textContent = `f′(z) = ${C.number(now.steepness)}`;
      find("z").value = now.z;
      find("z-text").textContent = `z = ${C.number(now.z, 1)}`;
      find("leak").hidden = now.name !== "leaky";
      find("slope-text").textContent = `α = ${now.slope.toFixed(2)}`;
      const rule = A.activations[now.name].rectifier ? "He" : "Glorot";
      find("times-text").textContent = `${now.times.toFixed(2)} × ${rule}’s`;
      find("verdict").textContent = headline(now);
      find("details").textContent = details(now);
      figure.dataset.kind = course(now).kind;
    };

    // To a screen reader, when a control is let go.
    const announce = () => {
      const now = derive();
      find("announced").textContent = `${headline(now)} ${details(now)}`;
    };

    // ---- hands

    const later = (change) => {
      state = { ...state, ...change };
      redraw();
    };
    const standAt = (z) => later({ z: Math.max(-REACH, Math.min(REACH, Math.round(10 * z) / 10)) });
    for (const part of ["curve", "slope-curve"]) {
      const svg = find(part);
      C.drag(svg, (x) => {
        const width = svg.clientWidth;
        standAt(((x - width / 2) / (width / 2 - THUMB / 2)) * REACH);
      }, announce);
    }
    figure.querySelectorAll('input[type="radio"]').forEach((radio) => {
      radio.checked = radio.value === state.name;
      radio.addEventListener("change", () => {
        later({ name: radio.value });
        announce();
      });
    });
    const slider = (name, change) => {
      find(name).addEventListener("input", (event) => change(Number(event.target.value)));
      find(name).addEventListener("change", announce);
    };
    slider("z", standAt);
    slider("slope", (slope) => later({ slope }));
    slider("times", (power) => later({ times: 2 ** power }));
    find("again").addEventListener("click", () => {
      network = A.drawNetwork(state.seed + 1);
      later({ seed: state.seed + 1 });
      announce();
    });

    const redraw = C.open(figure, show);
  };

  window.liveChart?.ready(start);
})();
