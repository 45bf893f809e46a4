"""Run the package's own tests under Pyodide: this file is imported in the browser.

Test files name PyTorch, SciPy and scikit-learn when they are imported, and so these have
stand-ins; the tests that call them are left out.
"""

import contextlib
import importlib.util
import io
import json
import sys
import time
import types

import pytest
from hypothesis import settings

LIBRARIES = ("torch", "scipy", "sklearn")
EXAMPLES = 20  # of each property


class StandIn:
    """What a library that is not there would give: it may be named, but a test may not call it."""

    testing = False

    def __init__(self, name):
        self.name = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.name}.{name}")

    def __call__(self, *args, **kwargs):
        if StandIn.testing:
            raise NotImplementedError(f"{self.name} is not in the browser")
        return self


class Module(types.ModuleType):
    """A module of such a library."""

    def __getattr__(self, name):
        return getattr(StandIn(self.__name__), name)


class Finder:
    """Finds these modules when they are imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in LIBRARIES:
            return importlib.util.spec_from_loader(name, Finder, is_package=True)
        return None

    @staticmethod
    def create_module(spec):
        return Module(spec.name)

    @staticmethod
    def exec_module(module):
        pass


class Results:
    """Leaves tests out, and notes what became of the others.

    Parameters
    ----------
    left_out : set of str
        Tests, with their parameters or, for all of them, without.
    """

    def __init__(self, left_out):
        self.left_out, self.met = left_out, set()
        self.passed, self.seconds, self.files, self.faults = 0, {}, {}, []

    def pytest_collection_modifyitems(self, config, items):
        few = settings(settings.get_profile("repeatable"), max_examples=EXAMPLES)
        settings.register_profile("few", few)
        settings.load_profile("few")
        of_item = {item: {item.nodeid, item.nodeid.partition("[")[0]} for item in items}
        self.met = self.left_out & set().union(*of_item.values())
        out = [item for item, names in of_item.items() if names & self.left_out]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        StandIn.testing = True
        try:
            return (yield)
        finally:
            StandIn.testing = False

    def pytest_collectreport(self, report):
        if report.outcome != "passed":
            self.faults.append(f"{report.nodeid}: {report.longrepr}")

    def pytest_runtest_logreport(self, report):
        file = report.nodeid.partition("::")[0]
        self.files[file] = self.files.get(file, 0) + (report.when == "call")
        self.seconds[file] = self.seconds.get(file, 0) + report.duration
        self.passed += report.when == "call" and report.outcome == "passed"
        if report.outcome != "passed":
            self.faults.append(f"{report.nodeid} {report.outcome}: {report.longrepr}")


def run(files, left_out):
    """Run test files and print what became of them, as JSON in one line.

    Parameters
    ----------
    files : list of str
    left_out : list of str
        Tests, such as ``tests/test_data.py::test_one_hot``.
    """
    from mnist_gd import _code, _sources

    _sources.BEGUN = time.time()  # the tests have come since
    _code._elsewhere.clear()  # the page's Python answers with the records of the build
    _code.code_of.cache_clear()
    sys.meta_path.append(Finder)
    results, said = Results(set(left_out)), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        options = ["-p", "no:cacheprovider", "--capture=sys", "--tb=short", "--quiet"]
        options += ["-o", "tmp_path_retention_policy=none"]  # files are in memory there
        options += ["-o", "faulthandler_timeout=0"]  # which is a thread's work
        code = pytest.main([*options, *files], [results])
    about = {
        "code": int(code),
        "passed": results.passed,
        "files": results.files,
        "seconds": {name: round(seconds, 1) for name, seconds in results.seconds.items()},
        "unmet": sorted(results.left_out - results.met),
        "faults": [fault[-1500:] for fault in results.faults[:60]],
        "failed": len(results.faults),
        "last": said.getvalue().splitlines()[-1:],
    }
    print(json.dumps(about))
