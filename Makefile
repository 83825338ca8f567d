# Each target sets up all it needs: a Python 3.11 or newer is enough.

# The first Python that runs and is new enough; a name on the path may be an empty shim.
ifndef PYTHON
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON := $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c '$(NEW_ENOUGH)' 2>/dev/null && { echo $$name; break; }; done)
endif
PIP_FLAGS := --quiet --disable-pip-version-check
APP := .venv-app/bin
# The weights on the Hub that are deployed, where REPO is given.
FROM = $(if $(REPO),--repo $(REPO)) $(if $(REVISION),--revision $(REVISION))
ALL := .venv/bin
# Tests in three processes, a file in one of them: what a file shares is made once. Two cores carry
# three, since a third of the time goes by with waiting for a browser or a server. The longest files
# come first, by tests/conftest.py; xdist's own order knows of their number of tests only.
THREE := -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: help run train-env test test-ci test-quick test-cluster test-all bench lint format screenshots space static space-static pins clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: $(APP)/ready ## start the app; installs only what serving needs
	$(APP)/python app.py

train-env: $(ALL)/ready ## install what training and tests need into .venv
	@echo "Ready: . .venv/bin/activate, then python -m train --help"

test: $(ALL)/ready ## run the tests, without network or data
	$(ALL)/python -m pytest $(THREE) -m "not slow and not long and not cluster"

test-ci: $(ALL)/ready ## also the longest of them, as .ci/run does
	$(ALL)/python -m pytest $(THREE) -m "not slow and not cluster"

test-quick: $(ALL)/ready ## run the tests that need no TensorFlow, browser or other process
	$(ALL)/python -m pytest -n 2 --dist loadfile --quick -q -m "not slow and not long and not cluster"

test-cluster: $(ALL)/cluster-ready ## run the tests on a Ray cluster of two nodes; some minutes
	$(ALL)/python -m pytest -m cluster

test-all: $(ALL)/ready ## also all six networks converted, and more of each kind; takes many minutes
	$(ALL)/python -m pytest -m "not cluster" --hypothesis-profile many

bench: $(ALL)/ready ## make bench DATA=DIR: serving and training beside plain Keras; hours, on an idle machine
	$(ALL)/python -m benchmarks.serving --docs
	$(ALL)/python -m benchmarks.costs
	$(if $(DATA),$(ALL)/python -m benchmarks.training --data $(DATA) --docs)

screenshots: $(ALL)/ready ## take the pictures in docs/ from the real page; needs Chromium
	$(ALL)/python -m tests.screenshots

space: $(APP)/ready ## make space SPACE=USER/SPACE [REPO=USER/REPO REVISION=v1]: deploy to the Hub
	$(APP)/python -m train space $(SPACE) $(FROM)

static: $(APP)/ready ## write the page that needs no server to build/static; needs Node.js
	$(APP)/python -m static $(FROM)

space-static: static ## make space-static SPACE=USER/SPACE [REPO=USER/REPO REVISION=v1]: deploy that page
	$(APP)/python -m train space $(SPACE) --static build/static

lint: $(ALL)/ready ## check style, types and what may import what
	$(ALL)/ruff check .
	$(ALL)/ruff format --check .
	$(ALL)/mypy
	$(ALL)/lint-imports --no-cache

format: $(ALL)/ready ## let ruff rewrite the code
	$(ALL)/ruff check --fix .
	$(ALL)/ruff format .

$(APP)/ready: requirements.txt
	@$(call make_venv,.venv-app,requirements.txt)
	@touch $@

$(ALL)/ready: requirements-train.txt
	@$(call make_venv,.venv,requirements-train.txt)
	@touch $@

$(ALL)/cluster-ready: $(ALL)/ready requirements-cluster.txt
	$(ALL)/pip install $(PIP_FLAGS) -r requirements-cluster.txt
	@touch $@

pins: ## write the requirements anew from pyproject.toml, with hashes
	$(PYTHON) -m venv .venv-pins && .venv-pins/bin/pip install $(PIP_FLAGS) pip-tools
	$(call compile,requirements-train.txt,--extra train --extra predict --extra dev)
	$(call compile,requirements.txt,-c requirements-train.txt)
	$(call compile,requirements-cluster.txt,--extra cluster -c requirements-train.txt)
	rm -rf .venv-pins

clean: ## remove the virtual environments, what was built, and caches
	rm -rf build static/node_modules .venv .venv-app .venv-pins .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

define make_venv
test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it, or set PYTHON to one." >&2; exit 1; }; \
echo "Installing $(2) into $(1); this takes a minute or two."; \
"$(PYTHON)" -m venv $(1) && $(1)/bin/pip install $(PIP_FLAGS) -r $(2)
endef

# Without the settings of this machine's pip, so that no mirror leaves hashes of its own.
define compile
PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= .venv-pins/bin/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --annotation-style=line $(2) -o $(1) pyproject.toml
endef
