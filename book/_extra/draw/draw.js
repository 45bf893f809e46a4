// The page "Draw a digit": a pad, what the network sees of it, and what it answers.
(() => {
  "use strict";

  const PAD = 280; // the pad's own units, whatever its size on the screen
  const INK = 18;
  const STEP = 14; // of an arrow key
  const TOLERANCE = 1e-6;

  const start = () => {
    const demo = document.getElementById("draw-demo");
    const export_ = document.getElementById("draw-data");
    const N = window.digitNetwork;
    if (!demo || !export_ || !N) {
      return;
    }
    const find = (name) => demo.querySelector(`[data-part="${name}"]`);
    const data = JSON.parse(export_.textContent);
    const { layers: trained, images, labels } = N.load(data);

    const difference = N.largestDifference(data);
    demo.dataset.selftest = difference <= TOLERANCE ? "passed" : "failed";
    if (!(difference <= TOLERANCE)) {
      console.error(`draw a digit: the page's numbers differ from NumPy's by ${difference}`);
    }

    let layers = N.copy(trained);
    let strokes = [];
    let image = null; // the 784 numbers that the network is shown
    let losses = [];

    // ---- drawing what there is to see

    const pad = find("pad");
    const pen = pad.getContext("2d");
    pad.width = pad.height = 2 * PAD; // sharp on dense screens too
    pen.scale(2, 2);
    pen.lineCap = pen.lineJoin = "round";

    const cursor = { x: PAD / 2, y: PAD / 2, down: false, shown: false };

    const paintPad = () => {
      pen.clearRect(0, 0, PAD, PAD);
      pen.lineWidth = INK;
      for (const stroke of strokes) {
        pen.beginPath();
        pen.moveTo(...stroke[0]);
        stroke.forEach((point) => pen.lineTo(...point));
        pen.stroke();
        pen.beginPath(); // where it begins: a line of no length, a dot, paints nothing
        pen.arc(...stroke[0], INK / 2, 0, 2 * Math.PI);
        pen.fill();
      }
      if (cursor.shown) {
        pen.lineWidth = 2;
        pen.beginPath();
        pen.arc(cursor.x, cursor.y, cursor.down ? 6 : 12, 0, 2 * Math.PI);
        pen.stroke();
      }
    };

    // Numbers from 0 to `top` as the opacity of black pixels; the style inverts them in
    // dark mode.
    const paintPixels = (canvas, values, columns, top) => {
      canvas.width = columns;
      canvas.height = Math.ceil(values.length / columns);
      const context = canvas.getContext("2d");
      const picture = context.createImageData(canvas.width, canvas.height);
      values.forEach((value, i) => {
        picture.data[4 * i + 3] = Math.round(255 * Math.min(1, value / top));
      });
      context.putImageData(picture, 0, 0);
    };

    const bars = [...Array(10).keys()].map((digit) => {
      const row = document.createElement("li");
      row.innerHTML =
        `<span class="draw-digit">${digit}</span>` +
        '<span class="draw-track" aria-hidden="true"><span class="draw-bar"></span></span>' +
        '<span class="draw-share"></span>';
      find("bars").append(row);
      return { row, bar: row.querySelector(".draw-bar"), share: row.querySelector(".draw-share") };
    });

    const brief = (loss) => (loss < 0.001 ? loss.toExponential(1) : loss.toPrecision(4));
    const percent = (p) => `${(100 * p).toFixed(1)} %`;

    const describe = (probabilities) => {
      const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
      const [first, second] = order;
      const next =
        probabilities[second] < 0.001
          ? "no other comes near"
          : `next comes ${second} with ${percent(probabilities[second])}`;
      return (
        `The network reads a ${first}, with a probability of ` +
        `${percent(probabilities[first])}; ${next}.`
      );
    };

    const show = (announce) => {
      paintPad();
      paintPixels(find("seen"), image ?? new Float64Array(784), N.SIDE, 1);
      const { signals, logits, probabilities } = N.forward(layers, image ?? new Float64Array(784));
      signals.slice(1).forEach((values, number) => {
        const shown = image ? values : values.map(() => 0);
        paintPixels(find(`hidden-${number + 1}`), shown, 32, Math.max(1e-9, ...values));
        const active = values.filter((value) => value > 0).length;
        find(`active-${number + 1}`).textContent = image
          ? `${active} of ${values.length} active`
          : "";
      });
      const top = image ? probabilities.indexOf(Math.max(...probabilities)) : -1;
      bars.forEach(({ row, bar, share }, digit) => {
        const p = image ? probabilities[digit] : 0;
        bar.style.width = `${100 * p}%`;
        share.textContent = image ? percent(p) : "–";
        row.classList.toggle("draw-top", digit === top);
      });
      find("step").disabled = find("label").disabled = !image;
      if (announce) {
        find("answer").textContent = image
          ? describe(probabilities)
          : "Draw a digit, or pick a test image.";
      }
      if (image) {
        demo.dataset.answer = top;
      } else {
        delete demo.dataset.answer;
      }
      return logits;
    };

    // ---- where images come from

    let asked = 0;
    const later = () => {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        show(false);
      });
    };

    const changed = (announce) => {
      image = strokes.length ? N.toImage(strokes) : null;
      forgetLosses();
      if (announce) {
        show(true);
      } else {
        later();
      }
    };

    const place = (event) => {
      const box = pad.getBoundingClientRect();
      return [
        ((event.clientX - box.left) / box.width) * PAD,
        ((event.clientY - box.top) / box.height) * PAD,
      ];
    };

    let held = null; // the pointer that draws, and its stroke; others rest on the pad meanwhile

    pad.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || held) {
        return;
      }
      event.preventDefault();
      pad.focus({ preventScroll: true });
      pad.setPointerCapture(event.pointerId);
      cursor.shown = cursor.down = false;
      held = { pointer: event.pointerId, stroke: [place(event)] };
      strokes.push(held.stroke);
      changed(false);
    });
    pad.addEventListener("pointermove", (event) => {
      if (event.pointerId === held?.pointer) {
        const all = event.getCoalescedEvents?.() ?? [];
        held.stroke.push(...(all.length ? all : [event]).map(place));
        changed(false);
      }
    });
    for (const end of ["pointerup", "pointercancel"]) {
      pad.addEventListener(end, (event) => {
        if (event.pointerId === held?.pointer) {
          held = null;
          changed(true);
        }
      });
    }

    const arrows = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    };
    pad.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) {
        return;
      }
      if (event.key in arrows) {
        const [dx, dy] = arrows[event.key];
        const inside = (value) => Math.min(PAD, Math.max(0, value));
        cursor.x = inside(cursor.x + dx * STEP);
        cursor.y = inside(cursor.y + dy * STEP);
        cursor.shown = true;
        if (cursor.down) {
          strokes[strokes.length - 1].push([cursor.x, cursor.y]);
          changed(false);
        }
      } else if (event.key === " ") {
        cursor.down = !cursor.down;
        cursor.shown = true;
        if (cursor.down) {
          strokes.push([[cursor.x, cursor.y]]);
        }
        changed(!cursor.down);
      } else if (event.key === "Escape" || event.key === "Delete") {
        clear();
      } else if (event.key === "Backspace") {
        undo();
      } else {
        return;
      }
      event.preventDefault();
      paintPad();
    });
    pad.addEventListener("blur", () => {
      cursor.shown = cursor.down = false;
      paintPad();
    });

    const clear = () => {
      strokes = [];
      cursor.down = false;
      held = null;
      changed(true);
    };
    const undo = () => {
      strokes.pop();
      cursor.down = false;
      held = null;
      changed(true);
    };
    find("clear").addEventListener("click", clear);
    find("undo").addEventListener("click", undo);

    images.forEach((pixels, number) => {
      const button = document.createElement("button");
      const picture = document.createElement("canvas");
      button.type = "button";
      button.setAttribute("aria-label", `Test image ${number + 1}: a ${labels[number]}`);
      picture.setAttribute("aria-hidden", "true");
      paintPixels(picture, pixels, N.SIDE, 1);
      button.append(picture);
      button.addEventListener("click", () => {
        strokes = [];
        image = pixels;
        forgetLosses();
        find("label").value = String(labels[number]);
        show(true);
      });
      find("tests").append(button);
    });

    // ---- one gradient step

    const forgetLosses = () => {
      losses = [];
      find("losses").textContent = "";
    };

    find("step").addEventListener("click", () => {
      const label = Number(find("label").value);
      const before = N.gradientStep(layers, image, label, Number(find("rate").value));
      losses = losses.length ? losses : [before];
      losses.push(N.crossEntropy(show(true), label));
      find("losses").textContent =
        `Loss for a ${label}: ` + losses.slice(-6).map(brief).join(" → ");
    });
    find("label").addEventListener("change", forgetLosses);
    find("restore").addEventListener("click", () => {
      layers = N.copy(trained);
      forgetLosses();
      show(true);
    });

    demo.hidden = false;
    show(true);
  };

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
