# Huoju. `make help` lists what there is; `make demo` is where to start.
.DEFAULT_GOAL := help
.PHONY: setup demo test check bench lock messages compilemessages format clean help
BIN := .venv/bin

setup: ## install everything into this folder (again only what changed)
	@scripts/bootstrap

demo: setup ## start Huoju with a sample company; Ctrl-C stops it, the data stays in var/
	@exec $(BIN)/huoju up --demo

test: setup ## all tests; ARGS="tests/hub -k merge" narrows them down
	@scripts/browser
	@exec $(BIN)/pytest -n 3 --dist worksteal $(ARGS)

check: setup ## everything but the tests: style, types, layers, migrations, translations
	@exec $(BIN)/python scripts/check.py

bench: setup ## benchmarks, a JSON line each; ONLY=import runs one
	@exec $(BIN)/python -m bench $(ONLY)

lock: setup ## compile the locked requirements from pyproject.toml; UPGRADE=1 takes newer versions
	@scripts/lock $(if $(UPGRADE),--upgrade)

messages: setup ## bring the translation catalogues in step with the sources
	@$(BIN)/python scripts/translations.py extract

compilemessages: setup ## compile the translation catalogues
	@$(BIN)/python scripts/translations.py compile

format: setup ## format the sources
	@$(BIN)/ruff check --quiet --fix-only src tests bench scripts
	@$(BIN)/ruff format --quiet src tests bench scripts

clean: ## remove what setup and the tools made; var/ (your data) stays
	@rm -rf .tools .venv node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@rm -rf src/huoju/core/ui/static/vendor

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
