# Two commands for everyone: `make demo` and `make test`. They set up .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 2
FAST := $(foreach room,io stats config labels study faults intake rotation force_plates gait intervals multibody observed,tests/$(room) $(wildcard aqbio/$(room))) \
	tests/body/test_bodies.py tests/contributions/test_golden.py tests/contributions/test_steps.py tests/inverse_dynamics/test_session.py \
	tests/prepare/test_force_bandwidth.py tests/prepare/test_force_evidence.py tests/prepare/test_recordings.py tests/test_*.py
QUICK := not opensim and not workflow and not browser and not install and not slurm and not real
MARKS := not whole
TESTS := $(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONDONTWRITEBYTECODE  # hundreds of processes begin: none should compile all files again

LOCK := build/lock/bin/uv pip compile pyproject.toml --extra slurm --constraint constraints.txt --generate-hashes \
	--universal --python-version 3.11 --no-header --no-annotate --quiet

.PHONY: help demo public address test test-whole test-fast check format settings models benchmark fuzz lacking validate docs audit mutants golden lock licences dist clean
.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run ## run the whole study on virtual sprinters and print where the page is
	$(BIN)/aqbio run data/virtual_sprinters/study.yaml

public: $(VENV)/.run ## fetch the public runners, run them, write reference, page and figures: a quarter of an hour on two cores
	$(BIN)/aqbio fetch data/public_runners
	$(BIN)/aqbio run data/public_runners --cores $(CORES)
	$(BIN)/aqbio reference data/public_runners --to aqbio/reference/momentum.tsv
	$(BIN)/aqbio run data/public_runners --cores $(CORES)  # pages beside the reference as it is now
	$(BIN)/python -m validation.real_runners data/public_runners

address: docs demo public ## all that is published: site, demo and public runners, in build/address; a dead link fails
	$(BIN)/python -m docs.gather_pages

test: $(VENV)/.test ## run the tests: six to eight minutes on two cores
	@[ -n "$$AQBIO_REALDATA" ] || echo "AQBIO_REALDATA is not set: the tests of real recordings skip"
	@[ -n "$$AQBIO_CASES" ] || echo "AQBIO_CASES is not set: the tests of small inputs that once failed skip"
	@[ -x /usr/bin/chromium ] || echo "chromium is not installed: the tests of the page skip (scripts/install_system.sh)"
	$(TESTS) -m "$(MARKS)"

test-whole: $(VENV)/.test ## run whole studies: with what recordings lack, killed, crashed, without POSIX, from a wheel; five minutes more
	$(TESTS) -m whole

test-fast: $(VENV)/.check ## what fits 90 seconds: the rooms that need neither OpenSim nor a study
	$(BIN)/ruff check .
	$(BIN)/lint-imports >/dev/null
	$(TESTS) -m "$(QUICK)" $(FAST)

check: $(VENV)/.check ## lint, format, types, import contracts, workflow format, documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	$(BIN)/pre-commit validate-config
	$(BIN)/python -m docs.make_site

docs: $(VENV)/.check ## compute the site's examples and build it, offline, in build/site; a dead link fails
	$(BIN)/python -m docs.make_site

audit: $(VENV)/.run ## licences and known vulnerabilities of what aqbio needs; asks the network
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --constraint constraints.txt pip-audit pip-licenses
	build/audit/bin/pip-licenses --python $(BIN)/python
	build/audit/bin/pip-audit --strict --no-deps --disable-pip --requirement constraints.txt

lock: ## write requirements.lock: what a study needs to run, with the hash of every file
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip --disable-pip-version-check --quiet install uv
	$(LOCK) --output-file requirements.lock

licences: $(VENV)/.run ## write licences and a bill of materials into build/
	$(BIN)/python -m docs.make_licences build/licences.md build/sbom.json

format: $(VENV)/.check ## put all files into the common format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

settings: $(VENV)/.run ## write the schema and the page of all settings again
	$(BIN)/aqbio settings config

models: $(VENV)/.run ## build the sprint models again
	$(BIN)/python -m models.sprint.make_model

benchmark: $(VENV)/.test ## measure against OpenSim and write benchmarks/results
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.test ## read 100,000 files that nobody would write
	$(BIN)/python -m benchmarks.faults fuzz --count 8800

lacking: $(VENV)/.test ## take away everything that recordings may lack, and alter them in 60 drawn ways (SEED=7; an hour)
	$(BIN)/python -m tests.lacking --recording virtual
	$(BIN)/python -m tests.lacking --recording virtual --jobs 2 --count 60 --seed $(or $(SEED),$(shell date +%j))
	[ -z "$$AQBIO_REALDATA" ] || $(BIN)/python -m tests.lacking --recording ja1

validate: $(VENV)/.run ## judge drawn studies whose truth is known and write docs/validation (half an hour)
	$(BIN)/python -m validation.verdicts --jobs 2 --folder docs/validation

mutants: $(VENV)/.test ## draw mistakes, put them into the code and say which the tests notice (hours)
	$(BIN)/python -m benchmarks.drawn_mutations --count 60 --seed $(or $(SEED),$(shell date +%j))

golden: $(VENV)/.test ## write the words and reference numbers of the tests anew; look at the difference
	AQBIO_WRITE_GOLDEN=1 $(BIN)/python -m pytest -q $$(grep -rlE --include='test_*.py' '(differences|check_references|check_quantities)\(' tests)

dist: ## build the source archive and the wheel; needs neither the environment nor its libraries
	rm -rf dist build/dist build/lib build/bdist.*
	$(PYTHON) -m venv build/dist
	build/dist/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt build
	build/dist/bin/python -m build --outdir dist .

clean: ## remove the environment, caches and results
	rm -rf $(VENV) .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist results

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
