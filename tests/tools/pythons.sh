#!/bin/sh
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints the Pythons of this machine that really run and can make a virtual environment, one per minor version, newest first:
#   3.13 /usr/bin/python3.13
# Options: --newest or --oldest prints only the path of that one; --min 3.11 and --max 3.12 bound the versions.
# A name on PATH proves nothing: version managers leave shims that only print an error. So each candidate is run.
set -u

min=3.10
max=3.99
only=
while [ $# -gt 0 ]; do
    case $1 in
    --min) min=$2; shift 2 ;;
    --max) max=$2; shift 2 ;;
    --newest) only="head"; shift ;;
    --oldest) only="tail"; shift ;;
    *) echo "pythons.sh: unknown option $1" >&2; exit 2 ;;
    esac
done

probe='
import os, sys
import ensurepip, ssl, venv
print("%d.%d %s" % (sys.version_info[0], sys.version_info[1], os.path.realpath(sys._base_executable)))
'

candidates() {
    for minor in 14 13 12 11 10; do
        command -v "python3.$minor"
        # Installed by a version manager, though not switched on here.
        for found in "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin/python3 "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}/cpython-3.$minor".*/bin/python3; do
            [ -x "$found" ] && echo "$found"
        done
        [ -x "/usr/bin/python3.$minor" ] && echo "/usr/bin/python3.$minor"
    done
    command -v python3
}

list=$(
    candidates | while read -r candidate; do
        # From another folder and in isolated mode, so that nothing here can be mistaken for a standard module.
        (cd / && "$candidate" -I -c "$probe") 2>/dev/null
    done | awk -v min="$min" -v max="$max" '
        function number(version, parts) { split(version, parts, "."); return parts[1] * 1000 + parts[2] }
        number($1) >= number(min) && number($1) <= number(max) && !seen[$1]++ { print number($1), $0 }
    ' | sort -rn -k1,1 | cut -d" " -f2-
)
if [ -z "$list" ]; then
    echo "No Python from $min to $max on this machine runs and has venv, ensurepip and ssl. Install one (on Debian also its -venv package), or say PYTHON=/path/to/python." >&2
    exit 1
fi
if [ -n "$only" ]; then
    echo "$list" | "$only" -n 1 | cut -d" " -f2-
else
    echo "$list"
fi
