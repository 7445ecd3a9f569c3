#!/bin/sh
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the archive and has galaxy-importer judge it, as Galaxy does at an upload; exit code 1 if it says anything new. Called by `make galaxy`.
# The importer needs versions of its own of what the tests use, so it lives in an environment of its own.
set -eu
cd "$(dirname "$0")/../.."
tools=$PWD/.venv/tools/galaxy-importer
work=$PWD/build/galaxy-importer
if [ ! -x "$tools/bin/galaxy-importer-done" ]; then
    echo "Installing galaxy-importer into .venv/tools/galaxy-importer"
    .venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip install -qq 'galaxy-importer>=0.4.44'
    ln -sf python "$tools/bin/galaxy-importer-done"
fi

rm -rf "$work"
mkdir -p "$work"
.venv/bin/ansible-galaxy collection build --force --output-path "$work" >/dev/null
archive=$(ls "$work"/federation-adfs-*.tar.gz)

.venv/bin/python tests/tools/archive.py contents "$archive"

cat >"$work/galaxy-importer.cfg" <<'CFG'
[galaxy-importer]
CHECK_REQUIRED_TAGS = True
REQUIRE_V1_OR_GREATER = False
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = True
RUN_ANSIBLE_TEST = False
RUN_FLAKE8 = True
CFG
code=0
(
    cd "$work"
    # Its own tools first, and none of this checkout's settings.
    unset ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH
    PATH="$tools/bin:$PATH" ANSIBLE_HOME="$work/home" GALAXY_IMPORTER_CONFIG="$work/galaxy-importer.cfg" \
        "$tools/bin/python" -m galaxy_importer.main "$archive" >log 2>&1
) || code=$?
# W503 and E203 are what flake8 once wanted and pycodestyle has since declared wrong: https://www.flake8rules.com/rules/W503.html
said=$(grep -E '^(WARNING|ERROR)|Traceback' "$work/log" | grep -vE ': (W503|E203) ' || true)
if [ "$code" -ne 0 ] || [ -n "$said" ]; then
    if [ -n "$said" ]; then printf '%s\n' "$said" >&2; else tail -n 20 "$work/log" >&2; fi
    echo "galaxy: galaxy-importer found something; all of it is in build/galaxy-importer/log" >&2
    exit 1
fi
echo "galaxy: nothing found in $(basename "$archive")"
