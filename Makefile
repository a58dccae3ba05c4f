# Everything a reader, author or checker of the report needs; `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Readers and authors get requirements.txt; tests and JupyterLab more, in the same environment.
READY := $(VENV)/.ready
TOOLS := $(VENV)/.tools
# Many machines ask Python to keep nothing compiled: each start would take two seconds more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help report test test-slow preview lab bench lock clean

help:  ## Say what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

report: $(READY)  ## Build the HTML site and the PDF into _build/html
	@mkdir -p _build  # a folder that cannot be written is one sentence here, and a traceback there
	@$(BIN)/evidence check  # names file and line where Jupyter Book has a traceback, as for YAML
	PATH="$(CURDIR)/$(BIN):$$PATH" jupyter-book build .

test: $(TOOLS)  ## Run the tests, types and style, without the slow ones
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow"

test-slow: $(TOOLS)  ## Kills, and a bundle damaged bit by bit
	$(BIN)/pytest -n 2 --dist loadfile -m slow

preview: $(TOOLS)  ## Show the report in a browser while it is written
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m evidence_tools.book.preview

lab: $(TOOLS)  ## Open the chapters in JupyterLab
	PATH="$(CURDIR)/$(BIN):$$PATH" jupyter lab --config=docs/lab.py

bench: $(TOOLS)  ## Measure builds beside plain Jupyter Book; BENCH="--sizes real,10 --runs 1"
	$(BIN)/python benchmarks/run.py $(BENCH)

lock: $(TOOLS)  ## Pin every dependency with its hashes in the two files of requirements
	$(LOCK) $(UNUSED) --output-file requirements.txt
	$(LOCK) $(UNUSED_DEV) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean:  ## Remove everything that was built, and the environment
	rm -rf _build $(VENV)

LOCK = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-emit-package vitamin-k2-bone-markers \
	--no-header --no-annotate --quiet --upgrade
# The kernel and IPython name them, and do without: completion and debugging, for JupyterLab only.
UNUSED = --no-emit-package debugpy --no-emit-package jedi --no-emit-package parso
# So does jsonschema with this one, which takes a second at each start of Jupyter Book.
UNUSED_DEV = --no-emit-package rfc3987-syntax --no-emit-package lark

# $(call install,FILE): install what a file pins, with a line that counts. Only what is imported
# is compiled, later and once, and the tests of other packages and sources of translations go.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --no-compile --no-deps
install = @{ $(PIP) --progress-bar off --require-hashes -r $(1) 2>&1 || echo "ERROR: not installed"; } | \
	awk -v all="$$(grep -c '^[a-z].*==' $(1))" \
	'/^(Collecting|Processing|Requirement already)/ { printf "\r%d of about %d packages", ++n, all; fflush() } \
	/^Installing/ { printf "; installing, about a minute"; fflush() } \
	/^ *ERROR/ { print "\n" $$0; bad = 1 } END { print ""; exit bad }'

# The package is installed as a link to this folder, so that edits to it count at once.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV): once, about 700 MB"
	@$(PYTHON) -m venv $(VENV)
	$(call install,requirements.txt)
	@$(PIP) --quiet --no-build-isolation --editable .
	@find $(VENV)/lib \( -type d -name tests -o -name '*.po' \) -prune -exec rm -r {} +
	@touch $(READY)

$(TOOLS): $(READY) requirements-dev.txt
	@echo "Installing what tests and JupyterLab need into $(VENV): once, about 550 MB more"
	$(call install,requirements-dev.txt)
	@$(BIN)/jupytext-config --settings-file $(VENV)/etc/jupyter/labconfig/default_setting_overrides.json \
		set-default-viewer markdown myst
	@find $(VENV)/lib \( -type d -name tests -o -name '*.po' \) -prune -exec rm -r {} +
	@touch $(TOOLS)
