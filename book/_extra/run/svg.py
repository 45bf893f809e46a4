"""Make an SVG figure part of a page, so that it follows the page's mode.

An SVG behind ``<img>`` is a world of its own: its black text stays black on a dark page.
Inside the page it can take the page's colours and its font. Each figure is rewritten:

* black becomes ``currentColor``, the backgrounds of figure and axes vanish, and other
  white shapes (a legend's frame, a marker's face) take the colour of the page. White
  text stays, and so does any colour that is not exactly black or white: on a coloured
  cell write ``"#010101"`` for a black that must stay black in dark mode.
* the colours of the palette become variables, ``var(--fig-blue, #0072b2)``, which the style
  sheet sets darker or lighter so that they stand out from the page in either mode.
* text takes the font of the page. So do the glyphs of a formula, which Matplotlib places one by
  one by the widths of another font: they become a line of text again, its letters in italics.
* identifiers that nothing refers to go, the others are made unique on their page.
* numbers are written as in prose: a minus is none of the hyphens that Python prints, ``1e-05`` is
  a power of ten, and a number alone, at an axis for one, has commas between its thousands; F1 is
  F₁, as the formula beside it.
* ``role="img"`` and the figure's alternative text as ``aria-label`` say what it is.
* a narrow window shrinks it only until its smallest text is ten pixels high; from there on
  it scrolls in the box around it.

Nothing here needs Sphinx: a page that runs in the browser makes its figures with the same code.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
BLACK = re.compile(r"(?<![\w-])(?:#000000|#000|black|rgb\(0,\s*0,\s*0\))(?!\w)", re.I)
WHITE = re.compile(r"(?<![\w-])(?:#ffffff|#fff|white|rgb\(255,\s*255,\s*255\))(?!\w)", re.I)
PAGE_COLOUR = "var(--pst-color-background, #fff)"
ITALICS = {"font-style": "italic", "font-family": "var(--book-serif)"}
#: Matplotlib leaves room around the first and behind the comma, but puts no glyph there; both are
#: so wide in the font that it reckons with, in units of their size.
WIDTHS = dict.fromkeys("=≈≤≥<>×+−→", 0.838) | {",": 0.318}
ROOM = 0.1
F1 = re.compile(r"\b[Ff]1(?: score)?\b")
HYPHEN = re.compile(r"(?<![\w.)\]-])-(?=\.?\d)")
POWER = re.compile(r"(?<![\w.])(?:1|(?P<factor>\d+(?:\.\d+)?))e(?P<power>[+-]?\d+)\b")
THOUSANDS = re.compile(r"−?\d{4,}")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
REFERENCE = re.compile(r"url\(#([^)]+)\)")
PAINTS = ("fill", "stroke", "stop-color")
#: The names of the colours of mnist_gd.plots.PALETTE, as the style sheet calls them.
COLOURS = {
    "#0072b2": "blue",
    "#d55e00": "vermilion",
    "#009e73": "green",
    "#cc79a7": "pink",
    "#e69f00": "orange",
    "#56b4e9": "sky",
}
PALETTE_COLOUR = re.compile("|".join(COLOURS), re.I)
FONT_SIZE = re.compile(r"([\d.]+)px")
SHORT_FONT = re.compile(  # as older releases of Matplotlib write it
    r"(?:(?P<style>oblique|italic) )?(?:(?P<weight>\d+) )?(?P<size>[\d.]+px) (?P<family>.+)"
)
PX_OF_PT = 4 / 3
LEGIBLE = 10.0  # CSS pixels


def local_name(element: ET.Element) -> str:
    """Return the element's tag without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def parse_style(style: str) -> dict[str, str]:
    """Read the declarations of a style attribute, in their order; `font` as what it stands for.

    >>> parse_style("font: oblique 10px 'DejaVu Sans'")
    {'font-style': 'oblique', 'font-size': '10px', 'font-family': "'DejaVu Sans'"}
    """
    pairs = (item.split(":", 1) for item in style.split(";") if ":" in item)
    found = {name.strip(): value.strip() for name, value in pairs}
    short = SHORT_FONT.fullmatch(found.pop("font", ""))
    if short:
        parts = {f"font-{name}": value for name, value in short.groupdict().items() if value}
        found = parts | found
    return found


def recolour(properties: dict[str, str], is_text: bool) -> None:
    """Turn black into the text's colour, the palette into variables, white into the page's."""
    for name in PAINTS:
        if name in properties:
            properties[name] = BLACK.sub("currentColor", properties[name])
            properties[name] = PALETTE_COLOUR.sub(
                lambda match: f"var(--fig-{COLOURS[match[0].lower()]}, {match[0].lower()})",
                properties[name],
            )
            if not is_text:
                properties[name] = WHITE.sub(PAGE_COLOUR, properties[name])


def typeset(text: str) -> str:
    """Write the numbers of a label as they are written in prose.

    >>> typeset("clipped at 1e-07"), typeset("-12000")
    ('clipped at 10⁻⁷', '−12,000')
    """

    def power(found: re.Match) -> str:
        factor = f"{found['factor']} × " if found["factor"] else ""
        return f"{factor}10{str(int(found['power'])).translate(RAISED)}"

    text = F1.sub("F₁", text)
    text = HYPHEN.sub("−", POWER.sub(power, text))
    alone = THOUSANDS.fullmatch(text.strip())
    return f"{int(alone[0].replace('−', '-')):,}".replace("-", "−") if alone else text


def rewrite_style(element: ET.Element) -> None:
    """Recolour one element and let its text take the font of the page."""
    name = local_name(element)
    is_text = name in {"text", "tspan"}
    recolour(element.attrib, is_text)
    style = parse_style(element.get("style", ""))
    recolour(style, is_text)
    if name == "text" and element.text:
        element.text = typeset(element.text)
    if is_text and "font-family" in style:
        if style["font-family"] != ITALICS["font-family"]:
            del style["font-family"]
    if style:
        element.set("style", "; ".join(f"{key}: {value}" for key, value in style.items()))
    else:
        element.attrib.pop("style", None)


def glyphs_of(text: ET.Element) -> list[tuple[float, float, str, dict[str, str]]]:
    """Return the places, signs and styles of a formula's glyphs, in the order of reading."""
    found = []
    for span in text:
        style = parse_style(span.get("style", ""))
        oblique = style.pop("font-style", "") in {"oblique", "italic"}
        prime = "cmsy10" in style.pop("font-family", "")  # a font of symbols: a prime is its 0
        style |= ITALICS if oblique else {}
        places = [float(x) for x in span.get("x", "").split()]
        for x, sign in zip(places, span.text or "", strict=True):
            found.append(
                (x, float(span.get("y", "0")), "′" if prime and sign == "0" else sign, style)
            )
    return sorted(found, key=lambda glyph: glyph[0])


def set_formula(text: ET.Element, begins: bool) -> None:
    """Make the glyphs of a formula one line of text, about its middle or from where it begins."""
    glyphs = glyphs_of(text)
    sizes = [float(FONT_SIZE.match(style["font-size"])[1]) for *_, style in glyphs]
    largest = max(sizes)
    line = next(y for (_, y, *_), size in zip(glyphs, sizes, strict=True) if size == largest)
    runs = []
    for number, (x, y, sign, style) in enumerate(glyphs):
        size, following = sizes[number], glyphs[number + 1 :][:1]
        if sign == "′" or size == largest:  # the prime of a text is high already
            style, y = style | {"font-size": f"{largest:g}px"}, line
        if following and following[0][0] - x > (WIDTHS.get(sign, 9) + ROOM) * size:
            sign = f"{sign} " if sign == "," else f" {sign} "
        if not runs or (y, style) != runs[-1][:2]:
            runs.append((y, style, ""))
        runs[-1] = (y, style, runs[-1][2] + sign)
    for span in list(text):
        text.remove(span)
    middle = (glyphs[-1][0] + 0.6 * sizes[-1]) / 2
    text.attrib |= {"x": "0"} if begins else {"x": f"{middle:g}", "text-anchor": "middle"}
    text.set("y", f"{line:g}")
    at = line
    for y, style, signs in runs:
        signs = re.sub(r"\s+", "\u00a0", signs)
        declared = "; ".join(f"{key}: {value}" for key, value in style.items())
        ET.SubElement(text, f"{{{SVG}}}tspan", dy=f"{y - at:g}", style=declared).text = signs
        at = y


def set_formulas(root: ET.Element) -> None:
    """Make every formula a line of text, but for those with a line drawn in them: fractions."""
    in_legends = {
        id(element)
        for legend in root.iter(f"{{{SVG}}}g")
        if legend.get("id", "").startswith("legend_")
        for element in legend.iter()
    }
    for group in root.iter(f"{{{SVG}}}g"):
        texts = [child for child in group if local_name(child) == "text"]
        if len(group) == 1 and texts and len(texts[0]):
            set_formula(texts[0], id(texts[0]) in in_legends)


def legible_width(root: ET.Element) -> float | None:
    """Return the width, in CSS pixels, at which the smallest text is still legible.

    The scripts of a formula, 0.7 times the size of its other glyphs, do not count. None if
    the figure has no text or no width in points.
    """
    width = re.fullmatch(r"([\d.]+)pt", root.get("width", ""))
    sizes = {
        float(size)
        for element in root.iter()
        if local_name(element) in {"text", "tspan"}
        for size in FONT_SIZE.findall(element.get("style", ""))
    }
    sizes = {size for size in sizes if not any(abs(size - 0.7 * s) < 0.01 for s in sizes)}
    if width is None or not sizes:
        return None
    scale = min(1.0, LEGIBLE / (min(sizes) * PX_OF_PT))
    return float(width[1]) * PX_OF_PT * scale


def clear_backgrounds(root: ET.Element) -> None:
    """Make the white rectangle behind the figure, and behind each of its axes, vanish."""
    for group in root.iter(f"{{{SVG}}}g"):
        if re.match(r"(?:figure|axes|subfigure)_\d+$", group.get("id", "")) and len(group):
            patch = group[0]
            if patch.get("id", "").startswith("patch_"):
                for path in patch:
                    style = parse_style(path.get("style", ""))
                    if WHITE.fullmatch(style.get("fill", "")):
                        style["fill"] = "none"
                        path.set("style", "; ".join(f"{k}: {v}" for k, v in style.items()))


def rename_ids(root: ET.Element, prefix: str) -> None:
    """Drop the ids that nothing refers to and put `prefix` before the others."""
    used = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            used.update(REFERENCE.findall(value))
            if name.endswith("href") and value.startswith("#"):
                used.add(value[1:])
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                if value in used:
                    element.set("id", prefix + value)
                else:
                    del element.attrib["id"]
            elif name.endswith("href") and value.startswith("#"):
                element.set(name, f"#{prefix}{value[1:]}")
            elif "url(#" in value:
                element.set(name, REFERENCE.sub(rf"url(#{prefix}\1)", value))


def slim(root: ET.Element) -> None:
    """Remove what a page does not need: metadata, comments, spaces, far decimals."""
    for parent in list(root.iter()):
        for child in list(parent):
            if local_name(child) in {"metadata", "style", ""}:
                parent.remove(child)
    for parent in list(root.iter()):
        for child in list(parent):
            if local_name(child) == "defs" and not len(child):
                parent.remove(child)
    for element in root.iter():
        if local_name(element) not in {"text", "tspan"} and not (element.text or "").strip():
            element.text = None
        if not (element.tail or "").strip():
            element.tail = None
        for name in ("d", "x", "y"):
            if name in element.attrib:
                value = LONG_NUMBER.sub(
                    lambda match: f"{float(match.group()):.2f}".rstrip("0").rstrip("."),
                    element.get(name),
                )
                element.set(name, " ".join(value.split()))


def inline(svg: str, *, alt: str = "", prefix: str = "", width: str = "") -> str:
    """Return an SVG file's content as an element for an HTML page.

    Parameters
    ----------
    svg : str
        The file's content.
    alt : str
        What a reader who cannot see the figure should know.
    prefix : str
        What the ids get before them; must be another one for each figure of a page.
    width : str
        A CSS length instead of the figure's own width.

    Returns
    -------
    str
        One ``<svg>`` element.

    Raises
    ------
    ValueError
        If the content is not SVG.
    """
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as error:
        raise ValueError(f"svg cannot be parsed: {error}") from error
    if root.tag != f"{{{SVG}}}svg":
        raise ValueError(f"svg must have an <svg> root, got <{local_name(root)}>")

    clear_backgrounds(root)
    slim(root)
    set_formulas(root)
    legible = legible_width(root)
    rename_ids(root, prefix)
    for element in root.iter():
        rewrite_style(element)
        if f"{{{XLINK}}}href" in element.attrib:
            element.set("href", element.attrib.pop(f"{{{XLINK}}}href"))

    root.attrib.pop("version", None)
    root.set("fill", "currentColor")  # for what Matplotlib leaves to the default, black
    root.set("role", "img")
    if alt:
        root.set("aria-label", alt)
    style = {"stroke-linejoin": "round", "stroke-linecap": "butt"}
    style |= {"max-width": "100%", "height": "auto"}
    if width:
        style["width"] = width
    if legible:
        style["min-width"] = f"{legible:.0f}px"
    root.set("style", "; ".join(f"{key}: {value}" for key, value in style.items()))
    return ET.tostring(root, encoding="unicode")
