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
# The viewer as it is served, and what it is made of.
VIEWER := static/built/meta.json
SOURCES := $(wildcard static/js/*.js static/js/*/*.js static/css/*.css static/*.svg static/example/*.csv)
ENTRIES := static/js/first.js static/js/main.js static/css/viewer.css static/css/workbench.css static/favicon.svg \
	static/together.svg static/example/penguins.csv
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

run: .venv/.run $(VIEWER)  ## set up what is missing and serve on HOST:PORT, with data in TSVAPP_DATA_DIR; WORKERS=3
ifeq ($(WORKERS),1)
	@HOST=$(HOST) PORT=$(PORT) $(BIN)/python -m tools.front_door
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

bench: .venv/.bench $(VIEWER)  ## measure beside other servers and write bench/RESULTS.md; ONLY=fanout for a part
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
	rm -rf .venv node_modules static/built tests/artifacts .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

setup-test: .venv/.test node_modules/.dev $(VIEWER)
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

node_modules/.run: package-lock.json | $(filter $(BIN)/npm,$(NPM))
	$(NPM) ci --omit=dev --loglevel=error
	@touch $@

node_modules/.dev: package-lock.json .venv/.test
	$(BIN)/npm ci --loglevel=error
	@touch $@ node_modules/.run

# Each file is named after what is in it, so that browsers may keep it for good. meta.json says which is which.
$(VIEWER): node_modules/.run $(SOURCES)
	rm -rf $(@D)
	PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/esbuild $(ENTRIES) --bundle --splitting --format=esm --minify \
		--sourcemap --target=chrome114,firefox125,safari17 --loader:.svg=copy --loader:.csv=copy --outdir=$(@D) --log-level=warning \
		--entry-names='[name]-[hash]' --chunk-names='[name]-[hash]' --metafile=$@
