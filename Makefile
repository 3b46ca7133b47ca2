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
.PHONY: help constraints demo smoke lower-bounds has-python mutation-sample test test-all stalled browser-test pictures docs check check-sandbox lint types layers format audit chaos mutations bench bench-wide bench-page bench-smoke \
  reference clean

help: ## list of targets
	@grep -E '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(BASE) -m venv $(VENV)

$(READY): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[dev]' pip
	@touch $(DEMO) $(VENV)/.test $(READY)

$(DEMO): pyproject.toml constraints.txt | $(BIN)/python # without what only tests need: a first look takes half the time
	$(INSTALL) --editable '.[cli]'
	@touch $(DEMO)

constraints: $(BIN)/python ## constraints.txt with the newest versions; KEEP=1 only adds missing ones
	$(BIN)/python -m tests.packaging.constraints $(if $(KEEP),--keep)

demo: $(DEMO) ## the main job on the sandbox: 300 accounts, one package, one report
	$(BIN)/bulkops demo

test: $(READY) ## all tests except slow ones, under three minutes on two cores
	$(PYTEST) -n 4 --dist worksteal -m "not slow and not chaos"

test-all: test ## slow tests too, with a part of the chaos tests, under ten minutes
	$(PYTEST) -n 6 -m "slow and measures and not chaos"
	$(PYTEST) -n 4 --dist worksteal -m "slow and not measures and not chaos"

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[test]' pip
	@touch $(VENV)/.test

CORE := -n 4 --dist worksteal -m "not slow and not chaos" tests/unit tests/session tests/acceptance/test_main_job.py
smoke: $(VENV)/.test ## a part of the tests, under a minute: make smoke PYTHON=python3.13
	$(PYTEST) tests/packaging $(CORE)

lower-bounds: ## the same part with the lowest allowed versions, in .venv-lowest
	$(BASE) -m venv --clear .venv-lowest
	.venv-lowest/bin/python -m tests.packaging.lower_bounds > .venv-lowest/constraints.txt
	$(MAKE) .venv-lowest/.test VENV=.venv-lowest CONSTRAINTS=.venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pytest $(CORE)

has-python: # succeeds where PYTHON can be run
	@$(BASE) -c ''

stalled: $(READY) ## all fast tests with random stalls of their event loops: make stalled SEED=7
	PYTHONPATH=$(CURDIR)/tests/stalls STALL_SEED=$(SEED) $(BIN)/python -m pytest -n 8 --dist worksteal -m "not slow and not chaos"

$(VENV)/.mutation: $(READY)
	$(INSTALL) --editable '.[mutation]'
	@touch $(VENV)/.mutation

COUNT ?= 300
WORKERS ?= 2
mutation-sample: $(VENV)/.mutation ## random mistakes, and those that no test notices: SEED=7 COUNT=300 WORKERS=2
	nice $(BIN)/python -m tests.mutation --seed $(SEED) --count $(COUNT) --workers $(WORKERS)

chaos: $(READY) ## chaos tests: kills, outages, hostile servers, damaged journals; under 25 minutes
	$(BIN)/python -m tests.chaos

mutations: $(READY) ## check of the chaos tests: each mistake in a copy must be noticed
	$(BIN)/python -m tests.chaos.mutants

browser-test: $(READY) ## tests of the HTML report in headless Chromium, with measurements
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest -rsP tests/browser

pictures: $(READY) ## pictures for docs/ from real runs: a minute; needs Chromium
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m tests.cli.pictures
	$(BIN)/python -m tests.browser.pictures

docs: $(READY) ## the documentation as an offline site in site/, with checked links
	$(BIN)/python -m docs.site

check: lint types layers ## lint, strict types, layer contract

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

check-sandbox: $(VENV)/.check ## schemathesis against the sandbox's OpenAPI document, under two minutes
	$(BIN)/python -m tests.sandbox.check

format: $(READY) ## fix lint errors and format the sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(PEERS): $(READY)
	$(INSTALL) --editable '.[bench]'
	@touch $(PEERS)

bench: $(PEERS) ## benchmarks beside their peers on a quiet machine, under 20 minutes: benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

bench-wide: $(PEERS) ## benchmarks of memory, and in virtual time: any machine will do
	$(BIN)/python -m benchmarks --wide

bench-smoke: $(PEERS) ## short check of the benchmarks, under 40 seconds
	$(BIN)/python -m benchmarks --smoke

bench-page: $(READY) ## benchmarks/RESULTS.md from existing results
	$(BIN)/python -m benchmarks --page

bench-%: $(PEERS) ## one benchmark, PROFILE=1 with a flame graph: make bench-rollout
	$(BIN)/python -m benchmarks $(subst -,_,$*) $(if $(PROFILE),--profile)

audit: $(READY) ## licenses of dependencies, and known vulnerabilities if advisories are reachable
	$(BIN)/python -m tests.chaos.audit

reference: $(READY) ## docs/reference from the code
	$(BIN)/python -m docs.generate

clean: ## remove everything that make created
	rm -rf .venv .venv-* site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
