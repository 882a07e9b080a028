# Everything a developer or an operator types. `make help` lists it.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
STAMP := .venv/.tieout-stamp
BIN := .venv/bin
FAST := $(wildcard tests/unit tests/scenarios tests/property tests/contract tests/architecture)
SLOW := $(wildcard tests/integration tests/e2e tests/fault)

.PHONY: help setup demo up down check test format docs bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Create .venv with the locked dependencies (needs Python 3.11 to 3.13)

$(STAMP): pyproject.toml uv.lock .ci/setup
	@.ci/setup $(UV_VERSION)
	@touch $@

demo: setup ## Start everything on this machine with live sample data and a page to watch it
	@$(BIN)/tieout demo $(ARGS)

up: setup ## Start the embedded servers and all processes in the background
	@$(BIN)/tieout up --detach $(ARGS)

down: setup ## Stop what `make up` started
	@$(BIN)/tieout down

check: setup ## Lint, types, import rules and the fast tests (100 % branches of domain and schemas)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term:skip-covered -m "not no_cover" $(FAST)
	$(BIN)/python -m pytest -q -n auto -m no_cover $(FAST)

test: check ## Everything that CI runs: check, mutations of the rules, then integration, end-to-end and short fault tests
	@.ci/chromium
	$(BIN)/python -m pytest -q -n auto tests/mutation
	$(BIN)/python -m pytest -q $(SLOW)

format: setup ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Write the generated pages again and check links, glossary and commands
	$(BIN)/python -m docs.generate
	$(BIN)/python -m runtime.metrics docs/reference/metrics.md
	$(BIN)/python -m pytest -q tests/architecture/test_documentation.py

bench: setup ## Measure throughput and latency beside the peers, and draw the chart
	@VIRTUAL_ENV= UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --frozen --inexact --quiet --group bench
	$(BIN)/python -m bench $(ARGS)

clean: ## Remove caches and build results (not .venv, not .tieout)
	rm -rf build dist htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.venv -prune -o -type d -name __pycache__ -exec rm -rf {} +
