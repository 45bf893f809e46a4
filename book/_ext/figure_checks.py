"""Warn where a figure leaves out what its caption says it shows.

A line that runs out of its axes, or a point beyond them, is cut without a sign. Then the axes are
made larger, or the caption says so: "What lies below 0.85 is not shown", "leaves the picture".
Contours, areas and bars may end at the edge: a map always does. Nor may a caption speak of a black
line or a white dot, in dark mode it is the other way round, nor a legend stand over a line or
points.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from math import hypot

from docutils import nodes

SVG = "{http://www.w3.org/2000/svg}"
DATA = re.compile(r"(?:line2d|PathCollection|LineCollection)_\d+$")  # the last: of error bars
PAIR = re.compile(r"(-?[\d.]+)[ ,]+(-?[\d.]+)")
SAYS_SO = re.compile(
    r"\b(?:not shown|leave out|leaves?|beyond|outside|run out|runs out|goes on|go on)\b"
)
TURNED = re.compile(
    r"\((?:black|white)\)|\b(?:black|white) (?:lines?|dots?|curves?|cross(?:es)?)\b"
)
FONT_SIZE = re.compile(r"font(?:-size)?:[^;]*?([\d.]+)px")
MOVED = re.compile(r"translate\((-?[\d.]+)[ ,]+(-?[\d.]+)")
ROOM = 1.5  # points: half a line's width is none of its data


def rectangles(root: ET.Element) -> dict[str, tuple[float, ...]]:
    """Return the left, top, right and bottom of what parts of a drawing are clipped to."""
    found = {}
    for clip in root.iter(f"{SVG}clipPath"):
        rectangle = clip.find(f"{SVG}rect")
        if rectangle is not None:
            x, y, w, h = (float(rectangle.get(name)) for name in ("x", "y", "width", "height"))
            found[f"url(#{clip.get('id')})"] = (x, y, x + w, y + h)
    return found


def points(element: ET.Element) -> list[tuple[float, float]]:
    """Return the corners of the lines and the places of the marks in an element."""
    made = [(float(use.get("x")), float(use.get("y"))) for use in element.iter(f"{SVG}use")]
    for path in element.iter(f"{SVG}path"):
        made += [(float(x), float(y)) for x, y in PAIR.findall(path.get("d", ""))]
    return made


def cut(svg: str) -> int:
    """Count the lines and the groups of points in a drawing that are cut at the axes."""
    root = ET.fromstring(svg)
    edges, count = rectangles(root), 0
    for group in root.iter(f"{SVG}g"):
        if not DATA.match(group.get("id", "")):
            continue
        for part in group.iter():
            if part.get("clip-path") in edges:
                left, top, right, bottom = edges[part.get("clip-path")]
                count += any(
                    not (left - ROOM <= x <= right + ROOM and top - ROOM <= y <= bottom + ROOM)
                    for x, y in points(part)
                )
    return count


def texts(group: ET.Element) -> list[tuple[float, ...]]:
    """Return the left, top, right and bottom of a group's lines of text, as wide as is usual."""
    found = []
    for shifted in group.iter():
        for text in shifted.findall(f"{SVG}text"):
            moved = MOVED.search(shifted.get("transform", ""))
            x, y = map(float, moved.groups() if moved else (text.get("x", 0), text.get("y", 0)))
            size = max(map(float, FONT_SIZE.findall(ET.tostring(text, encoding="unicode"))))
            signs = len(re.sub(r"\n\s*", "", "".join(text.itertext())))
            found.append((x, y - size, x + size / 2 * signs, y))
    return found


def along(path: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a line, and points between them at every two points' length."""
    found = list(path)
    for (x, y), (u, v) in pairwise(path):
        steps = int(hypot(u - x, v - y) / 2) + 1
        found += [(x + (u - x) * n / steps, y + (v - y) * n / steps) for n in range(1, steps)]
    return found


def under_legends(svg: str) -> int:
    """Count the lines and the groups of points that run under the words of a legend."""
    count = 0
    for axes in ET.fromstring(svg).iter(f"{SVG}g"):
        legends = [g for g in axes if g.get("id", "").startswith("legend_")]
        boxes = [box for legend in legends for box in texts(legend)]
        for group in axes if boxes else ():
            if DATA.match(group.get("id", "")):
                shown = [part for part in group.iter() if part.get("clip-path")]
                lines = [points(part) for part in shown]
                if any(part.tag == f"{SVG}path" for part in shown):
                    lines = [along(line) for line in lines]
                count += any(
                    left < x < right and top < y < bottom
                    for line in lines
                    for x, y in line
                    for left, top, right, bottom in boxes
                )
    return count


def faults(svg: str, image: nodes.image) -> list[str]:
    """Say where a drawing and the caption of the figure that it stands in part."""
    figure = image.parent
    while figure is not None and not isinstance(figure, nodes.figure):
        figure = figure.parent
    captions = [] if figure is None else figure.findall(nodes.caption)
    said = " ".join(caption.astext() for caption in captions)
    found = [
        f"the caption names a colour of one mode: {word[0]}" for word in TURNED.finditer(said)
    ]
    lost = 0 if SAYS_SO.search(said) else cut(svg)
    if lost:
        found.append(f"{lost} lines or groups of points leave their axes, and no caption says so")
    covered = under_legends(svg)
    if covered:
        found.append(f"a legend stands over {covered} lines or groups of points")
    return found
