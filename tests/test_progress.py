"""What a build says while its pages run, and what searches tell it."""

import io
import os
import re
import sys
import threading
from contextlib import contextmanager, suppress
from time import monotonic
from types import SimpleNamespace

import pytest

from mnist_gd import _progress
from mnist_gd.records import run_all

# ------------------------------------------------------------------ what a search tells


def square(configuration, seed):
    return {"square": configuration["x"] ** 2 + seed}, {}


def test_a_search_counts_its_trainings_and_not_the_records_that_it_finds(tmp_path, monkeypatch):
    told, records = tmp_path / "told", tmp_path / "records"
    told.mkdir()
    monkeypatch.setenv(_progress.FOLDER, str(told))
    run_all(square, [{"x": 1}, {"x": 2}], seeds=[0, 1], records=records, n_jobs=1)
    assert _progress.tally(told) == (4, 4)
    run_all(square, [{"x": 1}, {"x": 3}], seeds=[0, 1], records=records, n_jobs=1)
    assert _progress.tally(told) == (6, 6)
    run_all(square, [{"x": 1}, {"x": 3}], seeds=[0, 1], records=records, n_jobs=1)
    assert _progress.tally(told) == (6, 6)


def test_the_number_is_known_at_once_and_a_training_counts_when_its_record_is_saved(
    tmp_path, monkeypatch
):
    monkeypatch.setenv(_progress.FOLDER, str(tmp_path))
    seen = [_progress.tally(tmp_path) for _ in _progress.counted("abc", 3)]
    assert seen == [(0, 3), (1, 3), (2, 3)]
    assert _progress.tally(tmp_path) == (3, 3)


def test_without_the_variable_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(_progress.FOLDER, raising=False)
    monkeypatch.setattr(_progress.tempfile, "mkstemp", lambda **_: pytest.fail("a file is made"))
    assert list(_progress.counted("abc", 3)) == ["a", "b", "c"]


def test_a_folder_that_is_gone_stops_no_training(tmp_path, monkeypatch):
    monkeypatch.setenv(_progress.FOLDER, str(tmp_path / "nowhere"))
    assert list(_progress.counted("abc", 3)) == ["a", "b", "c"]
    folder = tmp_path / "told"
    folder.mkdir()
    monkeypatch.setenv(_progress.FOLDER, str(folder))
    items = _progress.counted("abc", 3)
    assert next(items) == "a"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert list(items) == ["b", "c"]
    assert not folder.exists()


@pytest.mark.parametrize(
    ("files", "all_known", "expected"),
    [
        ({}, True, ""),
        ({"5-a": 0}, True, "0 of 5 known trainings"),
        ({"5-a": 2}, True, "2 of 5 known trainings, about 02:30 left for these"),
        ({"5-a": 2}, False, "2 of 5 known trainings"),
        ({"5-a": 3, "15-b": 2}, True, "5 of 20 known trainings, about 05:00 left for these"),
        ({"5-a": 5}, True, "5 of 5 known trainings"),
        ({"5-a": 6}, True, "6 of 5 known trainings"),  # whatever the reason, no time is left
    ],
)
def test_the_time_left_is_that_gone_by_times_the_rest_by_what_is_done(
    tmp_path, files, all_known, expected
):
    for name, done in files.items():
        (tmp_path / name).write_bytes(b"." * done)
    assert _progress.words(tmp_path, monotonic() - 100, all_known=all_known) == expected


def test_a_folder_that_cannot_be_removed_stops_nothing(monkeypatch):
    def busy(*_, **__):
        raise OSError("busy")

    with monkeypatch.context() as patch, _progress.counting() as folder:
        patch.setattr(os, "rmdir", busy)
    assert _progress.FOLDER not in os.environ
    os.rmdir(folder)


# -------------------------------------------------------------------- what a build says


@pytest.fixture
def build(tmp_path, monkeypatch, capsys):
    """Run pages, given as functions, as a build does; return its lines and its stderr."""
    pytest.importorskip("myst_nb", reason="the extra 'book' is not installed")
    parallel_pages = pytest.importorskip("parallel_pages")
    lines, folders = [], []

    class Log:
        def info(self, text, *values):
            lines.append(text % values)
            folders.append(os.environ.get(_progress.FOLDER))

    def run(pages, *, terminal, quiet=False):
        @contextmanager
        def client(page):
            page()
            yield

        monkeypatch.setattr(
            parallel_pages, "client_of", lambda env, name: pages[name] and client(pages[name])
        )
        config = SimpleNamespace(execution_mode="cache", execution_cache_path=str(tmp_path))
        env = SimpleNamespace(
            mystnb_config=config,
            config=SimpleNamespace(external_site_map=list(pages)),
            doc2path=lambda name: tmp_path / name,
        )
        for name in pages:
            (tmp_path / name).touch()
        if terminal is not None:
            monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
        parallel_pages.run_pages(SimpleNamespace(quiet=quiet), env, sorted(pages))
        assert _progress.FOLDER not in os.environ
        assert not [folder for folder in filter(None, folders) if os.path.exists(folder)]
        return lines, capsys.readouterr().err

    for name in parallel_pages.BLAS_THREADS:
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    monkeypatch.setattr(parallel_pages, "LOGGER", Log())
    monkeypatch.setattr(parallel_pages, "LINE_EVERY", 0.05)
    monkeypatch.setattr(parallel_pages, "BAR_EVERY", 0.05)
    monkeypatch.setattr(parallel_pages.os, "cpu_count", lambda: 2)
    run.lines = lines
    return run


def training(said, text, total=5):
    """A page that has done two of five trainings and goes on when the build has said so."""

    def page():
        for i, _ in enumerate(_progress.counted(range(total), total)):
            if i == 2:
                for _ in range(200):
                    if text in said():
                        break
                    threading.Event().wait(0.05)
                else:
                    raise TimeoutError(f"not said: {text}")

    return page


def test_without_a_terminal_a_build_says_it_in_lines(build):
    page = training(lambda: "\n".join(build.lines), " left for these; running: second")
    lines, err = build({"second": page, "kept": None, "first": lambda: None}, terminal=False)
    assert lines[0] == "pages to run: 2 (second, first)"
    assert all(re.match(r"00:0\d [012] of 2 pages", line) for line in lines[1:-1])
    said = r" 1 of 2 pages, 2 of 5 known trainings, about 00:0\d left for these; running: second$"
    assert any(re.search(said, line) for line in lines)
    assert lines[-2].endswith("2 of 2 pages have run, 5 of 5 known trainings")
    assert re.fullmatch(r"seconds: second \d+, first 0", lines[-1])
    assert err == ""


def test_pages_with_much_to_do_begin():
    parallel_pages = pytest.importorskip("parallel_pages")
    pages = {
        "short": "1 + 1",
        "early": "from mnist_gd.experiments.searches import sweep",
        "long": "1 + 1 + 1",
        "late": "from mnist_gd.experiments import studies",
        "own": "---\nslow: true\n---\n1",
        "shows": "---\nslow: false\n---\nfrom mnist_gd.experiments import searches",
    }
    order = parallel_pages.longest_first(pages, pages.get)
    assert order == ["early", "late", "own", "shows", "long", "short"]


@contextmanager
def terminal_as_stderr(monkeypatch):
    """A terminal that tells no size; hands on a function that reads what it has shown."""
    pty = pytest.importorskip("pty", reason="no terminals of POSIX")
    master, slave = pty.openpty()
    written = []

    def read():
        with suppress(OSError):  # the other end was closed
            while text := os.read(master, 1024):
                written.append(text)
        os.close(master)

    threading.Thread(target=read, daemon=True).start()
    with open(slave, "w", encoding="utf-8") as stderr, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        yield lambda: b"".join(written).decode(errors="replace")


def test_on_a_terminal_a_build_says_it_in_a_bar(build, monkeypatch):
    with terminal_as_stderr(monkeypatch) as shown:
        page = training(shown, "1 of 2 pages, 2 of 5 known trainings, about 00:0")
        lines, _ = build({"second": page, "first": lambda: None}, terminal=None)
    assert len(lines) == 3
    assert lines[0] == "pages to run: 2 (second, first)"
    assert lines[1].endswith("2 of 2 pages have run, 5 of 5 known trainings")
    assert re.search(
        r"\r00:0\d \|█+.*\| 1 of 2 pages, 2 of 5 known trainings, about 00:0", shown()
    )


def test_a_quiet_build_draws_no_bar(build):
    _, err = build({"first": lambda: None}, terminal=True, quiet=True)
    assert err == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_a_build_without_pages_to_run_says_so_in_one_line(build, terminal):
    lines, err = build({"first": None, "second": None}, terminal=terminal)
    assert lines == ["pages to run: none, the results of all are kept"]
    assert err == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_a_page_that_fails_is_named_and_not_counted(build, terminal):
    lines, _ = build({"wrong": lambda: 1 / 0, "right": lambda: None}, terminal=terminal)
    assert sum(line.startswith("wrong failed (ZeroDivisionError(") for line in lines) == 1
    assert lines[-2].endswith("1 of 2 pages have run")
    assert re.fullmatch(r"seconds: right \d+", lines[-1])


def test_an_interrupted_build_starts_no_more_pages_and_leaves_nothing(build, monkeypatch):
    parallel_pages = sys.modules["parallel_pages"]
    started, told = [], []

    def page():
        started.append(1)
        told.append(os.environ[_progress.FOLDER])
        threading.Event().wait(0.3)

    def interrupt(*_, **__):
        threading.Event().wait(0.1)
        raise KeyboardInterrupt

    monkeypatch.setattr(parallel_pages, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build({f"page{i}": page for i in range(20)}, terminal=False)
    assert len(started) < 20
    assert re.fullmatch(
        r"stopped, once these pages have run: page\d+(, page\d+)?", build.lines[-1]
    )
    assert _progress.FOLDER not in os.environ
    assert not any(map(os.path.exists, told))


def test_the_time_left_is_told_once_no_page_waits(tmp_path, monkeypatch):
    """Before that more trainings will be asked for, and the sum would be too small."""
    parallel_pages = pytest.importorskip("parallel_pages")
    monkeypatch.setenv(_progress.FOLDER, str(tmp_path))
    items = _progress.counted(range(5), 5)
    next(items), next(items)
    since = monotonic() - 100
    waiting = parallel_pages.so_far(1, 3, ["a"], tmp_path, since)
    assert waiting == "1 of 3 pages, 1 of 5 known trainings; running: a"
    known = parallel_pages.so_far(1, 3, ["a", "b"], tmp_path, since)
    assert (
        known == "1 of 3 pages, 1 of 5 known trainings, about 06:40 left for these; running: a, b"
    )
    list(items)
    assert _progress.words(tmp_path, since, all_known=True) == "5 of 5 known trainings"


# ------------------------------------------------------------------- what long studies say


@pytest.mark.parametrize("terminal", [False, True])
def test_long_studies_say_it_in_lines_where_no_terminal_shows_bars(terminal, monkeypatch, capsys):
    monkeypatch.setattr(_progress, "LINE_EVERY", 0.05)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    out = []
    with _progress.lines(lambda: "2 of 4, a study"):
        threading.Event().wait(0.2)
        for i, _ in enumerate(_progress.counted(range(4), 4)):
            if i == 3:
                threading.Event().wait(0.4)
    out = capsys.readouterr().out.splitlines()
    assert _progress.FOLDER not in os.environ
    if terminal:
        assert out == []
    else:
        assert re.fullmatch(r"00:0\d 2 of 4, a study: no training yet", out[0])
        last = r"00:0\d 2 of 4, a study: 3 of 4 known trainings, about 00:0\d left for these"
        assert re.fullmatch(last, out[-1])


def test_lines_are_seen_at_once_twice_a_minute_by_what_keeps_no_program_alive(monkeypatch):
    assert 2 * _progress.LINE_EVERY == 60
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="utf-8"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    monkeypatch.setattr(_progress, "LINE_EVERY", 0.1)
    before = {*threading.enumerate()}
    with _progress.lines(lambda: "a study"):
        assert [thread.daemon for thread in {*threading.enumerate()} - before] == [True]
        for _ in range(100):
            if shown.getvalue():
                break
            threading.Event().wait(0.05)
        assert b"a study: no training yet" in shown.getvalue()
