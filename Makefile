# Sceau. `make help` says what each target does. Nothing here needs root but `make system`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup run demo test browser check format torture bench words mutate system lock clean

help: ## say what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 12

setup: $(VENV)/.ready ## build .venv with .venv/bin/sceau (again only when something changed)

$(VENV)/.ready: requirements/run.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-test: requirements/test.lock $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	@touch $@

run: setup ## start the whole service on this machine, ready to use; it says where to click
	$(BIN)/sceau run

demo: setup ## play the whole notice as a script that narrates each step, with real files
	$(BIN)/sceau demo

test: $(VENV)/.ready-test ## run every test this machine can run, and name what was left out
	tools/run-tests

browser: $(VENV)/.ready-test ## the journeys in Debian's Chromium: build/axe.json, and each page pictured in build/shots
	@rm -rf build/shots build/axe.json && mkdir -p build/shots
	SCEAU_TEST_SHOTS=$(CURDIR)/build/shots $(BIN)/python -m pytest -rs tests/browser
	@test -s build/axe.json || { echo "No page was looked at: sudo make system adds the browser."; exit 1; }
	@echo "build/axe.json: $$(grep -c '"page"' build/axe.json) looks; pictures in build/shots"

check: $(VENV)/.ready-test ## style, types, layers and house rules, in less than 30 seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/unit/test_house.py

format: $(VENV)/.ready-test ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

torture: $(VENV)/.ready-test ## kill a real instance 1,000 times and run every drill at length, two hours (TORTURE='--kills 100': shorter)
	$(BIN)/python -m tests.reliability $(TORTURE)

bench: setup ## measure what Sceau costs beside floors and peers, half an hour (BENCH=--quick: a look)
	$(BIN)/python -m bench $(BENCH)

words: $(VENV)/.ready-test ## gather what the pages say, keep the English beside it, and compile it (WORDS=--missing: what lacks)
	$(BIN)/python tools/words.py $(WORDS)

mutate: $(VENV)/.ready-test ## change the code that refuses, one thing at a time, and see that a test notices; hours (MUTATE="keys --most 50": a look)
	$(BIN)/python tools/mutate.py $(MUTATE)

system: ## (root) add what `make test` would otherwise leave out: PostgreSQL, Chromium, GnuTLS, nginx…
	tools/install-system-packages

lock: $(VENV)/.ready-test ## write the hashed requirements again from requirements/*.in (needs uv)
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/run.in -o requirements/run.lock
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/test.in -o requirements/test.lock

clean: ## remove what was built; the data of an instance (./data) stays
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
