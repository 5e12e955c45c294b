# Two commands: `make demo` shows the main job on the embedded simulator, `make test` proves it.
# Each sets itself up; the second time set-up does nothing.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
unexport PYTHONDONTWRITEBYTECODE  # without compiled bytecode every start costs two to four times

.DEFAULT_GOAL := help
.PHONY: help setup demo test check docs format generate pictures house bench deep mutants clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## make .venv with everything in it

$(STAMP): pyproject.toml requirements.lock
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV) && \
	  VIRTUAL_ENV="$(CURDIR)/$(VENV)" uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock && \
	  VIRTUAL_ENV="$(CURDIR)/$(VENV)" uv pip install --quiet --no-deps --no-build-isolation --editable . ; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ; \
	fi
	@touch $@

demo: $(STAMP) ## plan and apply examples/quickstart against the embedded simulator
	@$(BIN)/reconciler -C examples/quickstart apply -e demo --auto-approve
	@echo
	@echo "That was a plan and its apply against an API simulated in memory: no account, no network."
	@echo "Try next, from this folder:"
	@echo "  $(BIN)/reconciler -C examples/quickstart plan -e demo --format markdown   # the same as a pull-request comment"
	@echo "  $(BIN)/reconciler -C examples/quickstart validate                         # every problem at once, file:line:column"
	@echo "  $(BIN)/reconciler init my-rooms                                           # a repository of your own"

test: $(STAMP) ## run the tests
	@$(BIN)/python -m pytest -n 2 -m "not deep"

check: $(STAMP) ## format, lint, types, architecture, generated files, documentation
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/reconciler schema --check schemas
	@$(MAKE) --no-print-directory docs

docs: $(STAMP) ## build the documentation as a site into build/site; a link to nothing fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --config-file docs/site/mkdocs.yml

format: $(STAMP) ## format and fix what can be fixed
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

generate: $(STAMP) ## write the generated files again (schemas/, docs/reference/, the outputs that README and docs show)
	@$(BIN)/reconciler schema --output schemas
	@$(BIN)/python -m tests.support.locks
	@$(BIN)/python -m tests.support.reference_pages
	@$(BIN)/python -m tests.support.readme

pictures: $(STAMP) ## take the pictures of README and docs again (needs chromium)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m tests.support.pictures

house: $(STAMP) ## print figures of the package's structure
	@$(BIN)/python -m tests.architecture.figures

bench: $(STAMP) ## measure, as ratios in one run
	@$(BIN)/python -m tests.bench

deep: $(STAMP) ## the full figures of laws, fuzz and kills
	@HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -n 2 -m deep --timeout 3600

mutants: $(STAMP) ## change the judging modules, see what the tests notice (SEED=1 COUNT=200)
	@$(BIN)/python -m tests.mutants --seed $(or $(SEED),1) --count $(or $(COUNT),200) --minutes $(or $(MINUTES),600) --jobs $(or $(JOBS),2)

clean: ## remove what set-up and tests made
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis
