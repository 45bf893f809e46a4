// An editor for a cell's code: what the rest asks of it, and no more.
//
// The Tab key goes on to the next button, as it does everywhere on a page; Ctrl+] and Ctrl+[
// indent. `keys` maps "Shift-Enter" and the like to functions.
const KEYS = (event) =>
  `${event.ctrlKey || event.metaKey ? "Ctrl-" : ""}${event.shiftKey ? "Shift-" : ""}${event.key}`;

export async function createEditor(host, { text, label, keys = {}, onChange = () => {} }) {
  const area = document.createElement("textarea");
  area.className = "run-code";
  area.spellcheck = false;
  area.autocapitalize = "off";
  area.autocomplete = "off";
  area.wrap = "off";
  area.value = text;
  area.setAttribute("aria-label", label);
  const fit = () => {
    area.rows = area.value.split("\n").length;
  };
  fit();
  area.addEventListener("input", () => {
    fit();
    onChange(area.value);
  });
  area.addEventListener("keydown", (event) => {
    const action = keys[KEYS(event)];
    if (action) {
      event.preventDefault();
      action();
    }
  });
  host.append(area);
  return {
    get text() {
      return area.value;
    },
    set text(value) {
      area.value = value;
      fit();
      onChange(value);
    },
    focus: () => area.focus(),
  };
}
