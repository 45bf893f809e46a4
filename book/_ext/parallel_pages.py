"""Run the pages that have to be run several at a time, before Sphinx reads them one by one.

MyST-NB runs a page when Sphinx comes to read it: one after the other, on however many
processors. This extension takes all pages that the execution cache does not know, runs as
many at once as there are processors, and leaves the results in that cache, where MyST-NB
finds them. A page that fails here is left for MyST-NB to run and to report.

A first build trains for minutes. So it says which pages have to run, and then how many have,
how many trainings are done of those that the pages have asked for so far, and the time: as a
bar on a terminal, else as a line every half minute.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from shutil import get_terminal_size
from time import monotonic

from cache_key import studies_file, with_key
from jupyter_cache import get_cache
from myst_nb.core.execute import create_client
from myst_nb.core.execute.cache import NotebookClientCache
from myst_nb.core.read import create_nb_reader
from sphinx.util import logging
from tqdm import tqdm

from mnist_gd import _progress

LOGGER = logging.getLogger(__name__)

# One BLAS thread a kernel: the pages share the processors already, and the order of the
# additions, and with it the last bit of a result, is the same on any number of them.
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
LINE_EVERY = _progress.LINE_EVERY
BAR_EVERY = 0.5


class Silent:
    """MyST-NB's client wants a logger with its own signature; what it says is said later."""

    def info(self, *args, **kwargs):
        """Say nothing."""

    debug = warning = error = info


def client_of(env, docname: str) -> NotebookClientCache | None:
    """Return what runs a page into the cache; None if it is there or is no notebook."""
    path = env.doc2path(docname)
    text = with_key(Path(path).read_text(encoding="utf-8"), studies_file(env.app))
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    if reader is None:
        return None
    notebook = reader.read(text)
    client = create_client(notebook, path, env.mystnb_config, Silent(), reader.read_fmt)
    if not isinstance(client, NotebookClientCache):
        return None
    try:
        get_cache(env.mystnb_config.execution_cache_path).match_cache_notebook(client.notebook)
    except KeyError:
        return client
    return None


def longest_first(docnames: Iterable[str], read: Callable[[str], str]) -> list[str]:
    """Put the pages that train before those that do not, and of these the longest first.

    A page that trains by itself says so in its front matter, ``slow: true``; one that shows what
    another trains says ``slow: false``, and does not wait in the place of one that computes.
    A search may end with one long training, on one processor: then the pages that only compute
    have the others.
    """
    texts = {name: read(name) for name in docnames}
    signs = re.compile(r"mnist_gd\.experiments|^slow: true$", re.MULTILINE)
    waits = re.compile(r"^slow: false$", re.MULTILINE)
    trains = [n for n, text in texts.items() if signs.search(text) and not waits.search(text)]
    others = [name for name in texts if name not in trains]
    others.sort(key=lambda name: -len(texts[name]))
    return trains + others


def run_page(docname: str, client: NotebookClientCache, running: list[str]) -> float:
    """Run one page into the cache; it stands in `running` while it does. Returns the seconds."""
    start = monotonic()
    running.append(docname)
    try:
        with client:
            pass
    finally:
        running.remove(docname)
    return monotonic() - start


def so_far(done: int, pages: int, running: list[str], folder: str, since: float) -> str:
    """Put into words how far the pages and their trainings are, and what runs now."""
    started = done + len(running) == pages
    trainings = _progress.words(folder, since, all_known=started)
    now = f"{done} of {pages} pages" + (f", {trainings}" if trainings else "")
    return now + (f"; running: {', '.join(running)}" if running else "")


def watch(futures: dict[Future, str], folder: str, running: list[str], on_terminal: bool) -> None:
    """Say how far the pages are until the last one is done, and which of them failed."""
    pages, failed, waiting = len(futures), 0, set(futures)
    start = monotonic()
    bar = tqdm(
        total=pages,
        bar_format="{elapsed} |{bar:10}| {desc}",
        disable=not on_terminal,
        nrows=get_terminal_size().lines,  # tqdm draws nothing on a terminal that tells no size
        leave=False,
    )
    with bar:
        while waiting:
            done, waiting = wait(waiting, timeout=BAR_EVERY if on_terminal else LINE_EVERY)
            for future in done:
                if error := future.exception():
                    failed += 1
                    bar.clear()
                    LOGGER.info("%s failed (%r); it is run again", futures[future], error)
            ready = pages - len(waiting)
            now = so_far(ready, pages, running, folder, start)
            bar.n, bar.ncols = ready, get_terminal_size().columns - 1
            bar.set_description_str(now)
            if waiting and not on_terminal:
                LOGGER.info("%s %s", tqdm.format_interval(monotonic() - start), now)
    now = f"{pages - failed} of {pages} pages have run"
    if trainings := _progress.words(folder, start, all_known=False):
        now += f", {trainings}"
    LOGGER.info("%s %s", tqdm.format_interval(monotonic() - start), now)
    took = {name: future.result() for future, name in futures.items() if not future.exception()}
    slowest = sorted(took, key=took.get, reverse=True)
    LOGGER.info("seconds: %s", ", ".join(f"{name} {took[name]:.0f}" for name in slowest))


def run_pages(app, env, docnames) -> None:
    """Run the pages about to be read, as many at once as there are processors."""
    if env.mystnb_config.execution_mode != "cache":
        return
    for name in BLAS_THREADS:
        os.environ.setdefault(name, "1")
    _ = get_cache(env.mystnb_config.execution_cache_path).db  # made once, before the workers
    order = {name: place for place, name in enumerate(env.config.external_site_map)}
    docnames = longest_first(
        sorted(docnames, key=lambda name: order.get(name, len(order))),
        lambda name: Path(env.doc2path(name)).read_text(encoding="utf-8"),
    )
    clients = {name: client for name in docnames if (client := client_of(env, name))}
    if not clients:
        LOGGER.info("pages to run: none, the results of all are kept")
        return
    LOGGER.info("pages to run: %d (%s)", len(clients), ", ".join(clients))
    running: list[str] = []
    pool = ThreadPoolExecutor(os.cpu_count())
    with _progress.counting() as folder:
        try:
            futures = {
                pool.submit(run_page, name, client, running): name
                for name, client in clients.items()
            }
            watch(futures, folder, running, sys.stderr.isatty() and not app.quiet)
        except KeyboardInterrupt:
            LOGGER.info("stopped, once these pages have run: %s", ", ".join(running))
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def setup(app):
    """Register the extension with Sphinx."""
    # Nearly all that a build makes, it keeps to its end. To search that for garbage some
    # hundred times less often takes two seconds of fifteen from a build, and 15 MB more memory.
    gc.set_threshold(100_000, 50, 50)
    app.connect("env-before-read-docs", run_pages, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
