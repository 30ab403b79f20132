# Two commands: `make demo` runs the main job, `make test` runs every check.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test check format organisms clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    set everything up and run the demonstration campaign into demo-results/"
	@echo "make test    set everything up and run formatting, lint, types, imports and tests"
	@echo "make organisms  train the small language models with a planted tendency anew"
	@echo "make format  format and fix what can be fixed"
	@echo "make clean   remove the environment and the demo's results"

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local,dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/offswitch models pull smollm2-135m
	$(BIN)/offswitch demo --out demo-results

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/offswitch models pull smollm2-135m
	$(BIN)/pytest -n auto --dist loadscope --no-loadscope-reorder

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

organisms: $(STAMP)
	$(BIN)/offswitch models pull smollm2-135m
	$(BIN)/python organisms/make.py

clean:
	rm -rf $(VENV) demo-results
