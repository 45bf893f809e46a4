// The live figure "The batch size and its noise" of the chapter "Gradients from a few examples".
(() => {
  "use strict";

  const HALF_WIDTH = 3.6; // of the map, in units of x
  const KEY_STEP = 0.1; // of an arrow key
  const DECADES = [-6, 2]; // of the chart
  const SHOWN = 60; // steps on the map
  const CHARTED = 300; // steps in the chart
  const [SETTLED, STEPS] = [1000, 6000]; // the floor is measured between them
  const DOTS = 100; // of the cloud

  const start = () => {
    const figure = document.getElementById("live-batch");
    const B = window.batch;
    const C = window.liveChart;
    const P = window.livePlane;
    if (!figure || !B || !C || !P) {
      return;
    }
    const find = (name) => figure.querySelector(`[data-part="${name}"]`);
    const map = find("map");
    const sheet = P.plane(map, HALF_WIDTH, KEY_STEP, {
      point: () => state.point,
      move: (point) => later({ point }),
      end: () => announce(),
    });
    const points = B.examples();
    const FIRST = { point: [3, 1], power: 1, multiple: 0.5, reshuffled: false, seed: 1 };
    let state;
    let said = "";

    // Everything that follows from the state; the rate is `multiple` / L.
    const derive = () => {
      const { point, power, multiple, reshuffled, seed } = state;
      const size = 2 ** power;
      const rate = multiple / B.CURVATURES[1];
      const path = B.walk(points, point, rate, size, STEPS, { seed, reshuffled });
      return {
        ...state,
        size,
        rate,
        path,
        cloud: B.cloud(points, point, rate, size, DOTS, seed),
        noise: B.noise(points, size),
        predicted: B.floor(points, rate, size, reshuffled),
        measured: B.settled(path, SETTLED),
        averaged: STEPS - SETTLED,
      };
    };

    // ---- the map

    const drawMap = ({ point, path, cloud, noise, rate }) => {
      const { inside, unit, place, ...drawn } = sheet();
      drawn.contours(B.CURVATURES, 3, -4);
      points.map(place).forEach(([x, y]) => {
        C.line(inside, [[x - 4, y], [x + 4, y]], { class: "axis" });
        C.line(inside, [[x, y - 4], [x, y + 4]], { class: "axis" });
      });
      drawn.path(path.slice(0, SHOWN + 1), 2.5);
      // One step: where it leads on average, two standard deviations around it, and the cloud.
      cloud.map(place).forEach(([cx, cy]) => {
        C.element(inside, "circle", { class: "bar", cx, cy, r: 2.5, "fill-opacity": 0.8 });
      });
      const [cx, cy] = place(point.map((x, i) => x - rate * B.CURVATURES[i] * x));
      const [rx, ry] = noise.map((c) => 2 * unit * rate * Math.sqrt(c));
      C.element(inside, "ellipse", { class: "guide", fill: "none", cx, cy, rx, ry });
      drawn.cross();
      drawn.handle();
    };

    // ---- the loss above the minimum against the step

    const drawChart = ({ path, predicted }) => {
      const canvas = C.canvas(find("chart"), { left: 40, right: 8, top: 8, bottom: 36 });
      const [x, y] = P.stepAxis(canvas, CHARTED, 100, DECADES);
      const inside = canvas.inside();
      const values = path.slice(0, CHARTED + 1).map((point, step) => [x(step), y(B.excess(point))]);
      C.line(inside, values, { class: "path" });
      if (predicted > 0 && state.multiple < 2) {
        const level = [x(0), x(CHARTED)].map((at) => [at, y(predicted)]);
        C.line(inside, level, { class: "guide" });
      }
    };

    const show = () => {
      const now = derive();
      const { size, rate, multiple, point } = now;
      drawMap(now);
      drawChart(now);
      figure.dataset.kind = B.kindOf(now);
      find("verdict").textContent = B.headline(now, C.number);
      find("details").textContent = B.details(now, C.number);
      find("size-text").textContent = `B = ${size}`;
      find("size").setAttribute("aria-valuetext", String(size));
      find("rate-text").textContent = `η = ${C.number(rate, 3)} = ${multiple.toFixed(2)}/L`;
      find("rate").setAttribute("aria-valuetext", `${multiple.toFixed(2)} divided by L`);
      map.setAttribute("aria-label", P.named(point));
    };

    // To a screen reader, when a control is let go.
    const announce = () => {
      const now = derive();
      const words = `${B.headline(now, C.number)} ${B.details(now, C.number)}`;
      if (words !== said) {
        said = words;
        find("announced").textContent = words;
      }
    };
    const later = (change) => {
      state = { ...state, ...change };
      redraw();
    };

    // ---- hands

    const slider = (name, change) => {
      find(name).addEventListener("input", (event) => later(change(Number(event.target.value))));
      find(name).addEventListener("change", announce);
    };
    slider("size", (power) => ({ power }));
    slider("rate", (multiple) => ({ multiple }));
    const radios = figure.querySelectorAll('input[type="radio"]');
    radios.forEach((radio) => {
      radio.addEventListener("change", () => {
        later({ reshuffled: radio.value === "reshuffled" });
        announce();
      });
    });
    find("again").addEventListener("click", () => {
      later({ seed: state.seed + 1 });
      announce();
    });
    const reset = () => {
      state = { ...FIRST };
      find("size").value = FIRST.power;
      find("rate").value = FIRST.multiple;
      radios.forEach((radio) => {
        radio.checked = radio.value === "anew";
      });
    };
    find("reset").addEventListener("click", () => {
      reset();
      later({});
      announce();
    });

    reset();
    const redraw = C.open(figure, show);
  };

  window.liveChart?.ready(start);
})();
