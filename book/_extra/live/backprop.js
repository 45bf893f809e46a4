// The live figure "There and back, step by step" of the chapter "Networks".
(() => {
  "use strict";

  const RATE = 0.1;
  const ROW = 22; // height of a row in a box

  const start = () => {
    const figure = document.getElementById("live-backprop");
    const B = window.backprop;
    const C = window.liveChart;
    if (!figure || !B || !C) {
      return;
    }
    const find = (name) => figure.querySelector(`[data-part="${name}"]`);
    let state = { ...B.FIRST };
    let done = 0; // how many steps
    let chosen = "w12";

    // Two decimals in the drawing, three in the sentences.
    const short = (value) => B.written(Math.round(100 * value) / 100);
    const known = (name) => B.STEPS.slice(0, done).some(({ gives }) => gives.includes(name));
    const current = () => (done > 0 ? B.STEPS[done - 1] : { gives: [], edges: [] });
    const isNow = (name) => current().gives.includes(name);

    // ---- the graph

    const BOXES = {
      x1: { column: 0, row: 0, wide: 66, lines: ["x1"] },
      x2: { column: 0, row: 1, wide: 66, lines: ["x2"] },
      h1: { column: 1, row: 0, wide: 92, lines: ["z1", "dz1", "a1", "da1"] },
      h2: { column: 1, row: 1, wide: 92, lines: ["z2", "dz2", "a2", "da2"] },
      out: { column: 2, row: 0.5, wide: 88, lines: ["z", "dz", "p", "loss"] },
    };
    const EDGES = [
      ["w11", "x1", "h1"], ["w21", "x2", "h1"], ["w12", "x1", "h2"], ["w22", "x2", "h2"],
      ["v1", "h1", "out"], ["v2", "h2", "out"],
    ];
    const kindOf = (name) => (/^d/.test(name) ? "back" : "forth");

    const drawGraph = (now) => {
      const { svg, width, height } = C.canvas(find("graph"));
      const lefts = [1, (width - 92) / 2, width - 89];
      const place = ({ column, row, wide, lines }) => {
        const middle = height * (0.25 + 0.5 * row);
        const tall = ROW * lines.length;
        return { x: lefts[column], y: middle - tall / 2, wide, tall, middle };
      };
      EDGES.forEach(([name, from, to]) => {
        const [a, b] = [place(BOXES[from]), place(BOXES[to])];
        const [x1, x2] = [a.x + a.wide, b.x];
        // Two that arrive at one box arrive at two places.
        const aim = a.middle < b.middle ? -8 : a.middle > b.middle ? 8 : 0;
        const ends = { x1, y1: a.middle, x2, y2: b.middle + aim };
        const lit = current().edges.includes(name) ? ` now ${kindOf(current().gives[0])}` : "";
        C.element(svg, "line", { class: `wire${lit}`, ...ends });
        if (x2 - x1 > 90) {
          const share = 0.3;
          const at = {
            x: x1 + share * (x2 - x1),
            y: a.middle + share * (ends.y2 - a.middle) - 4,
          };
          C.element(svg, "text", { class: "over", "text-anchor": "middle", ...at }, short(now[name]));
        }
      });
      Object.values(BOXES).forEach((box) => {
        const { x, y, wide } = place(box);
        box.lines.forEach((name, i) => {
          const shown = name in state || known(name);
          const kind = `cell ${kindOf(name)}${isNow(name) ? " now" : ""}${shown ? "" : " unknown"}`;
          C.element(svg, "rect", { class: kind, x, y: y + i * ROW, width: wide, height: ROW });
        });
        box.lines.forEach((name, i) => {
          const symbol = name === "loss" ? "L" : B.lowered(name);
          const shown = name in state || known(name);
          const at = { x: x + 7, y: y + i * ROW + 15 };
          const text = `${symbol}${shown ? ` = ${short(now[name])}` : ""}`;
          C.element(svg, "text", isNow(name) ? { class: "mark", ...at } : at, text);
        });
      });
    };

    // ---- the table of the parameters

    const cells = Object.fromEntries(B.PARAMETERS.map((name) => {
      const cell = find("parameters").querySelector(`[data-name="${name}"]`);
      const lines = ["span", "span"].map((tag) => document.createElement(tag));
      cell.replaceChildren(...lines);
      return [name, { cell, lines }];
    }));

    const fillTable = (now) => {
      for (const name of B.PARAMETERS) {
        const { cell, lines } = cells[name];
        const gradient = `d${name}`;
        lines[0].textContent = `${B.lowered(name)} = ${B.written(now[name])}`;
        lines[1].textContent = `${B.lowered(gradient)} = ` +
          `${known(gradient) ? B.written(now[gradient]) : "?"}`;
        cell.classList.toggle("now", isNow(gradient));
        const used = current().way === "forward" && current().edges.includes(name);
        cell.classList.toggle("used", used);
      }
    };

    // ---- words

    const headline = () => {
      if (done === 0) {
        return "Nothing is computed yet.";
      }
      const { way, title } = B.STEPS[done - 1];
      return `${done} of ${B.STEPS.length}, ${way}: ${title}.`;
    };
    const details = (now) => {
      const last = " The gradient is complete.";
      return done === 0
        ? "Press “Next”: seven steps lead forward to the loss, eight lead back."
        : `${B.STEPS[done - 1].says(now)}${done === B.STEPS.length ? last : ""}`;
    };

    const show = () => {
      const now = B.evaluate(state);
      drawGraph(now);
      fillTable(now);
      find("verdict").textContent = headline();
      find("details").textContent = details(now);
      for (const name of ["x1", "x2"]) {
        find(name).value = now[name];
        find(`${name}-text`).textContent = `${B.lowered(name)} = ${B.written(now[name])}`;
      }
      find("weight").value = now[chosen];
      find("weight-text").textContent = `${B.lowered(chosen)} = ${B.written(now[chosen])}`;
      figure.querySelectorAll('input[type="radio"]').forEach((radio) => {
        radio.checked = Number(radio.value) === now.y;
      });
      // Not "disabled", which would take the focus from the button that was pressed.
      find("next").setAttribute("aria-disabled", String(done === B.STEPS.length));
      find("back").setAttribute("aria-disabled", String(done === 0));
      figure.dataset.way = current().way ?? "none";
    };

    const announce = (before = "") => {
      find("announced").textContent = `${before}${headline()} ${details(B.evaluate(state))}`;
    };

    // ---- hands

    const goTo = (step) => {
      done = Math.max(0, Math.min(B.STEPS.length, step));
      redraw();
      announce();
    };
    find("next").addEventListener("click", () => goTo(done + 1));
    find("back").addEventListener("click", () => goTo(done - 1));
    find("reset").addEventListener("click", () => {
      state = { ...B.FIRST };
      goTo(0);
    });
    find("descend").addEventListener("click", () => {
      const before = B.evaluate(state).loss;
      state = B.descend(state, RATE);
      done = 7; // the loss
      redraw();
      announce(`The loss was ${B.written(before)}. `);
    });
    const slider = (part, name) => {
      find(part).addEventListener("input", (event) => {
        state = { ...state, [name()]: Number(event.target.value) };
        redraw();
      });
      find(part).addEventListener("change", () => announce());
    };
    slider("x1", () => "x1");
    slider("x2", () => "x2");
    slider("weight", () => chosen);
    find("choice").value = chosen;
    find("choice").addEventListener("change", (event) => {
      chosen = event.target.value;
      redraw();
    });
    figure.querySelectorAll('input[type="radio"]').forEach((radio) => {
      radio.addEventListener("change", () => {
        state = { ...state, y: Number(radio.value) };
        redraw();
        announce();
      });
    });

    const redraw = C.open(figure, show);
  };

  window.liveChart?.ready(start);
})();
