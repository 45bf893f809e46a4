// The page "Train your own": the package trains in the reader's browser, step by step, and what
// it has learned so far reads what is drawn. Python is in a worker (python.js); it is loaded
// when it is first asked for.
(() => {
  "use strict";

  const HERE = new URL(".", document.currentScript.src);
  const FIELDS = ["images", "hidden", "batch_size", "learning_rate", "epochs", "seed"];

  const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}%`;
  const many = (number) => number.toLocaleString("en");
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  const seconds = (time) => {
    const [digits, unit] = time < 10 ? [1, "s"] : [0, time < 120 ? "s" : "min"];
    return `${(unit === "min" ? time / 60 : time).toFixed(digits)} ${unit}`;
  };

  const start = () => {
    const own = document.getElementById("train-own");
    const runtime = document.querySelector('meta[name="runtime"]');
    if (!own) {
      return;
    }
    const find = (name) => own.querySelector(`[data-part="${name}"]`);
    const say = (words) => {
      find("said").textContent = words;
    };
    own.hidden = false;
    if (location.protocol === "file:" || !runtime) {
      say(
        runtime
          ? "Training needs a page that is served, not opened as a file: run make serve in the " +
              "book's folder, and open the address that it names."
          : "This copy of the book was built without Python for the browser, so nothing can be " +
              "trained here.",
      );
      find("controls").hidden = find("files").hidden = true;
      return;
    }

    const N = window.digitNetwork;
    const pictures = window.trainPictures;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    let layers = null; // of the network, as the board's script takes them
    let first = null; // the weights of its first layer before it learned
    let run = null; // the training: settings, points of the curves, where it is
    const past = []; // the points of those before it
    let tested = false; // whether this network has read the test images
    let busy = false;

    // ---------------------------------------------------------------- asking Python

    const wake = async () => {
      const { python } = await import(new URL("python.js", HERE));
      if (!python.started) {
        say("Python is loading. The browser keeps it for the next time.");
      }
      await python.start(({ loaded, total }) => {
        find("left").textContent = `${megabytes(loaded)} of ${megabytes(total)}`;
        if (loaded < total) {
          find("bar").value = loaded / total;
        } else {
          find("bar").removeAttribute("value"); // it starts, and does not say how far it is
        }
      });
      find("cost").hidden = true;
      return python;
    };

    const ask = async (name, given) => {
      const python = await wake();
      const answer = await python.call(`train_kernel.${name}`, given);
      if (answer?.refused) {
        throw new Refused(answer.refused);
      }
      return answer;
    };

    /** Do one thing at a time; what goes wrong is said. */
    const alone = async (work) => {
      if (busy) {
        return;
      }
      busy = true;
      own.dataset.state = "busy";
      offer();
      try {
        await work();
      } catch (error) {
        const [why] = String(error.message).trim().split("\n").slice(-1); // of a traceback
        say(error instanceof Refused ? error.message : `Python could not go on: ${why}`);
      }
      busy = false;
      own.dataset.state = "ready";
      find("left").textContent = "";
      offer();
    };

    /** Which buttons can be pressed: they stay where the focus is, and say so. */
    const offer = () => {
      const open = run && !run.over;
      const can = {
        train: !busy,
        stop: open,
        save: !busy && layers,
        test: !busy && layers && !tested,
      };
      Object.entries(can).forEach(([name, can]) => find(name).setAttribute("aria-disabled", !can));
      find("stop").textContent = open && !busy ? "Go on" : "Stop";
      find("bar").hidden = !busy;
      find("file").disabled = busy;
      own.querySelector("[value=learned]").disabled = !run;
      find("answer").setAttribute("aria-live", open && busy ? "off" : "polite");
    };

    // ---------------------------------------------------------------- what there is to see

    const paintWeights = () => {
      const shown = own.querySelector("[name=train-shown]:checked").value;
      const units = pictures.weights(find("weights"), layers[0], shown === "learned" && first);
      find("units").textContent = units;
    };

    const paintCurves = () => {
      if (run) {
        const last = (name) => run.points.map((point) => point[name]).findLast((v) => v != null);
        pictures.curve(find("loss"), "loss", run, past, 2.4, (value) => value.toFixed(1));
        pictures.curve(find("accuracy"), "accuracy", run, past, 1, (value) => percent(value, 0));
        find("loss-now").textContent = last("loss")?.toFixed(3) ?? "";
        find("accuracy-now").textContent = percent(last("accuracy") ?? 0);
      }
    };

    /** Take weights and bias of each layer in turn, and show what they look like and answer. */
    const show = (sizes, weights, fresh) => {
      layers = N.makeLayers(sizes, weights);
      first = fresh ? layers[0].weights.slice() : first;
      find("result").hidden = false;
      paintWeights();
      board.show(true);
    };

    const read = (image) => (image && layers ? N.forward(layers, image).probabilities : null);
    const board = window.digitBoard(find("board"), {
      read,
      empty: "Draw a digit: with mouse, finger, pen or arrow keys.",
    });

    // ---------------------------------------------------------------- training

    const settings = () =>
      Object.fromEntries(
        FIELDS.map((name) => {
          const { value } = own.querySelector(`#train-${name}`);
          return [name, value === "" ? NaN : Number(value)]; // of nothing, Number makes 0
        }),
      );

    const train = async () => {
      const given = settings();
      if (run) {
        run.over = true; // whatever it could still have learned
        offer();
      }
      await wake();
      say("Python reads the images.");
      find("left").textContent = "";
      find("bar").removeAttribute("value");
      const { sizes } = await ask("begin", given);
      if (run?.points.length) {
        past.push(run.points);
      }
      run = { ...given, sizes, points: [], seconds: 0, done: 0, over: false };
      forget();
      await goOn();
    };

    /** What was said about the network before this one. */
    const forget = () => {
      tested = false;
      find("mistakes").hidden = find("tested").hidden = true;
      find("curves").hidden = !run;
      offer();
    };

    const goOn = async () => {
      const began = performance.now() - 1000 * run.seconds;
      let painted = -Infinity;
      run.stopped = false;
      say(run.done ? "It goes on." : "It begins. Draw a digit now, and watch the answer change.");
      while (!run.stopped) {
        let event = null;
        try {
          event = await ask("advance");
        } catch (error) {
          run.over = true;
          throw error;
        }
        run.seconds = (performance.now() - began) / 1000;
        if (!event) {
          run.over = true;
          break;
        }
        tell(event);
        const now = performance.now();
        const calm = still.matches ? 1000 : 0; // pictures that move less often
        if (event.done === 0 || now - painted >= calm) {
          paintCurves();
          show(run.sizes, event.weights, event.done === 0);
          painted = now;
        }
        run.weights = event.weights;
      }
      paintCurves();
      show(run.sizes, run.weights, false);
      await judge();
    };

    const tell = ({ done, total, batches, loss, accuracy }) => {
      run.done = done;
      run.points.push({ seen: Math.round((done / batches) * run.images), loss, accuracy });
      find("bar").value = done / total;
      if (done) {
        const left = (run.seconds * (total - done)) / done;
        find("left").textContent = run.seconds > 1 ? `about ${seconds(left)} left` : "";
        if (done % batches === 0) {
          say(`Epoch ${done / batches} of ${run.epochs}: ${percent(accuracy)} right.`);
        }
      }
    };

    /** All validation images, at the end or where it was stopped. */
    const judge = async () => {
      find("left").textContent = "reading all validation images";
      const { accuracy, wrong, images, labels } = await ask("judge", { part: "validation" });
      const when = run.over ? "Trained in" : "Stopped after";
      say(
        `${when} ${seconds(run.seconds)}. Of the 10,000 validation images ` +
          `${percent(accuracy)} are read right.`,
      );
      own.dataset.accuracy = accuracy;
      find("wrong").textContent = many(wrong);
      find("mistakes").hidden = wrong === 0;
      board.offer(
        find("pictures"),
        labels.map((label, k) => [
          Float64Array.from(images.subarray(784 * k, 784 * (k + 1)), (value) => value / 255),
          `Validation image: a ${label}`,
        ]),
      );
      note(accuracy);
    };

    /** One row for each training, the newest last; a training that goes on keeps its row. */
    const note = (accuracy) => {
      const epochs = run.points.at(-1).seen / run.images;
      const cells = [
        many(run.images), run.hidden, run.batch_size, run.learning_rate,
        Number.isInteger(epochs) ? epochs : epochs.toFixed(1), run.seed,
        seconds(run.seconds), percent(accuracy),
      ];
      run.row ??= find("rows").insertRow();
      run.row.replaceChildren(
        ...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })),
      );
      find("log").hidden = false;
    };

    // ---------------------------------------------------------------- files and the test images

    const save = async () => {
      const bytes = await ask("save");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
      link.download = "network.npz";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      const size = `${many(Math.ceil(bytes.length / 1000))} kB`;
      say(`Saved as network.npz, ${size}: Network.load of mnist_gd reads it.`);
    };

    const load = async (file) => {
      const content = new Uint8Array(await file.arrayBuffer());
      const { sizes, weights } = await ask("load", { name: file.name, content });
      if (run?.points.length) {
        past.push(run.points);
      }
      run = null;
      forget();
      own.querySelector("[name=train-shown][value=weights]").checked = true;
      show(sizes, weights, true);
      say(`${file.name} is loaded: ${sizes.join("-")}. Draw a digit into it.`);
    };

    const test = async () => {
      find("left").textContent = "reading the test images";
      const { accuracy } = await ask("judge", { part: "test" });
      tested = true;
      find("tested").hidden = false;
      find("tested").textContent =
        `Of the 10,000 test images ${percent(accuracy)} are read right. That is what it can do. ` +
        "Who changes a setting now, with this number in mind, chooses by the test images.";
      own.dataset.tested = accuracy;
    };

    const pressed = (name, act) =>
      find(name).addEventListener("click", () => {
        if (find(name).getAttribute("aria-disabled") === "false") {
          act();
        }
      });
    pressed("train", () => alone(train));
    pressed("stop", () => {
      if (busy) {
        run.stopped = true;
      } else {
        alone(goOn);
      }
    });
    pressed("save", () => alone(save));
    pressed("test", () => alone(test));
    find("file").addEventListener("change", async () => {
      const [file] = find("file").files;
      if (file) {
        await alone(() => load(file));
        find("file").value = "";
      }
    });
    own.querySelectorAll("[name=train-shown]").forEach((choice) =>
      choice.addEventListener("change", paintWeights),
    );

    const images = Number(document.getElementById("train-bytes")?.value ?? 0);
    find("cost").textContent =
      `The first press loads ${megabytes(Number(runtime.content) + images)}, once: ` +
      "Python with NumPy and Matplotlib, the package, and MNIST.";
    window.liveChart.open(own, paintCurves); // again when its width changes
    new MutationObserver(() => layers && paintWeights()).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    offer();
  };

  /** What the package refuses, in its words. */
  class Refused extends Error {}

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
