// What the live figures share: SVG elements, powers of ten, charts that keep their size.
(() => {
  "use strict";

  const NAMESPACE = "http://www.w3.org/2000/svg";

  // A new SVG element with attributes and, if it is text, its content.
  const element = (parent, name, attributes = {}, text = "") => {
    const made = document.createElementNS(NAMESPACE, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.textContent = text;
    parent.append(made);
    return made;
  };

  const raised = (digits) => [...String(digits)].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d] ?? "⁻").join("");

  // 0.123, 12.34, 123.4, 1.2 × 10⁻⁵: fewer decimals the more digits stand before them.
  const number = (value, digits = 3) => {
    if (value === 0) {
      return "0";
    }
    if (digits > 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) {
      const [head, exponent] = value.toExponential(1).split("e");
      return `${head} × 10${raised(Number(exponent))}`.replace(/^-/, "−");
    }
    const fewer = Math.max(0, digits - Math.max(0, Math.floor(Math.log10(Math.abs(value)))));
    return value.toFixed(fewer).replace(/^-/, "−");
  };

  // Empty an svg, make one unit of it one CSS pixel, and hand out its size and a box to draw
  // in that cuts what leaves it.
  let clips = 0;
  const canvas = (svg, margin = { left: 0, right: 0, top: 0, bottom: 0 }) => {
    const { width, height } = svg.getBoundingClientRect();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    const box = {
      left: margin.left,
      top: margin.top,
      right: width - margin.right,
      bottom: height - margin.bottom,
    };
    clips += 1;
    const clip = element(element(svg, "defs"), "clipPath", { id: `live-clip-${clips}` });
    element(clip, "rect", {
      x: box.left,
      y: box.top,
      width: Math.max(0, box.right - box.left),
      height: Math.max(0, box.bottom - box.top),
    });
    const inside = () => element(svg, "g", { "clip-path": `url(#${clip.id})` });
    return { svg, width, height, box, inside };
  };

  const line = (parent, points, attributes) =>
    element(parent, "polyline", {
      points: points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" "),
      fill: "none",
      ...attributes,
    });

  // A logarithmic vertical axis with a line at each power of ten and a label at each `every`.
  const decades = ({ svg, box }, low, high, every) => {
    const y = (value) => {
      const exponent = value > 0 ? Math.log10(value) : -Infinity;
      const clamped = Math.max(low - 40, Math.min(high + 40, exponent));
      return box.bottom - ((clamped - low) / (high - low)) * (box.bottom - box.top);
    };
    for (let exponent = low; exponent <= high; exponent += 1) {
      const at = y(10 ** exponent);
      element(svg, "line", { class: "grid", x1: box.left, x2: box.right, y1: at, y2: at });
      if (exponent % every === 0) {
        const label = exponent === 0 ? "1" : `10${raised(exponent)}`;
        element(svg, "text", { x: box.left - 6, y: at + 4, "text-anchor": "end" }, label);
      }
    }
    return y;
  };

  // Mouse, finger or pen on an element: `move` gets the place in its pixels, `end` nothing.
  const drag = (svg, move, end) => {
    const place = (event) => {
      const box = svg.getBoundingClientRect();
      move(event.clientX - box.left, event.clientY - box.top);
    };
    svg.addEventListener("pointerdown", (event) => {
      if (event.button === 0) {
        event.preventDefault();
        svg.focus({ preventScroll: true });
        svg.setPointerCapture(event.pointerId);
        place(event);
      }
    });
    svg.addEventListener("pointermove", (event) => {
      if (svg.hasPointerCapture(event.pointerId)) {
        place(event);
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      svg.addEventListener(name, end);
    }
  };

  // Show a figure, with the words around it that only make sense when it is there, and draw it
  // once it is laid out, and whenever its width changes; returns what draws once a frame.
  const open = (figure, draw) => {
    document.documentElement.classList.add("live-figures");
    figure.hidden = false;
    let asked = 0;
    const later = () => {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        draw();
      });
    };
    let width = 0;
    new ResizeObserver(() => {
      if (figure.clientWidth !== width) {
        width = figure.clientWidth;
        if (width > 0) { // on paper it is not shown
          later();
        }
      }
    }).observe(figure);
    return later;
  };

  const ready = (start) => {
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", start);
    } else {
      start();
    }
  };

  window.liveChart = { element, raised, number, canvas, line, decades, drag, open, ready };
})();
