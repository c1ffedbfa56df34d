# Everything runs in .venv, which the first target that needs it creates. Nothing but make, git and Python 3.11+ is asked for.
#   make PYTHON=/path/to/python   uses that interpreter; without it the newest one found that works is taken.

.DEFAULT_GOAL := help
.PHONY: help demo test quick checks postgres bench soak schemas site pictures names fmt clean
.DELETE_ON_ERROR:

BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
stage = @printf '\n== %s\n' '$(1)'

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: .venv/ready ## a guided tour on a scratch copy, no account needed
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: .venv/browser .venv/java postgres checks ## format, lint, types, layers, schemas, then the tests
	$(call stage,tests: pytest)
	@$(BIN)/python -m pytest --no-header --numprocesses auto --dist loadfile $(ARGS)

quick: checks ## the same in two minutes: without tests that need a server, a browser, Java, or processes
	$(call stage,tests: pytest on what needs nothing else)
	@$(BIN)/python -m pytest -q --no-header --numprocesses auto --dist loadfile --hypothesis-profile quick \
		-m 'not server and not browser and not java and not whole' $(ARGS)

checks: .venv/ready-dev
	$(call stage,format: ruff format --check (make fmt repairs it))
	@$(BIN)/ruff format --quiet --check --output-format concise .
	$(call stage,lint: ruff check)
	@$(BIN)/ruff check --quiet .
	$(call stage,types: mypy)
	@$(BIN)/mypy --no-error-summary
	$(call stage,layers: lint-imports)
	@out=$$($(BIN)/lint-imports --no-logo 2>&1) || { printf '%s\n' "$$out"; exit 1; }
	$(call stage,schemas: generated schemas are current)
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $(BIN)/pricebook schema --output "$$fresh" >/dev/null && \
	if ! diff -r schemas "$$fresh"; then \
		echo 'schemas/ is not what the models say (< committed, > generated): run "make schemas" and commit the result.' >&2; \
		exit 1; \
	fi
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $(BIN)/pricebook rules --output "$$fresh" >/dev/null && \
	if ! diff -r docs/rules "$$fresh"; then \
		echo 'docs/rules/ is not what the rules say (< committed, > generated): run "make schemas" and commit the result.' >&2; \
		exit 1; \
	fi

# The tests start a server of their own, from any installation; root on Debian gets one. Elsewhere they are skipped, aloud.
postgres:
	@if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo 'installing postgresql, of which the tests start a server'; \
			apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; \
		else \
			echo 'PostgreSQL is not installed: its tests will be skipped. On Debian and Ubuntu: sudo apt-get install postgresql' >&2; \
		fi; \
	fi

bench: .venv/ready-dev ## measure against the bounds in benchmarks/README.md (ARGS=noop for one)
	@$(BIN)/python benchmarks/run.py $(ARGS)

soak: .venv/ready-dev postgres ## a team on a PostgreSQL server for five minutes, killed and restarted at random
	@PYTHONPATH=tests $(BIN)/python tests/laws/soak.py $(ARGS)

schemas: .venv/ready ## regenerate schemas/ from the models, docs/rules/ from the rules
	@$(BIN)/pricebook schema --output schemas
	@$(BIN)/pricebook rules --output docs/rules

site: .venv/ready-dev ## build the documentation site into build/site, strictly
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

pictures: .venv/ready-dev .venv/browser ## draw the pictures of the documentation anew; look at them before you commit
	@$(BIN)/python tools/pictures.py >/dev/null

names: .venv/ready-dev ## give the project another home, everywhere (REPOSITORY=https://... SITE=https://... VERSION=1.2.3)
	@$(BIN)/python tools/names.py "$(REPOSITORY)" "$(SITE)" "$(VERSION)"

LOCK := .github/actions/pricebook/requirements.txt
lock: .venv/ready-dev ## choose anew, to the byte, what the action for CI and a release install
	@head -1 $(LOCK) >$(LOCK).new
	@printf 'hatchling>=1.27\n' | $(BIN)/uv pip compile --quiet pyproject.toml - --extra postgres --extra rules --upgrade --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate >>$(LOCK).new
	@mv $(LOCK).new $(LOCK)
	@head -1 .github/release-requirements.txt >$(LOCK).new
	@printf 'hatchling>=1.27\nuv>=0.9\ncyclonedx-bom>=7\n' | $(BIN)/uv pip compile --quiet - --upgrade --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate >>$(LOCK).new
	@mv $(LOCK).new .github/release-requirements.txt

fmt: .venv/ready-dev ## format, and repair what the linter can repair
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

clean: ## remove the environment, caches and builds
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment --------------------------------------------------------------------------------------------------

.venv/ready: .venv/created pyproject.toml
	@echo 'installing pricebook into .venv'
	@$(PIP) -e .
	@touch $@

.venv/ready-dev: .venv/created pyproject.toml
	@echo 'installing pricebook and its development tools into .venv'
	@$(PIP) -e '.[dev]'
	@touch .venv/ready $@

# The browser tests drive Debian's Chromium, which root can have installed. Without one they are skipped; in CI they fail.
.venv/browser: .venv/created
	@if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo 'installing chromium, for the browser tests'; \
			apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null || exit 0; \
		else \
			echo 'no Chromium: the browser tests will be skipped (Debian: apt-get install chromium)' >&2; exit 0; \
		fi; \
	fi; \
	touch $@

# Spark, one of the engines that count usage, needs Java, which root can have installed. Without it its tests are skipped;
# in CI they fail.
.venv/java: .venv/created
	@if ! command -v java >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo 'installing a Java runtime, for the tests on Spark'; \
			apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null || exit 0; \
		else \
			echo 'no Java: the tests on Spark will be skipped (Debian: apt-get install default-jre-headless)' >&2; exit 0; \
		fi; \
	fi; \
	touch $@

# An interpreter counts only when it runs (a version manager's shim may be there and fail) and is 3.11 or later; one that
# can make environments is preferred. Debian keeps that ability in a package of its own, which root can have installed.
.venv/created:
	@set -e; \
	enough='import sys; sys.exit(sys.version_info < (3, 11))'; found=; lacking=; \
	if .venv/bin/python -c "$$enough" 2>/dev/null && .venv/bin/python -m pip --version >/dev/null 2>&1; then \
		touch $@; exit 0; \
	fi; \
	for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 /usr/bin/python3); do \
		"$$python" -c "$$enough" >/dev/null 2>&1 || continue; \
		if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
		lacking=$${lacking:-$$python}; \
	done; \
	if [ -z "$$found" ] && [ -n "$$lacking" ]; then \
		package=$$("$$lacking" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "installing $$package, which $$lacking needs to make .venv"; \
			apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$$package" >/dev/null; \
			found=$$lacking; \
		else \
			echo "$$lacking cannot make virtual environments. On Debian and Ubuntu: sudo apt-get install $$package" >&2; \
			exit 1; \
		fi; \
	fi; \
	if [ -z "$$found" ]; then \
		echo 'pricebook needs Python 3.11 or later, and none was found$(if $(PYTHON), at $(PYTHON)).' >&2; \
		echo 'Install one, or name it: make PYTHON=/path/to/python ...' >&2; \
		exit 1; \
	fi; \
	echo "creating .venv with $$("$$found" --version 2>&1)"; \
	"$$found" -m venv --clear .venv; \
	touch $@
