"""What the other extensions ask about a page: what it is about, does it run, what it glued."""

from __future__ import annotations

from pathlib import Path

import yaml

UNFIT = "not-in-browser"  # the tag of a cell that needs what the reader's browser has not


def front_matter(path: Path) -> dict:
    """Return what stands between the first two lines of three hyphens, or nothing."""
    start, _, rest = path.read_text(encoding="utf-8").partition("---\n")
    return {} if start else yaml.safe_load(rest.partition("\n---\n")[0]) or {}


def modules(path: Path) -> list[str]:
    """Return the modules of the package that a page is about, as its front matter names them."""
    return front_matter(path).get("modules", [])


def runs(env, docname: str) -> bool:
    """Tell whether a page has cells that run."""
    return "kernelspec" in env.metadata.get(docname, ())


def glued(env, docname: str) -> dict[str, str]:
    """Return the texts that the cells of a page glued, as the page itself writes them."""
    from myst_nb.core.variables import format_plain_text
    from myst_nb.ext.glue.crossref import read_glue_cache

    cache = read_glue_cache(env.mystnb_config.output_folder, docname)
    plain = {key: output.get("data", {}).get("text/plain") for key, output in cache.items()}
    return {key: format_plain_text(text, "") for key, text in plain.items() if text is not None}
