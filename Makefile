# `make run` and `make test` set everything up by themselves on a machine with Python and make.
PYTHON ?= python3
ARGS ?=
UV := .tools/bin/uv
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never

.PHONY: run test test-all test-reference e2e-vm lint types web-check web-tools bench docs lock setup system-packages clean

run: setup  ## The main job: camera in, tracked crop out; without a camera the demo
	$(BIN)/livetrack-vcam run --open $(ARGS)

test: setup  ## Everything that needs only Python packages; the rest is skipped, with its reason
	$(BIN)/python -m pytest $(ARGS)

test-all: setup system-packages web-tools test-reference  ## Everything, and no skip is allowed
	LIVETRACK_NO_SKIP=1 $(BIN)/python -m pytest -m "not reference" $(ARGS)

test-reference: .venv-reference/.ready  ## Our detectors against independent programs
	LIVETRACK_NO_SKIP=1 .venv-reference/bin/python -m pytest -W ignore -m reference tests/golden
	LIVETRACK_NO_SKIP=1 .venv-reference/bin/python -m pytest -W ignore tests/conformance/test_detectors.py \
	  -k "mediapipe or tensorflow"

e2e-vm: setup  ## The product as a camera of a real kernel, in a guest
	$(BIN)/python -m tests.e2e.vm $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

web-check: web-tools setup  ## The pages' scripts: types, tests, accessibility
	$(BIN)/python -m pytest -k control_page $(ARGS)

web-tools: tools/web/node_modules/.package-lock.json

tools/web/node_modules/.package-lock.json: tools/web/package-lock.json
	npm ci --prefix tools/web --no-audit --no-fund

bench: setup
	$(BIN)/livetrack-vcam bench $(ARGS)

docs: setup  ## Write the generated pages again
	$(BIN)/python -m tools.make_docs

lock:  ## Choose new versions of every dependency
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --group dev pyproject.toml --output-file requirements.lock --upgrade
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --group reference pyproject.toml --output-file requirements-reference.lock --upgrade

setup: .venv/.ready

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "LiveTrack needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .tools \
	  || { echo "Python's venv module is missing; try: sudo apt install python3-venv"; exit 1; }
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

.venv/.ready: $(UV) requirements.lock pyproject.toml
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

.venv-reference/.ready: $(UV) requirements-reference.lock
	test -x .venv-reference/bin/python || $(UV) venv --quiet --python $(PYTHON) .venv-reference
	$(UV) pip sync --quiet --python .venv-reference/bin/python --require-hashes requirements-reference.lock
	touch $@

system-packages:
	sh tools/install_system_packages.sh

clean:
	rm -rf .venv .venv-reference .tools dist .mypy_cache .pytest_cache .ruff_cache
