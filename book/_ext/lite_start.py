"""Start Python in a notebook of ``lite/``: with the files that the pages have in theirs.

IPython runs this before the first cell; it does in Python what ``run/worker.js`` does.
"""


def _start():
    import json
    import os
    import sys
    from io import BytesIO
    from zipfile import ZipFile

    import pyodide_js
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
    for files in contents["lazy"]:
        pyodide_js.FS.mkdirTree(files["folder"])
        for name in files["names"]:
            url = root + files["url"] + name
            pyodide_js.FS.createLazyFile(files["folder"], name, url, True, False)
    sys.path[:0] = contents["path"]
    backend = os.environ["MPLBACKEND"]
    import kernel

    kernel.start(contents["build"])
    os.environ["MPLBACKEND"] = backend  # figures are drawn as a notebook's


_start()
del _start
