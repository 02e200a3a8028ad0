# `make demo` runs the main experiment, `make test` every test; each prepares its own virtual environment.
PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python

.PHONY: demo test lint clean
demo: $(VENV)/.ready-sims
	$(RUN) -m sims.cifar_precision --bmin 5

test: lint
	$(RUN) -m pytest

lint: $(VENV)/.ready-test
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

# The stamp is newer than what it depends on: a second call has nothing to do.
$(VENV)/.ready-%: pyproject.toml constraints.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$*]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
