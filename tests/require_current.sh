#!/bin/sh
# Ends with a message where a program or library of target/ is older than what it is made of: tests of it would say nothing about the sources.
# What lies without cargo's list of its sources beside it is taken as it is.
#
#   tests/require_current.sh FILE
set -eu

built=$1
list=${built%.so}
list=${list%.dylib}.d
[ -f "$list" ] || exit 0
newer=$(sed -e 's/^[^:]*: *//' -e 's/\([^\\]\) /\1\n/g' "$list" | sed -e 's/\\ / /g' | tr '\n' '\0' |
    xargs -0 -I '{}' find '{}' -maxdepth 0 -newer "$built" 2>&1 | head -n 1)
if [ -n "$newer" ]; then
    echo "$built is older than $newer: run make build" >&2
    exit 1
fi
