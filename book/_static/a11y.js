// Repairs of the theme's markup that none of its options reaches (found with axe-core).
(() => {
  "use strict";

  // The search would read each page for an excerpt; no page may read another from the disk.
  if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  }

  const each = (selector, repair) => document.querySelectorAll(selector).forEach(repair);

  const repairs = () => {
    // A label on an element whose role takes none, or whose own text says it already.
    each("summary[aria-label], .search-button-field[aria-label]", (element) => {
      element.removeAttribute("aria-label");
    });
    // The button says what it does; its three icons need not say it again.
    each(".theme-switch-button [title]", (icon) => icon.removeAttribute("title"));
    each(".theme-switch-button svg", (icon) => {
      icon.querySelector("title")?.remove();
      icon.removeAttribute("role");
      icon.removeAttribute("aria-labelledby");
      icon.setAttribute("aria-hidden", "true");
    });
    // The table of contents is a landmark of its own.
    each(".bd-sidebar-primary", (sidebar) => {
      sidebar.setAttribute("role", "complementary");
      sidebar.setAttribute("aria-label", "Contents of the book");
    });
    // Roles that the specification has withdrawn.
    each(".citation-list[role], .citation[role]", (list) => list.removeAttribute("role"));
    // A corner of a table heads nothing.
    each("th", (head) => {
      if (!head.textContent.trim() && !head.firstElementChild?.matches("img, svg")) {
        const cell = document.createElement("td");
        cell.append(...head.childNodes);
        [...head.attributes].forEach(({ name, value }) => cell.setAttribute(name, value));
        head.replaceWith(cell);
      }
    });
    // axe-core does not read MathML: a heading that is a formula alone is none to it.
    each("th math", (formula) => formula.setAttribute("aria-label", formula.textContent));
    // What shows and hides says what: else many buttons have one name.
    each("img.toggler", (image) => {
      image.alt = `Show or hide ${image.closest("tr").textContent.trim()}`;
    });
    each(".admonition-title > .toggle-button", (button) => {
      const name = button.parentElement.textContent.replace(/\s+/g, " ").trim();
      button.setAttribute("aria-label", `Show or hide: ${name}`);
    });
    reach();
  };

  // What scrolls sideways can be reached, and so scrolled, with the keyboard. All is measured
  // before anything is changed, once the page is laid out: else it would be laid out for each.
  // What is far from the window is not laid out (content-visibility): it waits until it is.
  const kinds = {
    ".figure-svg": "Figure", ".table-scroll": "Table", ".math, mjx-container": "Formula",
  };
  let asked = false;
  const reach = () => {
    if (asked) { return; }
    asked = true;
    requestAnimationFrame(() => setTimeout(() => {
      asked = false;
      const boxes = [...document.querySelectorAll(
        "div.math mjx-container, span.math, .table-scroll, .figure-svg, pre")]
        .filter((box) => box.checkVisibility({ contentVisibilityAuto: true }));
      const hidden = boxes.map((box) => {
        // MathJax's text for screen readers, out of sight, widens the box of a formula in a line.
        const wide = box.matches("span")
          ? box.querySelector("mjx-math")?.offsetWidth ?? 0 : box.scrollWidth;
        return wide - box.clientWidth;
      });
      boxes.forEach((box, place) => mark(box, hidden[place]));
    }));
  };
  const mark = (box, hidden) => {
    box.classList.toggle("scrolls", hidden > 1); // a pixel is a rounding, and no hint is due
    const kind = Object.keys(kinds).find((selector) => box.matches(selector));
    if (hidden <= 0) {
      if (!box.hasAttribute("tabindex")) { return; }
      box.removeAttribute("tabindex");
      if (kind) {
        box.removeAttribute("role");
        box.removeAttribute("aria-label");
      }
      return;
    }
    box.tabIndex = 0;
    if (kind) {
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${kinds[kind]} that scrolls sideways`);
    }
  };

  // Wide tables scroll inside a box of their own instead of widening the page.
  const boxTables = () => {
    each(".bd-article table", (table) => {
      let box = table.parentElement;
      if (!box.matches(".table-scroll, .pst-scrollable-table-container")) {
        box = document.createElement("div");
        table.replaceWith(box);
        box.append(table);
      }
      box.classList.add("table-scroll");
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    boxTables();
    repairs();
  });
  // A box may begin to scroll when the window changes or what holds it is opened.
  window.addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  document.addEventListener("contentvisibilityautostatechange", reach, true);
  document.addEventListener("click", () => setTimeout(reach, 100));
  document.fonts.ready.then(reach);
  document.fonts.addEventListener("loadingdone", reach); // formulas ask for theirs late
  document.addEventListener("DOMContentLoaded", () => {
    const article = document.querySelector(".bd-article");
    if (article) {
      new ResizeObserver(reach).observe(article);
    }
  });
  // Again when the theme's own scripts are done.
  window.addEventListener("load", () => setTimeout(repairs, 200));
})();
