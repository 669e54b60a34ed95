# What a developer does. Everything runs in .venv, with the exact versions of constraints.txt.
#
#   make demo    simulate a shop, run everything on it, say where to look
#   make test    all tests, on DuckDB and on Spark
#   make lint    style, types, import contracts
#   make docs    the documentation site, in site/
#   make bench   the benchmark table (benchmarks/pipeline.py)
#   make wheel   the package, in dist/
#   make clean   remove all of it

PYTHON ?= python3
# Two processes, each with a Spark session of its own; files are not split, and the slow ones do not come last.
PYTEST_WORKERS ?= 2
PYTEST_FLAGS ?=
BIN := .venv/bin
# Packages that come as source are built with pinned tools too.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --build-constraint constraints.txt
# Not among the pins: its CPU and CUDA builds have one version. Installed first, so that nothing asks for another build.
TORCH := torch==2.13.0
PINS := constraints.txt pyproject.toml

.PHONY: demo test lint docs bench wheel constraints clean java
.DELETE_ON_ERROR:

demo: .venv/.serve
	$(BIN)/footfall demo

test: java .venv/.test
	$(BIN)/python -m pytest --numprocesses $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_FLAGS)

lint: .venv/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive src
	$(BIN)/python -m pip check

docs: .venv/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: java .venv/.bench
	$(BIN)/python benchmarks/pipeline.py

wheel: .venv/.core
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --build-constraint constraints.txt --wheel-dir dist .

# Newer versions of everything: from an empty environment, to be tried with `make clean test lint docs`.
constraints:
	rm -rf .venv-constraints
	$(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/python -m pip install --quiet --upgrade pip setuptools wheel hatchling editables
	.venv-constraints/bin/python -m pip install --quiet $(TORCH)
	.venv-constraints/bin/python -m pip install --quiet -e '.[all,deep]' --group test --group lint --group docs --group bench
	.venv-constraints/bin/python -m pip freeze --all --exclude-editable | grep -v '^torch==' | { sed -n '/^#/p' constraints.txt; cat; } > .venv-constraints/new
	mv .venv-constraints/new constraints.txt
	rm -rf .venv-constraints

clean:
	rm -rf .venv .venv-constraints build dist site demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# --- environments: a stamp is renewed when the pins change, so a second call installs nothing ---

.venv/.pip: $(PINS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Footfall needs Python 3.11 or later; $(PYTHON) is not. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip
	@touch $@

.venv/.core: .venv/.pip
	$(INSTALL) -e .
	@touch $@

.venv/.serve: .venv/.core
	$(INSTALL) -e '.[serve]'
	@touch $@

.venv/.test: .venv/.core
	$(INSTALL) $(TORCH)
	$(INSTALL) -e '.[all,deep]' --group test
	@touch $@

.venv/.lint: .venv/.test
	$(INSTALL) --group lint
	@touch $@

.venv/.docs: .venv/.core
	$(INSTALL) --group docs
	@touch $@

.venv/.bench: .venv/.test
	$(INSTALL) --group bench
	@touch $@

java:
	@java -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])' || { \
	  echo "Spark needs Java 17 or 21. On Debian and Ubuntu: sudo apt-get install openjdk-17-jre-headless" >&2; \
	  echo "(where that is not packaged any more: openjdk-21-jre-headless)" >&2; exit 1; }
