# Two commands are enough: `make run` and `make test`. Both set up what they need.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PYTHONUNBUFFERED := 1

.PHONY: run demo test check bench setup setup-dev lock clean

run: setup
	@SANDBOX=1 ENV_FILE= PORT=$(PORT) $(BIN)/python manage.py up

demo: setup
	@SANDBOX=1 ENV_FILE= PORT=$(PORT) DATABASE_URL=sqlite:///var/demo.sqlite3 $(BIN)/python manage.py demo --anew

test: setup
	$(BIN)/python -m pytest

bench: setup
	$(BIN)/python -m benchmarks.all

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	SANDBOX=1 ENV_FILE= $(BIN)/mypy
	$(BIN)/lint-imports
	SANDBOX=1 ENV_FILE= $(BIN)/python manage.py makemigrations --check --dry-run
	ENV_FILE= ALLOWED_HOSTS=signups.example.com BASE_URL=https://signups.example.com \
	  SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))') \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python docs/check_links.py

setup: .venv/installed
setup-dev: .venv/installed-dev

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

lock: setup
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --no-header --no-emit-find-links --no-emit-index-url -o requirements.txt requirements.in
	$(BIN)/pip-compile --quiet --strip-extras --no-header --no-emit-find-links --no-emit-index-url -o requirements-dev.txt requirements-dev.in

clean:
	rm -rf .venv var/sandbox.sqlite3* var/test-*.sqlite3*
