# What a reader or a developer needs, each target with its own set-up.
#
#   make book       build the book, strictly; prints where it is
#   make test       check the style and run the tests
#   make test-book  build and print the book, test its pages in Chromium and its notebooks
#   make serve      show the built book on this machine, where its code runs in the browser
#   make pdf        the whole book as one PDF, by Chromium
#   make live       open the chapters as notebooks in JupyterLab
#   make studies    run the long studies in full, which takes long; the next build shows them
#   make benchmark  measure the speed beside other libraries, and what the book shows of times and
#                   of other kernels; the next build shows the records
#   make verify     build the book anew elsewhere and name the files that differ from this one's;
#                   PUBLISHED=folder compares with those of another built book
#   make mutants    count which small mistakes in the package its tests see, into a record
#   make setup      the environment alone, which the others set up by themselves
#   make refresh    resolve all versions anew, without installing them, into constraints.txt
#   make audit      ask PyPI for known weaknesses of those versions: it needs the network
#   make lint       check the style alone
#   make clean      remove what was built, but no record of a training
#   make distclean  remove the records and the environment too
#
#   make book PYTHON=python3.12  with another interpreter; so with each of them
#   make book TORCH=cpu          PyTorch without CUDA, which spares gigabytes on Linux: at set-up

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# scikit-learn and ONNX come with both; `oracles`, with JAX, only where it is asked for.
EXTRAS := book,test,cluster
FIRST_PAGE := book/_build/html/index.html
BUILT := book/_build/html/.built
RUNTIME := $(VENV)/.ready-runtime
AUDIT := $(VENV)/audit
MUTANTS := $(VENV)/mutants
# PyTorch's own index of a build; without TORCH its usual one comes from PyPI.
TORCH_INDEX = https://download.pytorch.org/whl/$(TORCH)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup refresh audit book verify serve studies pdf test test-book lint live benchmark mutants clean distclean

help:
	@sed -n '/^#   /s/^#   /  /p' Makefile

setup: $(READY) $(RUNTIME)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'pass' || { echo "error: no Python found as '$(PYTHON)'; try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: Python 3.11 or later is needed, but '$(PYTHON)' is $$($(PYTHON) -V 2>&1)." >&2; \
	  echo "       Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { \
	  echo "error: '$(PYTHON)' cannot make virtual environments: its venv or ensurepip is missing" >&2; \
	  echo "       (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@echo "Setting up $(VENV) with the tested versions; the download takes some minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check \
	  $(if $(TORCH),--extra-index-url $(TORCH_INDEX)) -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

# What runs the book in the reader's browser, into the user's cache. The book does without.
$(RUNTIME): $(READY) book/runtime.toml book/runtime.py
	@$(BIN)/python book/runtime.py || echo "The book will have no Run buttons; to try again: $(BIN)/python book/runtime.py"
	@touch $@

refresh: $(READY)
	$(BIN)/python .ci/constraints.py

# In an environment of its own: what it needs is not the book's.
audit: $(READY)
	[ -x $(AUDIT)/bin/pip-audit ] || { $(BIN)/python -m venv $(AUDIT) && \
	  $(AUDIT)/bin/python -m pip install --disable-pip-version-check pip-audit==2.10.1; }
	@$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt || { \
	  echo "error: a known weakness stands above, or PyPI could not be asked (without network" >&2; \
	  echo "       nothing is checked): see the lines of pip-audit." >&2; exit 1; }

# The hash is taken before the build: what is edited while it runs is built by the next.
# -W: a warning fails the build; --all: pages that did not change are checked again
# too (their cells are not run again: those results are cached by the code's hash).
book: $(READY) $(RUNTIME)
	@inputs=$$($(BIN)/python book/inputs.py) && \
	if [ -e $(FIRST_PAGE) ] && [ "$$(cat $(BUILT) 2>/dev/null)" = "$$inputs" ]; then \
	  echo "Nothing has changed since the last build that passed."; \
	else \
	  rm -f $(BUILT); \
	  $(BIN)/jupyter-book build book -W --keep-going --all && echo "$$inputs" > $(BUILT); \
	fi
	@echo "The book: file://$(CURDIR)/$(FIRST_PAGE)"

verify: $(if $(PUBLISHED),$(READY) $(RUNTIME),book)
	$(BIN)/python book/verify.py $(PUBLISHED)

serve: book
	$(BIN)/python book/serve.py

pdf: book
	$(BIN)/python book/paper.py

studies: $(READY)
	$(BIN)/python -m benchmarks.full_search book/_build/records
	$(BIN)/python -m mnist_gd.experiments.studies book/_build/records

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

test: lint
	$(BIN)/python -X warn_default_encoding -m pytest -m "not slow" -n 2 --dist loadfile

# What tests/book/ tests; also REQUIRE_BROWSER=1 make test-book, to fail without Chromium.
test-book: pdf
	$(BIN)/python -X warn_default_encoding -m pytest -n 2 --dist loadfile --no-loadscope-reorder \
	  --durations=15 tests/book

# .jupyter/ makes the chapters, which are Markdown, open as notebooks by jupytext.
live: $(READY)
	JUPYTER_CONFIG_PATH="$(CURDIR)/.jupyter:$$JUPYTER_CONFIG_PATH" \
	  $(BIN)/python -m jupyterlab $(LAB_OPTIONS)

# The libraries beside which it is measured come with an extra that nothing else needs.
benchmark:
	@$(MAKE) --no-print-directory setup EXTRAS=benchmark,cluster READY=$(VENV)/.ready-benchmark
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.on_a_cluster
	$(BIN)/python -m benchmarks.kernels book/_build/records
	$(BIN)/python -m benchmarks.times book/_build/records

# What makes the mistakes stands beside the environment's packages, as what audits does.
mutants: $(READY)
	[ -d $(MUTANTS) ] || $(BIN)/python -m pip install --disable-pip-version-check \
	  --target $(MUTANTS) cosmic-ray==8.7.0
	PYTHONPATH=$(MUTANTS) $(BIN)/python -m benchmarks.mutants $(MODULES)

clean:
	[ ! -d book/_build ] || find book/_build -mindepth 1 -maxdepth 1 ! -name 'records*' -exec rm -rf {} +
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf book/_build $(VENV)
