#!/bin/sh
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every check that runs no code of ours, one after the other; exit code 1 and a list at the end if any found something. Called by `make lint`, which sets PATH.
set -u
cd "$(dirname "$0")/../.." || exit 2
failed=

gate() {
    name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed="$failed $name"
}

# Paths of the machine at hand, private keys outside the tests and marks of unfinished work have no place in the repository.
leftovers() {
    found=$(
        git grep -nIF -e "$(pwd)/" -e "$HOME/" -- .
        git grep -nIE -e '(^|[^A-Za-z0-9._-])/(root|home/[a-z]|Users/[A-Za-z])' -- . ':!tests/tools/lint.sh'
        git grep -nIE -e 'BEGIN [A-Z ]*PRIVATE KEY' -- . ':!tests' ':!plugins' ':!docs' ':!README.md'
        git grep -nIwE -e 'TODO|FIXME|XXX' -- . ':!tests/tools/lint.sh'
    )
    [ -z "$found" ] || { printf '%s\n' "$found"; return 1; }
}

gate ruff ruff check --quiet --output-format concise
gate mypy-core mypy -p ansible_collections.federation.adfs.plugins.module_utils._renewal -m ansible_collections.federation.adfs.plugins.module_utils._x509
gate mypy-lab mypy tests/lab tests/tools
gate generated python tests/tools/generate.py --check
gate ansible-lint ansible-lint --offline --nocolor
gate antsibull-docs antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs dependent .
gate antsibull-changelog antsibull-changelog lint
gate reuse reuse lint --lines
gate links python tests/tools/links.py
gate leftovers leftovers

if [ -n "$failed" ]; then
    echo "lint: these found something:$failed" >&2
    exit 1
fi
echo "lint: nothing found"
