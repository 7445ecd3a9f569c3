#!/bin/sh
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Checks the documentation of the plugins, the role and the guides, and builds it as web pages. Called by `make docs`, which sets PATH.
set -eu
cd "$(dirname "$0")/../.."

antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs dependent .
rm -rf build/docs
mkdir -p build/docs/rst
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --dest-dir build/docs/rst federation.adfs
python tests/tools/docs/pages.py build/docs/rst
sphinx-build -q -W --keep-going -b html build/docs/rst build/docs/html
python tests/tools/docs/check.py build/docs/html
echo "Open build/docs/html/index.html"
