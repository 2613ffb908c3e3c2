# calckg: make run, make test, make lint. Everything goes into .venv; PYTHON names another interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test lint bench format clean

run: $(VENV)/.installed
	$(BIN)/calckg validate
	$(BIN)/calckg query conditions-with-feature --feature HP:0004934 --format table
	$(BIN)/calckg show HP:0004934
	@mkdir -p build
	$(BIN)/calckg dump --root HP:0004934 --output build/vascular-calcification.ttl
	@echo "Turtle written: build/vascular-calcification.ttl"

test: $(VENV)/.developing
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.developing
	$(BIN)/python -m tests.bench $(ARGS)

# Rewrites code and the curated graph in their one form, and the generated parts of the README.
format: $(VENV)/.developing
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/python -m tests.canonical graph/*.ttl
	$(BIN)/python -m tests.reference

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "calckg needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(PIP) install --editable .
	@touch $@

$(VENV)/.developing: $(VENV)/bin/python pyproject.toml tests/requirements.lock
	$(PIP) install --require-hashes --requirement tests/requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.installed
