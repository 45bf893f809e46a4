// What is seen of a network that learns: the weights of its first layer, and its curves.
(() => {
  "use strict";

  const MARGIN = { left: 40, right: 12, top: 10, bottom: 24 };
  const TILE = 28; // pixels of an image
  const GAP = 2;
  const SHOWN = 64; // units whose weights are drawn
  const MOST_LINES = 20; // between epochs

  /** Red, green and blue of a colour of the figures, in the mode that the page is in. */
  const color = (place, name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    place.append(probe);
    const parts = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
    probe.remove();
    return parts;
  };

  /**
   * The weights that lead to each hidden unit as an image, a colour for each sign, less those
   * it began with if they are given; returns in words what is seen.
   */
  const weights = (canvas, layer, began) => {
    const units = Math.min(SHOWN, layer.outputs);
    const columns = Math.ceil(Math.sqrt(units));
    canvas.width = columns * (TILE + GAP) - GAP;
    canvas.height = Math.ceil(units / columns) * (TILE + GAP) - GAP;
    const context = canvas.getContext("2d");
    const picture = context.createImageData(canvas.width, canvas.height);
    const colors = ["--fig-blue", "--fig-vermilion"].map((name) => color(canvas.parentNode, name));
    for (let unit = 0; unit < units; unit += 1) {
      const place = [unit % columns, Math.floor(unit / columns)];
      const [left, top] = place.map((count) => count * (TILE + GAP));
      const values = Float64Array.from({ length: TILE * TILE }, (_, pixel) => {
        const at = pixel * layer.outputs + unit;
        return layer.weights[at] - (began ? began[at] : 0);
      });
      // The largest is painted in full; at least this much, so that next to nothing looks like it.
      const full = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0.05);
      values.forEach((value, pixel) => {
        const row = top + Math.floor(pixel / TILE);
        const at = 4 * (row * canvas.width + left + (pixel % TILE));
        picture.data.set(colors[value > 0 ? 1 : 0], at);
        picture.data[at + 3] = Math.round((255 * Math.abs(value)) / full);
      });
    }
    context.putImageData(picture, 0, 0);
    const all = `${layer.outputs} hidden unit${layer.outputs === 1 ? "" : "s"}`;
    return units < layer.outputs ? `${units} of ${all}` : all;
  };

  /** One quantity of a training against the images seen, from 0 to `top`; paler, those before. */
  const curve = (svg, name, run, past, top, label) => {
    const { element, line, canvas } = window.liveChart;
    const chart = canvas(svg, MARGIN);
    const { box } = chart;
    const trainings = [...past, run.points];
    const end = run.images * run.epochs;
    const far = Math.max(end, ...trainings.map((points) => points.at(-1)?.seen ?? 0));
    const x = (seen) => box.left + (seen / far) * (box.right - box.left);
    const y = (value) => box.bottom - (Math.min(value, top) / top) * (box.bottom - box.top);
    const grid = (x1, x2, y1, y2) => element(svg, "line", { class: "grid", x1, x2, y1, y2 });
    const text = (words, place) => element(svg, "text", place, words);
    for (const part of [0, 0.25, 0.5, 0.75, 1]) {
      grid(box.left, box.right, y(part * top), y(part * top));
      if ((2 * part) % 1 === 0) {
        text(label(part * top), { x: box.left - 6, y: y(part * top) + 4, "text-anchor": "end" });
      }
    }
    for (let epoch = 1; epoch <= run.epochs && run.epochs <= MOST_LINES; epoch += 1) {
      grid(x(epoch * run.images), x(epoch * run.images), box.top, box.bottom);
    }
    text("0", { x: box.left, y: box.bottom + 17 });
    const words = `${far.toLocaleString("en")} images seen`;
    text(words, { x: box.right, y: box.bottom + 17, "text-anchor": "end" });
    trainings.forEach((points) => {
      const now = points === run.points;
      const places = points
        .filter((point) => point[name] != null)
        .map((point) => [x(point.seen), y(point[name])]);
      line(svg, places, { class: now ? "curve slope" : "curve train-past" });
      if (now && places.length) {
        const [cx, cy] = places.at(-1);
        element(svg, "circle", { class: "dot", cx, cy, r: 4 });
      }
    });
  };

  window.trainPictures = { weights, curve };
})();
