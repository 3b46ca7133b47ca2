# Everything sets itself up: a clean clone needs Python 3.11 or later, make and git.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
# A shim of pyenv refuses the versions that pyenv was not told to use; those that are installed are used all the same.
SHOW := -c 'import sys; print(sys.executable)'
BASE = $(or $(shell $(PYTHON) $(SHOW) 2>/dev/null || PYENV_VERSION=$$(pyenv versions --bare | paste -sd: -) $(PYTHON) $(SHOW)),$(PYTHON))
# Each Python that is asked for has its own environment: make test PYTHON=python3.13 uses .venv-3.13.
ASKED := $(filter command environment,$(firstword $(origin PYTHON)))
VENV := .venv$(if $(ASKED),-$(shell $(BASE) -c 'import sys; print("%d.%d" % sys.version_info[:2])'))
SEED ?= 7
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := $(VENV)/.demo
PEERS := $(VENV)/.peers
CONSTRAINTS := constraints.txt
INSTALL := PIP_CONSTRAINT=$(CONSTRAINTS) PIP_BUILD_CONSTRAINT=$(CONSTRAINTS) $(BIN)/python -m pip install --quiet --disable-pip-version-check

# What one process has compiled, the hundreds that the tests start need not compile again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help constraints demo smoke lower-bounds has-python mutation-sample test test-all stalled browser-test pictures docs check check-sandbox lint types layers format audit chaos mutations bench bench-page bench-smoke \
  reference clean

help: ## what there is
	@grep -E '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(BASE) -m venv $(VENV)

$(READY): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[dev]' pip
	@touch $(DEMO) $(VENV)/.test $(READY)

$(DEMO): pyproject.toml constraints.txt | $(BIN)/python # without what only tests need: a first look takes half the time
	$(INSTALL) --editable '.[cli]'
	@touch $(DEMO)

constraints: $(BIN)/python ## constraints.txt with the newest versions; KEEP=1 only adds what is missing
	$(BIN)/python -m tests.packaging.constraints $(if $(KEEP),--keep)

demo: $(DEMO) ## the main job on the embedded sandbox: 300 accounts, one package, one report
	$(BIN)/bulkops demo

test: $(READY) ## all tests but the slow ones, under three minutes on two cores
	$(PYTEST) -n 4 --dist worksteal -m "not slow and not chaos"

test-all: test ## the slow ones too, a slice of the chaos kit among them, under ten minutes
	$(PYTEST) -n 6 -m "slow and measures and not chaos"
	$(PYTEST) -n 4 --dist worksteal -m "slow and not measures and not chaos"

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[test]' pip
	@touch $(VENV)/.test

CORE := -n 4 --dist worksteal -m "not slow and not chaos" tests/unit tests/session tests/acceptance/test_main_job.py
smoke: $(VENV)/.test ## a part of the tests, under a minute: make smoke PYTHON=python3.13
	$(PYTEST) tests/packaging $(CORE)

lower-bounds: ## the same part with the lowest versions that pyproject.toml allows, in .venv-lowest
	$(BASE) -m venv --clear .venv-lowest
	.venv-lowest/bin/python -m tests.packaging.lower_bounds > .venv-lowest/constraints.txt
	$(MAKE) .venv-lowest/.test VENV=.venv-lowest CONSTRAINTS=.venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pytest $(CORE)

has-python: # succeeds where PYTHON can be run
	@$(BASE) -c ''

stalled: $(READY) ## all fast tests while their event loops stand still at random: make stalled SEED=7
	PYTHONPATH=$(CURDIR)/tests/stalls STALL_SEED=$(SEED) $(BIN)/python -m pytest -n 8 --dist worksteal -m "not slow and not chaos"

$(VENV)/.mutation: $(READY)
	$(INSTALL) --editable '.[mutation]'
	@touch $(VENV)/.mutation

COUNT ?= 300
WORKERS ?= 2
mutation-sample: $(VENV)/.mutation ## mistakes drawn by seed, and which of them no test notices: SEED=7 COUNT=300 WORKERS=2
	nice $(BIN)/python -m tests.mutation --seed $(SEED) --count $(COUNT) --workers $(WORKERS)

chaos: $(READY) ## the whole kit that breaks it on purpose, under 25 minutes: ends with a table
	$(BIN)/python -m tests.chaos

mutations: $(READY) ## that the kit can fail: each mistake in a copy of the package must be noticed
	$(BIN)/python -m tests.chaos.mutants

browser-test: $(READY) ## the HTML report in a headless Chromium, with what it measured there
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest -rsP tests/browser

pictures: $(READY) ## the pictures in docs/, of real runs: a minute; needs Chromium
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m tests.cli.pictures
	$(BIN)/python -m tests.browser.pictures

docs: $(READY) ## the documentation as a site in site/, offline, every link looked at
	$(BIN)/python -m docs.site

check: lint types layers ## what needs no test run: lint, strict types, layer contract

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

$(VENV)/.check: $(READY)
	$(INSTALL) --editable '.[check]'
	@touch $(VENV)/.check

check-sandbox: $(VENV)/.check ## schemathesis against the sandbox's own description, under two minutes
	$(BIN)/python -m tests.sandbox.check

format: $(READY) ## rewrite the sources as the linter wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(PEERS): $(READY)
	$(INSTALL) --editable '.[bench]'
	@touch $(PEERS)

bench: $(PEERS) ## every bar beside its peers, under 25 minutes: benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

bench-smoke: $(PEERS) ## that the benchmarks run and count right, under 40 seconds
	$(BIN)/python -m benchmarks --smoke

bench-page: $(READY) ## benchmarks/RESULTS.md again, from the results that are there
	$(BIN)/python -m benchmarks --page

bench-%: $(PEERS) ## one of them: make bench-rollout
	$(BIN)/python -m benchmarks $(subst -,_,$*)

audit: $(READY) ## licenses of what bulkops brings along, and known holes where advisories can be reached
	$(BIN)/python -m tests.chaos.audit

reference: $(READY) ## rewrite docs/reference from the code
	$(BIN)/python -m docs.generate

clean: ## remove what make made
	rm -rf .venv .venv-* site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
