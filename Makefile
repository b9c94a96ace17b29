# Two commands for everyone: `make demo` and `make test`. They set up .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test check format settings models benchmark fuzz validate clean
.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run ## run the whole study on virtual sprinters and print where the page is
	$(BIN)/aqbio run data/virtual_sprinters/study.yaml

test: $(VENV)/.test ## run the tests
	@[ -n "$$AQBIO_REALDATA" ] || echo "AQBIO_REALDATA is not set: the tests of real recordings skip"
	@[ -x /usr/bin/chromium ] || echo "chromium is not installed: the tests of the page skip (scripts/install_system.sh)"
	$(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder

check: $(VENV)/.check ## lint, format, types, import contracts, workflow format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow

format: $(VENV)/.check ## put all files into the common format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

settings: $(VENV)/.run ## write the schema and the pages of all settings and of all files again
	$(BIN)/aqbio settings config
	$(BIN)/python -m docs.make_files_page docs/files.md

models: $(VENV)/.run ## build the sprint models again
	$(BIN)/aqbio build-model models/sprint

benchmark: $(VENV)/.test ## measure against OpenSim and write benchmarks/results
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.test ## read 100,000 files that nobody would write
	$(BIN)/python -m benchmarks.faults fuzz --count 8500

validate: $(VENV)/.run ## prove the verdicts in worlds whose truth is known and write docs/validation
	$(BIN)/python -m validation --jobs 2

clean: ## remove the environment, caches and results
	rm -rf $(VENV) .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis results

$(BIN)/python:
	@$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13), f"Python 3.11 to 3.13 is needed, this is {sys.version.split()[0]}: make PYTHON=python3.12 ..."'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing aqbio into $(VENV) (some minutes the first time)"
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "Installing the test tools into $(VENV)"
	$(PIP) install --constraint constraints.txt --editable '.[test,slurm]'
	@touch $@

$(VENV)/.check: $(VENV)/.test
	@echo "Installing the checking tools into $(VENV)"
	$(PIP) install --constraint constraints.txt --editable '.[check]'
	@touch $@
