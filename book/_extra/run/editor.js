// An editor for some lines of Python: a plain field that keeps the indentation.
export function makeEditor(parent, { text, label, onRun }) {
  const field = document.createElement("textarea");
  Object.assign(field, { value: text, spellcheck: false, className: "plain-editor" });
  field.setAttribute("aria-label", label);
  field.setAttribute("autocapitalize", "off");
  const fit = () => (field.rows = field.value.split("\n").length + 1);
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (event.shiftKey) return onRun();
    const line = field.value.slice(0, field.selectionStart).split("\n").pop();
    const deeper = /:\s*$/.test(line) ? "    " : "";
    field.setRangeText(`\n${line.match(/^\s*/)[0]}${deeper}`, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  fit();
  parent.append(field);
  return {
    get text() {
      return field.value;
    },
    setText(value) {
      field.value = value;
      fit();
    },
    focus: () => field.focus(),
  };
}
