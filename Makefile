# make demo      sets everything up and runs the main job on this machine (ARGS=--once ends by itself)
# make test      sets everything up and runs every test (ARGS="-k name" some of them)
# make check     make lint, and the unit tests: about five minutes on two cores
# make lint      style, types, room contracts, dependencies
# make bench     the figures of docs/performance.md (ARGS=--help)
# make fuzz      hostile input for every parser, guided by coverage (ARGS="--inputs 1000000 --only forward")
# make launcher  dist/fluent-launch: the launcher as one file that needs nothing of the image it runs in
# make image     outrider:latest: agent and router as a container image; without a registry from this machine's packages
# make helm      gets Helm for the tests of the chart, on x86-64
# make setup     .venv with every extra; instant when nothing changed
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo check lint test bench fuzz helm launcher image clean
help:
	@grep '^# make' Makefile | cut -c3-

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@tools/setup $(PYTHON) $(VENV)
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/outrider demo $(ARGS)

check: lint
	$(BIN)/pytest tests/unit -n 2

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

test: $(STAMP)
	$(BIN)/pytest tests -n 2 $(ARGS)

bench: $(STAMP)
	$(BIN)/python -m bench $(ARGS)

fuzz: $(STAMP)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install -qq -c constraints.txt --group fuzz
	$(BIN)/python -m fuzz $(ARGS)

helm: $(STAMP)
	@tools/helm $(BIN)/python $(BIN)/helm

launcher: $(STAMP)
	@tools/launcher/build $(BIN)/python dist/fluent-launch

image: $(STAMP)
	@tools/image/build outrider:latest $(BASE)

clean:
	rm -rf $(VENV) dist .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
