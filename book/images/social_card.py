"""Draw book/_static/social-card.png, the picture that stands for a shared link.

Run from the root: `python book/images/social_card.py`. It needs Chromium and Playwright
(extra `test`) because the page's own typefaces set the title. The digits are MNIST's, the path
is one that `minimize` walked; nothing on the card was measured.
"""

import io
import os
import shutil
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from playwright.sync_api import sync_playwright

from mnist_gd.data import load_mnist
from mnist_gd.gradient_descent import minimize

BOOK = Path(__file__).resolve().parents[1]
CURVATURES = np.array([1.0, 5.5])
PAGE = """<!doctype html><meta charset="utf-8"><style>
@font-face {{ font-family: "Card Sans"; font-weight: 200 900;
  src: url("{fonts}/source-sans-3-latin-wght-normal.woff2"); }}
@font-face {{ font-family: "Card Serif"; font-weight: 200 900;
  src: url("{fonts}/source-serif-4-latin-wght-normal.woff2"); }}
body {{ background: #10233f; color: #f2f6fb; height: 630px; margin: 0; position: relative;
  width: 1200px; }}
svg {{ left: 0; position: absolute; top: 0; }}
div {{ left: 70px; position: absolute; top: 64px; width: 640px; }}
h1 {{ font: 700 78px/1.04 "Card Sans"; letter-spacing: -0.02em; margin: 0; }}
p {{ color: #c3d3e8; font: 400 33px/1.35 "Card Serif"; margin: 26px 0 0; }}
</style>{svg}<div><h1>Gradient descent<br>on MNIST, proved<br>on the page</h1>
<p>From the first derivative to a network that reads handwritten digits, in NumPy</p></div>"""


def draw() -> str:
    """Return the valley with the path, and a row of digits, as SVG."""
    matplotlib.rcParams.update({"svg.hashsalt": "mnist_gd"})
    figure = plt.figure(figsize=(12, 6.3), dpi=100)
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0, 0, 1, 1))
    x, y = np.meshgrid(np.linspace(-16.2, 3.4, 600), np.linspace(-3.6, 3.0, 300))
    height = (CURVATURES[0] * x**2 + CURVATURES[1] * y**2) / 2
    levels = np.linspace(0.5, 11.5, 16) ** 2
    shades = [(0.44, 0.64, 0.86, alpha) for alpha in np.linspace(0.85, 0.05, 16)]
    axes.contour(x, y, height, levels, colors=shades, linewidths=1.6)
    path = minimize(
        lambda v: float(CURVATURES @ v**2) / 2, lambda v: CURVATURES * v, [-2.6, 2.6], 0.31, 16
    )
    axes.plot(*np.array(path.points).T, "o-", color="#ffb000", linewidth=4, markersize=9)
    axes.axis("off")
    mnist = load_mnist().test
    for place in range(10):
        image = mnist.images[np.flatnonzero(mnist.labels == place)[3]].reshape(28, 28)
        tile = figure.add_axes((0.052 + 0.0925 * place, 0.07, 0.076, 0.145))
        ink = np.ones((28, 28, 4))
        ink[..., 3] = image / image.max()
        tile.patch.set(facecolor="#0a1830", alpha=0.92)
        tile.imshow(ink, interpolation="bicubic")
        tile.set(xticks=[], yticks=[])
        tile.spines[:].set_color("#ffb000" if place == 4 else "#35517c")
        tile.spines[:].set_linewidth(3 if place == 4 else 1.5)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    return svg[svg.index("<svg") :].replace("<svg ", '<svg style="width:1200px;height:630px" ', 1)


if __name__ == "__main__":
    html = BOOK / "images" / "social_card.html"  # a file, to be let read the fonts
    html.write_text(
        PAGE.format(fonts=(BOOK / "_static/fonts").as_uri(), svg=draw()), encoding="utf-8"
    )
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.goto(html.as_uri())
        page.evaluate("document.fonts.ready")
        page.screenshot(path=BOOK / "_static" / "social-card.png")
        browser.close()
    html.unlink()
