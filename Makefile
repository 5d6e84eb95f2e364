# brightline: `make run` takes a real model from assessment to a hub, `make test` runs the tests. Both need only python3 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CACHE ?= .cache
PORT ?= 8600
TORCH := 2.13.0
UV := $(BIN)/uv
UV_VERSION := 0.11.33

export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONDONTWRITEBYTECODE  # what is compiled once is read by every process and every run after it

.DEFAULT_GOAL := help
.PHONY: help setup run stop test models check bench serving uploading catalogue fuzz crash clean format docs

help: ## Say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

$(UV):
	@echo "==> creating $(VENV) and installing uv $(UV_VERSION)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

$(VENV)/.synced: pyproject.toml uv.lock | $(UV)
	@echo "==> installing brightline and its locked dependencies"
	@$(UV) sync --quiet --locked --inexact --all-extras --no-default-groups --compile-bytecode --python $(BIN)/python
	@$(BIN)/python -m compileall -q src  # so that the command starts quickly even where nobody may write beside it
	@touch $@

TOOLS := $(VENV)/.tools
$(TOOLS): $(VENV)/.synced
	@echo "==> installing what tests and checks need"
	@$(UV) sync --quiet --locked --inexact --all-extras --python $(BIN)/python
	@touch $@

setup: $(VENV)/.synced ## Set the command up, at .venv/bin/brightline; tests and checks add what they need
	@echo "==> ready: $(BIN)/brightline --help"

run: setup ## Assess a real model; push it to an office's hub, decide it, download it back; the hub stays up
	@$(BIN)/python -u examples/first_model.py --cache $(CACHE)
	@$(BIN)/python -u examples/first_office.py --cache $(CACHE) --port $(PORT)

stop: setup ## End the office that `make run` left up
	@$(BIN)/python -u examples/first_office.py --cache $(CACHE) --stop

$(CACHE)/clients/2.3: | $(VENV)/.synced
	@echo "==> installing the previous client of the Hub, for the tests"
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --target $@ "huggingface_hub==2.3.*" \
		|| { rm -rf $@; echo "==> it cannot be had now: the tests that need it are skipped"; }

test: $(TOOLS) $(CACHE)/clients/2.3 ## Run the tests
	@echo "==> running the tests"
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not torch"

models: $(TOOLS) ## Install torch (a CPU build) and run the tests that load models through the hub
	@echo "==> installing torch $(TORCH)"; $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check torch==$(TORCH)
	@$(BIN)/python -m pytest -m torch tests/doors

check: $(TOOLS) ## Format, lint, types, layers and purity
	@echo "==> format"; $(BIN)/ruff format --check .
	@echo "==> lint"; $(BIN)/ruff check .
	@echo "==> types"; $(BIN)/mypy
	@echo "==> layers and purity"; $(BIN)/lint-imports

format: $(TOOLS) ## Format the code and apply safe fixes
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

docs: $(TOOLS) ## Write the pages that are made from the code: rules, schemas, the picture in the README
	@$(BIN)/python docs/make.py

bench: $(TOOLS) ## Print speed and memory ratios beside sha256, picklescan, modelscan and model_signing
	@echo "==> installing the peers"; $(UV) sync --quiet --locked --inexact --all-extras --group bench --python $(BIN)/python
	@$(BIN)/python -m bench

serving: $(TOOLS) ## Print how fast downloads and documents leave, beside nginx and olah
	@$(BIN)/python -m bench.serving

catalogue: $(TOOLS) ## Measure lists over 575,000 repositories on SQLite and PostgreSQL, a repository's info and tree, and wide commits
	@$(BIN)/python -m bench.catalogue
	@for office in sqlite postgresql s3; do $(BIN)/python -m bench.wide --office $$office || exit 1; done

fuzz: $(TOOLS) ## Run 100,000 mutated inputs against the verifier and every parser, 10,000 steps against the hub
	@$(BIN)/python -m bench.forgery
	@$(BIN)/python -m bench.doors
	@$(BIN)/python -m bench.mutation

crash: $(TOOLS) ## Kill an office 400 times at random moments, and a hub 200 times on each kind of office, and look for what was lost
	@$(BIN)/python -m bench.crash
	@$(BIN)/python -m bench.crash_hub
	@$(BIN)/python -m bench.crash_hub --office postgresql
	@$(BIN)/python -m bench.crash_hub --office s3

uploading: $(TOOLS) ## Measure how quickly a hub takes bytes in, and the memory that 20 GiB in and out take
	@$(BIN)/python -m bench.uploading
	@$(BIN)/python -m bench.uploading --memory 20

clean: ## End the office of `make run`; remove the environment and every cache
	@[ ! -f $(CACHE)/office.pid ] || $(BIN)/python examples/first_office.py --cache $(CACHE) --stop
	rm -rf $(VENV) $(CACHE) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
