"""Run the pages that have to be run several at a time, before Sphinx reads them one by one.

MyST-NB runs a page when Sphinx comes to read it: one after the other, on however many
processors. This extension takes all pages that the execution cache does not know, runs as
many at once as there are processors, and leaves the results in that cache, where MyST-NB
finds them. A page that fails here is left for MyST-NB to run and to report.
"""

from __future__ import annotations

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from myst_nb.core.execute import create_client
from myst_nb.core.read import create_nb_reader
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

# One BLAS thread a kernel: the pages share the processors already, and the order of the
# additions, and with it the last bit of a result, is the same on any number of them.
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Silent:
    """MyST-NB's client wants a logger with its own signature; what it says is said later."""

    def info(self, *args, **kwargs):
        """Say nothing."""

    debug = warning = error = info


def run_page(env, docname: str) -> None:
    """Run one page into the cache, unless it is there or is no notebook."""
    path = env.doc2path(docname)
    text = Path(path).read_text(encoding="utf-8")
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    if reader is None:
        return
    notebook = reader.read(text)
    try:
        with create_client(notebook, path, env.mystnb_config, Silent(), reader.read_fmt):
            pass
    except Exception as error:
        LOGGER.info("%s failed beside others (%s); it is run again", docname, error)


def run_pages(app, env, docnames) -> None:
    """Run the pages about to be read, in reading order, as many at once as processors."""
    if env.mystnb_config.execution_mode != "cache":
        return
    for name in BLAS_THREADS:
        os.environ.setdefault(name, "1")
    _ = get_cache(env.mystnb_config.execution_cache_path).db  # made once, before the workers
    order = {name: place for place, name in enumerate(env.config.external_site_map)}
    docnames = sorted(docnames, key=lambda name: order.get(name, len(order)))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda name: run_page(env, name), docnames):
            pass


def setup(app):
    """Register the extension with Sphinx."""
    # Nearly all that a build makes, it keeps to its end. To search that for garbage some
    # hundred times less often takes two seconds of fifteen from a build, and 15 MB more memory.
    gc.set_threshold(100_000, 50, 50)
    app.connect("env-before-read-docs", run_pages, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
