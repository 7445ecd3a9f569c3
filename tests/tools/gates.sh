#!/bin/sh
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The one list of gates; each is a target of the Makefile.
#   gates.sh quick       names those that .ci/run runs for every change, in its order; `test` is last
#   gates.sh left-out    says what .ci/run leaves out, and how to run it
#   gates.sh all         runs all of them, also after one failed, and ends with a table; exit code 1 if one failed
set -u
cd "$(dirname "$0")/../.." || exit 2

quick='lint galaxy sanity test'
long='docs archive ee release-rehearsal page-check test-long'
apart='matrix prove bench forecast'

says() {
    sed -n "s/^$1:[^#]*## //p" Makefile
}

case ${1:-} in
quick)
    echo "$quick"
    ;;
left-out)
    echo 'Not run here, but by make gates, weekly:'
    for gate in $long; do printf '  make %-18s %s\n' "$gate" "$(says "$gate")"; done
    echo 'Neither here nor there, by hand or in jobs of their own:'
    for gate in $apart; do printf '  make %-18s %s\n' "$gate" "$(says "$gate")"; done
    echo '  tests/powershell/run.ps1: the PowerShell scripts in a real PowerShell, 7 and 5.1; make test runs it too where there is a pwsh'
    ;;
all)
    table=
    failed=0
    for gate in $quick $long; do
        printf '\n===== %s\n' "$gate"
        began=$(date +%s)
        if make --no-print-directory "$gate"; then result=passed; else result=FAILED failed=1; fi
        took=$(($(date +%s) - began))
        table="$table$(printf '  %-18s %-7s %3d min %02d s' "$gate" "$result" $((took / 60)) $((took % 60)))
"
    done
    printf '\ngates:\n%s' "$table"
    exit "$failed"
    ;;
*)
    sed -n '5,8s/^# *//p' "$0" >&2
    exit 2
    ;;
esac
