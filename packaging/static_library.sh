#!/usr/bin/env bash
# Makes the static library that is installed and published from the one that cargo builds: all that the functions of the header need, as
# one object in which no other symbol is global. cargo's holds 1,300 objects with the symbols of the Rust library, of AWS-LC and of a hundred
# crates, which would meet those of another library in the same program.
#
#   packaging/static_library.sh FROM TO
#
# LD, OBJCOPY and AR name other tools than those of this machine.
set -euo pipefail

readonly from=$1 to=$2
header=$(dirname "$0")/../include/ld_dynamo_store.h
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

mapfile -t functions < <(grep -o '\bld_dynamo_[a-z0-9_]*(' "$header" | tr -d '(' | sort -u)
[ ${#functions[@]} -gt 0 ] || {
    echo "static_library.sh: no functions are declared in $header" >&2
    exit 1
}
# A group of sections that two libraries share is given up for that of the first, and with it what is local here: so there are no groups.
"${LD:-ld}" -r --gc-sections --force-group-allocation "${functions[@]/#/--undefined=}" -o "$folder/all.o" "$from"
# What the Rust library brings for link-time optimization does not survive being put together, and nm would try to read it.
"${OBJCOPY:-objcopy}" --strip-unneeded --remove-section=.llvmbc --remove-section=.llvmcmd \
    --wildcard --keep-global-symbol='ld_dynamo_*' "$folder/all.o" "$folder/ld_dynamo_store.o"
"${AR:-ar}" rcsD "$folder/library.a" "$folder/ld_dynamo_store.o"
install -m 644 "$folder/library.a" "$to"
