// The network on the first page: what it answers on the way through its images.
(() => {
  "use strict";

  const PAUSE = 400; // milliseconds a stage: all of it takes less than five seconds

  const start = () => {
    const box = document.querySelector(".landing-learns");
    const again = box?.querySelector("button");
    if (!again) {
      return;
    }
    const stages = JSON.parse(box.querySelector("script").textContent);
    const digits = [...box.querySelectorAll("li")];
    const parts = [...box.querySelectorAll("[data-part]")];
    let waiting;

    const show = (number) => {
      const stage = stages[number];
      digits.forEach((one, i) => {
        one.querySelector("b").textContent = stage.says[i];
        one.classList.toggle("wrong", stage.says[i] !== Number(one.dataset.digit));
      });
      parts.forEach((part) => {
        part.textContent = stage[part.dataset.part];
      });
      const learning = number + 1 < stages.length;
      box.dataset.stage = number;
      box.setAttribute("aria-busy", learning);
      if (learning) {
        waiting = setTimeout(show, PAUSE, number + 1);
      }
    };

    again.hidden = false;
    again.addEventListener("click", () => {
      clearTimeout(waiting);
      show(0);
    });
    // As it stands in the page it has learned: that is what those see who want nothing to move.
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      show(0);
    }
  };

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
