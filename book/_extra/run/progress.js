// What was solved: remembered in this browser, marked at the exercises and on Your progress.
//
// Small, and on every page with exercises; what runs an answer (exercises.js, and with it Python)
// is loaded when the reader asks for it.
(() => {
  "use strict";
  const KEY = "mnist-gd-exercises"; // {label: {state: "tried" | "solved", answer: text}}
  const SCRIPT = document.currentScript.src;
  const STATES = { solved: "solved", tried: "tried", "": "open" };

  let kept = {}; // where the browser keeps nothing
  let keeps = true;
  const all = () => {
    let text = null;
    try {
      text = localStorage.getItem(KEY);
    } catch {
      keeps = false;
    }
    try {
      if (keeps) kept = { ...JSON.parse(text) };
    } catch {
      kept = {}; // written by something else
    }
    return kept;
  };
  const save = (whole) => {
    kept = whole;
    try {
      localStorage.setItem(KEY, JSON.stringify(whole));
    } catch {
      keeps = false;
    }
    mark();
  };

  const progress = {
    /** What is known of an exercise. */
    of: (label) => all()[label] ?? {},
    /** Keep something of it; a state that was reached stays. */
    keep(label, { state, answer }) {
      const whole = all();
      const before = whole[label] ?? {};
      const kinder = before.state === "solved" ? "solved" : state ?? before.state;
      whole[label] = { ...before, ...(answer === undefined ? {} : { answer }), state: kinder };
      save(whole);
    },
    /** Forget one, or all. */
    forget(label) {
      const whole = all();
      if (label) delete whole[label];
      save(label ? whole : {});
    },
    keeps: () => keeps,
  };

  const make = (tag, options = {}, ...inside) => {
    const element = Object.assign(document.createElement(tag), options);
    element.append(...inside);
    return element;
  };
  const stateOf = (label) => {
    const { state } = progress.of(label);
    return state in STATES ? state : "";
  };

  // ------------------------------------------------------------------------ the exercises

  const runtime = document.querySelector('meta[name="runtime"]')?.content;
  const served = location.protocol !== "file:";

  /** The box that an answer comes into, and what is to be seen of it before. */
  const offer = (exercise) => {
    const box = exercise.querySelector(".exercise-answer");
    const start = box.querySelector("pre");
    const { answer } = progress.of(exercise.id);
    const stub = start.textContent;
    start.textContent = answer || stub;
    const words = make("button", { type: "button" }, answer ? "Go on with your answer" : "Write an answer");
    const note = make("span", { className: "answer-note" });
    note.textContent = `Checked here by Python, which is loaded once (${Math.round(runtime / 1e6)} MB).`;
    const row = make("div", { className: "answer-row" }, words, note);
    box.append(row);
    box.hidden = false;
    const open = async () => {
      words.disabled = true;
      try {
        const { openAnswer } = await import(new URL("exercises.js", SCRIPT));
        await openAnswer({ exercise, box, start, stub, progress });
        row.remove();
      } catch (error) {
        words.disabled = false;
        note.textContent = `This cannot be loaded now: ${error.message}`;
      }
    };
    words.addEventListener("click", open);
    start.addEventListener("click", () => getSelection().isCollapsed && open());
  };

  /** A box to tick, where nothing can be checked. */
  const tick = (exercise) => {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => {
      if (box.checked) progress.keep(exercise.id, { state: "solved" });
      else progress.forget(exercise.id);
    });
    const label = make("label", { className: "exercise-done" }, box, " Done");
    exercise.append(label);
  };

  /** A solution that is opened before a try asks first; scripts and printers are not asked. */
  const hold = (exercise) => {
    const solution = [...document.querySelectorAll(".solution")].find((element) =>
      element.querySelector(`.admonition-title a[href$="#${exercise.id}"]`));
    const title = solution?.querySelector(".admonition-title");
    if (!title) return;
    title.addEventListener("click", (event) => {
      const button = title.querySelector("button");
      const folded = solution.classList.contains("toggle-hidden");
      const asked = solution.previousElementSibling?.matches(".solution-ask");
      if (!event.isTrusted || !folded || stateOf(exercise.id) || event.target.closest("a")) {
        if (asked) solution.previousElementSibling.remove();
        return;
      }
      event.stopPropagation();
      event.preventDefault();
      if (asked) return;
      const show = make("button", { type: "button" }, "Show it now");
      const ask = make("p", { className: "solution-ask" }, "It is worth more after a try. ", show);
      show.addEventListener("click", () => {
        ask.remove();
        if (solution.classList.contains("toggle-hidden")) button.click();
        button.focus();
      });
      solution.before(ask);
      show.focus();
    }, true);
  };

  const exercises = [...document.querySelectorAll(".exercise.admonition")];
  for (const exercise of exercises) {
    const code = exercise.querySelector(".exercise-answer");
    if (code && runtime && served) {
      offer(exercise);
      hold(exercise);
    } else {
      tick(exercise);
      if (code && runtime) {
        exercise.append(make("p", { className: "answer-note" },
          "From a server (make serve) an answer could be written and checked here."));
      }
    }
  }

  // ------------------------------------------------------------------------------- marks

  const mark = () => {
    for (const exercise of exercises) {
      const state = stateOf(exercise.id);
      const title = exercise.querySelector(".admonition-title");
      const sign = title.querySelector(".exercise-state") ??
        title.appendChild(make("span", { className: "exercise-state" }));
      sign.textContent = state ? ` ${STATES[state]}` : "";
      sign.dataset.state = state;
      const box = exercise.querySelector(":scope > .exercise-done input");
      if (box) box.checked = state === "solved";
    }
    list();
  };

  // ------------------------------------------------------------------------ Your progress

  const lists = [...document.querySelectorAll(".progress-list")];
  const links = lists.flatMap((list) => [...list.querySelectorAll("a[href*='#']")]);
  const labelOf = (link) => decodeURIComponent(link.hash.slice(1));
  const sum = make("p", { className: "progress-sum" });
  sum.setAttribute("role", "status");
  const remove = make("button", { type: "button", className: "progress-delete" }, "Delete all …");

  const list = () => {
    if (!lists.length) return;
    const counts = { solved: 0, tried: 0, "": 0 };
    for (const link of links) {
      const state = stateOf(labelOf(link));
      counts[state] += 1;
      const sign = link.parentElement.querySelector(".exercise-state") ??
        link.parentElement.appendChild(make("span", { className: "exercise-state" }));
      sign.textContent = ` ${STATES[state]}`;
      sign.dataset.state = state;
    }
    sum.textContent = `${counts.solved} of ${links.length} solved, ${counts.tried} tried, ` +
      `${counts[""]} open.` + (keeps ? "" : " This browser keeps nothing after this page is closed.");
    remove.disabled = !Object.keys(all()).length;
  };

  if (lists.length) {
    document.querySelector(".progress-without")?.remove();
    const yes = make("button", { type: "button" }, "Delete");
    const no = make("button", { type: "button", autofocus: true }, "Keep");
    const dialog = make("dialog", { className: "progress-dialog" },
      make("p", { id: "progress-question" }), yes, " ", no);
    dialog.setAttribute("aria-labelledby", "progress-question");
    remove.addEventListener("click", () => {
      const count = Object.keys(all()).length;
      dialog.firstElementChild.textContent =
        `Delete what is kept of ${count} exercise${count === 1 ? "" : "s"}, answers included?`;
      dialog.showModal();
    });
    yes.addEventListener("click", () => {
      progress.forget();
      dialog.close();
      sum.tabIndex = -1;
      sum.focus(); // the button that opened the question can no longer be pressed
    });
    no.addEventListener("click", () => dialog.close());
    document.querySelector(".progress-list").closest("section").before(sum, remove, dialog);
  }

  addEventListener("storage", ({ key }) => (key === KEY || key === null) && mark()); // another tab
  all();
  mark();
})();
