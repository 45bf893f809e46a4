"""The clock and the bar of what takes long: also where there is no thread, and no such clock."""

import io
import runpy
import threading
import time

from mnist_gd import _running
from mnist_gd._running import Bar, processor_time


def test_a_bar_starts_no_thread(monkeypatch):
    started = []
    monkeypatch.setattr(threading.Thread, "start", started.append)
    monkeypatch.setattr(Bar, "monitor", None)
    for disable in (False, True):
        with Bar(total=2, file=io.StringIO(), disable=disable) as bar:
            bar.update()
    assert started == []


def test_the_clock_goes_on_while_something_is_done():
    start, limit = processor_time(), time.monotonic() + 30
    while processor_time() == start:
        assert time.monotonic() < limit


def test_where_the_clock_of_the_processor_stands_still_another_is_taken(monkeypatch):
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    assert runpy.run_path(_running.__file__)["processor_time"] is time.perf_counter
