// What the live figures with a plane share: contours, a path, a point to be moved, steps below a
// chart.
(() => {
  "use strict";

  const C = window.liveChart;
  const ARROWS = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
  };

  // A plane on an svg, so many units wide to each side of its middle, in which a point is moved by
  // mouse, finger or arrow keys: `move` gets where to, `end` is called when it is let go. Returns a
  // function that empties it and hands out what is drawn in it.
  const plane = (map, halfWidth, keyStep, { point, move, end }) => {
    const scale = () => map.clientWidth / (2 * halfWidth);
    const within = (value, most) => Math.max(-most, Math.min(most, value));
    const moveTo = (x, y) => {
      const tall = map.clientHeight / 2 / scale();
      move([within(x, halfWidth), within(y, tall)]);
    };
    C.drag(
      map,
      (x, y) => moveTo((x - map.clientWidth / 2) / scale(), (map.clientHeight / 2 - y) / scale()),
      end,
    );
    map.addEventListener("keydown", (event) => {
      if (event.key in ARROWS && !event.altKey && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        const steps = event.shiftKey ? 5 : 1;
        // Rounded to the grid, so that the axes can be met exactly.
        const [x, y] = ARROWS[event.key].map(
          (way, i) => Math.round(point()[i] / keyStep + way * steps) * keyStep,
        );
        moveTo(x, y);
      }
    });
    map.addEventListener("keyup", (event) => event.key in ARROWS && end());

    return () => {
      const canvas = C.canvas(map);
      const unit = scale();
      const [x0, y0] = [canvas.width / 2, canvas.height / 2];
      const place = ([x, y]) => [x0 + unit * x, y0 - unit * y];
      const inside = canvas.inside();
      // Of a quadratic with these curvatures, two to each power of ten, from the outermost inwards.
      const contours = ([mu, L], outermost, innermost) => {
        for (let half = outermost; half >= innermost; half -= 1) {
          const across = Math.sqrt(2 * 10 ** (half / 2));
          C.element(inside, "ellipse", {
            class: half % 2 === 0 ? "contour decade" : "contour",
            cx: x0,
            cy: y0,
            rx: (unit * across) / Math.sqrt(mu),
            ry: (unit * across) / Math.sqrt(L),
          });
        }
      };
      // A path that runs away is followed until it is well out of the map.
      const path = (points, r) => {
        const gone = points.findIndex(
          ([x, y]) => Math.abs(x) > 2.5 * halfWidth || unit * Math.abs(y) > 2.5 * y0,
        );
        const shown = (gone < 0 ? points : points.slice(0, gone + 1)).map(place);
        C.line(inside, shown, { class: "halo" });
        C.line(inside, shown, { class: "path" });
        shown.slice(1).forEach(([x, y]) => {
          C.element(inside, "circle", { class: "step", cx: x, cy: y, r });
        });
      };
      const cross = () => {
        C.line(inside, [[x0 - 6, y0], [x0 + 6, y0]], { class: "cross" });
        C.line(inside, [[x0, y0 - 6], [x0, y0 + 6]], { class: "cross" });
      };
      const handle = () => {
        const [x, y] = place(point());
        C.element(inside, "circle", { class: "ring", cx: x, cy: y, r: 17 });
        C.element(inside, "circle", { class: "handle", cx: x, cy: y, r: 9 });
      };
      return { ...canvas, inside, unit, x0, y0, place, contours, path, cross, handle };
    };
  };

  // Where the point is, for who hears it.
  const named = (point) => {
    const [x, y] = point.map((value) => value.toFixed(1).replace("-", "minus "));
    return `Start of the descent, x ${x}, y ${y}`;
  };

  // An axis of steps below a chart with a logarithmic one; returns where a step and a value lie.
  const stepAxis = (canvas, last, every, decades) => {
    const { svg, box } = canvas;
    const y = C.decades(canvas, ...decades, 2);
    const x = (step) => box.left + (step / last) * (box.right - box.left);
    for (let step = 0; step <= last; step += every) {
      C.element(svg, "text", { x: x(step), y: box.bottom + 17, "text-anchor": "middle" }, step);
    }
    const name = { x: (box.left + box.right) / 2, y: box.bottom + 33, "text-anchor": "middle" };
    C.element(svg, "text", name, "step");
    return [x, y];
  };

  window.livePlane = { plane, named, stepAxis };
})();
