"""The server that shows the built book on this machine."""

import importlib.util
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("serve", ROOT / "book" / "serve.py")
serve = importlib.util.module_from_spec(spec)
spec.loader.exec_module(serve)


@contextmanager
def serving(folder, port=0):
    with serve.server(folder, port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.wasm", "application/wasm"),
        ("a.mjs", "text/javascript"),
        ("a.js", "text/javascript"),
        ("a.html", "text/html"),
    ],
)
def test_files_have_the_types_that_browsers_want(tmp_path, name, kind):
    (tmp_path / name).write_bytes(b"content")
    with serving(tmp_path) as server:
        address = f"http://127.0.0.1:{server.server_port}/{name}?build"
        with build_opener(ProxyHandler({})).open(address) as answer:
            assert answer.headers.get_content_type() == kind
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.read() == b"content"


def test_it_answers_this_machine_alone_and_takes_another_port_where_one_is_taken(tmp_path):
    with serving(tmp_path) as first, serving(tmp_path, first.server_port) as second:
        assert first.server_address[0] == second.server_address[0] == "127.0.0.1"
        assert first.server_port != second.server_port


def test_without_a_book_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(serve, "HTML", tmp_path)
    assert serve.main([]) == 1
    assert "the book is not built: make book" in capsys.readouterr().err
