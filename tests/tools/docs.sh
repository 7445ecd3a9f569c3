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
mkdir -p build/docs/rst/static
cat >build/docs/rst/static/tables.css <<'CSS'
div.body pre { overflow-x: auto; }
CSS
cat >build/docs/rst/conf.py <<'CONF'
project = "federation.adfs"
extensions = ["sphinx_antsibull_ext"]
html_theme = "alabaster"
# The theme's 940 pixels cut the tables of options.
html_theme_options = {"page_width": "min(1400px, 100%)", "body_max_width": "none", "fixed_sidebar": False}
html_static_path = ["static"]
html_css_files = ["tables.css"]
# References into Ansible's own documentation need its index from the network; without it they stay plain text.
suppress_warnings = ["ref.ref", "ref.any", "toc.no_title"]
default_role = "any"
CONF
sphinx-build -q -W --keep-going -b html build/docs/rst build/docs/html
echo "Open build/docs/html/index.html"
