// The page "Draw a digit": the book's network reads what is on the board, layer by layer, and
// learns from it.
(() => {
  "use strict";

  const TOLERANCE = 1e-6;

  // Data that the book has set apart: what is large is asked for once the page is shown.
  const bring = (holder) => new Promise((done, failed) => {
    if (!holder.dataset.src) { done(); return; }
    const script = document.createElement("script");
    Object.assign(script, { src: holder.dataset.src, onload: done, onerror: failed });
    document.head.append(script);
  });

  const pause = () => new Promise((done) => setTimeout(done)); // in which the page may answer

  const start = async () => {
    const demo = document.getElementById("draw-demo");
    const export_ = document.getElementById("draw-data");
    const N = window.digitNetwork;
    if (!demo || !export_ || !N) {
      return;
    }
    const doubts_ = document.getElementById("draw-doubt");
    await Promise.all([export_, doubts_].map(bring));
    await pause();
    const find = (name) => demo.querySelector(`[data-part="${name}"]`);
    const data = JSON.parse(export_.textContent);
    const { layers: trained, images, labels } = N.load(data);
    await pause();

    const doubts = JSON.parse(doubts_.textContent);
    const known = window.digitDoubt.load(doubts);
    const doubted = (image) => window.digitDoubt.distance(known, image) > known.limit;

    let layers = N.copy(trained);
    let losses = [];

    const brief = (loss) => (loss < 0.001 ? loss.toExponential(1) : loss.toPrecision(4));

    const read = (image) => {
      const { signals, probabilities } = N.forward(layers, image ?? new Float64Array(784));
      signals.slice(1).forEach((values, number) => {
        const shown = image ? values : values.map(() => 0);
        const canvas = find(`hidden-${number + 1}`);
        window.digitBoard.paintPixels(canvas, shown, 32, Math.max(1e-9, ...values));
        const active = values.filter((value) => value > 0).length;
        find(`active-${number + 1}`).textContent = image
          ? `, ${active} of ${values.length} active`
          : "";
      });
      find("step").disabled = find("label").disabled = !image;
      return image ? probabilities : null;
    };

    const forgetLosses = () => {
      losses = [];
      find("losses").textContent = "";
    };

    const empty = "Draw a digit, or pick a test image.";
    const changed = () => {
      forgetLosses();
      picture.forget();
    };
    const board = window.digitBoard(demo, { read, changed, doubted, empty });
    const picture = window.digitPicture(demo, { found: board.put, refused: board.clear });
    board.offer(
      find("tests"),
      images.map((pixels, number) => [
        pixels,
        `Test image ${number + 1}: a ${labels[number]}`,
        () => {
          find("label").value = String(labels[number]);
        },
      ]),
    );

    // ---- one gradient step

    find("step").addEventListener("click", () => {
      const label = Number(find("label").value);
      const before = N.gradientStep(layers, board.image(), label, Number(find("rate").value));
      losses = losses.length ? losses : [before];
      board.show(true);
      losses.push(N.crossEntropy(N.forward(layers, board.image()).logits, label));
      find("losses").textContent =
        `Loss for a ${label}: ` + losses.slice(-6).map(brief).join(" → ");
    });
    find("label").addEventListener("change", forgetLosses);
    find("restore").addEventListener("click", () => {
      layers = N.copy(trained);
      forgetLosses();
      board.show(true);
    });

    demo.hidden = false;
    board.show(true);
    await pause();

    // ---- the same numbers as in NumPy, one image at a time: the page stays quick

    let largest = 0;
    const compare = async (differences) => {
      for (const difference of differences) {
        largest = Math.max(largest, difference);
        await pause();
      }
    };
    await compare(N.differences(data, { layers: trained, images }));
    await compare(window.digitDoubt.differences(doubts, known, images));
    demo.dataset.selftest = largest <= TOLERANCE ? "passed" : "failed";
    if (!(largest <= TOLERANCE)) {
      console.error(`draw a digit: the page's numbers differ from NumPy's by ${largest}`);
    }
  };

  // Nothing is asked for before the page's first picture is there, which it would hold up.
  const shown = new PerformanceObserver(() => {
    shown.disconnect();
    start();
  });
  shown.observe({ type: "paint", buffered: true });
})();
