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
    if (!figure || !B || !C) {
      return;
    }
    const find = (name) => figure.querySelector(`[data-part="${name}"]`);
    const map = find("map");
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

    const scale = () => map.clientWidth / (2 * HALF_WIDTH);

    const drawMap = ({ point, path, cloud, noise, rate }) => {
      const canvas = C.canvas(map);
      const { width, height } = canvas;
      const unit = scale();
      const [x0, y0] = [width / 2, height / 2];
      const place = ([x, y]) => [x0 + unit * x, y0 - unit * y];
      const inside = canvas.inside();
      const [mu, L] = B.CURVATURES;
      // Two contours to each power of ten.
      for (let half = 3; half >= -4; half -= 1) {
        const across = Math.sqrt(2 * 10 ** (half / 2));
        C.element(inside, "ellipse", {
          class: half % 2 === 0 ? "contour decade" : "contour",
          cx: x0,
          cy: y0,
          rx: (unit * across) / Math.sqrt(mu),
          ry: (unit * across) / Math.sqrt(L),
        });
      }
      points.map(place).forEach(([x, y]) => {
        C.line(inside, [[x - 4, y], [x + 4, y]], { class: "axis" });
        C.line(inside, [[x, y - 4], [x, y + 4]], { class: "axis" });
      });
      // A path that runs away is followed until it is well out of the map.
      const few = path.slice(0, SHOWN + 1);
      const gone = few.findIndex(
        ([x, y]) => Math.abs(x) > 2.5 * HALF_WIDTH || unit * Math.abs(y) > 2.5 * y0,
      );
      const shown = (gone < 0 ? few : few.slice(0, gone + 1)).map(place);
      C.line(inside, shown, { class: "halo" });
      C.line(inside, shown, { class: "path" });
      shown.slice(1).forEach(([x, y]) => {
        C.element(inside, "circle", { class: "step", cx: x, cy: y, r: 2.5 });
      });
      // One step: where it leads on average, two standard deviations around it, and the cloud.
      cloud.map(place).forEach(([cx, cy]) => {
        C.element(inside, "circle", { class: "bar", cx, cy, r: 2.5, "fill-opacity": 0.8 });
      });
      const [cx, cy] = place(point.map((x, i) => x - rate * B.CURVATURES[i] * x));
      const [rx, ry] = noise.map((c) => 2 * unit * rate * Math.sqrt(c));
      C.element(inside, "ellipse", { class: "guide", fill: "none", cx, cy, rx, ry });
      C.line(inside, [[x0 - 6, y0], [x0 + 6, y0]], { class: "cross" });
      C.line(inside, [[x0, y0 - 6], [x0, y0 + 6]], { class: "cross" });
      const [x, y] = place(point);
      C.element(inside, "circle", { class: "ring", cx: x, cy: y, r: 17 });
      C.element(inside, "circle", { class: "handle", cx: x, cy: y, r: 9 });
    };

    // ---- the loss above the minimum against the step

    const drawChart = ({ path, predicted }) => {
      const canvas = C.canvas(find("chart"), { left: 40, right: 8, top: 8, bottom: 36 });
      const { svg, box } = canvas;
      const y = C.decades(canvas, ...DECADES, 2);
      const x = (step) => box.left + (step / CHARTED) * (box.right - box.left);
      for (let step = 0; step <= CHARTED; step += 100) {
        C.element(svg, "text", { x: x(step), y: box.bottom + 17, "text-anchor": "middle" }, step);
      }
      const name = { x: (box.left + box.right) / 2, y: box.bottom + 33, "text-anchor": "middle" };
      C.element(svg, "text", name, "step");
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
      const [x, y] = point.map((value) => value.toFixed(1).replace("-", "minus "));
      map.setAttribute("aria-label", `Start of the descent, x ${x}, y ${y}`);
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

    const within = (value, most) => Math.max(-most, Math.min(most, value));
    const moveTo = (x, y) => {
      const tall = map.clientHeight / 2 / scale();
      later({ point: [within(x, HALF_WIDTH), within(y, tall)] });
    };
    C.drag(
      map,
      (x, y) => moveTo((x - map.clientWidth / 2) / scale(), (map.clientHeight / 2 - y) / scale()),
      announce,
    );
    const arrows = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
    };
    map.addEventListener("keydown", (event) => {
      if (event.key in arrows && !event.altKey && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        const steps = event.shiftKey ? 5 : 1;
        const [x, y] = arrows[event.key].map(
          (way, i) => Math.round(state.point[i] / KEY_STEP + way * steps) * KEY_STEP,
        );
        moveTo(x, y);
      }
    });
    map.addEventListener("keyup", (event) => event.key in arrows && announce());

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
