// An editor for Python: CodeMirror, with the colours that the book gives code.
//
// The Tab key goes on to what follows, as everywhere on a page; Ctrl+] and Ctrl+[ indent.
const RUNTIME = new URL("../runtime/", import.meta.url);
// Pygments' names of what Python code is made of, which the book's style sheet colours.
const CLASSES = {
  keyword: "k", definitionKeyword: "k", controlKeyword: "k", operatorKeyword: "ow",
  moduleKeyword: "kn", bool: "kc", null: "kc", self: "bp", comment: "c1", number: "mi",
  string: "s1", docString: "sd", escape: "se", operator: "o", punctuation: "p", meta: "nd",
};
let loading = null;

async function load() {
  const answer = await fetch(new URL("contents.json", RUNTIME), { cache: "no-cache" });
  if (!answer.ok) throw new Error(`contents.json: ${answer.status} ${answer.statusText}`);
  const contents = await answer.json();
  const names = ["codemirror-state", "codemirror-view", "codemirror-commands",
    "codemirror-language", "codemirror-lang-python", "lezer-highlight"];
  const modules = await Promise.all(
    names.map((name) => import(new URL(`${contents.codemirror}${name}.js`, RUNTIME))),
  );
  const { EditorState, EditorView, defaultKeymap, history, historyKeymap, indentUnit, keymap,
    python, syntaxHighlighting, tagHighlighter, tags, indentOnInput, bracketMatching,
  } = Object.assign({}, ...modules);
  const colours = Object.entries(CLASSES).map(([tag, name]) => ({ tag: tags[tag], class: name }));
  const extensions = [
    history(),
    indentOnInput(),
    indentUnit.of("    "),
    bracketMatching(),
    python(),
    syntaxHighlighting(tagHighlighter(colours.filter(({ tag }) => tag))),
    EditorView.theme({}),
  ];
  return { EditorState, EditorView, defaultKeymap, historyKeymap, keymap, extensions };
}

/**
 * Put an editor into an element.
 *
 * `keys` maps "Shift-Enter" and the like to functions; `onChange` gets the text. The editor has a
 * `text` to read and to set, and can be given the focus.
 */
export async function createEditor(host, { text, label, keys = {}, onChange = () => {} }) {
  loading ??= load();
  loading.catch(() => (loading = null)); // the next one tries again
  const { EditorState, EditorView, defaultKeymap, historyKeymap, keymap, extensions } = await loading;
  const own = Object.entries(keys).map(([key, act]) => ({ key, run: () => (act(), true) }));
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([...own, ...defaultKeymap, ...historyKeymap]),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(view.state.doc.toString());
        }),
        ...extensions,
      ],
    }),
  });
  host.classList.add("highlight");
  // Else a slash would go to the search: Sphinx knows no other fields than inputs and textareas.
  host.addEventListener("keydown", (event) => event.stopPropagation());
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(value) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
    },
    focus: () => view.focus(),
  };
}
