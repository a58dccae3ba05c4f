# Everything a reader, author or checker of the report needs; `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help report test test-slow lab bench lock clean

help:  ## Say what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

report: $(READY)  ## Build the HTML site and the PDF into _build/html
	PATH="$(CURDIR)/$(BIN):$$PATH" jupyter-book build .

test: $(READY)  ## Run the tests, types and style, without the slow ones
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow"

test-slow: $(READY)  ## Kills, and a bundle damaged bit by bit
	$(BIN)/pytest -n 2 --dist loadfile -m slow

lab: $(READY)  ## Open the chapters in JupyterLab
	PATH="$(CURDIR)/$(BIN):$$PATH" jupyter lab

bench: $(READY)  ## Measure builds beside plain Jupyter Book; BENCH="--sizes real,10 --runs 1"
	$(BIN)/python benchmarks/run.py $(BENCH)

lock: $(READY)  ## Pin every dependency with its hashes in requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--quiet --upgrade --output-file requirements.txt

clean:  ## Remove everything that was built, and the environment
	rm -rf _build $(VENV)

# The package is installed as a link to this folder, so that edits to it count at once.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q $(VENV)/lib >/dev/null || true
	$(BIN)/jupytext-config --settings-file $(VENV)/etc/jupyter/labconfig/default_setting_overrides.json \
		set-default-viewer markdown myst
	touch $(READY)
