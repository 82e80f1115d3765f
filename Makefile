# Every target does its own set-up in .venv. A fresh machine needs Python >= 3.11 with its venv module, git and make.
PYTHON ?= python3
# Passed on: make run ARGS="--port 9000", make test ARGS="tests/router -k offer", make bench ARGS=--quick
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUNTIME := .venv/.centrala-runtime
TOOLS := .venv/.centrala-tools
# Only `make lock` needs it, so it is in no lock file.
UV := uv>=0.7,<1
COMPILE := .venv/lock/bin/uv pip compile --no-config --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --quiet $(ARGS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(RUNTIME) ## Set up and start the demo: one process, no server to install
	$(BIN)/centrala demo $(ARGS)

.PHONY: test
test: $(TOOLS) ## Run the test suite; tests of real servers run where these are on the machine
	$(BIN)/python -m pytest $(ARGS)

.PHONY: verify
verify: $(TOOLS) ## Run the test suite and the long proofs
	$(BIN)/python -m pytest --slow $(ARGS)

# The whole site on virtual machines that lose their power: SEEDS random days, beginning at day FIRST if that is given.
SEEDS ?= 500
.PHONY: crashes
crashes: $(TOOLS) ## Live through SEEDS random days with crashes; every violation names the seed that repeats it
	$(BIN)/python -m tests.simulation --schedules $(SEEDS) $(if $(FIRST),--seed $(FIRST)) $(ARGS)

.PHONY: lint
lint: $(TOOLS) ## Check style, format, types and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(TOOLS) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

# A benchmark is a module of benchmarks/ that can be run. Each prints one JSON object; one that fails does not stop the
# others, but fails the target.
.PHONY: bench
bench: $(TOOLS) ## Run every benchmark; each prints one JSON object with its figures and goals
	@failed=0; \
	for file in $$(grep -l '__name__ == "__main__"' benchmarks/*.py); do \
		name=$$(basename "$$file" .py); \
		echo "benchmarks.$$name" >&2; \
		$(BIN)/python -m "benchmarks.$$name" --json $(ARGS) || failed=1; \
	done; \
	exit $$failed

.PHONY: bench-understanding
bench-understanding: $(TOOLS) ## Measure the classifier; CENTRALA_DATA names the folder of public sets
	$(BIN)/python -m benchmarks.classify --json $(ARGS)

# Keeps the versions that are locked already where pyproject.toml still allows them; make lock ARGS=--upgrade takes new
# ones. Names and hashes only: no address of a registry enters the files.
.PHONY: lock
lock: .venv/bin/python ## Resolve the lock files again (newest versions: make lock ARGS=--upgrade)
	@test -x .venv/lock/bin/python || $(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip --disable-pip-version-check --quiet install "$(UV)"
	$(COMPILE) pyproject.toml --output-file requirements.txt
	$(COMPILE) pyproject.toml --extra test --output-file requirements-test.txt
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
		| $(COMPILE) - --output-file requirements-build.txt

.PHONY: clean
clean: ## Remove the virtual environment and what the tools leave behind
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Centrala needs Python 3.11 or newer. $(PYTHON): $$($(PYTHON) --version 2>&1 | head -n 1)" >&2; \
		echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module (Debian, Ubuntu: apt-get install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv .venv

# The build backend comes first, with its hash, so that installing Centrala itself downloads nothing more.
$(RUNTIME): requirements.txt requirements-build.txt pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements-build.txt
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS): requirements-test.txt $(RUNTIME)
	$(PIP) install --require-hashes -r requirements-test.txt
	@touch $@
