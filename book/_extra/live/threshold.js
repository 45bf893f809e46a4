// The live figure "Where should 4 begin?" of the chapter "Metrics".
(() => {
  "use strict";

  const WIDTH = 20; // of a bar, in thousandths of the score
  const DECADES = [-0.5, 4]; // of the histograms
  const THUMB = 26; // width of the slider's thumb, as in the style

  const start = () => {
    const figure = document.getElementById("live-threshold");
    const data = document.getElementById("live-threshold-data");
    const T = window.threshold;
    const C = window.liveChart;
    if (!figure || !data || !T || !C) {
      return;
    }
    const find = (name) => figure.querySelector(`[data-part="${name}"]`);
    const counts = JSON.parse(data.textContent);
    const rows = T.table(counts);
    const marks = T.marks(rows);
    const bars = { others: T.coarse(counts.others, WIDTH), fours: T.coarse(counts.fours, WIDTH) };
    let level = marks.half;

    // Both histograms and the slider under them share one horizontal axis.
    const across = (width) => (k) => THUMB / 2 + (k / 1000) * (width - THUMB);

    const drawScores = (part, kind) => {
      const { svg, width, height, inside } = C.canvas(find(part));
      const x = across(width);
      const [low, high] = DECADES;
      const y = (count) => height - ((Math.log10(count) - low) / (high - low)) * (height - 14);
      const ends = { x1: x(0), x2: x(1000) };
      [1, 100, 10000].forEach((count) => {
        C.element(svg, "line", { class: "grid", ...ends, y1: y(count), y2: y(count) });
      });
      C.element(svg, "line", { class: "axis", ...ends, y1: height, y2: height });
      const bar = (from, to, count, faint) => {
        if (to > from) {
          const place = { x: x(from), width: x(to) - x(from), y: y(count) };
          const look = `scores ${kind}${faint ? " faint" : ""}`;
          C.element(svg, "rect", { class: look, ...place, height: height - place.y });
        }
      };
      bars[part].forEach((count, i) => {
        const [from, to] = [i * WIDTH + 1, (i + 1) * WIDTH - 1];
        if (count > 0) {
          bar(from, Math.min(to, level), count, true);
          bar(Math.max(from, level), to, count, false);
        }
      });
      [[1, "1"], [100, "100"], [10000, "10,000"]].forEach(([count, label]) => {
        C.element(svg, "text", { class: "over", x: x(300), y: y(count) - 3 }, label);
      });
      C.element(inside(), "line", {
        class: "plumb", x1: x(level), x2: x(level), y1: 0, y2: height,
      });
    };

    const drawRuler = () => {
      const { svg, width } = C.canvas(find("ruler"));
      const x = across(width);
      C.element(svg, "rect", { class: "track", x: x(0), y: 32, width: x(1000) - x(0), height: 4 });
      const tick = (k, label, y, y1, y2, anchor, dx) => {
        C.element(svg, "line", { class: "tick", x1: x(k), x2: x(k), y1, y2 });
        C.element(svg, "text", { class: "mark", x: x(k) + dx, y, "text-anchor": anchor }, label);
      };
      const [before, after] = [["end", 3], ["start", -3]];
      tick(marks.half, "½", 13, 17, 36, ...(marks.best > marks.half ? before : after));
      tick(marks.best, "best F₁", 13, 17, 36, ...(marks.best > marks.half ? after : before));
      tick(marks.theory, "best F₁ / 2", 63, 32, 51, "middle", 0);
    };

    // A curve in the unit square, with the marks and the point of the threshold.
    const drawCurve = (part, names, across, up, shown) => {
      const canvas = C.canvas(find(part), { left: 30, right: 8, top: 10, bottom: 36 });
      const { svg, box } = canvas;
      const x = (value) => box.left + value * (box.right - box.left);
      const y = (value) => box.bottom - value * (box.bottom - box.top);
      [0, 0.5, 1].forEach((value) => {
        const text = value === 0.5 ? "½" : String(value);
        C.element(svg, "line", {
          class: "grid", x1: x(0), x2: x(1), y1: y(value), y2: y(value),
        });
        C.element(svg, "text", { x: x(0) - 6, y: y(value) + 4, "text-anchor": "end" }, text);
        const under = { x: x(value), y: y(0) + 16, "text-anchor": "middle" };
        C.element(svg, "text", under, text);
      });
      const label = { x: x(0.5), y: y(0) + 32, "text-anchor": "middle" };
      C.element(svg, "text", label, names[0]);
      C.element(svg, "text", { class: "over", x: x(0.05), y: y(0) - 8 }, `↑ ${names[1]}`);
      const place = (row) => [x(across(row)), y(up(row))];
      C.line(svg, rows.filter(shown).map(place), { class: "curve f" });
      const [cx, cy] = place(rows[level]);
      C.element(svg, "circle", { class: "ring", cx, cy, r: 15 });
      C.element(svg, "circle", { class: "handle", cx, cy, r: 9 });
      const diamond = ([px, py]) => `M${px - 5},${py} l5,-5 l5,5 l-5,5 z`;
      const triangle = ([px, py]) => `M${px - 5},${py + 4} l5,-9 l5,9 z`;
      const [hx, hy] = place(rows[marks.half]);
      C.element(svg, "circle", { class: "dot half", cx: hx, cy: hy, r: 4 });
      C.element(svg, "path", { class: "dot best", d: diamond(place(rows[marks.best])) });
      C.element(svg, "path", { class: "dot theory", d: triangle(place(rows[marks.theory])) });
    };

    // ---- words

    const three = (value) => value.toFixed(3);
    const many = (value) => value.toLocaleString("en");
    const headline = (row) =>
      `F₁ ${three(row.f1)}: precision ${three(row.precision)}, recall ${three(row.recall)}.`;
    const details = (row) =>
      `Of ${many(row.TP + row.FN)} fours ${many(row.TP)} are found and ${many(row.FN)} missed. Of ` +
      `${many(row.TN + row.FP)} other digits ${many(row.FP)} are taken for a 4. ` +
      `Accuracy ${three(row.accuracy)}.`;

    const show = () => {
      const row = rows[level];
      drawScores("others", "no");
      drawScores("fours", "yes");
      drawRuler();
      const answered = ({ TP, FP }) => TP + FP > 0; // else precision is no point of the curve
      const specific = ({ specificity }) => 1 - specificity;
      const recall = (at) => at.recall;
      drawCurve("roc", ["false positive rate", "recall"], specific, recall, () => true);
      drawCurve("pr", ["recall", "precision"], recall, ({ precision }) => precision, answered);
      for (const name of ["TP", "FP", "FN", "TN"]) {
        find(name).textContent = many(row[name]);
      }
      find("threshold").value = level;
      find("threshold").setAttribute("aria-valuetext", three(level / 1000));
      find("threshold-text").textContent = three(level / 1000);
      find("verdict").textContent = headline(row);
      find("details").textContent = details(row);
    };

    // To a screen reader, when a control is let go.
    const announce = () => {
      find("announced").textContent = `${headline(rows[level])} ${details(rows[level])}`;
    };

    // ---- hands

    const moveTo = (to) => {
      level = Math.max(1, Math.min(999, Math.round(to)));
      redraw();
    };
    for (const part of ["others", "fours"]) {
      const svg = find(part);
      C.drag(
        svg,
        (x) => moveTo((1000 * (x - THUMB / 2)) / (svg.clientWidth - THUMB)),
        announce,
      );
    }
    find("threshold").addEventListener("input", (event) => moveTo(Number(event.target.value)));
    find("threshold").addEventListener("change", announce);
    for (const name of ["half", "best", "theory"]) {
      find(name).addEventListener("click", () => {
        moveTo(marks[name]);
        announce();
      });
    }

    const redraw = C.open(figure, show);
  };

  window.liveChart?.ready(start);
})();
