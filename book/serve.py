"""Show the built book on this machine: ``python book/serve.py [PORT]``.

Python in the browser needs a server: a page that is opened as a file may start no worker. This
one answers this machine alone, from the folder of the built book.
"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = Path(__file__).resolve().parent / "_build" / "html"


class Handler(SimpleHTTPRequestHandler):
    """Files, with the types that browsers want of scripts and of WebAssembly."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".json": "application/json",
    }

    def end_headers(self):
        """Let the browser keep files, but ask whether they are still the same."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *args):
        """Say nothing of each file."""


def server(folder=HTML, port=8000):
    """Return a server of a folder at a port, or at any free one if that is taken."""
    handler = partial(Handler, directory=str(folder))
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError:
        return ThreadingHTTPServer(("127.0.0.1", 0), handler)


def main(arguments):
    """Serve until it is interrupted."""
    if not (HTML / "index.html").exists():
        print("error: the book is not built: make book", file=sys.stderr)
        return 1
    with server(port=int(arguments[0]) if arguments else 8000) as made:
        print(f"The book: http://127.0.0.1:{made.server_port}/ (to end: Ctrl+C)", flush=True)
        try:
            made.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
