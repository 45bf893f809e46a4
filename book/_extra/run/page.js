// Runs the cells of a page where they stand. Loaded when the reader presses the button.
import { createEditor } from "./editor.js";
import { Output, typeset } from "./outputs.js";
import { python, Stopped } from "./python.js";

const HERE = new URL(".", import.meta.url);
const LONG = 90; // seconds; a cell that takes longer asks first
const UNFIT = "not-in-browser";

const article = document.querySelector(".bd-article");
const nameOfPage = () => location.pathname.split("/").pop().replace(/\.html$/, "") || "index";

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

function button(text, label, action) {
  const made = make("button", "", text);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", action);
  return made;
}

function time(seconds) {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

// ------------------------------------------------------------------- what a screen reader hears

const told = make("div", "visually-hidden run-told");
told.setAttribute("role", "status");

export function say(text) {
  told.textContent = text;
}

// ------------------------------------------------------------------------------- glued numbers

const NARROW = /\u00a0/g;

class Prose {
  constructor(names) {
    const spans = [...article.querySelectorAll(".pasted-text")];
    this.places = Map.groupBy(spans, (_, number) => names[number]);
    this.built = new Map(spans.map((span) => [span, span.textContent]));
  }

  set(name, text) {
    for (const span of this.places.get(name) ?? []) {
      const was = this.built.get(span);
      const same = was.replace(NARROW, " ") === text.replace(NARROW, " ");
      span.textContent = same ? was : text.replace(/(?<=[\d%]) ± (?=\d)/g, "\u00a0±\u00a0");
      span.classList.toggle("run-changed", !same);
      span.title = same ? "" : `${was} when the book was built`;
      if (same) span.removeAttribute("title");
    }
  }

  reset() {
    for (const [span, text] of this.built) {
      span.textContent = text;
      span.classList.remove("run-changed");
      span.removeAttribute("title");
    }
  }
}

// --------------------------------------------------------------------------------------- cells

class Cell {
  constructor(page, about, number, element) {
    Object.assign(this, { page, about, number, element });
    if (element && !element.id) element.id = `cell-${number}`;
    this.name = `cell ${number}`;
    this.ran = false;
    this.left = about.tags.includes(UNFIT);
    this.note = this.left ? "needs what a browser does not have: not run here" : "";
    this.old = element?.querySelector(":scope > .cell_output") ?? null;
    this.current = this.old;
    this.input = element?.querySelector(".cell_input") ?? null;
    this.editor = null;
  }

  get shown() {
    return this.element !== null;
  }

  get source() {
    return this.editor ? this.editor.text : this.about.source;
  }

  get edited() {
    return this.source !== this.about.source;
  }

  get estimate() {
    const seconds = this.page.build.cells[nameOfPage()]?.[this.number - 1] ?? null;
    return seconds === null ? null : seconds * this.page.slower;
  }

  /** Make it an editor with its buttons. */
  async open() {
    this.bar = make("div", "run-bar");
    this.state = make("span", "run-state");
    if (this.input && !this.left) {
      this.original = [...this.input.childNodes];
      const host = make("div", "run-editor");
      this.editor = await createEditor(host, {
        text: this.about.source,
        label: `Code of cell ${this.number}`,
        keys: {
          "Shift-Enter": () => this.page.run(this, { goOn: true }),
          "Ctrl-Enter": () => this.page.run(this),
        },
        onChange: () => this.element.classList.toggle("run-edited", this.edited),
      });
      this.input.replaceChildren(host);
      this.runButton = button("Run", `Run cell ${this.number}`, () =>
        this.running ? this.page.stop() : this.page.run(this),
      );
      this.runButton.className = "run-main";
      this.above = button("Run all above", `Run all above cell ${this.number}`, () =>
        this.page.runAll(this.number - 1),
      );
      this.resetButton = button("Reset", `Reset cell ${this.number}`, () => {
        this.reset();
        say(`Cell ${this.number} is as it was in the book`);
      });
      this.bar.append(this.runButton, ...(this.number > 1 ? [this.above] : []), this.resetButton);
    }
    this.bar.append(this.state, make("span", "run-number", this.name));
    this.state.textContent = this.note;
    const top = this.input?.closest("details.hide") ?? this.input;
    if (top && this.element.contains(top)) top.after(this.bar);
    else this.element.prepend(this.bar);
    if (!this.editor && !this.left) this.bar.hidden = true;
  }

  /** Say that it takes long, if it does here. */
  warn() {
    if (!this.shown || this.left || !(this.estimate > LONG)) return;
    this.note = `about ${time(this.estimate)} here`;
    this.state.textContent = this.note;
  }

  close() {
    this.reset();
    this.bar.remove();
    if (this.original) this.input.replaceChildren(...this.original);
  }

  /** A link to it, or a text where the page does not show it. */
  link(text) {
    if (!this.shown) return text;
    const link = make("a", "", text);
    link.href = `#${this.element.id}`;
    return link;
  }

  reset() {
    if (this.editor && this.edited) this.editor.text = this.about.source;
    if (this.running || this.page.queue.includes(this)) return; // its output is on its way
    this.show(this.old);
    this.setState("", this.note);
  }

  show(output) {
    if (output === this.current) return;
    if (this.current && output) this.current.replaceWith(output);
    else if (output) this.element.append(output);
    else this.current?.remove();
    this.current = output;
  }

  setState(kind, text) {
    this.element?.classList.remove("run-runs", "run-waits", "run-failed");
    if (kind) this.element?.classList.add(`run-${kind}`);
    this.running = kind === "runs";
    if (this.runButton) {
      this.runButton.textContent = this.running ? "Stop" : "Run";
      this.runButton.setAttribute("aria-label", `${this.runButton.textContent} cell ${this.number}`);
    }
    if (this.shown) this.state.replaceChildren(text);
  }

  /** Ask before something long; resolves to whether to go on. */
  ask(question, yes = "Run it", no = "Leave it out") {
    this.bar.hidden = false;
    return new Promise((resolve) => {
      const group = make("span", "run-ask");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", question);
      const answer = (value) => () => {
        group.remove();
        this.answer = null;
        resolve(value);
      };
      this.answer = answer(false);
      group.append(`${question} `, button(yes, "", answer(true)), " ", button(no, "", answer(false)));
      this.state.replaceChildren(group);
      say(`Cell ${this.number} asks: ${question}`);
    });
  }

  progress({ done, total, unit, seconds, estimate }) {
    this.bar.hidden = false;
    let bar = this.state.querySelector("progress");
    if (!bar) {
      bar = make("progress");
      bar.setAttribute("aria-label", `Cell ${this.number}`);
      this.state.replaceChildren(bar, make("span"));
    }
    bar.max = total;
    bar.value = done;
    const left = done ? (seconds / done) * (total - done) : estimate;
    const rest = left ? `, about ${time(left)} ${done ? "left" : "here"}` : "";
    const what = unit === "it" ? "" : ` ${unit}s`;
    bar.nextSibling.textContent = ` ${done} of ${total}${what}${done < total ? rest : ""}`;
  }
}

// ---------------------------------------------------------------------------------------- page

class Page {
  constructor(box) {
    this.box = box;
    this.slower = 1;
    this.queue = [];
    this.busy = false;
    this.lost = new Set();
    this.opened = new Promise((resolve) => {
      this.hasOpened = resolve;
    });
  }

  /** Load Python and open the cells; what goes wrong leaves the page as it was. */
  async open() {
    try {
      await this.#load();
    } catch (error) {
      this.box.querySelector("progress")?.remove();
      for (const cell of this.cells ?? []) if (cell.bar) cell.close();
      throw error;
    }
    // Whoever ended it, an exercise perhaps: its variables are gone.
    python.addEventListener("end", () => this.#forget());
    this.#tools();
    this.hasOpened();
    python.call("warm").catch(() => {}); // stopped before it was done
  }

  async #load() {
    const words = this.box.querySelector("[role=status]");
    const bar = make("progress");
    bar.setAttribute("aria-label", "Loading Python");
    this.box.append(bar);
    words.textContent = "Loading …";
    const [{ cells: about, pasted }, build] = await Promise.all(
      [`pages/${nameOfPage()}.json`, "build.json"].map(async (name) => {
        const answer = await fetch(new URL(name, HERE));
        if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
        return answer.json().catch((error) => {
          throw new Error(`${name}: ${error.message}`);
        });
      }),
    );
    this.build = build;
    const elements = [...article.querySelectorAll("div.cell")];
    if (elements.length !== about.filter((cell) => cell.shown).length) {
      throw new Error("this page and its cells are of different builds: reload it");
    }
    this.prose = new Prose(pasted);
    this.cells = about.map(
      (cell, number) => new Cell(this, cell, number + 1, cell.shown ? elements.shift() : null),
    );
    const started = this.#start(({ loaded, total }) => {
      if (!bar.isConnected) return;
      bar.max = total;
      bar.value = loaded;
      const done = loaded >= total ? "starts" : `${(loaded / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`;
      words.textContent = `Python: ${done}`;
    });
    started.catch(() => {}); // it is said below: editors are made while the worker loads Python
    for (const cell of this.cells) if (cell.shown) await cell.open();
    await started.finally(() => bar.remove());
    for (const cell of this.cells) cell.warn();
  }

  async #start(onProgress) {
    await python.start(onProgress);
    this.slower = await python.call("measure", { build: this.build });
  }

  #tools() {
    this.stopButton = button("Stop", "", () => this.stop());
    this.stopButton.disabled = true;
    this.words = make("span", "run-words");
    const hint = make(
      "p",
      "run-hint",
      "Python runs in this page. Change the code of a cell and run it: Shift+Enter, or Ctrl+Enter to" +
        " stay in it. A cell runs those above first that have not run. Tab leaves an editor; Ctrl+]" +
        " and Ctrl+[ indent.",
    );
    const tools = make("div", "run-tools");
    tools.append(
      button("Run all", "", () => this.runAll(this.cells.length)),
      this.stopButton,
      button("Reset the page", "", () => this.reset()),
      this.words,
    );
    const elsewhere = document.activeElement?.closest(".run-editor, .run-bar");
    this.box.replaceChildren(tools, hint, told);
    say("Python runs in this page. Its cells are editors now.");
    if (!elsewhere) tools.querySelector("button").focus();
  }

  /** Run a cell, the ones above that have not run before it, the hidden ones behind it after. */
  run(cell, { goOn = false } = {}) {
    const place = this.cells.indexOf(cell);
    const before = this.cells.slice(0, place).filter((one) => !one.ran && !one.left);
    const rest = this.cells.slice(place + 1);
    const next = rest.findIndex((one) => one.shown);
    const behind = next < 0 ? rest : rest.slice(0, next);
    if (goOn) {
      const following = rest.find((one) => one.editor);
      following?.input.closest("details")?.setAttribute("open", "");
      following?.editor.focus();
    }
    return this.#take([...before, cell, ...behind]);
  }

  runAll(end) {
    return this.#take(this.cells.slice(0, end));
  }

  runFrom(start) {
    return this.#take(this.cells.slice(start));
  }

  #take(cells) {
    for (const cell of cells) {
      if (this.queue.includes(cell)) continue;
      this.queue.push(cell);
      if (!cell.running) cell.setState("waits", "waits");
    }
    if (!this.busy) this.drained = this.#drain();
    return this.drained;
  }

  async #drain() {
    this.busy = true;
    await this.opened; // a cell can be pressed while Python still loads
    this.stopped = false;
    this.stopButton.disabled = false;
    const start = performance.now();
    let ok = true;
    try {
      if (python.started === null) {
        this.#done("Python starts again …");
        await this.#start(() => {});
      }
      this.words.textContent = "";
      while (ok && this.queue.length) {
        const cell = this.queue.shift();
        ok = await this.#one(cell);
        if (this.stopped) throw new Stopped("stopped"); // after its last line, before the next cell
        if (!ok) this.#notRun(cell);
      }
      if (ok) this.#done(`Done in ${time((performance.now() - start) / 1000)}`);
    } catch (error) {
      if (!(error instanceof Stopped)) this.#done(error.message);
    } finally {
      for (const cell of this.queue) cell.setState("", cell.note);
      this.queue = [];
      this.busy = false;
      if (document.activeElement === this.stopButton) this.box.querySelector("button").focus();
      this.stopButton.disabled = true;
    }
  }

  /** Say at the cells that were to follow why they did not run. */
  #notRun(failed) {
    for (const cell of this.queue) {
      const why = make("span", "", "not run: ");
      why.append(failed.link(failed.name), " ended with an error");
      cell.setState("", why);
    }
    this.queue = [];
  }

  /** Say at the top of the page what a cell is about. */
  #tell(cell, what) {
    this.words.replaceChildren(cell.link(`Cell ${cell.number}`), ` ${what}`);
  }

  #done(text) {
    this.words.textContent = text;
    say(text);
  }

  async #one(cell) {
    if (await this.#leaveOut(cell)) return true;
    let agreed = false;
    if (cell.estimate > LONG) {
      const long = `It takes about ${time(cell.estimate)} here.`;
      agreed = await this.#ask(cell, long);
      if (!agreed) return this.#left(cell);
    }
    for (;;) {
      const { ok, asked, error } = await this.#call(cell, agreed);
      if (!asked) return ok || this.#failed(cell, error);
      const networks = asked.trainings === 1 ? "1 network" : `${asked.trainings} networks`;
      const long = `It trains ${networks} that the book did not: about ${time(asked.seconds)} here.`;
      agreed = await this.#ask(cell, long, "Train");
      if (!agreed) return this.#left(cell);
    }
  }

  /** The cell itself, or the shown one before a hidden one. */
  #asker(cell) {
    if (cell.shown) return cell;
    const before = this.cells.slice(0, cell.number).findLast((one) => one.shown);
    return before ?? this.cells.find((one) => one.shown);
  }

  async #ask(cell, ...words) {
    const asker = this.#asker(cell);
    this.#tell(asker, "asks whether to run it");
    const agreed = await asker.ask(...words);
    if (this.stopped) throw new Stopped("stopped");
    return agreed;
  }

  async #call(cell, agreed) {
    const edited = this.cells.slice(0, cell.number).some((one) => one.edited);
    const output = new Output(cell.old, edited);
    const start = performance.now();
    let asked = null;
    let error = null;
    cell.setState("runs", "runs");
    if (cell.shown) say(`Cell ${cell.number} runs`);
    this.#tell(cell, "runs");
    const hear = (event) => {
      if (event.kind === "glue") this.prose.set(event.name, event.text);
      else if (event.kind === "progress") this.#asker(cell).progress(event);
      else if (event.kind === "ask") asked = event;
      else {
        if (event.kind === "error") error = event;
        output.add(event);
        if (cell.shown && !output.empty) cell.show(output.element);
      }
    };
    let ok;
    try {
      ok = await python.call("run", { source: cell.source, name: cell.name, agreed }, hear);
    } catch (problem) {
      cell.setState("failed", problem instanceof Stopped ? "stopped" : problem.message);
      throw problem;
    }
    if (asked) {
      cell.setState("", "");
      return { asked };
    }
    cell.ran = true;
    const seconds = (performance.now() - start) / 1000;
    if (cell.shown) cell.show(output.empty ? null : output.element);
    cell.setState(ok ? "" : "failed", ok ? `ran in ${time(seconds)}` : "");
    if (cell.shown && ok) say(`Cell ${cell.number} is done, after ${time(seconds)}`);
    if (cell.shown) await typeset(output.element);
    return { ok, error };
  }

  #failed(cell, error) {
    const where = `Cell ${cell.number}${cell.shown ? "" : ", which the page does not show,"}`;
    const what = error.message ? `${error.name}: ${error.message}` : error.name;
    const told = ` ended with an error. ${what}`;
    cell.setState("failed", "ended with an error");
    say(where + told);
    this.words.replaceChildren(cell.link(where), told);
    return false;
  }

  // ---------------------------------------------------------------- cells that are left out

  async #left(cell) {
    cell.setState("", "left out");
    const { binds } = await python.call("names", { source: cell.source });
    for (const name of binds) this.lost.add(name);
    return true;
  }

  /** Leave out what is marked so, and what needs a name that only a cell left out binds. */
  async #leaveOut(cell) {
    if (cell.left) return this.#left(cell);
    if (!this.lost.size) return false;
    const { binds, reads } = await python.call("names", { source: cell.source });
    const missing = reads.find((name) => this.lost.has(name) && !binds.includes(name));
    if (missing) {
      await this.#left(cell);
      cell.setState("", `left out: it needs “${missing}” of a cell that was left out`);
      return true;
    }
    for (const name of binds) this.lost.delete(name);
    return false;
  }

  // --------------------------------------------------------------------------- stop and reset

  #forget() {
    this.stopped = true;
    for (const cell of this.cells ?? []) {
      cell.ran = false;
      cell.answer?.();
    }
    this.lost.clear();
  }

  stop() {
    python.stop();
    this.#done("Stopped. All variables are gone; the next run starts Python again.");
  }

  async reset() {
    const { busy } = this;
    if (busy) {
      this.stop();
      await this.drained;
    }
    for (const cell of this.cells) if (cell.shown) cell.reset();
    this.prose.reset();
    const variables = busy ? "Variables are gone." : "Variables stay.";
    this.#done(`The page is as it was in the book. ${variables}`);
  }
}

/** Load Python and open the cells. */
export async function begin(box) {
  const page = new Page(box);
  await page.open();
  document.dispatchEvent(new CustomEvent("page-runs", { detail: { python, say, page } }));
  return page;
}
