// Previews of equations, figures, tables, theorems and sources: where a link to one is pointed at
// or reached by key, what it leads to is shown beside it. Escape closes it, and it may be pointed
// at itself. What stands in another page is fetched, so not where pages are read from the disk,
// but for sources: their links bear them as their title.
(() => {
  "use strict";

  const LINK = ".bd-article a.internal[href*='#']";
  const NAMED = /^#(equation-|fig-|tab-|thm-|id\d+$)/;
  const SHOWN = "div.math, figure, table, .proof, .citation";
  const DELAY = 250; // milliseconds: a pointer that only passes opens nothing

  let opener = null; // the link whose preview is open
  let title = ""; // what it bore as its title
  let panel = null;
  let pointed = null; // the link or the preview under the pointer
  let timer = 0;
  let turn = 0; // what was asked for before another was is not shown any more

  const documents = new Map();
  const documentAt = (url) => {
    if (url.pathname === location.pathname) { return document; }
    if (!documents.has(url.pathname)) {
      documents.set(url.pathname, fetch(url)
        .then((answer) => (answer.ok ? answer.text() : ""))
        .then((text) => new DOMParser().parseFromString(text, "text/html")));
    }
    return documents.get(url.pathname);
  };

  // A copy that no key reaches, with identifiers of its own.
  const copyOf = (element, url) => {
    const copy = document.createElement("div");
    copy.innerHTML = element.outerHTML.replace(/( id="|url\(#|href="#)/g, "$1preview-");
    const each = (selector, change) => copy.querySelectorAll(selector).forEach(change);
    each("script, .headerlink, button, summary", (e) => e.remove());
    each("a:not(svg a)", (link) => link.replaceWith(...link.childNodes));
    each("[tabindex], [role]:not(svg, svg *)", (e) => { // what scrolls in the page is smaller here
      ["tabindex", "role", "aria-label"].forEach((name) => e.removeAttribute(name));
      e.classList.remove("scrolls");
    });
    each("img", (image) => { image.src = new URL(image.getAttribute("src"), url); });
    return copy;
  };

  // What a link leads to, ready to be seen, in the panel; false where there is nothing to show.
  const fill = async (link) => {
    const url = new URL(link.href);
    if (location.protocol === "file:" && url.pathname !== location.pathname) {
      panel.textContent = link.title || title;
      return panel.textContent !== "";
    }
    const source = await documentAt(url);
    const element = source.getElementById(url.hash.slice(1))?.closest(SHOWN);
    if (!element) { return false; }
    panel.append(copyOf(element, url));
    return true;
  };

  const close = () => {
    turn += 1;
    clearTimeout(timer);
    panel?.remove();
    if (opener && title) { opener.title = title; }
    opener?.removeAttribute("aria-describedby");
    opener = null;
  };

  // Below the link, or above it where there is more room; never beyond the window's edges.
  const place = (link) => {
    const box = link.getClientRects()[0];
    const home = panel.offsetParent.getBoundingClientRect();
    const room = document.documentElement.clientWidth - panel.offsetWidth - 8;
    const below = innerHeight - box.bottom;
    const above = panel.offsetHeight > below - 12 && box.top > below;
    panel.style.maxHeight = `${(above ? box.top : below) - 12}px`;
    const top = above ? box.top - panel.offsetHeight - 4 : box.bottom + 4;
    panel.style.left = `${Math.max(8, Math.min(box.left, room)) - home.left}px`;
    panel.style.top = `${top - home.top}px`;
  };

  const open = async (link) => {
    if (link === opener) { return; }
    close();
    const mine = turn;
    [opener, title] = [link, link.title];
    link.removeAttribute("title"); // else the browser lays it over the preview
    panel = document.createElement("div");
    Object.assign(panel, { className: "preview", id: "preview", role: "tooltip" });
    link.closest(".bd-article").append(panel); // out of sight, and laid out
    const filled = await fill(link).catch(() => false);
    if (mine !== turn) { return; }
    if (!filled) { close(); return; }
    for (const wide of panel.querySelectorAll("mjx-container[display], table")) {
      const share = panel.firstChild.clientWidth / wide.scrollWidth;
      if (share < 1) { wide.style.zoom = share; }
    }
    place(link);
    panel.classList.add("open");
    link.setAttribute("aria-describedby", panel.id);
  };

  const linkAt = (target) => {
    const link = target.closest?.(LINK);
    return link && NAMED.test(link.hash) ? link : null;
  };
  document.addEventListener("pointerover", ({ pointerType, target }) => {
    if (pointerType === "touch") { return; }
    const now = target.closest?.(".preview") ?? linkAt(target);
    if (now === pointed) { return; }
    pointed = now;
    clearTimeout(timer);
    if (now === null) {
      timer = setTimeout(close, DELAY);
    } else if (now !== panel) {
      timer = setTimeout(open, DELAY, now);
    }
  });
  document.addEventListener("focusin", ({ target }) => {
    const link = linkAt(target);
    if (link?.matches(":focus-visible")) { open(link); }
  });
  document.addEventListener("focusout", close);
  document.addEventListener("click", close);
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") { close(); }
  });
})();
