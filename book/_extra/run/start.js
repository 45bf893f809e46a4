// Offers to run the page. All else is loaded when the button is pressed.
(() => {
  "use strict";
  const script = document.currentScript;
  const title = document.querySelector(".bd-article h1");
  const links = document.querySelector(".bd-article .chapter-links");
  const bytes = document.querySelector('meta[name="runtime"]')?.content;
  if (!title || !bytes) return;

  const box = document.createElement("div");
  box.className = "run-page";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sd-btn sd-btn-outline-primary";
  button.textContent = "Run this page";
  const words = document.createElement("span");
  words.setAttribute("role", "status");
  words.textContent = `in your browser: loads ${(bytes / 1e6).toFixed(0)} MB, once`;
  box.append(button, words);
  (links ?? title).after(box);

  button.addEventListener("click", async () => {
    if (location.protocol === "file:") {
      words.textContent =
        "A page opened from the disk may not start Python. Serve the book instead: type" +
        " “make serve” in its folder, and open the address that it prints.";
      return;
    }
    button.disabled = true;
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("run.css", script.src);
    document.head.append(style);
    try {
      const page = await import(new URL("page.js", script.src));
      await page.begin(box);
    } catch (error) {
      words.textContent = `This did not work: ${error.message}`;
      button.disabled = false;
    }
  });
})();
