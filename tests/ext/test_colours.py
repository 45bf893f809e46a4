"""The colours of the pages and of their figures, in both modes: the style sheet has them all."""

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
svg = pytest.importorskip("svg", reason="the extra 'book' is not installed")

STYLE = (ROOT / "book" / "_static" / "custom.css").read_text(encoding="utf-8")


def variables(selector):
    """The colours that the style sheet sets for a selector, all its blocks together."""
    blocks = re.findall(rf"^ *{re.escape(selector)} {{(.*?)^ *}}", STYLE, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", "".join(blocks)))


LIGHT = {"pst-color-background": "#ffffff"} | variables(":root")
LIGHT |= variables('html[data-theme="light"]')
DARK = variables('html[data-theme="dark"]')


def linear(colour):
    """The three components of a colour as amounts of light."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The contrast of two colours as WCAG 2 defines it."""
    low, high = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


# What a reader without one kind of cones sees: Machado, Oliveira and Fernandes, 2009.
VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def lab(light):
    """CIE L*a*b* of amounts of light, under D65."""
    xyz = np.clip(light, 0, 1) @ np.array(
        [[0.41246, 0.21267, 0.01933], [0.35758, 0.71515, 0.11919], [0.18044, 0.07218, 0.95030]]
    )
    t = xyz / [0.95047, 1, 1.08883]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", svg.COLOURS.values())
def test_a_colour_of_the_figures_stands_out_from_the_page_and_from_boxes(mode, name):
    for ground in ("pst-color-background", "pst-color-surface"):
        assert contrast(mode[f"fig-{name}"], mode[ground]) >= 3


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_every_reader_can_tell_the_colours_apart(mode, vision):
    seen = [lab(VISION[vision] @ linear(mode[f"fig-{n}"])) for n in svg.COLOURS.values()]
    for i, one in enumerate(seen):
        for other in seen[:i]:
            assert np.linalg.norm(one - other) > 12  # 2 is what can just be noticed


def test_text_has_the_contrast_that_small_letters_need():
    for mode in (LIGHT, DARK):
        for name in ("text-base", "text-muted", "heading", "link", "inline-code", "primary"):
            for ground in ("background", "surface"):
                assert contrast(mode[f"pst-color-{name}"], mode[f"pst-color-{ground}"]) >= 4.5


CODE = re.compile(r"^```\{code-cell\}.*?^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"""\b(?:edge|face)?colors?\s*=\s*["']([^"']+)["']|(\#[0-9a-fA-F]{6})\b""")


def test_pages_draw_in_the_palette_in_black_or_in_a_grey_that_stands_out():
    """Any other colour would be the same in both modes, and pale in one."""
    from matplotlib.colors import to_hex

    found = set()
    for path in sorted((ROOT / "book").glob("*.md")):
        for cell in CODE.findall(path.read_text(encoding="utf-8")):
            for names in NAMED.findall(cell):
                colour = to_hex("".join(names))
                found.add(colour)
                if colour == "#000000":  # becomes the colour of the text
                    continue
                assert len({colour[i : i + 2] for i in (1, 3, 5)}) == 1, f"{path.name}: {names}"
                for mode in (LIGHT, DARK):
                    assert contrast(colour, mode["pst-color-background"]) >= 3, path.name
    assert len(found) > 1


# What draws and writes in the live figures and the drawing pad takes its colours from there.

OTHERS = sorted((ROOT / "book" / "_extra").rglob("*.*s*"))
RULE = re.compile(r"([^{};]+){([^{}]*)}")
UNSEEN = {"pst-color-background", "pst-color-surface"}
DECORATION = {"pst-color-border"}  # frames and grids, without which nothing is lost
PAINTS = re.compile(r"^\s*(fill|stroke|color|background|border(?:-left|-color)?): (.*);", re.M)


def painted(style):
    """What each rule of a style sheet paints with: selector, property, variable, opacity."""
    for selector, body in RULE.findall(re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)):
        for name, value in PAINTS.findall(body):
            opacity = re.search(rf"^\s*(?:{name}-)?opacity: ([\d.]+);", body, re.MULTILINE)
            variable = re.search(r"var\(--([\w-]+)\)|(currentColor)", value)
            if variable:
                colour = variable[1] or "pst-color-text-base"
                yield selector.strip(), name, colour, float(opacity[1]) if opacity else 1.0


def mixed(colour, ground, opacity):
    """A colour that lets its ground through."""
    pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(opacity * a + (1 - opacity) * b):02x}" for a, b in pairs)


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_no_other_file_has_colours_of_its_own(path):
    found = re.findall(
        r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch)a?\(", path.read_text(encoding="utf-8"), re.I
    )
    assert found == []


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_drawn_live_stands_out_from_the_page(mode):
    seen = set()
    for path in OTHERS:
        if path.suffix == ".css":
            for selector, name, colour, opacity in painted(path.read_text(encoding="utf-8")):
                area = name in ("fill", "background") and opacity < 0.5  # behind a line
                if colour in UNSEEN | DECORATION or area:
                    continue
                ground = mode["pst-color-background"]
                least = 4.5 if "text" in selector or name == "color" else 3
                value = contrast(mixed(mode[colour], ground, opacity), ground)
                assert value >= least, f"{selector}: {name} of {value:.2f}:1"
                seen.add(colour)
    assert {"fig-blue", "fig-vermilion", "fig-green", "fig-orange"} <= seen


def test_the_style_sheet_finds_its_fonts():
    fonts = re.findall(r'url\("(fonts/[^"]+)"\)', STYLE)
    assert fonts
    for font in fonts:
        assert (ROOT / "book" / "_static" / font).read_bytes()[:4] == b"wOF2"
