// The live figure "The focal loss and what it wants" of the chapter "Losses".
(() => {
  "use strict";

  const REACH = 5; // logits from -REACH to REACH
  const THUMB = 26; // width of a slider's thumb, as in the style
  const AXES = {
    logit: {
      ends: [-REACH, REACH],
      marks: [-4, -2, 0, 2, 4],
      loss: [[-0.4, 5.4], [0, 2, 4]],
      slope: [[-1.5, 0.3], [-1, 0]],
    },
    probability: {
      ends: [0, 1],
      marks: [0, 0.2, 0.4, 0.6, 0.8, 1],
      loss: [[-0.4, 4], [0, 2]],
      slope: [[-8, 1.8], [-4, 0]],
    },
  };

  const start = () => {
    const figure = document.getElementById("live-focal");
    const F = window.focalLoss;
    const C = window.liveChart;
    if (!figure || !F || !C) {
      return;
    }
    const find = (name) => figure.querySelector(`[data-part="${name}"]`);
    const FIRST = { axis: "logit", z: 1.4, alpha: 0.5, gamma: 2 };
    let state = { ...FIRST };

    const onLogit = () => state.axis === "logit";
    const formulas = () => (onLogit() ? F.onLogit : F.onProbability);
    const here = () => (onLogit() ? state.z : F.sigmoid(state.z));

    // ---- the curves of the cost and of its slope

    // Both charts and the slider under them end at the same places.
    const across = (width) => {
      const [low, high] = AXES[state.axis].ends;
      return (value) => THUMB / 2 + ((value - low) / (high - low)) * (width - THUMB);
    };

    const drawCurve = (part, kind) => {
      const { ends, marks, [part]: [[low, high], rules] } = AXES[state.axis];
      const below = part === "slope" ? 20 : 0; // for the numbers of the axis
      const canvas = C.canvas(find(part), { left: 0, right: 0, top: 0, bottom: below });
      const { svg, width, box } = canvas;
      const height = box.bottom;
      const x = across(width);
      const y = (value) => height - ((value - low) / (high - low)) * height;
      rules.forEach((rule) => {
        const at = { x1: x(ends[0]), x2: x(ends[1]), y1: y(rule), y2: y(rule) };
        C.element(svg, "line", { class: rule === 0 ? "axis" : "grid", ...at });
        const beside = { x: x(ends[1]), y: y(rule) - 4, "text-anchor": "end" };
        C.element(svg, "text", beside, C.number(rule, 0));
      });
      for (const mark of below ? marks : []) {
        const at = { x: x(mark), y: height + 15, "text-anchor": "middle" };
        C.element(svg, "text", at, C.number(mark, onLogit() ? 0 : 1));
      }
      const inside = canvas.inside();
      const draw = (alpha, gamma, name) => {
        const points = Array.from({ length: 241 }, (_, i) => {
          // Not the ends of the probabilities, where the cost has no bound.
          const share = onLogit() ? i / 240 : 1e-3 + (1 - 2e-3) * (i / 240);
          const at = ends[0] + share * (ends[1] - ends[0]);
          return [x(at), Math.min(9 * height, y(formulas()[part](at, 1, alpha, gamma)))];
        });
        C.line(inside, points, { class: name });
      };
      draw(1, 0, "guide"); // cross-entropy
      draw(state.alpha, state.gamma, `curve ${kind}`);
      const value = formulas()[part](here(), 1, state.alpha, state.gamma);
      C.element(inside, "line", { class: "plumb", x1: x(here()), x2: x(here()), y1: 0, y2: height });
      const middle = { cx: x(here()), cy: Math.max(0, Math.min(height, y(value))) };
      C.element(svg, "circle", { class: `ring ${kind}`, ...middle, r: 15 });
      C.element(svg, "circle", { class: `handle ${kind}`, ...middle, r: 7 });
    };

    // ---- what the loss wants

    const drawBest = () => {
      const canvas = C.canvas(find("best"), { left: 34, right: 8, top: 10, bottom: 36 });
      const { svg, box } = canvas;
      const x = (share) => box.left + share * (box.right - box.left);
      const y = (answer) => box.bottom - answer * (box.bottom - box.top);
      for (const mark of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
        const label = C.number(mark, 1);
        C.element(svg, "line", { class: "grid", x1: x(0), x2: x(1), y1: y(mark), y2: y(mark) });
        C.element(svg, "text", { x: x(0) - 6, y: y(mark) + 4, "text-anchor": "end" }, label);
        const under = { x: x(mark), y: box.bottom + 17, "text-anchor": "middle" };
        C.element(svg, "text", under, label);
      }
      const name = { x: (box.left + box.right) / 2, y: box.bottom + 33, "text-anchor": "middle" };
      C.element(svg, "text", name, "share of yes");
      const inside = canvas.inside();
      C.line(inside, [[x(0), y(0)], [x(1), y(1)]], { class: "guide" });
      const { alpha, gamma, z } = state;
      const one = alpha === 0 || alpha === 1;
      const curve = Array.from({ length: 321 }, (_, i) => {
        const at = -16 + i / 10;
        const share = one ? i / 320 : F.honestShare(at, alpha, gamma);
        return [x(share), y(one ? alpha : F.sigmoid(at))];
      });
      C.line(inside, curve, { class: "curve best" });
      if (!one) {
        const middle = { cx: x(F.honestShare(z, alpha, gamma)), cy: y(F.sigmoid(z)) };
        C.element(svg, "circle", { class: "dot", ...middle, r: 6 });
      }
    };

    // ---- words

    const share = () => F.honestShare(state.z, state.alpha, state.gamma);
    const headline = () => {
      const { alpha, z } = state;
      if (alpha === 0 || alpha === 1) {
        return `Only the label ${alpha ? "yes" : "no"} costs anything: the best answer is ${alpha}.`;
      }
      const [p, pi] = [F.sigmoid(z), share()];
      const side = p < pi ? "too low" : "too high";
      return (
        `The answer ${C.number(p)} is best where the share of yes is ${C.number(pi)}: as a ` +
        `probability it is ${Math.abs(p - pi) < 0.005 ? "honest" : side}.`
      );
    };

    const details = () => {
      const { alpha, gamma, z } = state;
      const [cost, slope] = [F.onLogit.loss(z, 1, alpha, gamma), F.onLogit.slope(z, 1, alpha, gamma)];
      const [plain, pull] = [F.onLogit.loss(z, 1, 1, 0), F.onLogit.slope(z, 1, 1, 0)];
      const tenths = F.bestAnswer(0.3, alpha, gamma);
      return (
        `If the label is yes, it costs ${C.number(cost)} (cross-entropy ${C.number(plain)}) and its ` +
        `logit feels ${C.number(slope)} (${C.number(pull)}). Where three in ten are yes, the ` +
        `best answer is ${C.number(tenths, 2)}.`
      );
    };

    const show = () => {
      drawCurve("loss", "f");
      drawCurve("slope", "slope");
      drawBest();
      const { alpha, gamma, z } = state;
      const p = F.sigmoid(z);
      const value = (part) => C.number(formulas()[part](here(), 1, alpha, gamma));
      find("loss-text").textContent = value("loss");
      find("slope-text").textContent = value("slope");
      find("z").value = z;
      find("z-text").textContent = `z = ${C.number(z, 2)}, p = ${C.number(p)}`;
      find("z").setAttribute("aria-valuetext", `logit ${z.toFixed(2)}, answer ${p.toFixed(3)}`);
      find("gamma-text").textContent = `γ = ${gamma.toFixed(2)}`;
      find("alpha-text").textContent = `α = ${alpha.toFixed(2)}`;
      find("verdict").textContent = headline();
      find("details").textContent = details();
    };

    // To a screen reader, when a control is let go.
    const announce = () => {
      find("announced").textContent = `${headline()} ${details()}`;
    };

    // ---- hands

    const later = (change) => {
      state = { ...state, ...change };
      redraw();
    };
    const standAt = (z) => later({ z: Math.max(-REACH, Math.min(REACH, Math.round(20 * z) / 20)) });
    for (const part of ["loss", "slope"]) {
      const svg = find(part);
      C.drag(svg, (x) => {
        const [low, high] = AXES[state.axis].ends;
        const at = low + ((x - THUMB / 2) / (svg.clientWidth - THUMB)) * (high - low);
        standAt(onLogit() ? at : F.logit(Math.max(1e-3, Math.min(1 - 1e-3, at))));
      }, announce);
    }
    figure.querySelectorAll('input[type="radio"]').forEach((radio) => {
      radio.checked = radio.value === state.axis;
      radio.addEventListener("change", () => {
        later({ axis: radio.value });
        announce();
      });
    });
    const slider = (name, change) => {
      find(name).value = state[name];
      find(name).addEventListener("input", (event) => change(Number(event.target.value)));
      find(name).addEventListener("change", announce);
    };
    slider("z", standAt);
    slider("gamma", (gamma) => later({ gamma }));
    slider("alpha", (alpha) => later({ alpha }));

    const redraw = C.open(figure, show);
  };

  window.liveChart?.ready(start);
})();
