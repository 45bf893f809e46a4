// An answer under its exercise: written, judged by the package's own judge, remembered.
import { createEditor } from "./editor.js";
import { python, Stopped } from "./python.js";

const GRACE = 5; // seconds beyond the judge's own limit, for what it cannot stop: then Python ends

const make = (tag, options = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), options);
  element.append(...inside);
  return element;
};
const button = (text, press) => {
  const element = make("button", { type: "button" }, text);
  element.addEventListener("click", press);
  return element;
};
const million = (bytes) => (bytes / 1e6).toFixed(0);

/** The style of editors, which a page that runs has already. */
function styled() {
  const href = new URL("run.css", import.meta.url).href;
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return null;
  const link = make("link", { rel: "stylesheet", href });
  return new Promise((done) => {
    link.onload = link.onerror = done;
    document.head.append(link);
  });
}

/** Open the editor of one exercise. `start` shows what is to be edited, `stub` how all begin. */
export async function openAnswer({ exercise, box, start, stub, progress }) {
  const label = exercise.id;
  const name = exercise.querySelector(".caption-number")?.textContent.trim() ?? "the exercise";
  const asked = Object.entries(JSON.parse(box.dataset.tasks));
  const more = Object.entries(JSON.parse(box.dataset.more));
  const tasks = [
    ...asked.map(([task, called]) => [task, called, true]),
    ...more.map(([task, code]) => [task, code.match(/def (\w+)/)[1], false]),
  ];

  let soon = 0;
  let written = start.textContent; // as it was last kept
  const place = make("div", { className: "answer-editor run-editor" });
  const bar = make("progress", { max: 1, value: 0 });
  bar.setAttribute("aria-label", "Python is loaded");
  const loaded = make("span", { className: "answer-note" });
  const loading = make("div", { className: "answer-loading", hidden: true }, bar, loaded);
  const words = make("div", { className: "answer-words" });
  words.setAttribute("role", "status");
  const say = (...parts) => words.replaceChildren(...parts);
  const sentence = (text, className = "") => make("p", { className }, text);

  const run = button("Check", () => check());
  const stop = button("Stop", () => halt("Stopped."));
  const reset = button("Begin again", () => {
    editor.text = stub;
    keep();
    say();
    editor.focus();
  });
  stop.hidden = true;
  const kept = make("span");
  const keys = make("span", { className: "answer-note" }, "or Shift + Enter. ", kept);
  keys.append(make("a", { href: new URL("../your_progress.html", import.meta.url) }, "Your progress"), ".");
  await styled();
  const editor = await createEditor(place, {
    text: start.textContent,
    label: `Your answer to ${name}`,
    keys: { "Shift-Enter": () => check(), "Ctrl-Enter": () => check() },
    onChange: () => {
      clearTimeout(soon);
      soon = setTimeout(() => keep(), 500);
    },
  });
  start.replaceWith(place, make("div", { className: "answer-row" }, run, stop, reset, keys), loading, words);
  if (more.length) place.after(others());
  keep();
  editor.focus();

  /** Offer what the judge knows besides: its first lines come behind what is written. */
  function others() {
    const line = make("p", { className: "answer-more" }, "To try as well: ");
    for (const [task, code] of more) {
      line.append(button(task, () => {
        if (!editor.text.includes(code.split("(")[0])) editor.text = `${editor.text.trimEnd()}\n\n\n${code}`;
        editor.focus();
      }), " ");
    }
    return line;
  }

  /** Keep what is written, if it was changed here: another tab may have kept or deleted it since. */
  function keep(state) {
    if (state || editor.text !== written) {
      written = editor.text;
      progress.keep(label, { answer: written === stub ? "" : written, state });
    }
    kept.textContent = progress.keeps()
      ? "Kept in this browser: "
      : "This browser keeps nothing after this page is closed: ";
  }
  addEventListener("pagehide", () => keep());

  let stopped = "";
  function halt(why) {
    stopped = why;
    python.stop();
  }

  async function check() {
    if (run.disabled) return;
    if (editor.text === stub) return say(sentence("Nothing is written yet."));
    keep();
    run.disabled = true;
    stop.hidden = false;
    let clock;
    try {
      if (!python.ready) say(sentence("Python is being loaded, once for this page …"));
      loading.hidden = python.started !== null; // the page has a bar of its own then
      await python.start(({ loaded: bytes, total }) => {
        bar.value = bytes / total;
        loaded.textContent =
          bytes < total ? `${million(bytes)} of ${million(total)} MB` : "Python starts";
      });
      loading.hidden = true;
      say(sentence("Being checked …"));
      const answer = await python.call("exercises_kernel.check", { source: editor.text, tasks }, (event) => {
        // The time begins when other cells of the page are done.
        clock = setTimeout(
          () => halt(`It ran for more than ${event.seconds + GRACE} seconds and was stopped.`),
          (event.seconds + GRACE) * 1000,
        );
      });
      tell(answer);
    } catch (error) {
      say(sentence(error instanceof Stopped
        ? `${stopped || "Stopped."} Python begins afresh at the next check; variables of the page's cells are gone.`
        : `Python could not answer: ${error.message}${python.started ? "" : ". It begins afresh at the next check."}`));
    } finally {
      clearTimeout(clock);
      stopped = "";
      loading.hidden = true;
      run.disabled = false;
      stop.hidden = true;
    }
  }

  /** Say what the judge says, word for word. */
  function tell({ verdicts, printed }) {
    const right = verdicts.length > 0 && verdicts.every((verdict) => verdict.right || !verdict.asked);
    const parts = [sentence(right ? "Right." : "Not yet.", "answer-verdict")];
    for (const { words: said, lines } of verdicts) {
      const [fault, mistake] = said.split(/ (?=Likely mistake: )/);
      parts.push(sentence(fault));
      if (mistake) parts.push(sentence(mistake, "answer-mistake"));
      if (lines) parts.push(make("pre", {}, lines));
    }
    if (printed) parts.push(sentence("Printed:"), make("pre", {}, printed));
    keep(right ? "solved" : "tried");
    words.dataset.right = right;
    say(...parts);
    if (right) {
      const solution = document.querySelector(`.solution:has(.admonition-title a[href$="#${label}"])`);
      const toggle = solution?.querySelector(".toggle-button-hidden");
      if (toggle) {
        const show = button("Compare with the book's solution", () => {
          show.remove();
          if (solution.matches(".toggle-hidden")) toggle.click();
          toggle.focus();
        });
        words.append(show);
      }
    }
  }
}
