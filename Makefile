# Every target works as the first command in a fresh clone: only Python 3.11+ and make are needed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
STAGES := redactory pii_rules sealed_shards audit_ledger mpc_jobs zk_proofs
TYPED := $(wildcard $(addsuffix /__init__.py,$(STAGES)))

.PHONY: help demo test test-all check format bench up down compose-check coverage clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo:  ## Run the whole flow on the bundled corpus and show what happened
	@scripts/venv.sh demo
	@$(BIN)/redactory demo --output demo-output

test:  ## Run the tests (big counts at a fiftieth)
	@scripts/venv.sh dev
	$(BIN)/python -m pytest -m "not large" -n 2 --dist loadgroup

test-all:  ## Run the tests with their full counts
	@scripts/venv.sh dev
	REDACTORY_FULL=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

check:  ## Lint, formatting, types
	@scripts/venv.sh dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(dir $(TYPED))
	$(BIN)/mypy --strict operators dags

format:  ## Format the code
	@scripts/venv.sh dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench:  ## Run every benchmark and write docs/benchmarks/
	@scripts/venv.sh dev
	@set -e; for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python $$benchmark; done

up:  ## Start Airflow with the DAGs on the loopback interface; Ctrl-C ends it
	@scripts/venv.sh dev
	@scripts/up.sh

down:  ## End what `make up` started, from another shell
	@scripts/down.sh

compose-check:  ## Check docker-compose.yml without a container engine
	@scripts/venv.sh dev
	@$(BIN)/python scripts/compose_check.py

coverage:  ## Run the tests and show what they do not reach
	@scripts/venv.sh dev
	$(BIN)/python -m pytest -m "not large" -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

clean:  ## Remove what the targets above made
	rm -rf .venv demo-output .airflow .mypy_cache .ruff_cache .pytest_cache
