# make demo    set up and run the whole node once on sample studies
# make test    set up (with test servers) and test
# make viewer  open every result in OHIF and every page of the dashboard with a browser; pictures in build/viewer/pictures
# make check   style, format, types, floors
# make faults  inject the matrix of faults into real nodes, count what was lost, write docs/faults.md
# make soak    an hour of work under load, and what the processes hold; writes docs/soak.md
# make bench   the measurements behind the documented figures
# make scale   ten million instances: how fast the database answers; 15 GB of disk, half an hour; writes docs/scale.md
# make capacity  a year of traffic, simulated: how many workers are needed; writes docs/capacity.md
# make attacks the table of docs/attacks.md, our listener beside pynetdicom's own server
# make fuzz    a million mutated PDUs and a hundred thousand hostile connections
# make fuzz-guided  a million PDUs by libFuzzer, which looks at what each one reaches (atheris)
# make docs    the pages that are made from code
# make site    the pages as a site, in build/site
# make lock    the lock files of a release, from pyproject.toml and constraints.txt
# make sbom    build/sbom.cdx.json: what a release installs, as a CycloneDX bill of materials
# make audit-dependencies  known holes in what a release installs; needs a network, and says so without one
# make clean   remove what the verbs above made
#
# Another Python: make demo PYTHON=python3.12
# PyTorch without CUDA from PyTorch's own index: UV_TORCH_BACKEND=cpu make demo

PYTHON ?= python3
PYTEST_ARGS ?=
DEMO_ARGS ?= --once
FAULTS_ARGS ?= --write docs/faults.md
AUDIT_ARGS ?=

BIN := .venv/bin
# uv reads UV_FIND_LINKS only; a folder of wheels that pip was told about serves both
UV := UV_FIND_LINKS="$${UV_FIND_LINKS:-$${PIP_FIND_LINKS:-}}" $(BIN)/uv
INSTALL := $(UV) pip install -q --python $(BIN)/python -c constraints.txt

.PHONY: demo test viewer check faults soak bench scale capacity attacks fuzz fuzz-guided docs site lock sbom audit-dependencies clean
.DELETE_ON_ERROR:

demo: .venv/.installed
	$(BIN)/opportune demo $(DEMO_ARGS)

# two processes, a file of tests to one of them, so that the fixtures of a module are built once
test: .venv/.installed-for-development
	deploy/install-test-servers.sh
	$(BIN)/pytest -n 2 --dist loadfile $(PYTEST_ARGS)

# npm comes from Debian unless there is one
viewer: .venv/.installed-for-development
	deploy/install-test-servers.sh chromium $(if $(shell command -v npm),,nodejs npm)
	deploy/viewer/fetch.sh build/viewer/packages
	$(BIN)/pytest -m viewer tests/viewer $(PYTEST_ARGS)

check: .venv/.installed-for-development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# hours on a quiet machine; FAULTS_ARGS=--short takes a minute
faults: .venv/.installed-for-development
	deploy/install-test-servers.sh
	$(BIN)/python -m tests.faults $(FAULTS_ARGS)

soak: .venv/.installed-for-development
	deploy/install-test-servers.sh
	$(BIN)/python -m benchmarks.soak --write docs/soak.md

bench: .venv/.installed-for-development
	$(BIN)/python -m benchmarks --write docs/performance.md

scale: .venv/.installed-for-development
	deploy/install-test-servers.sh
	$(BIN)/python -m benchmarks.scale --write docs/scale.md

capacity: .venv/.installed-for-development
	$(BIN)/python -m benchmarks.capacity --write docs/capacity.md

attacks: .venv/.installed-for-development
	$(BIN)/python -m benchmarks.attacks

fuzz: .venv/.installed-for-development
	$(BIN)/python -m benchmarks.fuzz

fuzz-guided: .venv/.installed-for-development
	$(UV) pip install -q --python $(BIN)/python "atheris>=3,<4"
	$(BIN)/python -m benchmarks.fuzz_guided

docs: .venv/.installed-for-development
	$(BIN)/python -m worker.documents

site: .venv/.installed-for-development
	$(BIN)/mkdocs build --quiet

lock: .venv/.uv
	UV_FIND_LINKS="$${UV_FIND_LINKS:-$${PIP_FIND_LINKS:-}}" deploy/lock.sh $(BIN)/uv

sbom: build/release/.installed build/audit/.installed
	build/audit/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON \
	  --output-file build/sbom.cdx.json build/release/bin/python

audit-dependencies: build/audit/.installed
	build/audit/bin/python deploy/audit_dependencies.py build/audit/bin/pip-audit $(AUDIT_ARGS)

clean:
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.uv: constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt uv
	touch $@

# as the Dockerfile does it: nothing but what a release needs
build/release/.installed: .venv/.uv deploy/requirements.lock
	$(UV) venv -q --clear --python $(BIN)/python build/release
	$(UV) pip install -q --python build/release/bin/python -c constraints.txt torch
	$(UV) pip install -q --python build/release/bin/python --require-hashes --no-deps -r deploy/requirements.lock
	$(UV) pip install -q --python build/release/bin/python --no-deps .
	touch $@

build/audit/.installed: .venv/.uv deploy/audit.lock
	$(UV) venv -q --clear --python $(BIN)/python build/audit
	$(UV) pip install -q --python build/audit/bin/python --require-hashes --no-deps -r deploy/audit.lock
	touch $@

.venv/.installed: .venv/.uv pyproject.toml
	$(INSTALL) -e .
	touch $@

.venv/.installed-for-development: .venv/.uv pyproject.toml
	$(INSTALL) -e '.[test,dev]'
	touch .venv/.installed $@
