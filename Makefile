# What is needed: make and Python 3.11 or newer. Everything else is installed into .venv.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo test bench chaos lint .env check-python translations static

# The first Python that is new enough; `make PYTHON=...` chooses another one.
ifndef PYTHON
PYTHON := $(shell for name in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$name; break; fi; done)
endif

VENV := .venv
VENV_PYTHON := $(VENV)/bin/python
# Installed as the requirements files are now: these are younger than them.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
PYTEST_ARGS ?=
BENCHMARKS ?=

help: ## This list
	@awk -F ':.*## ' '/^[.a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(INSTALLED) .env translations static ## Portal, worker and sandbox with a demo company, until Ctrl-C (WEB_PORT, SANDBOX_PORT)
	@$(VENV_PYTHON) -m sandbox.demo --serve

demo: $(INSTALLED) .env translations static ## The same calls on a database of their own; fails unless each ends as expected
	@$(VENV_PYTHON) -m sandbox.demo

test: $(INSTALLED_DEV) translations ## All tests (DATABASE_URL, REDIS_URL, PYTEST_ARGS)
	@$(VENV_PYTHON) -m pytest $(PYTEST_ARGS)

bench: $(INSTALLED_DEV) ## What it costs and how fast it is, in one table; fails where a limit is missed (BENCHMARKS)
	@$(VENV_PYTHON) -m bench $(BENCHMARKS)

chaos: $(INSTALLED_DEV) translations ## 10,000 calls while everything breaks; fails unless each is logged once (CHAOS_CALLS, CHAOS_SEED)
	@$(VENV_PYTHON) -m tests.chaos

# An environment as in production, so that Django's deployment checks judge what will be deployed.
PRODUCTION_LIKE = env \
	SECRET_KEY="$$($(VENV_PYTHON) -c 'import secrets; print(secrets.token_urlsafe(60))')" \
	FIELD_ENCRYPTION_KEYS="$$($(VENV_PYTHON) -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())')" \
	DEBUG=false SITE_URL=https://connector.example ALLOWED_HOSTS=connector.example \
	CSRF_TRUSTED_ORIGINS=https://connector.example DATABASE_URL=sqlite://:memory: REDIS_URL= \
	EMAIL_URL=consolemail:// PIPEDRIVE_CLIENT_ID=id PIPEDRIVE_CLIENT_SECRET=secret \
	PIPEDRIVE_OAUTH_URL=https://oauth.pipedrive.com PIPEDRIVE_API_URL= MUSTALINJA_API_URL=

lint: $(INSTALLED_DEV) ## ruff, mypy, missing migrations, Django's deployment checks
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy .
	@$(PRODUCTION_LIKE) $(VENV_PYTHON) manage.py makemigrations --check --dry-run
	@$(PRODUCTION_LIKE) $(VENV_PYTHON) manage.py check --deploy --fail-level WARNING

# Writes what is missing or empty and leaves the rest as it is. Only the owner may read it.
define WRITE_SECRETS
import base64, os, pathlib, re, secrets
file = pathlib.Path(".env")
file.touch(mode=0o600)
text = before = file.read_text(encoding="utf-8")
fresh = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
}
for name, value in fresh.items():
    if re.search(rf"^(export )?{name}=[ \t]*\S", text, re.MULTILINE):
        continue
    text = re.sub(rf"^(export )?{name}=[ \t]*\n?", "", text, flags=re.MULTILINE)
    text += ("\n" if text and not text.endswith("\n") else "") + f"{name}={value}\n"
    print(f"Wrote a new {name} into .env")
if text != before:
    file.write_text(text, encoding="utf-8")
endef
export WRITE_SECRETS

.env: check-python ## Generated secrets, where .env has none yet
	@$(PYTHON) -c "$$WRITE_SECRETS"

check-python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; $(or $(PYTHON),python3) is older or missing." >&2; \
		echo "Install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }

$(INSTALLED): requirements.txt | check-python
	@test -x $(VENV)/bin/pip && $(VENV_PYTHON) -c "" || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing what the portal needs ..."
	@$(VENV_PYTHON) -m pip install --quiet --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	@echo "Installing what tests and linters need ..."
	@$(VENV_PYTHON) -m pip install --quiet --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Babel reads the same .po files as GNU gettext, which need not be there.
translations: $(INSTALLED)
	@if ls locale/*/LC_MESSAGES/django.po >/dev/null 2>&1; then $(VENV)/bin/pybabel --quiet compile -D django -d locale; fi

static: $(INSTALLED) .env
	@$(VENV_PYTHON) manage.py collectstatic --noinput --verbosity 0
