# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Needs one Python >= 3.11 and, to install, a package index; everything goes into .venv and build. `make` alone lists what there is.
#   make test PYTHON=/path/to/python3.13    another Python than the newest one that is found
#   make test PYTEST_ARGS="-k journal"      further arguments for pytest
#   make test LOCK=                        the newest tools, not those of tests/requirements/lock.txt, where .venv is made anew
#   make release VERSION=1.2.0            the files of a release
#   make rehearse SNAPSHOT=report.json      the next renewal, rollback and emergency of a real farm, from the report of an audit
#   make sweep EVERY=1 FILE=build/sweep.jsonl   all cases, not every third; FILE keeps the results, and what is stopped goes on from there
#   make histories COUNT=20000 SEED=1       how many random histories, and from which seed on; FILE=build/histories.jsonl keeps the results

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
.NOTPARALLEL:

PYTHON ?= $(shell tests/tools/pythons.sh --newest --min 3.11)
PYTEST_ARGS ?=
COUNT ?= 2000
SEED ?= 1
EVERY ?= 3
VERSION ?=
SNAPSHOT ?=
LOCK ?= tests/requirements/lock.txt

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
INSTALLED := $(VENV)/.installed
# What `make build` makes; galaxy.yml alone says the version.
ARCHIVE = build/federation-adfs-$(shell sed -n 's/^version: //p' galaxy.yml).tar.gz
LINK := $(VENV)/collections/ansible_collections/federation/adfs

# Ansible's settings come from this checkout alone.
export PATH := $(BIN):$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/tests/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(VENV)/collections
export ANSIBLE_HOME := $(CURDIR)/build/ansible-home
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH PYTHONHOME ANSIBLE_INVENTORY ANSIBLE_ROLES_PATH ANSIBLE_STDOUT_CALLBACK

.PHONY: help
help: ## List these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-18s %s\n", $$1, $$2 }'

.PHONY: demo
demo: $(INSTALLED) ## Play a repair, a renewal, a careless renewal and one without AD FS against the lab
	@PYTHONPATH=tests $(BIN)/python -m demo

.PHONY: test
test: $(INSTALLED) ## Unit tests, tests of the lab, and real playbooks against the lab
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m "not long" $(PYTEST_ARGS)

.PHONY: test-long
test-long: $(INSTALLED) ## What takes minutes: runs that die at every single remote call, more faults, facts and years
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m long $(PYTEST_ARGS)

.PHONY: gates
gates: ## All gates, one after the other, with a table of results at the end; about an hour and a half
	@tests/tools/gates.sh all

.PHONY: real
real: $(INSTALLED) ## Read a real farm and tenant: FEDERATION_ADFS_REAL_INVENTORY names the inventory, see docs/real-system.md
	@$(BIN)/python -m pytest -s -m real $(PYTEST_ARGS) tests/real

.PHONY: lint
lint: $(INSTALLED) ## Code, types, playbooks, documentation, changelog and licences
	@tests/tools/lint.sh

.PHONY: generate
generate: $(INSTALLED) ## Write what follows from the tables: defaults, argument specs, tables of the documentation
	@$(BIN)/python tests/tools/generate.py

.PHONY: sanity
sanity: $(INSTALLED) ## ansible-test sanity and units with the newest ansible-core and with 2.16
	@$(BIN)/python tests/tools/ansible_test.py --core newest sanity
	@$(BIN)/python tests/tools/ansible_test.py --core newest units
	@$(BIN)/python tests/tools/ansible_test.py --core floor sanity
	@$(BIN)/python tests/tools/ansible_test.py --core floor units

.PHONY: matrix
matrix: $(INSTALLED) ## Unit tests and a playbook with every ansible-core that the Pythons here allow
	@$(BIN)/python tests/tools/matrix.py

.PHONY: prove
prove: $(INSTALLED) ## Explore every interleaving of the decision function, then live through the years; takes some minutes
	@PYTHONPATH=tests $(BIN)/python -m proof
	@PYTHONPATH=tests $(BIN)/python -m histories --count 500 --seed 1
	@PYTHONPATH=tests $(BIN)/python -m year

.PHONY: year
year: $(INSTALLED) ## Daily runs over 400 days in the lab, in process and as playbook runs; takes some minutes
	@PYTHONPATH=tests $(BIN)/python -m year

.PHONY: histories
histories: $(INSTALLED) ## Random histories of farms, tenants and runs, each judged: COUNT=2000 of them from SEED=1 on
	@PYTHONPATH=tests $(BIN)/python -m histories --count $(COUNT) --seed $(SEED) --excused $(if $(FILE),--file $(FILE))

.PHONY: rehearse
rehearse: $(INSTALLED) ## Play the next renewal, rollback and emergency of a real farm: SNAPSHOT= is the report.json of an audit
	@test -n "$(SNAPSHOT)" || { echo "SNAPSHOT is not set. Name the report.json that an audit wrote: make rehearse SNAPSHOT=path/report.json" >&2; exit 2; }
	@PYTHONPATH=tests $(BIN)/python -m rehearsal "$(SNAPSHOT)"

.PHONY: sweep
sweep: $(INSTALLED) ## Every remote call of every kind of run meets faults, and ordinary runs follow; then sixty by real playbooks. FILE= goes on, EVERY=1 plays all
	@PYTHONPATH=tests $(BIN)/python -m sweep --every $(EVERY) $(if $(FILE),--file $(FILE))
	@PYTHONPATH=tests $(BIN)/python -m sweep --playbooks $(if $(FILE),--file $(FILE))

.PHONY: forecast
forecast: $(INSTALLED) ## Compare what the summary foretells for 200 random farms with what the lab then does; takes some minutes
	@PYTHONPATH=tests $(BIN)/python -m year.foretold

.PHONY: screens
screens: $(INSTALLED) ## Print the summary of every state in every mode
	@$(BIN)/python tests/tools/screens.py

.PHONY: powershell-cases
powershell-cases: $(INSTALLED) ## Write anew what the PowerShell scripts must answer, from the lab
	@PYTHONPATH=tests $(BIN)/python tests/tools/powershell_cases.py

.PHONY: guides
guides: $(INSTALLED) ## Write into the guides what their commands print, from the lab
	@PYTHONPATH=tests $(BIN)/python tests/tools/guides.py

.PHONY: bench-core
bench-core: $(INSTALLED) ## How deciding grows with the number of domains
	@PYTHONPATH=tests $(BIN)/python tests/bench/core.py

.PHONY: bench-metadata
bench-metadata: $(INSTALLED) ## How long reading and fetching metadata takes
	@PYTHONPATH=tests $(BIN)/python tests/bench/metadata.py

.PHONY: bench-run
bench-run: $(INSTALLED) ## Headings, lines, processor time and job events of a run, against an empty playbook
	@PYTHONPATH=tests $(BIN)/python tests/bench/run.py

.PHONY: bench-graph
bench-graph: $(INSTALLED) ## What the worst answers of Graph cost
	@PYTHONPATH=tests $(BIN)/python tests/bench/graph.py

.PHONY: bench-farms
bench-farms: $(INSTALLED) ## What sixteen farms of 200 domains cost in one run, against one; takes some minutes
	@PYTHONPATH=tests $(BIN)/python tests/bench/farms.py

.PHONY: bench-compare
bench-compare: $(INSTALLED) ## The collection beside a person, stock modules, a script and the fewest calls; up to two hours. FILE= goes on; ARMS, TASKS, DOMAINS, LATENCIES, FARMS, RUNS: a part
	@PYTHONPATH=tests $(BIN)/python -m bench.compare $(if $(FILE),--file "$(FILE)") $(if $(ARMS),--arms "$(ARMS)") $(if $(TASKS),--tasks "$(TASKS)") \
		$(if $(DOMAINS),--domains "$(DOMAINS)") $(if $(LATENCIES),--latencies "$(LATENCIES)") $(if $(FARMS),--farms "$(FARMS)") $(if $(RUNS),--runs $(RUNS))

.PHONY: bench
bench: bench-core bench-metadata bench-graph bench-run ## All benchmarks; the last line of each is its verdict

.PHONY: page-check
page-check: $(INSTALLED) ## Look at the page of every state in a browser: console, axe, both widths, light and dark, printed; pictures in build/page-check
	@$(BIN)/python tests/tools/page_check.py

.PHONY: lock
lock: $(INSTALLED) ## Write the versions in .venv into tests/requirements/lock.txt
	@$(BIN)/python tests/tools/lock.py

.PHONY: docs
docs: $(INSTALLED) ## Check the documentation and build it into build/docs/html
	@tests/tools/docs.sh

.PHONY: build
build: $(INSTALLED) ## Build the archive for Galaxy into build
	@$(BIN)/ansible-galaxy collection build --force --output-path build

.PHONY: galaxy
galaxy: $(INSTALLED) ## Build the archive and let galaxy-importer judge it
	@tests/tools/galaxy.sh

.PHONY: archive
archive: build ## Install the archive beside the oldest libraries that it allows, and audit the lab over winrm and psrp
	@$(BIN)/python tests/tools/archive.py contents $(ARCHIVE)
	@$(BIN)/python tests/tools/archive.py try $(ARCHIVE)

.PHONY: ee
ee: build ## Let ansible-builder find what the collection needs, and make a build context
	@$(BIN)/python tests/tools/ee.py $(ARCHIVE)

.PHONY: release
release: $(INSTALLED) ## Write version and changelog of a release: VERSION=1.2.0
	@$(BIN)/python tests/tools/release.py "$(VERSION)"

.PHONY: release-rehearsal
release-rehearsal: $(INSTALLED) ## Make the next release on a copy, and look at what comes out
	@$(BIN)/python tests/tools/release.py --rehearse

# What the tests run in: made once, brought up to date when a requirements file changes.
$(INSTALLED): tests/requirements/runtime.txt tests/requirements/test.txt tests/requirements/lint.txt $(LOCK)
	@test -x $(BIN)/python || { test -n "$(PYTHON)" && echo "Making $(VENV) with $(PYTHON)" && "$(PYTHON)" -m venv $(VENV); }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(VENV) has a Python older than 3.11: remove the folder $(VENV) and say PYTHON=/path/to/a/newer/python" >&2; exit 1; }
	@echo "Installing into $(VENV)"
	@$(BIN)/python -m pip install -qq --no-compile -r tests/requirements/lint.txt $(if $(LOCK),-c $(LOCK)) || { \
		test -n "$(LOCK)" && echo "The versions in $(LOCK) cannot be had here, so the newest ones are installed" >&2 && \
		$(BIN)/python -m pip install -qq --no-compile -r tests/requirements/lint.txt; }
	@mkdir -p $(dir $(LINK)) build
	@ln -sfn ../../../.. $(LINK)
	@touch $@
