# `make run` serves tsvapp, `make test` checks it; each sets up what it needs, once. `make help` lists the rest.

HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 1
PYTHON ?= python3
MINUTES ?= 30
SECONDS ?= 3600
# Twice as many as can run at once: half of their time is spent waiting, for servers that start, stop and are killed.
TESTERS ?= $(shell echo $$(( 2 * $$(nproc) )))

BIN := .venv/bin
LIT := static/vendor/lit-html
QR := static/vendor/lean-qr
TYPES := $(QR)/lean-qr.d.ts
BROWSERS := chromium-headless-shell firefox-esr webkit2gtk-driver xvfb
# Those of docs/deploy.md, which are tested, and what makes certificates for them.
PROXIES := haproxy apache2 lighttpd lighttpd-mod-openssl caddy openssl
JS_TESTS = $(wildcard tests/js/*.test.js)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

# A machine may have Node without npm, or neither; npm then comes as a Python package.
NPM := $(or $(shell command -v npm),$(BIN)/npm)

# npm works in one node_modules, and pip in one .venv.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run test test-long soak fuzz chaos bench format lock pictures clean check setup-test

help:  ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: .venv/.run $(LIT)/lit-html.js  ## set up what is missing and serve on HOST:PORT, with data in TSVAPP_DATA_DIR; WORKERS=3
ifeq ($(WORKERS),1)
	@echo "tsvapp: open http://$(HOST):$(PORT)/ (Ctrl+C stops)"
	@HOST=$(HOST) PORT=$(PORT) exec $(BIN)/python -m gunicorn --config gunicorn.conf.py wsgi:app
else
	@tools/install-packages nginx $(if $(TSVAPP_REDIS_URL),,redis-server)
	@HOST=$(HOST) PORT=$(PORT) exec $(BIN)/python -m tools.run_workers $(WORKERS)
endif

test test-long check format: private export PATH := $(CURDIR)/$(BIN):$(PATH)

test: setup-test check  ## set up what tests need and run all of them, long ones scaled down
	$(if $(JS_TESTS),node --test $(JS_TESTS))
	pytest --numprocesses $(TESTERS) --dist loadfile --no-loadscope-reorder

test-long: setup-test  ## run the long tests at the size that is stated
	@tools/install-packages debootstrap
	pytest -m long

fuzz: .venv/.fuzz  ## look for input that breaks the reader, the protocols or the handshake; SECONDS=60 ONLY=reader
	$(BIN)/python -m tests.fuzz $(SECONDS) $(ONLY)

soak: setup-test  ## have clients come and go for MINUTES, and look that nothing is left of them
	$(BIN)/python -m tests.support.soak $(MINUTES)

chaos: setup-test  ## kill, stop, cut and stall under a crowd, and check all it was told; SECONDS=, SEED=, WORKERS=3
	SECONDS=$(SECONDS) SEED=$(SEED) WORKERS=$(WORKERS) $(BIN)/python -m tests.reliability

check:
	ruff format --check .
	ruff check .
	mypy
	node_modules/.bin/eslint .
	node_modules/.bin/tsc

bench: .venv/.bench $(LIT)/lit-html.js  ## measure beside other servers and write bench/RESULTS.md; ONLY=fanout for a part
	@command -v cc >/dev/null || tools/install-packages gcc libc6-dev
	@tools/install-packages chromium-headless-shell
	$(BIN)/python -m bench $(ONLY)

format: .venv/.test  ## format the Python code and fix what the linter can fix
	ruff check --fix-only .
	ruff format .

lock: .venv/.test  ## lock requirements/*.in again for every supported Python; UPGRADE="redis numpy" or UPGRADE=all
	$(BIN)/python -m tools.lock $(UPGRADE)

pictures: setup-test  ## take the pictures in docs/ anew
	$(BIN)/python -m tests.browser.pictures

clean:  ## remove all that was set up or left by tests; data/ stays
	rm -rf .venv node_modules static/vendor tests/artifacts .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

setup-test: .venv/.test $(LIT)/lit-html.js node_modules/.dev $(TYPES)
	@tools/install-packages nginx redis-server $(BROWSERS) $(PROXIES)

# The virtual environment counts as made when it has a pip: one that broke off half-way is made anew.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
		{ echo "tsvapp needs Python 3.11 to 3.14. Choose one: make PYTHON=python3.13 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || PYTHON=$(PYTHON) tools/install-packages python3-venv
	$(PYTHON) -m venv --clear .venv

.venv/.run: requirements/run.txt | $(BIN)/pip
	$(PIP_INSTALL) -r $<
	@touch $@

.venv/.test: requirements/test.txt requirements/run.txt | $(BIN)/pip
	$(PIP_INSTALL) -r $<
	@touch $@ .venv/.run

.venv/.fuzz: requirements/fuzz.txt .venv/.test
	$(PIP_INSTALL) -r $<
	@touch $@

.venv/.bench: requirements/bench.txt .venv/.test
	$(PIP_INSTALL) -r $<
	@touch $@

$(BIN)/npm: | $(BIN)/pip
	$(PIP_INSTALL) -r requirements/npm.txt

# The browser imports libraries by their address, so their modules are copied as they are published (but for the
# ending .mjs, which not every web server knows).
$(LIT)/lit-html.js: package-lock.json | $(filter $(BIN)/npm,$(NPM))
	$(NPM) ci --omit=dev --loglevel=error
	rm -rf $(LIT)
	mkdir -p $(LIT)/directives
	cp node_modules/lit-html/directives/*.js $(LIT)/directives/
	cp node_modules/lit-html/*directive*.js node_modules/lit-html/lit-html.js $(LIT)/
	rm -rf $(QR)
	mkdir -p $(QR)
	cp node_modules/lean-qr/index.mjs $(QR)/lean-qr.js
	@touch $@

# Inside node_modules, because the rule above empties it.
node_modules/.dev: package-lock.json $(LIT)/lit-html.js .venv/.test
	$(BIN)/npm ci --loglevel=error
	@touch $@

# For the type checker, beside the copies: it looks for the types of a relative import there and nowhere else. Those of
# lean-qr name its package.
$(TYPES): node_modules/.dev
	cp node_modules/lit-html/directives/*.d.ts $(LIT)/directives/
	cp node_modules/lit-html/*directive*.d.ts node_modules/lit-html/lit-html.d.ts $(LIT)/
	echo 'export { generate } from "lean-qr";' >$@
