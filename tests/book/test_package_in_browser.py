"""The package as it is in the reader's browser: its own tests, and the weights that it trains."""

import base64
import hashlib
import inspect
import io
import json
import zipfile

import numpy as np
import pytest

from mnist_gd import data, losses
from mnist_gd.networks import SingleLayerNetwork
from tests.book.conftest import HTML, ROOT, give_up

TIME_LIMIT = 1_200_000  # ms

#: The tests, and what they read beside the package and its data.
READ = ["tests/*.py", "tests/pages/*.py", "benchmarks/*.py", "book/*.md", "book/_toc.yml"]
READ += [
    "book/_extra/live/*.js",
    "book/_extra/run/*.py",
    "book/references.bib",
    "pyproject.toml",
    "Makefile",
]

#: Test files that are not run there, and why.
FILES_LEFT_OUT = {
    "test_benchmarks": "other libraries, in processes",
    "test_constraints": "the tree's own files, and the environment's packages",
    "test_encodings": "the tree's own files",
    "test_environments": "the tree's own files",
    "test_equations": "the book's sources, and the extra 'book'",
    "test_house": "the tree's own files, and the extra 'book'",
    "test_mutants": "the tree's own files",
    "test_onnx": "ONNX and its runtime",
    "test_others_cases": "the libraries whose cases they are",
    "test_package": "the sources and their documentation, with numpydoc",
    "test_runtime": "the tree's own files",
    "test_search_on_a_cluster": "Dask",
    "test_serve": "the tree's own files, and sockets",
    "test_shape": "the book's sources",
    "test_sklearn": "scikit-learn",
}

#: Tests of the other files that are not run there, by what they need.
TESTS_LEFT_OUT = {
    "PyTorch and torchvision": {
        "pages/test_ten_digits": "the_same_network_in_pytorch",
        "test_activations": "values_and_backward_agree_with_pytorch prelu_agrees_with_pytorch",
        "test_additions": "adam_is_that_of_torch momentum_is_that_of_torch_and_of_minimize "
        "weights_that_shrink_before_the_step_are_those_of_torch cosine_decay_is_that_of_torch",
        "test_data": "schemas_are_declared_only_where_the_operators_do_not_load "
        "torchvision_unpacks_the_same_files archive_damaged_together_with_its_sum",
        "test_gradient_descent": "momentum_agrees_with_pytorch",
        "test_instructions": "a_tensor_is_refused_for_its_pickle_says_where_it_lies",
        "test_layers": "forward_and_backward_agree_with_pytorch",
        "test_losses": "value_and_gradient_agree_with_pytorch",
        "test_networks": "training_steps_agree_with_pytorch "
        "training_with_an_optimizer_agrees_with_pytorch",
    },
    "SciPy, which would be 20 MB to load": {
        "test_handwriting": "steps_agree_with_scipy",
        "test_activations": "sigmoid_at_extreme_logits softmax_at_extreme_logits "
        "softmax_agrees_with_scipy_on_each_axis_length",
        "test_losses": "a_confident_mistake_is_pushed_the_hardest "
        "kl_is_never_negative_and_cross_entropy_less_the_entropy "
        "kl_of_equals_is_zero_and_cross_entropy_is_least_there "
        "binary_losses_at_extreme_logits cross_entropy_at_extreme_logits "
        "a_class_that_never_occurs_may_have_probability_zero",
    },
    "scikit-learn": {
        "test_data": "the_nearest_mean_is_that_of_scikit_learn",
        "test_doubt": "subspaces_are_those_of_principal_components",
        "test_losses": "agreement_with_scipy_and_scikit_learn",
        "test_metrics": "binary_agrees_with_scikit_learn "
        "each_class_and_macro_agree_with_scikit_learn "
        "accuracy_and_confusion_matrix_agree_with_scikit_learn "
        "scores_at_another_prevalence_are_those_of_weighted_examples "
        "reliability_against_scikit_learn roc_area_against_scikit_learn",
    },
    "processes": {
        "test_code": "every_module_counts the_package_is_read_when_it_is_imported",
        "test_data": "no_load_needs_torchvision six_processes_start_at_once_on_an_empty_folder "
        "import_of_torchvision other_errors_of_torchvision_pass_through",
        "test_exercises": "the_inputs_are_the_same_in_every_process",
        "test_experiments": "same_seed_same_weights_in_two_processes",
        "test_instructions": "workers_know_a_function_of_a_notebook "
        "a_set_in_a_run_has_one_order what_a_run_uses_is_known_in_each_process",
        "test_plots": "style_in_a_fresh_process",
        "test_records": "a_class_of_a_script_stays_that_one_after_a_search "
        "killed_at_any_moment_and_started_again two_searches_at_once_share_the_work "
        "no_worker_outlives_a_search_and_what_it_finished_is_kept",
        "test_sources": "of_what_is_installed_the_version_counts "
        "modules_beside_a_script_that_is_run_count a_module_that_was_edited_since_is_refused "
        "a_module_of_the_readers_may_be_named_like_one_of_pythons "
        "a_module_of_an_archive_counts_by_the_archive "
        "modules_of_the_package_of_a_script_count "
        "in_a_notebook_the_process_began_when_it_did",
        "test_training": "the_same_seed_gives_the_same_bits_in_this_process_and_in_another",
        "test_workers": "what_a_run_starts_asks_for_that_run_neither "
        "an_error_that_cannot_be_sent_is_told an_error_is_told_wherever_its_search_is "
        "what_no_worker_can_be_sent_is_refused_by_the_search",
    },
    "threads": {
        "test_contract": "every_public_function_is_drawn[main]",
        "test_data": "others_see_whole_files_or_none",
        "test_progress": "long_studies_say_it_in_lines_where_no_terminal_shows_bars "
        "lines_are_seen_at_once_twice_a_minute_by_what_keeps_no_program_alive",
        "test_records": "seconds_are_those_of_the_processor "
        "the_same_search_waits_and_another_does_not "
        "of_what_others_are_at_a_search_takes_one_at_a_time "
        "searches_that_overlap_share_what_they_have_in_common",
        "test_studies": "main_runs_everything_in_full",
    },
    "users, limits or descriptors of a system": {
        "test_code": "code_of_many_branches_counts",
        "test_instructions": "what_is_nested_too_deeply_is_refused",
        "test_data": "root_that_cannot_even_be_looked_into read_only_package_folder "
        "sound_read_only_root_serves_without_a_warning damaged_read_only_root_is_not_trusted",
        "test_handwriting": "what_is_no_file_is_refused_before_it_is_read",
        "test_network_files": "what_is_no_file_is_refused_before_it_is_read "
        "what_is_no_file_is_not_replaced_by_one",
        "test_records": "many_runs_need_few_open_files times_nested_deeply_are_refused "
        "where_a_file_is_in_the_place_of_a_folder_nothing_is_run",
        "test_training": "progress_is_silent_where_there_is_no_terminal",
    },
    "long doubles, whose norm Pyodide's NumPy takes to be another": {
        "test_gradient_check": "the_cosine_of_numbers_beyond_float64_is_not_taken_there",
    },
    "a clock of the processor": {"test_training": "the_seconds_are_those_of_the_processor"},
    "BLAS, which Pyodide's NumPy has not": {
        "pages/test_the_search": "the_record_is_made_of_the_search_and_says_where",
        "test_records": "a_run_has_one_blas_thread",
    },
    "tqdm's text, in whose place the page has a bar of its own": {
        "test_records": "a_bar_is_shown_on_a_terminal_only",
    },
    "the book's own build": {
        "test_progress": "without_a_terminal_a_build_says_it_in_lines "
        "on_a_terminal_a_build_says_it_in_a_bar a_quiet_build_draws_no_bar "
        "a_build_without_pages_to_run_says_so_in_one_line "
        "a_page_that_fails_is_named_and_not_counted "
        "an_interrupted_build_starts_no_more_pages_and_leaves_nothing "
        "pages_with_much_to_do_begin the_time_left_is_told_once_no_page_waits",
    },
}


def left_out():
    """The tests that are left out, as pytest names them."""
    return [
        f"tests/{file}.py::test_{name}"
        for files in TESTS_LEFT_OUT.values()
        for file, names in files.items()
        for name in names.split()
    ]


def files_to_run():
    """The test files of the package and of the pages' own functions that are to be run."""
    paths = sorted([*ROOT.glob("tests/test_*.py"), *ROOT.glob("tests/pages/test_*.py")])
    names = {path.relative_to(ROOT / "tests").with_suffix("").as_posix() for path in paths}
    assert names >= FILES_LEFT_OUT.keys()
    return [f"tests/{name}.py" for name in sorted(names - FILES_LEFT_OUT.keys())]


def packed():
    """The tests, what they read, and what runs them, as if it were installed, in base64."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as written:
        for pattern in READ:
            for path in ROOT.glob(pattern):
                written.write(path, path.relative_to(ROOT))
        written.write(ROOT / "tests/book/inside.py", "site-packages/inside.py")
        for name in json.loads((HTML / "runtime/contents.json").read_text(encoding="utf-8"))[
            "tests"
        ]:
            with zipfile.ZipFile(HTML / "runtime" / name) as wheel:
                for member in wheel.namelist():
                    written.writestr(f"site-packages/{member}", wheel.read(member))
    return base64.b64encode(whole.getvalue()).decode()


@pytest.fixture(scope="module")
def python(new_visit):
    """Run lines of Python in a worker of a page, as a cell is run; returns what they print."""
    if not (HTML / "runtime/contents.json").is_file():
        give_up("the browser's Python is missing: run `python book/runtime.py`, then `make book`")
    visit = new_visit()
    page = visit.open("bibliography.html")
    page.evaluate(
        """async () => {
          const { Python } = await import("/run/python.js");
          window.python = new Python(new URL("/runtime/", location.href));
          await window.python.start();
        }"""
    )

    def run(source):
        events = page.evaluate(
            """async ([source, limit]) => {
              const events = [];
              const late = setTimeout(() => window.python.stop(), limit);
              await window.python.call("run", { source, name: "tests" }, (e) => events.push(e));
              clearTimeout(late);
              return events;
            }""",
            [source, TIME_LIMIT],
        )
        assert [event for event in events if event["kind"] == "error"] == []
        return "".join(e["text"] for e in events if e.get("name") == "stdout")

    yield run
    page.evaluate("window.python.stop()")
    assert visit.faults == []
    visit.context.close()


def trained(seed):
    """Train on 10,000 images for an epoch.

    Returns
    -------
    before, after : ndarray of float32
        All weights.
    order : ndarray of int
        The next shuffle.
    nearest : float
        How near the input of a rectifier came to its kink.
    """
    rng = np.random.default_rng(seed)
    loss, seen = losses.cross_entropy_with_logits, []
    network = SingleLayerNetwork(784, 64, 10, loss=loss, rng=rng)

    def weights():
        return np.concatenate([array.ravel() for array in network.parameters])

    def rate(progress):  # is asked for before each step: look at the one before it
        z = network._passed and network._passed[1]  # of the first layer
        seen.append(np.inf if z is None else np.abs(z).min())
        return 0.1

    before, train = weights(), data.load_mnist(dtype="uint8").train
    x, y = train.images[:10_000], train.labels[:10_000]
    network.train(x, y, epochs=1, batch_size=32, learning_rate=rate, rng=rng)
    return before, weights(), rng.permutation(len(x)), float(min(seen))


def test_its_own_tests(python):
    """All files but those of one table, all tests but those of the other, and none that fails."""
    files = files_to_run()
    python(
        "import base64, io, sys, zipfile\n"
        f"content = base64.b64decode({packed()!r})\n"
        "zipfile.ZipFile(io.BytesIO(content)).extractall('/book')\n"
        "sys.path.insert(0, '/book/site-packages')"
    )
    about = json.loads(python(f"import inside; inside.run({files!r}, {left_out()!r})"))
    print(f"{about['passed']} tests of {len(about['files'])} files passed in the browser")
    print(json.dumps(about["seconds"]), about["last"])
    assert not about["faults"], "\n".join(about["faults"])
    assert about["unmet"] == [], "these are left out, but there are no such tests"
    assert about["files"].keys() == set(files)
    assert about["code"] == 0
    assert about["passed"] == sum(about["files"].values()) > 2500


#: Products of float32 are rounded in another order, as by another BLAS: between two kernels of
#: OpenBLAS the weights, of up to 0.8, part by 3e-7 in such an epoch, and from those of the
#: browser by as much.
TOLERANCE = 5e-6
#: So little may decide on which side of its kink a rectifier is, and the steps after that part by
#: far more. This seed keeps all 640,000 inputs away from it.
SEED, KINK = 5, 5e-6
PART = 25_000  # weights at a time: a cell prints no more than 200,000 characters


def test_the_same_seed_gives_the_same_weights(python):
    text = python(
        "import base64, hashlib\n"
        "import numpy as np\n"
        "from mnist_gd import data, losses\n"
        "from mnist_gd.networks import SingleLayerNetwork\n"
        f"{inspect.getsource(trained)}\n"
        f"before, after, order, _ = trained({SEED})\n"
        "for array in (before, order.astype('<i8')):\n"
        "    print(hashlib.sha256(array).hexdigest())\n"
    )
    initial, shuffle = text.split()
    before, after, order, nearest = trained(SEED)
    assert initial == hashlib.sha256(before).hexdigest()
    assert shuffle == hashlib.sha256(order.astype("<i8")).hexdigest()
    assert nearest > KINK
    parts = [f"after[{i}:{i + PART}]" for i in range(0, len(after), PART)]
    parts = [python(f"print(base64.b64encode({part}).decode())") for part in parts]
    theirs = np.frombuffer(b"".join(map(base64.b64decode, parts)), np.float32)
    off = np.abs(after - theirs).max()
    print(f"largest difference {off:.1e}, of weights up to {np.abs(after).max():.2f}")
    assert off < TOLERANCE
    assert np.abs(after - trained(SEED + 1)[1]).max() > 1e4 * TOLERANCE  # the seed decides
