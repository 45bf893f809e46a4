// How Sphinx's search orders what it finds: where a word of the index was asked for, which counts
// up to 100, its section leads; then come headings, then chapters, then the reference.
const CODE = /[._]|[A-Z][a-z]+[A-Z][a-z]/; // what nobody types who asks for an idea
let headings = null; // of all sections, each by its place

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 4,
  objPrio: {},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,

  score: (result) => {
    const [page, , anchor, description, score] = result;
    if (page === "api" && !CODE.test(new URLSearchParams(location.search).get("q"))) {
      return Math.min(score, 4);
    }
    // A word of the index names its page alone. It says its section as a heading does that was
    // found, so that the same place is shown once; and a page is called by its number and title.
    const { docnames, titles, alltitles } = Search._index;
    headings ??= new Map(Object.entries(alltitles).flatMap(([heading, places]) =>
      places.map(([file, id]) => [`${docnames[file]}#${id}`, heading])));
    if (description === null) {
      const heading = headings.get(page + anchor);
      result[1] = titles[docnames.indexOf(page)] + (heading ? ` > ${heading}` : "");
    }
    return score;
  },
};

// The excerpt below a hit is prose: without code, lists of contents and buttons, and a formula as
// far as it can be said in a line, else as three dots.
const SIGNS = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", Delta: "Δ", epsilon: "ε", varepsilon: "ε", eta:
  "η", theta: "θ", kappa: "κ", lambda: "λ", mu: "μ", nabla: "∇", pi: "π", rho: "ρ", sigma: "σ",
  tau: "τ", approx: "≈", cdot: "·", times: "×", le: "≤", ge: "≥", pm: "±", partial: "∂", infty:
  "∞", to: "→",
};
const inALine = (tex) => {
  const line = tex.replace(/^\s*\\[([]|\\[)\]]\s*$/g, "").replace(/\\[,;! ]|~/g, " ")
    .replace(/\\(?:mathbf|mathrm|mathcal|operatorname|text)\{([^{}]*)\}/g, "$1")
    .replace(/\\(exp|log|ln|max|min|sin|cos|tanh)\b/g, "$1")
    .replace(/\\([A-Za-z]+)/g, (whole, name) => SIGNS[name] ?? whole)
    .replace(/_\{?(\w)\}?(?!\w)/g, "$1");
  return /[\\{}^_&]/.test(line) ? "…" : line.replace(/\s+/g, " ").trim();
};
const NO_PROSE = "pre, details, nav, table, button, script, style, .chapter-links, .figure-svg, " +
  ".eqno, .headerlink, .live, .draw-demo";
// Once the rest of this file, which makes `Search`, has run: no page has come by then.
queueMicrotask(() => {
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const main = page.querySelector(".bd-article") ?? page.querySelector("[role=main]");
    const part = (anchor && main?.querySelector(anchor)) || main;
    part?.querySelectorAll(NO_PROSE).forEach((e) => e.remove());
    part?.querySelectorAll(".math").forEach((e) => e.replaceWith(inALine(e.textContent)));
    part?.querySelectorAll("sup").forEach((e) => e.replaceWith(
      e.textContent.replace(/[−\d]/g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["−0123456789".indexOf(sign)])));
    return part?.textContent.replace(/\s+/g, " ") ?? "";
  };
});
