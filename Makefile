# photoplay: everything a machine needs is set up by these targets. Only Python 3.11+, pip and make are assumed.

PYTHON  ?= python3
VENV    := .venv
PY      := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: chaos help setup setup-dev weights demo gallery test hosts-test serve lint format types bench lock clean

help: ## Show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime weights ## Build .venv from the lock and pull the model weights

setup-dev: $(VENV)/.dev weights ## The same with the tools for tests and linting

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml scripts/venv.sh
	@sh scripts/venv.sh "$(PYTHON)" "$(VENV)" requirements/runtime.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@sh scripts/venv.sh "$(PYTHON)" "$(VENV)" requirements/dev.txt
	@touch $@

weights: $(VENV)/.runtime
	@$(PY) -m photoplay models pull

demo: setup ## Turn the bundled photo into demo.mp4 through a running server
	@$(PY) scripts/demo.py

gallery: setup-dev ## Film varied photos with every move and effect into gallery/index.html (takes minutes)
	@$(PY) scripts/gallery.py

test: setup-dev ## Run the tests, but for those of several hosts
	$(PY) -m pytest --ignore tests/hosts

hosts-test: setup-dev ## Run the tests that lay out networks of several hosts (root, iproute2)
	$(PY) -m pytest tests/hosts

chaos: setup-dev ## Run the chaos suite: kills, full disks, wrong clocks (a quarter of an hour; root mounts a small disk)
	$(PY) -m pytest -s tests/chaos

serve: setup ## Run the server at http://127.0.0.1:8000 until Ctrl-C
	@$(PY) -m photoplay serve

lint: $(VENV)/.dev ## Check style, types and import directions
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.dev ## Format the code
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

bench: setup-dev ## Run the benchmarks (prints ratios; takes minutes)
	@set -e; for script in bench/*.py; do case "$$script" in */_*) ;; *) echo "== $$script"; $(PY) "$$script" ;; esac; done

lock: ## Recompile the locks from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml --group build -o requirements/runtime.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml --group build --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean: ## Remove the environment and caches (not the data folder)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
