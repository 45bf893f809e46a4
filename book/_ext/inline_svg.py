"""Put the SVG figures that cells drew into the page itself, so that they follow its mode.

`_extra/run/svg.py` says how each is rewritten. Images that are not made by a cell, and formats
other than HTML, are left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from docutils import nodes
from figure_checks import faults
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

sys.path.append(str(Path(__file__).resolve().parents[1] / "_extra" / "run"))
from svg import inline

LOGGER = logging.getLogger(__name__)


class InlineSvg(nodes.General, nodes.Element):
    """An SVG element in the page; what it holds is no text to be searched."""


def visit_inline_svg(translator, node: InlineSvg) -> None:
    """Write the element."""
    translator.body.append(node["svg"])
    raise nodes.SkipNode


class InlineSvgTransform(SphinxPostTransform):
    """Replace the image nodes of SVG files that cells made."""

    default_priority = 6  # after MyST-NB chose among a cell's formats (4) and glued (5)
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Walk through one page."""
        made_by_cells = Path(self.env.mystnb_config.output_folder).resolve()
        count = 0
        for image in list(self.document.findall(nodes.image)):
            path = (Path(self.app.srcdir) / image["uri"].lstrip("/")).resolve()
            if path.suffix != ".svg" or not path.is_relative_to(made_by_cells):
                continue
            count += 1
            drawn = path.read_text(encoding="utf-8")
            for fault in faults(drawn, image):
                place = {"location": image, "type": "checks", "subtype": "figure"}
                LOGGER.warning(f"{fault} [checks.figure]", **place)
            svg = inline(
                drawn,
                alt=image.get("alt", ""),
                prefix=f"svg{count}-",
                width=image.get("width", ""),
            )
            node = InlineSvg(svg=svg)
            node.source, node.line = image.source, image.line
            wrapper = nodes.container("", node, classes=["figure-svg", *image.get("classes", [])])
            image.replace_self(wrapper)


def setup(app):
    """Register the extension with Sphinx."""
    app.add_node(InlineSvg, html=(visit_inline_svg, None))
    app.add_post_transform(InlineSvgTransform)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
