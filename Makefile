PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CODE := src tests examples benchmarks docs/generate.py docs/links.py docs/notebooks.py docs/reference.py

.DEFAULT_GOAL := help

.PHONY: help
help:  ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo "Python 3.10 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# What it takes to run, and what it takes to develop: the demo installs only the first.
$(VENV)/.runs: pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV) ..."
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV), development tools included ..."
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.runs

.PHONY: demo
demo: $(VENV)/.runs  ## see a workflow stop for a person and go on in another process (no key, no server)
	@$(BIN)/python examples/demo.py

$(VENV)/.serves: pyproject.toml | $(BIN)/python
	@echo "installing the server into $(VENV) ..."
	@$(PIP) -e '.[server]'
	@touch $@ $(VENV)/.runs

.PHONY: demo-team
demo-team: $(VENV)/.serves  ## the same with a server and a team: two votes, a delegation, a reminder, an audit
	@$(BIN)/python examples/team/demo.py

.PHONY: install
install: $(VENV)/.installed  ## create .venv and install the package with its development tools

.PHONY: test
test: $(VENV)/.installed  ## run the tests (installs what it needs)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m 'not slow' $(ARGS)

.PHONY: simulate
simulate: $(VENV)/.installed  ## run 10,000 simulations, each from its seed (SEED=123 tells one; ARGS="--help")
	@PYTHONPATH=tests $(BIN)/python -m simulation $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: services
services:  ## install what some tests need (PostgreSQL, PgBouncer, Temporal, Chromium), where possible
	@PYTHON=$(PYTHON) .ci/services

.PHONY: test-long
test-long: $(VENV)/.installed  ## run the longer tests as well
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

.PHONY: screenshots
screenshots: $(VENV)/.installed  ## take the pictures of the pages for the docs anew (needs what `make services` installs)
	@STRANDS_SCREENSHOTS=docs/images $(BIN)/python -m pytest tests/browser/test_looks.py $(ARGS)

# Old clients of providers and servers leave a connection to the garbage collector now and then.
OLD_CLIENTS := -W default::pytest.PytestUnraisableExceptionWarning

# The MCP SDK is supported in two releases: what only the older one reaches counts as well.
.PHONY: coverage
coverage: $(VENV)/.installed  ## run the tests and print how much of src they reach, branches included
	@$(PIP) 'pytest-cov>=7' -e '.[litellm]'
	@[ -d build/mcp1 ] || $(PIP) --target build/mcp1 'mcp>=1.24,<2'
	PYTHONPATH=build/mcp1 $(BIN)/python -m pytest tests/mcp_tools $(OLD_CLIENTS) --cov --cov-report= --cov-fail-under=0
	$(BIN)/python -m pytest -n 3 --dist worksteal -m 'not slow' --cov --cov-append --cov-report=term $(ARGS)

.PHONY: test-lowest
test-lowest: $(VENV)/.installed  ## run the tests on the oldest versions that pyproject.toml allows
	@$(PIP) uv
	@$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(VENV)/lowest
	@$(BIN)/uv pip install --quiet --python $(VENV)/lowest/bin/python --resolution lowest-direct -e '.[dev]'
	$(VENV)/lowest/bin/python -m pytest -n 2 --dist worksteal -m 'not slow' $(OLD_CLIENTS) $(ARGS)

RECIPES := $(VENV)/recipes
.PHONY: test-recipes
test-recipes: | $(BIN)/python  ## try the recipes of the docs with Celery and Streamlit (installed into an environment of their own)
	@test -x $(RECIPES)/bin/streamlit || { $(BIN)/python -m venv $(RECIPES) \
	  && $(RECIPES)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[server]' \
	    'celery>=5.4' 'streamlit>=1.40' pexpect pytest pytest-timeout tomli; }
	@$(RECIPES)/bin/python -m pytest -p no:cacheprovider tests/project/test_recipes.py $(ARGS)

.PHONY: lint
lint: $(VENV)/.installed  ## check style
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

.PHONY: types
types: $(VENV)/.installed  ## check types
	$(BIN)/mypy

# pyright sees the package as somebody who installed it does: the environment's python finds it.
PYRIGHT := .pyright/node_modules/.bin/pyright
$(PYRIGHT):
	@npm install --silent --fetch-timeout 20000 --fetch-retries 1 --no-audit --no-fund --prefix .pyright pyright@1.1.414

FUZZ := .fuzz
.PHONY: fuzz
fuzz: $(VENV)/.installed  ## fuzz the REST interface of a server with schemathesis (installed into an environment of its own)
	@test -x $(FUZZ)/bin/schemathesis || { $(BIN)/python -m venv $(FUZZ) && $(FUZZ)/bin/pip install --quiet 'schemathesis>=4.30,<5'; }
	@PYTHONPATH=tests $(BIN)/python -m support.fuzz $(FUZZ)/bin/schemathesis $(ARGS)

.PHONY: types-public
types-public: $(VENV)/.installed $(PYRIGHT)  ## check that all that is public has a known type (installs pyright with npm)
	@for package in strands strands_cli; do \
	  PATH="$(CURDIR)/$(BIN):$$PATH" $(PYRIGHT) --verifytypes $$package --ignoreexternal > .pyright/$$package.txt \
	    || { failed=1; grep -A 2 'error:' .pyright/$$package.txt; }; \
	  echo "$$package: $$(grep completeness .pyright/$$package.txt || tail -n 1 .pyright/$$package.txt)"; \
	done; \
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PYRIGHT) -p tests/typed || failed=1; \
	exit $${failed:-0}

.PHONY: format
format: $(VENV)/.installed  ## mend style where it can be mended
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

# The reference is read off the sources, so the environment of the site needs nothing of the package.
SITE := $(VENV)/docs
$(SITE)/.installed: pyproject.toml | $(BIN)/python
	@$(PYTHON) -m venv $(SITE)
	@$(SITE)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(SITE)/bin/python -m pip install --quiet --disable-pip-version-check --group docs
	@touch $@

# What the pages would load from elsewhere: diagrams, and search in a site that is only files.
SCRIPTS := build/scripts
$(SCRIPTS)/mermaid.min.js:
	@mkdir -p $(SCRIPTS)
	@cd $(SCRIPTS) && npm pack --silent --fetch-timeout 20000 --fetch-retries 1 mermaid@12.3.0 iframe-worker@1.0.4 > /dev/null
	@tar -xzf $(SCRIPTS)/iframe-worker-*.tgz -O package/shim/index.js > $(SCRIPTS)/iframe-worker.js
	@tar -xzf $(SCRIPTS)/mermaid-*.tgz -O package/dist/mermaid.min.js > $@
	@rm -f $(SCRIPTS)/*.tgz

.PHONY: docs
docs: $(VENV)/.installed $(SITE)/.installed  ## write the generated pages, build the documentation site into build/site
	@$(MAKE) --no-print-directory $(SCRIPTS)/mermaid.min.js \
	  || { rm -rf $(SCRIPTS); echo "without npm: diagrams stay text, and search needs a server (python -m http.server)"; }
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/reference.py build
	@$(SITE)/bin/zensical build --config-file build/mkdocs.yml --strict --clean > build/docs.log 2>&1 && ! grep -q 'griffe:' build/docs.log \
	  || { cat build/docs.log; exit 1; }
	@$(BIN)/python docs/links.py build/site
	@echo "build/site/index.html"

.PHONY: bench
bench: $(VENV)/.runs  ## measure it beside its peers (installs them under .bench; ARGS="--help")
	@$(BIN)/python benchmarks/bench.py $(ARGS)

.PHONY: release
release: $(VENV)/.runs  ## build the distributions, check them, run the wheel in a fresh environment
	@.ci/release $(BIN)/python

.PHONY: conformance-mcp
conformance-mcp: $(VENV)/.installed  ## run the official MCP scenarios for clients (installs their runner with npm; ARGS="tools_call")
	@$(BIN)/python tests/conformance/run.py $(ARGS)

.PHONY: clean
clean:  ## remove what was built, installed or measured here
	rm -rf $(VENV) .services .bench .conformance .pyright .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist demo-out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
