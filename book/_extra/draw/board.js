// A pad to draw a digit on, what a network sees of it, and its ten probabilities.
//
// `root` holds the parts by their data-part: pad, clear, undo, answer, bars and seen. Whenever
// there is something to read, `read` gets the image, 784 numbers or null, and returns the
// probabilities, or null; `changed` is called for each new image, `empty` is said without one,
// and of an image that is `doubted` that it may be no digit.
(() => {
  "use strict";

  const PAD = 280; // the pad's own units, whatever its size on the screen
  const INK = 18;
  const STEP = 14; // of an arrow key

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

  const percent = (p) => `${(100 * p).toFixed(1)}%`;

  const describe = (probabilities, doubt) => {
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const [first, second] = order;
    const next =
      probabilities[second] < 0.001
        ? "no other comes near"
        : `next comes ${second} with ${percent(probabilities[second])}`;
    const read = `reads a ${first}, with a probability of ${percent(probabilities[first])}`;
    return doubt
      ? `None of the ten looks likely. The network, which must choose one, ${read}.`
      : `The network ${read}; ${next}.`;
  };

  const board = (root, { read, changed: told = () => {}, doubted = () => false, empty }) => {
    const N = window.digitNetwork;
    const find = (name) => root.querySelector(`[data-part="${name}"]`);
    let strokes = [];
    let image = null; // the 784 numbers that the network is shown

    // ---- what there is to see

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

    const bars = [...Array(10).keys()].map((digit) => {
      const row = document.createElement("li");
      row.innerHTML =
        `<span class="draw-digit">${digit}</span>` +
        '<span class="draw-track" aria-hidden="true"><span class="draw-bar"></span></span>' +
        '<span class="draw-share"></span>';
      find("bars").append(row);
      return { row, bar: row.querySelector(".draw-bar"), share: row.querySelector(".draw-share") };
    });

    const show = (announce) => {
      paintPad();
      paintPixels(find("seen"), image ?? new Float64Array(N.SIDE * N.SIDE), N.SIDE, 1);
      const probabilities = read(image);
      const top = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
      const doubt = Boolean(probabilities) && doubted(image);
      find("bars").classList.toggle("draw-doubted", doubt);
      bars.forEach(({ row, bar, share }, digit) => {
        const p = probabilities?.[digit] ?? 0;
        bar.style.width = `${100 * p}%`;
        share.textContent = probabilities ? percent(p) : "–";
        row.classList.toggle("draw-top", digit === top);
      });
      if (announce) {
        find("answer").textContent = probabilities ? describe(probabilities, doubt) : empty;
      }
      if (probabilities) {
        root.dataset.answer = top;
        root.dataset.doubt = doubt;
      } else {
        delete root.dataset.answer;
        delete root.dataset.doubt;
      }
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
      told();
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

    // Another image in place of what is drawn.
    const put = (pixels) => {
      strokes = [];
      image = pixels;
      told();
      show(true);
    };

    // Buttons that show images, [pixels, name, what to do when it is picked], in `place`.
    const offer = (place, pictures) => {
      place.replaceChildren(
        ...pictures.map(([pixels, name, picked = () => {}]) => {
          const button = document.createElement("button");
          const picture = document.createElement("canvas");
          button.type = "button";
          button.setAttribute("aria-label", name);
          picture.setAttribute("aria-hidden", "true");
          paintPixels(picture, pixels, N.SIDE, 1);
          button.append(picture);
          button.addEventListener("click", () => {
            put(pixels);
            picked();
          });
          return button;
        }),
      );
    };

    return { show, offer, put, clear, image: () => image };
  };

  window.digitBoard = Object.assign(board, { paintPixels });
})();
