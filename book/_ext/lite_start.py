"""Start Python in a notebook of ``lite/``: with the files that the pages have in theirs.

IPython runs this before the first cell; it does in Python what ``run/worker.js`` does.
"""


def _start():
    import json
    import logging
    import os
    import sys
    from io import BytesIO
    from types import ModuleType
    from zipfile import ZipFile

    import pyodide_js
    from IPython import get_ipython
    from IPython.display import Markdown
    from IPython.display import display as show
    from js import XMLHttpRequest, location

    root = location.href.rpartition("/lite/")[0] + "/runtime/"

    def fetch(url):
        request = XMLHttpRequest.new()
        request.open("GET", root + url, False)
        request.responseType = "arraybuffer"
        request.send()
        if request.status != 200:
            raise OSError(f"{root + url}: {request.status} {request.statusText}")
        return request.response.to_bytes()

    contents = json.loads(fetch("contents.json"))
    for archive in contents["archives"]:
        ZipFile(BytesIO(fetch(archive["url"]))).extractall(archive["into"])
    for files in contents["lazy"]:  # fetched when Python opens them
        pyodide_js.FS.mkdirTree(files["folder"])
        for name in files["names"]:
            url = root + files["url"] + name
            pyodide_js.FS.createLazyFile(files["folder"], name, url, True, False)
    [home] = contents["path"]
    sys.path.insert(0, home)
    os.chdir(home)
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # its cache is built

    from mnist_gd import _code

    _code.take_records_of(contents["build"])

    def glue(name, value, display=True):
        """Show a value where a page does; what it only pastes into its text is not shown here."""
        if display:
            show(value)

    sys.modules["myst_nb"] = ModuleType("myst_nb")
    sys.modules["myst_nb"].glue = glue

    def plain(markdown):
        """Write the directive of a table as a table below its caption."""
        text = markdown.data
        if not text.startswith("```{table} "):
            return text
        head, _, body = text.removeprefix("```{table} ").partition("\n\n")
        return f"**{head.partition(chr(10))[0]}**\n\n{body.removesuffix('```').strip()}"

    formatters = get_ipython().display_formatter.formatters
    formatters["text/markdown"].for_type(Markdown, plain)


_start()
del _start
