# What a person types. `make` alone prints the list.
# Every variable of docs/operating.md is honoured: `PORT=9000 make run` or `make run PORT=9000`.

VENV := .venv
PYTHON_IN := $(VENV)/bin/python
PIP := $(PYTHON_IN) -m pip --disable-pip-version-check --no-input
JOBS ?= 3
PYTEST_ARGS ?=
UV_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --no-header --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run chat test check lint parity bench messages teach lock clean

help: ## this list
	@awk 'BEGIN {FS = ":[^#]*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## serve http://127.0.0.1:8080 (prepares everything the first time)
	@exec $(PYTHON_IN) -m bot run

chat: $(VENV)/run.stamp ## the same bot in this terminal
	@exec $(PYTHON_IN) -m bot chat

test: $(VENV)/test.stamp ## every test (PYTEST_ARGS="-k search" for some, JOBS=1 for one at a time)
	@$(PYTHON_IN) -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

check: lint ## what CI runs: lint, format, types, import rules, container files, then every test
	@$(MAKE) --no-print-directory test

lint: $(VENV)/test.stamp ## the checks that need no test run
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	PYTHONPATH=. $(VENV)/bin/lint-imports
	$(VENV)/bin/hadolint Containerfile
	$(VENV)/bin/compose-lint check compose.yaml

parity: $(VENV)/test.stamp ## every conversation on every channel, as one table
	@$(PYTHON_IN) -m tests.parity

bench: $(VENV)/test.stamp ## the benchmarks as one table (QUICK=1: the short version)
	@$(PYTHON_IN) -m bench $(if $(QUICK),--quick)

messages: $(VENV)/test.stamp ## collect the sentences of the code into locales/*/LC_MESSAGES/messages.po
	@mkdir -p var
	$(VENV)/bin/pybabel -q extract -F pyproject.toml --add-location=file --sort-by-file -o var/messages.pot .
	$(VENV)/bin/pybabel -q update -i var/messages.pot -d locales --no-fuzzy-matching --ignore-pot-creation-date

teach: $(VENV)-teach/teach.stamp ## learn again what sentences ask, from tests/understanding/corpus
	$(VENV)-teach/bin/python -m tests.understanding.teach

lock: $(VENV)/run.stamp ## resolve requirements*.lock again from pyproject.toml (needs a network)
	@test -x $(VENV)/bin/uv || $(PIP) install -q uv
	$(VENV)/bin/uv pip compile $(UV_FLAGS) pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile $(UV_FLAGS) pyproject.toml --group test -o requirements-test.lock
	$(VENV)/bin/uv pip compile $(UV_FLAGS) pyproject.toml --group teach -o requirements-teach.lock

clean: ## remove what can be made again; var/ (your database) stays
	rm -rf $(VENV) $(VENV)-teach .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
	find locales -name '*.mo' -delete

# A stamp is newer than its lock when what the lock lists is installed: the next start skips pip.
$(VENV)/run.stamp: requirements.lock | $(PYTHON_IN)
	@echo "Installing the dependencies (the first time: about a minute) ..."
	@$(PIP) install -q --require-hashes -r requirements.lock
	@touch $@

$(VENV)/test.stamp: requirements-test.lock | $(VENV)/run.stamp
	@echo "Installing the test dependencies ..."
	@$(PIP) install -q --require-hashes -r requirements-test.lock
	@touch $@

# Of its own: numpy beside the program would be loaded by others and hide what they weigh.
$(VENV)-teach/teach.stamp: requirements-teach.lock | $(PYTHON_IN)
	@$(PYTHON_IN) -m venv $(VENV)-teach
	@$(VENV)-teach/bin/python -m pip --disable-pip-version-check --no-input install -q --require-hashes -r requirements-teach.lock
	@touch $@

$(PYTHON_IN):
	@for python in $$PYTHON python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			$$python -m venv $(VENV) || { rm -rf $(VENV); \
				echo "$$python cannot make $(VENV) (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }; \
			exit 0; \
		fi; \
	done; \
	echo "Python 3.11 or newer is needed and was not found (python3: $$(python3 --version 2>/dev/null || echo none)); \
	install it, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1
