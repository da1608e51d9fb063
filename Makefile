# What people do here, each with one command. `make` alone lists them.
# Only Python 3.11 or newer, make and pip are needed; everything else comes with `.venv`.

PYTHON ?= python3
ARGS   ?=
BIN    := .venv/bin
PROTOS := carrier/v1/waybill_service.proto
BINPB  := adapter/carrier/waybill_service.binpb

# In the order in which a failure is cheapest to learn of.
CHECKS := format lint types imports buf-lint buf-format buf-breaking descriptors tests

.DEFAULT_GOAL := help
.PHONY: help dev demo test golden coverage prove bench proto baseline lock clean $(CHECKS:%=check-%)

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# pip warns, package by package, of every folder that its configuration names in vain: what it
# says is shown only when it fails.
quietly = said=$$(mktemp) && trap 'rm -f "$$said"' EXIT && \
	  { $(1) >"$$said" 2>&1 || { cat "$$said" >&2; exit 1; }; }

# Hashes are checked; where packages come from is pip's own configuration. Not byte-compiling
# half a gigabyte, most of which is never imported, saves a fifth of the time.
.venv/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "waybridge needs Python 3.11 or newer; point to one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Building .venv from requirements.lock (about a minute, once)"
	@$(PYTHON) -m venv .venv
	@$(call quietly,$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  --no-deps --require-hashes --requirement requirements.lock)
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@$(call quietly,$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --editable .)
	@touch $@

dev: .venv/.installed ## run everything on this machine: stub, edge, ops port (ARGS="--mode plaintext")
	@$(BIN)/waybridge dev $(ARGS)

demo: .venv/.installed ## push every case in every mode and format, print the replies, stop
	@$(BIN)/waybridge dev --once $(ARGS)

test: .venv/.installed ## run every check: format, lint, types, import rules, buf, tests
	@failed=; summary=; \
	for check in $(CHECKS); do \
	  printf '\n── %s\n' "$$check"; \
	  if $(MAKE) --no-print-directory --silent check-$$check; \
	  then summary="$$summary  ✓ $$check\n"; \
	  else summary="$$summary  ✗ $$check   (alone: make check-$$check)\n"; failed=yes; fi; \
	done; \
	printf "\n$$summary"; test -z "$$failed"

check-format: .venv/.installed
	$(BIN)/ruff format --check .

check-lint: .venv/.installed
	$(BIN)/ruff check .

check-types: .venv/.installed
	$(BIN)/mypy

check-imports: .venv/.installed
	$(BIN)/lint-imports --no-logo

check-buf-lint: .venv/.installed
	$(BIN)/buf lint && echo "The contract follows buf's rules."

check-buf-format: .venv/.installed
	$(BIN)/buf format --diff --exit-code && echo "The contract is formatted."

check-buf-breaking: .venv/.installed
	$(BIN)/buf breaking --against proto/baseline.binpb && echo "Nothing breaks the last release's contract."

check-descriptors: .venv/.installed
	fresh=$$(mktemp) && trap 'rm -f "$$fresh"' EXIT && \
	$(BIN)/python -m grpc_tools.protoc --proto_path=proto --include_imports \
	  --descriptor_set_out="$$fresh" $(PROTOS) && \
	if cmp -s "$$fresh" $(BINPB); then echo "$(BINPB) is what the contract compiles to."; \
	else echo "$(BINPB) is stale: run 'make proto' and commit it." >&2; exit 1; fi

# One file stays with one worker, so that costly fixtures (a PostgreSQL) start once.
check-tests: .venv/.installed
	$(BIN)/python -m pytest -q -rs --durations=5 --numprocesses=auto --dist=loadfile $(ARGS)

golden: .venv/.installed ## write anew what each command prints, into tests/golden (then read the diff)
	@GOLDEN=rewrite $(BIN)/python -m pytest -q tests/cli/test_golden.py tests/cli/ledger/test_schema_0001.py $(ARGS)

PACKAGE ?= cancellation
coverage: .venv/.installed ## show what a package's own tests leave uncovered (PACKAGE=carrier/mapping)
	@$(BIN)/python -m coverage run --source=adapter/$(PACKAGE) -m pytest -q tests/$(PACKAGE) $(ARGS)
	@$(BIN)/python -m coverage report

prove: .venv/.installed ## run the long crash, repeat and restart journeys (minutes)
	@$(BIN)/python -m pytest -v -m prove --timeout=900 $(ARGS)

bench: .venv/.installed ## measure what one push costs beside a bare hop (ARGS="--rounds 7")
	@$(BIN)/python -W "ignore:XDG_RUNTIME_DIR is not set" -m bench $(ARGS)

proto: .venv/.installed ## compile the contract to the descriptor set that ships
	@$(BIN)/buf format --write
	@$(BIN)/python -m grpc_tools.protoc --proto_path=proto --include_imports \
	  --descriptor_set_out=$(BINPB) $(PROTOS)

baseline: .venv/.installed ## make today's contract the one a release is compared with; only at a release
	@$(BIN)/buf build --exclude-source-info --output proto/baseline.binpb

lock: .venv/.installed ## choose package versions anew, with hashes, into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --all-extras --group dev --upgrade --output-file requirements.lock $(ARGS)

clean: ## remove .venv and every cache
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .bench
