# `make serve` and `make test` are enough on a machine that has Python 3.11 (or 3.12) and make: they build .venv first.
.PHONY: serve test lint format bench quality lock clean
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# uv from the PATH, else one of our own beside the environment.
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
# Ray would send the whole environment's start-up through uv if it saw that uv started it.
export RAY_ENABLE_UV_RUN_RUNTIME_ENV := 0

serve: .venv/.ready
	$(BIN)/python -m deployments

test: .venv/.ready
	$(BIN)/pytest

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.ready
	$(BIN)/python -m benchmarks

quality: .venv/.ready
	$(BIN)/python -m benchmarks.quality

# After a change of the dependencies in pyproject.toml. Names, versions and hashes only: no addresses.
lock: $(UV)
	$(UV) pip compile pyproject.toml --all-extras --universal --generate-hashes --python-version 3.11 \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' -q -o requirements.lock

.venv/.ready: requirements.lock | $(UV)
	$(UV) venv --quiet --clear --python '>=3.11,<3.13' .venv
	$(UV) pip sync --quiet --python $(BIN)/python requirements.lock
	@touch $@

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet uv

clean:
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache
