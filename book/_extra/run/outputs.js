// What a cell shows, in the form that the book gives it.
const FIGURE = ".figure-svg";

function box(classes, text) {
  const outer = document.createElement("div");
  outer.className = `output ${classes} notranslate`;
  outer.innerHTML = '<div class="highlight"><pre></pre></div>';
  outer.querySelector("pre").textContent = text;
  return outer;
}

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

let mathjax; // those of the book are set already: it is asked for when another comes

/** Set the formulas in what a cell shows. */
export async function typeset(element) {
  if (!/\\[([]|\$\$/.test(element.textContent)) return;
  mathjax ??= new Promise((loaded, failed) => {
    window.MathJax = { options: { enableMenu: false }, startup: { typeset: false } };
    const script = document.createElement("script");
    script.src = new URL("../mathjax/tex-chtml.js", import.meta.url);
    Object.assign(script, { onload: loaded, onerror: failed });
    document.head.append(script);
  }).then(() => window.MathJax.startup.promise);
  await mathjax;
  await window.MathJax.typesetPromise([element]);
}

/** The output of one run, beside that of the build, whose captions and numbers it keeps. */
export class Output {
  constructor(old, edited) {
    this.old = old; // what the build showed here, or null
    this.edited = edited; // the cell, or one above it
    this.element = document.createElement("div");
    this.element.className = old?.className ?? "cell_output docutils container run-output";
    this.streams = new Map();
    this.figures = 0;
  }

  get empty() {
    return this.element.childElementCount === 0;
  }

  add(event) {
    if (event.kind === "stream") this.#print(event);
    else if (event.kind === "text") this.#append(box("text_plain highlight-myst-ansi", `${event.text}\n`));
    else if (event.kind === "error") this.#append(box("traceback highlight-ipythontb", event.text));
    else if (event.kind === "data") {
      const { data } = event;
      if (data["image/svg+xml"]) this.#draw(data["image/svg+xml"]);
      else if (data["text/html"]) this.#write(data["text/html"]);
      else this.#append(box("text_plain highlight-myst-ansi", Object.values(data)[0]));
    }
  }

  #append(element) {
    this.element.append(element);
  }

  /** One box for all of stdout, one for all of stderr, where the first of it came. */
  #print({ name, text }) {
    if (!this.streams.has(name)) {
      const made = box(`${name === "stderr" ? "stderr" : "stream"} highlight-myst-ansi`, "");
      this.streams.set(name, made);
      this.#append(made);
    }
    const pre = this.streams.get(name).querySelector("pre");
    const lines = (pre.textContent + text).split("\n");
    // what a carriage return goes back over is gone
    pre.textContent = lines.map((line) => line.replace(/^.*\r(?!$)/, "")).join("\n");
  }

  #draw(svg) {
    const drawing = parsed(svg).firstElementChild;
    const before = this.old?.querySelectorAll(FIGURE)[this.figures++];
    const holder = document.createElement("div");
    holder.className = before?.className ?? "figure-svg docutils container";
    holder.append(drawing);
    const was = before?.querySelector("svg");
    if (was?.style.width) drawing.style.width = was.style.width;
    const alt = was?.getAttribute("aria-label");
    const redrawn = alt ? `Redrawn by edited code. In the book: ${alt}` : "Figure";
    drawing.setAttribute("aria-label", alt && !this.edited ? alt : redrawn);
    const figure = before?.closest("figure")?.cloneNode(true);
    if (figure) {
      figure.querySelector(FIGURE).replaceWith(holder);
      this.#append(figure);
    } else {
      this.#append(holder);
    }
  }

  #write(html) {
    const content = parsed(html);
    for (const table of content.querySelectorAll("table[data-name]")) {
      const { name } = table.dataset;
      table.removeAttribute("data-name");
      const was = this.old?.querySelector(`table[id="${CSS.escape(name)}"]`);
      if (was) {
        table.id = name;
        const number = was.querySelector(".caption-number");
        if (number) table.querySelector("caption")?.prepend(number.cloneNode(true));
      }
    }
    if (content.querySelector(".table-scroll")) {
      this.#append(content);
      return;
    }
    const holder = document.createElement("div");
    holder.className = "output text_html";
    holder.append(content);
    this.#append(holder);
  }
}
