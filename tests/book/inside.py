"""The package's tests under Pyodide: this file runs in the browser.

What is not there, PyTorch, SciPy, scikit-learn, processes and threads, has a stand-in: a test that
calls it is left out, and the stand-in's name is the reason.
"""

import contextlib
import functools
import importlib.util
import io
import json
import subprocess
import sys
import threading
import types
from pathlib import Path

import pytest

TESTS = str(Path(__file__).parent / "tests")
EXAMPLES = 20  # of a property, where a test does not say how many


class Absent:
    """What a library would give: it can be named, and called while no test runs."""

    testing = False

    def __init__(self, library):
        self.library = library

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(self.library)

    def __call__(self, *args, **kwargs):
        if Absent.testing:
            pytest.skip(self.library)
        return self


class Library(types.ModuleType):
    """A library that is not there, or a module of it."""

    def __getattr__(self, name):
        return getattr(Absent(self.__name__.partition(".")[0]), name)


class Libraries:
    """Finds the libraries that are not there."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            return importlib.util.spec_from_loader(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Library(spec.name)

    def exec_module(self, module):
        pass


def left_out_if_a_test_asks(function, reason):
    """Leave a test out that asks the standard library for what is not there.

    The package and other libraries get the answer that they get in a browser.
    """
    home = str(Path(subprocess.__file__).parent)

    @functools.wraps(function)
    def asked(*args, **kwargs):
        frame = sys._getframe(1)
        while frame.f_code.co_filename.startswith(home) and frame.f_back is not None:
            frame = frame.f_back
        if frame.f_code.co_filename.startswith(TESTS):
            pytest.skip(reason)
        return function(*args, **kwargs)

    return asked


def stand_in(libraries):
    """Put the stand-ins in the place of what is not there."""
    sys.meta_path.append(Libraries(libraries))
    subprocess.Popen.__init__ = left_out_if_a_test_asks(subprocess.Popen.__init__, "processes")
    threading.Thread.start = left_out_if_a_test_asks(threading.Thread.start, "threads")


class Results:
    """What became of each test."""

    def __init__(self, tell):
        self.tests, self.faults, self.tell = {}, [], tell

    def pytest_collection_modifyitems(self, items):
        for item in items:
            if "capfd" in item.fixturenames:  # the worker would have no output any more
                item.add_marker(pytest.mark.skip(reason="descriptors"))
        from hypothesis import settings

        few = settings(settings.get_profile("repeatable"), max_examples=EXAMPLES)
        settings.register_profile("few", few)
        settings.load_profile("few")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        Absent.testing = True
        try:
            return (yield)
        finally:
            Absent.testing = False

    def pytest_collectreport(self, report):
        if report.outcome != "passed":
            self.faults.append(f"{report.nodeid}: {report.longreprtext or report.longrepr}")

    def pytest_runtest_logreport(self, report):
        outcome, reason, seconds = self.tests.get(report.nodeid, ("passed", "", 0.0))
        if report.outcome == "failed":
            outcome, reason = "failed", report.longreprtext
        elif report.outcome == "skipped" and outcome == "passed":
            outcome, reason = "skipped", report.longrepr[2].removeprefix("Skipped: ")
        self.tests[report.nodeid] = outcome, reason, seconds + report.duration
        if report.when == "teardown":
            self.tell(f"{report.nodeid} {outcome} {seconds + report.duration:.2f}")


def run(arguments, libraries, tell=lambda line: None):
    """Run pytest; return what became of each test, what could not be collected, and all it said."""
    stand_in(libraries)
    results, said = Results(tell), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(["-p", "no:cacheprovider", "--capture=sys", *arguments], [results])
    return json.dumps(
        {
            "code": int(code),
            "tests": results.tests,
            "faults": results.faults,
            "said": said.getvalue(),
        }
    )
