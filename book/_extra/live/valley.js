// The live figure "The step size on a valley" of the chapter "Gradient descent".
(() => {
  "use strict";

  const STEPS = 60;
  const HALF_WIDTH = 3.6; // of the map, in units of x
  const KEY_STEP = 0.1; // of an arrow key
  const DECADES = [-8, 6]; // of the chart
  const RATES = 1.3; // the slider ends at this multiple of the limit
  const THUMB = 26; // width of the slider's thumb, as in the style

  const start = () => {
    const figure = document.getElementById("live-valley");
    const D = window.descent;
    const C = window.liveChart;
    const P = window.livePlane;
    if (!figure || !D || !C || !P) {
      return;
    }
    const find = (name) => figure.querySelector(`[data-part="${name}"]`);
    const map = find("map");
    const sheet = P.plane(map, HALF_WIDTH, KEY_STEP, {
      point: () => state.point,
      move: (point) => later({ point }),
      end: () => announce(),
    });
    const FIRST = { kappa: 10, momentum: 0, point: [3, 1], multiple: 1.5 };
    let state;
    let said = "";

    // Everything that follows from the state; the rate is `multiple` / L, and mu is 1.
    const derive = () => {
      const { kappa, momentum, point, multiple } = state;
      const curvatures = [1, kappa];
      const rate = multiple / kappa;
      return {
        ...state,
        curvatures,
        rate,
        marks: D.marks(1, kappa, momentum),
        run: D.minimize(D.valley(curvatures), point, rate, STEPS, momentum),
        outlook: D.predict(curvatures, point, rate, momentum),
      };
    };

    // ---- the map

    const drawMap = ({ kappa, run }) => {
      const { inside, width, height, unit, x0, y0, ...drawn } = sheet();
      const highest = D.valley([1, kappa]).value([HALF_WIDTH, y0 / unit]);
      drawn.contours([1, kappa], Math.floor(2 * Math.log10(highest)), -7);
      C.element(inside, "line", { class: "axis", x1: 0, x2: width, y1: y0, y2: y0 });
      C.element(inside, "line", { class: "axis", x1: x0, x2: x0, y1: 0, y2: height });
      drawn.path(run.points, 3);
      drawn.cross();
      C.element(inside, "text", { class: "over", x: 8, y: y0 - 7 }, "flat, μ = 1");
      C.element(inside, "text", { class: "over", x: x0 + 8, y: 17 }, `steep, L = ${kappa}`);
      drawn.handle();
    };

    // ---- the slider of the rate, on a ruler with its zones and marks

    const drawRuler = ({ kappa, momentum, marks }) => {
      const { svg, width } = C.canvas(find("ruler"));
      const input = find("rate");
      const most = RATES * 2 * (1 + momentum);
      input.max = most.toFixed(2);
      input.value = state.multiple;
      const at = (multiple) => THUMB / 2 + (multiple / Number(input.max)) * (width - THUMB);
      const [calm, best, limit] = [marks.calm, marks.best, marks.limit].map((m) => m * kappa);
      const names = momentum
        ? ["(1−√β)²/L", "2(1+β)/L", "2(1+β)/(μ+L)"]
        : ["1/L", "2/L", "2/(μ+L)"];
      const zones = [
        ["no swinging", "calm", 0, calm],
        ["swings", "swings", calm, limit],
        ["diverges", "diverges", limit, Number(input.max)],
      ];
      zones.forEach(([label, kind, from, to]) => {
        const [left, right] = [at(from), at(to)];
        C.element(svg, "rect", {
          class: `zone ${kind}`, x: left, y: 29, width: right - left, height: 10,
        });
        // The last name stands at the end, clear of the mark before it.
        const last = kind === "diverges";
        if (right - left > 7 * label.length + (last ? 3.6 * names[1].length : 24)) {
          const at = { x: last ? right : (left + right) / 2, y: 15 };
          C.element(svg, "text", { ...at, "text-anchor": last ? "end" : "middle" }, label);
        }
      });
      const tick = (multiple, label, y, y1, y2) => {
        const x = at(multiple);
        C.element(svg, "line", { class: "tick", x1: x, x2: x, y1, y2 });
        const reach = 3.6 * label.length;
        const inside = Math.max(reach, Math.min(width - reach, x));
        C.element(svg, "text", { class: "mark", x: inside, y, "text-anchor": "middle" }, label);
      };
      tick(calm, names[0], momentum ? 61 : 15, momentum ? 29 : 20, momentum ? 48 : 39);
      tick(limit, names[1], 15, 20, 39);
      tick(best, `fastest: ${names[2]}`, 61, 29, 48);
    };

    // ---- f against the step

    const drawChart = ({ run, outlook }) => {
      const canvas = C.canvas(find("chart"), { left: 40, right: 8, top: 8, bottom: 36 });
      const [x, y] = P.stepAxis(canvas, STEPS, 10, DECADES);
      const inside = canvas.inside();
      if (run.values[0] > 0 && outlook.rho > 0) {
        const ends = [0, STEPS].map((k) => [x(k), run.values[0], outlook.rho ** (2 * k)]);
        C.line(inside, ends.map(([at, f, factor]) => [at, y(f * factor)]), { class: "guide" });
      }
      const values = run.values.map((value, step) => [x(step), y(value)]);
      C.line(inside, values, { class: "path" });
      values.forEach(([cx, cy]) => C.element(inside, "circle", { class: "step", cx, cy, r: 2 }));
    };

    const headline = ({ outlook }) => D.headline(outlook);
    const details = (now) => D.details(now, C.number);

    const show = () => {
      const now = derive();
      const { kappa, momentum, point, multiple, rate, outlook } = now;
      drawMap(now);
      drawRuler(now);
      drawChart(now);
      figure.dataset.kind = outlook.kind;
      find("verdict").textContent = headline(now);
      find("details").textContent = details(now);
      find("rate-text").textContent = `η = ${C.number(rate, 4)} = ${multiple.toFixed(2)}/L`;
      find("kappa-text").textContent = `κ = ${kappa}`;
      find("momentum-text").textContent = `β = ${momentum.toFixed(2)}`;
      find("rate").setAttribute("aria-valuetext", `${multiple.toFixed(2)} divided by L`);
      find("kappa").setAttribute("aria-valuetext", String(kappa));
      map.setAttribute("aria-label", P.named(point));
      return now;
    };

    // To a screen reader: when the kind of course changes, or a control is let go.
    const announce = () => {
      const now = derive();
      const words = `${headline(now)} ${details(now)}`;
      if (words !== said) {
        said = words;
        find("announced").textContent = words;
      }
    };
    let kind = "";
    const later = (change) => {
      state = { ...state, ...change };
      redraw();
      const outlook = derive().outlook;
      if (outlook.kind !== kind) {
        kind = outlook.kind;
        announce();
      }
    };

    // ---- hands

    const slider = (name, change) => {
      find(name).addEventListener("input", (event) => later(change(Number(event.target.value))));
      find(name).addEventListener("change", announce);
    };
    slider("rate", (multiple) => ({ multiple: Math.max(0.01, multiple) }));
    slider("momentum", (momentum) => ({
      momentum,
      multiple: Math.min(state.multiple, RATES * 2 * (1 + momentum)),
    }));
    slider("kappa", (position) => {
      const kappa = 10 ** (position / 50);
      return { kappa: kappa < 9.95 ? Math.round(10 * kappa) / 10 : Math.round(kappa) };
    });

    find("fastest").addEventListener("click", () => {
      later({ multiple: D.marks(1, state.kappa, state.momentum).best * state.kappa });
      announce();
    });
    const reset = () => {
      find("kappa").value = 50 * Math.log10(FIRST.kappa);
      find("momentum").value = FIRST.momentum;
      state = { ...FIRST };
    };
    find("reset").addEventListener("click", () => {
      reset();
      later({});
      announce();
    });

    reset();
    const redraw = C.open(figure, show);
    kind = derive().outlook.kind;
  };

  window.liveChart?.ready(start);
})();
