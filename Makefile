# The two commands a fresh machine needs are `make demo` and `make test`; both create .venv from the hashed lock files.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCAL := --no-deps --no-build-isolation --editable ./risk_monitor --editable .

.PHONY: demo test check bench compile lock clean

demo: .venv/compiled.stamp  ## run the main job: a 36-hour stablecoin slide, judged
	$(BIN)/lab run scenarios/stablecoin_depeg.yaml

test: .venv/dev.stamp .venv/compiled.stamp  ## all tests, on all cores
	$(BIN)/python -m pytest -n auto

check: .venv/dev.stamp  ## style, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev.stamp .venv/compiled.stamp  ## measure, as ratios to bare simpy in the same run
	$(BIN)/python -m benchmarks

compile: .venv/run.stamp  ## compile the exchange core; without a C compiler it runs interpreted, at half the speed
	$(BIN)/python tools/compile_core.py
	touch .venv/compiled.stamp

lock:  ## write the lock files again (needs uv)
	for set in run dev; do uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-package riskproof-monitor --no-header --no-annotate --quiet \
	  $$(test $$set = dev && echo --extra dev) pyproject.toml requirements/build.in -o requirements/$$set.lock; done

clean:
	rm -rf .venv build dist *.egg-info risk_monitor/*.egg-info simulators/*.so simulators/exchange/*.so

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "riskproof needs Python 3.11 or later; say which with PYTHON=…")'
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements/run.lock pyproject.toml risk_monitor/pyproject.toml | .venv/bin/python
	$(INSTALL) --require-hashes --requirement requirements/run.lock
	$(INSTALL) $(LOCAL)
	touch $@

.venv/dev.stamp: requirements/dev.lock .venv/run.stamp
	$(INSTALL) --require-hashes --requirement requirements/dev.lock
	touch $@

.venv/compiled.stamp: .venv/run.stamp tools/compile_core.py $(wildcard simulators/*.py simulators/exchange/*.py)
	$(MAKE) --no-print-directory compile
