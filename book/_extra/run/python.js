// Python as a page has it: started once, asked in turn, ended when it takes too long.
//
//   import { python } from "./python.js";  // one for all that runs on the page
//   await python.start(({ loaded, total }) => …);
//   await python.call("run", { source, name }, (event) => …);
//   python.stop();  // what runs is rejected with Stopped; the next call starts afresh
//   python.addEventListener("end", () => …);  // its variables are gone
export class Stopped extends Error {}

export class Python extends EventTarget {
  constructor(root) {
    super();
    this.root = String(root);
    this.worker = null;
    this.started = null;
    this.ready = false;
    this.waiting = new Map();
    this.next = 0;
  }

  /** Start it, or wait until it has started. Variables of a Python that was stopped are gone. */
  start(onProgress = () => {}) {
    this.started ??= this.#begin(onProgress);
    return this.started;
  }

  async #begin(onProgress) {
    this.worker = new Worker(new URL("worker.js", import.meta.url));
    this.worker.onmessage = ({ data }) => this.#hear(data);
    this.worker.onerror = (event) => this.#end(new Error(event.message ?? "worker.js: it did not load"));
    try {
      await this.#ask({ start: this.root }, onProgress);
      this.ready = true;
    } catch (error) {
      this.#end(error);
      throw error;
    }
  }

  /** Call a function of kernel.py, or "module.function"; `onEvent` gets what it emits. */
  async call(name, args = {}, onEvent = () => {}) {
    await this.start();
    return this.#ask({ call: name, args }, onEvent);
  }

  stop() {
    this.#end(new Stopped("stopped"));
  }

  #ask(message, onEvent) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, onEvent });
      this.worker.postMessage({ id, ...message });
    });
  }

  #hear({ id, event, value, error, dead }) {
    const asked = this.waiting.get(id);
    if (!asked) return;
    if (event) return asked.onEvent(event);
    if (dead && this.ready) return this.#end(new Error(error)); // the next call starts afresh
    this.waiting.delete(id);
    if (error === undefined) asked.resolve(value);
    else asked.reject(new Error(error));
  }

  #end(error) {
    if (this.worker) {
      // One that is ended while Python sleeps may report an error of its own, later.
      this.worker.onmessage = this.worker.onerror = null;
      this.worker.terminate();
    }
    this.worker = this.started = null;
    this.ready = false;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    this.dispatchEvent(new Event("end"));
  }
}

/** The page's own: cells and exercises share it. */
export const python = new Python(new URL("../runtime/", import.meta.url));
