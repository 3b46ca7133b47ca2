# Everything sets itself up: a clean clone needs Python 3.11, make and git.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
SEED ?= 7
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := $(VENV)/.demo
PEERS := $(VENV)/.peers

.DEFAULT_GOAL := help
.PHONY: help demo test test-all stalled browser-test pictures docs check check-sandbox lint types layers format audit chaos mutations bench bench-page bench-smoke \
  reference clean

help: ## what there is
	@grep -E '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(DEMO) $(READY)

$(DEMO): pyproject.toml # without what only tests need: a first look takes half the time
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cli]'
	@touch $(DEMO)

demo: $(DEMO) ## the main job on the embedded sandbox: 300 accounts, one package, one report
	$(BIN)/bulkops demo

test: $(READY) ## all tests but the slow ones, under three minutes on two cores
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not slow and not chaos"

test-all: test ## the slow ones too, a slice of the chaos kit among them, under ten minutes
	$(BIN)/python -m pytest -n 6 -m "slow and measures and not chaos"
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "slow and not measures and not chaos"

stalled: $(READY) ## all fast tests while their event loops stand still at random: make stalled SEED=7
	PYTHONPATH=$(CURDIR)/tests/stalls STALL_SEED=$(SEED) $(BIN)/python -m pytest -n 8 --dist worksteal -m "not slow and not chaos"

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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[check]'
	@touch $(VENV)/.check

check-sandbox: $(VENV)/.check ## schemathesis against the sandbox's own description, under two minutes
	$(BIN)/python -m tests.sandbox.check

format: $(READY) ## rewrite the sources as the linter wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(PEERS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $(PEERS)

bench: $(PEERS) ## every bar beside its peers, under 25 minutes: benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

bench-smoke: $(PEERS) ## that the benchmarks run and count right, under 40 seconds
	$(BIN)/python -m benchmarks --smoke

bench-page: $(READY) ## benchmarks/RESULTS.md again, from the results that are there
	$(BIN)/python -m benchmarks --page

bench-%: $(PEERS) ## one of them: make bench-rollout
	$(BIN)/python -m benchmarks $(subst -,_,$*)

audit: $(READY) ## licences of what bulkops brings along, and known holes where advisories can be reached
	$(BIN)/python -m tests.chaos.audit

reference: $(READY) ## rewrite docs/reference from the code
	$(BIN)/python -m docs.generate

clean: ## remove what make made
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
