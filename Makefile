PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help
help:  ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

.PHONY: install
install: $(STAMP)  ## create .venv and install the package with its development tools

.PHONY: test
test: $(STAMP)  ## run the tests (installs what it needs)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not slow'

.PHONY: test-long
test-long: $(STAMP)  ## run the longer tests as well
	$(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: lint
lint: $(STAMP)  ## check style
	$(BIN)/ruff check src tests examples benchmarks
	$(BIN)/ruff format --check src tests examples benchmarks

.PHONY: types
types: $(STAMP)  ## check types
	$(BIN)/mypy
