"""Settings of `make live`: the chapters, which are Markdown, open as notebooks."""

c = get_config()  # noqa: F821 (Jupyter defines it)
c.ServerApp.root_dir = "book"
c.ServerApp.contents_manager_class = "jupytext.TextFileContentsManager"
c.ContentsManager.notebook_metadata_filter = "all"  # a saved chapter keeps its front matter
c.ContentsManager.hide_globs = ["_*", "__pycache__", "*.bib"]
