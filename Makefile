# `make demo` runs the main experiment, `make test` every test, `make docs` builds the documentation; each prepares the
# virtual environment that it needs.
PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python

.PHONY: demo test lint docs clean
.NOTPARALLEL:

demo: $(VENV)/.ready-sims
	$(RUN) -m sims.cifar_precision --bmin 5

test: lint
	$(RUN) -m pytest

lint: $(VENV)/.ready-test
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

# Every page is read anew, so that a warning of an unchanged page is not forgotten.
docs: $(VENV)/.ready-docs
	$(RUN) -m sphinx --fresh-env --fail-on-warning --keep-going --builder html docs docs/_build/html

# Each stamp is written last, so that a step that was interrupted is done again. The variables hold the build's own
# packages to the same versions: older versions of pip read the first, newer ones the second.
$(VENV)/.ready-%: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing fxp[$*] and what it needs into $(VENV): some minutes the first time, seconds later"
	@PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	$(RUN) -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[$*]'
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, $(PYTHON) is %d.%d: make PYTHON=python3.x" % sys.version_info[:2])'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis docs/_build docs/gallery docs/reference/generated
