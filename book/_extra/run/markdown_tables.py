"""Tables and lines of Markdown as HTML: what cells of the book display, and no more."""

import html as escaping
import re

TABLE = re.compile(r"^```\{table\}[ ]?(?P<caption>.*)\n(?:^:name: *(?P<name>.*)\n)?\n?", re.M)
CODE_OR_MATH = re.compile(r"(`+)(?P<code>.+?)\1|\$(?P<math>[^$]+)\$")
MARKS = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])"), r"<em>\1</em>"),
    (re.compile(r"(?<!\w)_([^_\s](?:[^_]*[^_\s])?)_(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+|#[^)\s]+)\)"), r'<a href="\2">\1</a>'),
)
BAR = re.compile(r"(?<!\\)\|")


def _words(text):
    text = escaping.escape(text.replace("\\|", "|"), quote=False)
    for mark, tag in MARKS:
        text = mark.sub(tag, text)
    return text


def inline(text):
    """Return a line with code, formulas, emphasis and links as HTML."""
    parts, at = [], 0
    for found in CODE_OR_MATH.finditer(text):
        parts.append(_words(text[at : found.start()]))
        if found["math"] is not None:
            tex = escaping.escape(found["math"], quote=False)
            parts.append(rf'<span class="math notranslate nohighlight">\({tex}\)</span>')
        else:
            code = escaping.escape(found["code"], quote=False)
            parts.append(f'<code class="docutils literal notranslate">{code}</code>')
        at = found.end()
    return "".join(parts) + _words(text[at:])


def _row(line):
    """Return the cells of a line of a table; a bar within code or a formula divides too."""
    line = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in BAR.split(line)]


def table(lines, caption="", name=""):
    """Return a table, as MyST writes it, from its lines of Markdown."""
    head, rule, *body = map(_row, lines)
    sides = ["text-right" if r.endswith(":") and r[0] != ":" else "" for r in rule]

    def row(cells, tag, kind):
        written = []
        for cell, side in zip(cells, sides, strict=True):
            classes = " ".join(filter(None, ["head" if tag == "th" else "", side]))
            about = f' class="{classes}"' if classes else ""
            this = "td" if tag == "th" and not cell else tag  # a corner heads nothing
            written.append(f"<{this}{about}><p>{inline(cell)}</p></{this}>")
        return f'<tr class="row-{kind}">{"".join(written)}</tr>'

    parts = [f'<table class="table"{f" data-name={chr(34)}{name}{chr(34)}" if name else ""}>']
    if caption:
        parts.append(f'<caption><span class="caption-text">{inline(caption)}</span></caption>')
    parts.append(f"<thead>{row(head, 'th', 'odd')}</thead><tbody>")
    parts += [row(cells, "td", ("even", "odd")[n % 2]) for n, cells in enumerate(body)]
    return '<div class="table-scroll">' + "".join(parts) + "</tbody></table></div>"


def html(text):
    """Return Markdown as HTML."""
    parts = []
    while found := TABLE.search(text):
        parts.append(_blocks(text[: found.start()]))
        body, _, text = text[found.end() :].partition("\n```")
        lines = [line for line in body.splitlines() if line.strip()]
        parts.append(table(lines, found["caption"], found["name"] or ""))
    return "".join([*parts, _blocks(text)])


def _blocks(text):
    """Return paragraphs and plain tables as HTML."""
    parts = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.strip().splitlines()
        if len(lines) > 1 and re.fullmatch(r"[|:\-\s]+", lines[1]) and "|" in lines[0]:
            parts.append(table(lines))
        elif lines:
            parts.append(f"<p>{inline(' '.join(lines))}</p>")
    return "".join(parts)
