"""Matplotlib's backend for a page: figures are SVG, and to show them is to hand them to it."""

from matplotlib.backends.backend_svg import FigureCanvasSVG as FigureCanvas  # noqa: F401
from shown import figures as show  # noqa: F401
