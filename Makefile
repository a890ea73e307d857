# Every task of the project. The first run of a task builds what it needs in .venv; `make` alone lists the tasks.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
CORE := $(VENV)/.stamp-core
APP := $(VENV)/.stamp-app
DEV := $(VENV)/.stamp-dev
LAB := $(VENV)/.stamp-lab

# Many tests wait for a server, a disk or a browser: two more workers than cores keep the cores busy.
WORKERS = $$(($$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) + 2))

# Kernel tests alone, with small loads: checked or interpreted kernels run some hundred times slower. Twins alone
# are plain Python anyhow, and files without the mark are not even read.
KERNEL_TESTS = WORKBENCH_TEST_SCALE=small $(PY) -m pytest -q -n auto --dist loadfile -m 'kernel and not twin' \
	$$(grep -rl --include='*.py' 'mark\.kernel' tests | sort) $(ARGS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup services demo test lint kernels frontend screenshots lab clients format bench sample fuzz schema faults serverfaults boundscheck nojit clean

help:  ## List these tasks
	@echo 'Tasks (PYTHON=python3.12 picks the Python, ARGS="..." is passed on to test, bench, fuzz and the like):'
	@awk -F ':.*## *' '/^[a-z]+:.*##/ { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(DEV)  ## Install workbench and all development tools into .venv
	@echo "Ready: $(VENV)/bin/workbench and the development tools are installed in $(VENV)."

services:  ## Install what some tests use beside Python: PostgreSQL, a browser, Node, nginx, openssl, faketime (as root, on Debian)
	@.ci/services

demo: $(APP)  ## Open a market with agents in the browser, with a student and an instructor to sign in as
	$(VENV)/bin/workbench demo $(ARGS)

test: $(DEV)  ## Run all tests on all cores
	$(PY) -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(DEV)  ## Check style, format, types and layers; changes nothing
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

kernels: $(DEV)  ## Compile all kernels, for tests too, on all cores; what uses them does so by itself, on one
	$(PY) -m tests.kernels

frontend: $(DEV)  ## Build the pages' TypeScript into dashboards/assets; needs npm
	@command -v npm >/dev/null || { echo "building the pages needs npm (on Debian and Ubuntu: apt install npm); running them does not" >&2; exit 1; }
	$(PY) -m dashboards.frontend.generating
	cd dashboards/frontend && npm ci --no-audit --no-fund && npm run --silent check && npm run --silent build

screenshots: $(DEV)  ## Take pictures of the pages in every state and of the reports, into docs/screenshots; needs Chromium
	$(PY) -m tests.dashboards.screenshots $(ARGS)
	$(PY) -m tests.reporting.pictures $(ARGS)

lab: $(LAB)  ## Open the notebooks in JupyterLab; the first time it is added to .venv
	@$(VENV)/bin/jupyter lab $$([ "$$(id -u)" -ne 0 ] || echo --allow-root) notebooks/exploration

clients: $(DEV)  ## Trade through ccxt and alpaca-trade-api, each installed from PyPI into an environment of its own
	WORKBENCH_CLIENTS=1 $(PY) -m pytest -q tests/api/alpaca/test_other_clients.py $(ARGS)

format: $(DEV)  ## Format the code and mend what lint can mend by itself
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

bench: $(DEV)  ## Measure speed against named peers in the same run
	$(PY) -m benchmarks $(ARGS)

sample: $(CORE)  ## Write the sample day in data/samples anew
	$(VENV)/bin/workbench sample --force $(ARGS)

fuzz: $(DEV)  ## Run the long campaign of kernels against their plain-Python twins
	$(PY) -m tests.twins.campaign $(ARGS)

schema: $(DEV)  ## Try every operation of the API with many more requests than the tests do
	$(PY) -m tests.api.fuzz $(ARGS)

faults: $(DEV)  ## Run the long campaign of faults against the journal: simulated disk, kill -9, damaged files
	$(PY) -m tests.faults.campaign $(ARGS)

serverfaults: $(DEV)  ## Kill a whole server under load, a hundred times, and let peers and disks misbehave
	$(PY) -m tests.faults.server.campaign $(ARGS)

boundscheck: $(DEV)  ## Run the kernel tests with every array index checked
	NUMBA_BOUNDSCHECK=1 $(KERNEL_TESTS)

nojit: $(DEV)  ## Run the kernel tests as plain Python, without compiling
	NUMBA_DISABLE_JIT=1 $(KERNEL_TESTS)

clean:  ## Delete caches and build outputs; keeps .venv, var/, out/ and data/
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage htmlcov
	find . -name __pycache__ -type d -not -path './$(VENV)*' -prune -exec rm -rf {} +

# A .venv whose Python cannot start (its base Python was upgraded away) is built again.
ifneq ($(wildcard $(VENV)),)
  ifneq ($(shell $(PY) -c 'print("runs")' 2>/dev/null),runs)
    $(shell rm -rf $(VENV))
  endif
endif

comma := ,

# $(call install,REQUIREMENT): into .venv, in place, with uv where there is one.
install = echo "Installing $(1) into $(VENV); the first time this takes a minute or two ..."; \
	if command -v uv >/dev/null; then uv pip install --quiet --python $(PY) --editable '$(1)'; \
	else $(PY) -m pip install --quiet --disable-pip-version-check --editable '$(1)'; fi

$(CORE): pyproject.toml | $(PY)
	@$(call install,.)
	@touch $@

$(APP): pyproject.toml | $(PY)
	@$(call install,.[app])
	@touch $(CORE) $@

$(DEV): pyproject.toml | $(PY)
	@$(call install,.[dev])
	@touch $(CORE) $(APP) $@

$(LAB): pyproject.toml | $(PY)
	@$(call install,.[app$(comma)notebooks])
	@touch $(CORE) $(APP) $@

$(PY):
	@command -v '$(PYTHON)' >/dev/null || { \
	  echo "workbench needs Python 3.11 or newer, and there is no '$(PYTHON)' here: install it, or name one as in 'make setup PYTHON=python3.12'." >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "workbench needs Python 3.11 or newer, and '$(PYTHON)' is $$('$(PYTHON)' -V 2>&1): name a newer one as in 'make setup PYTHON=python3.12'." >&2; exit 1; }
	@if command -v uv >/dev/null; then uv venv --quiet --seed --python "$$(command -v '$(PYTHON)')" $(VENV); \
	elif '$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null; then '$(PYTHON)' -m venv --clear $(VENV); \
	elif command -v virtualenv >/dev/null; then virtualenv --quiet --clear --python "$$(command -v '$(PYTHON)')" $(VENV); \
	else echo "'$(PYTHON)' cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt install python3-venv) and run make again." >&2; exit 1; fi
