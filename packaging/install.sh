#!/usr/bin/env bash
# Installs what programs in C and C++ are built with and run with, or removes it again; `make install` and `make uninstall` run this.
#
#   packaging/install.sh install|uninstall
#
# BUILT is the folder where cargo put the libraries. PREFIX (/usr/local), LIBDIR ($PREFIX/lib) and INCLUDEDIR ($PREFIX/include) say where programs
# will find the files; with DESTDIR they are put below that folder, from where a package is made. PC_PREFIX is what the pkg-config files have for
# PREFIX, where that is not known yet.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly built=${BUILT:-target/dist}
prefix=${PREFIX:-/usr/local}
readonly prefix=${prefix%/}
readonly libdir=${LIBDIR:-$prefix/lib}
readonly includedir=${INCLUDEDIR:-$prefix/include}
readonly libraries=${DESTDIR:-}$libdir headers=${DESTDIR:-}$includedir
readonly header=include/ld_dynamo_store.h

fail() {
    echo "install: $*" >&2
    exit 1
}

# The value of a macro of the header.
macro() {
    local value
    value=$(sed -n "s/^#define LD_DYNAMO_$1 \"\{0,1\}\([0-9.]*\)\"\{0,1\}$/\1/p" "$header")
    [ -n "$value" ] || fail "$header does not define LD_DYNAMO_$1"
    echo "$value"
}

# A folder as pkg-config files say it: below the prefix, so that the prefix can be replaced.
below_prefix() {
    case $1/ in
        "$prefix"/*) echo "\${prefix}${1#"$prefix"}" ;;
        *) echo "$1" ;;
    esac
}

fill_in() {
    sed -e "s|@PREFIX@|${PC_PREFIX:-$prefix}|" -e "s|@LIBDIR@|$(below_prefix "$libdir")|" -e "s|@INCLUDEDIR@|$(below_prefix "$includedir")|" \
        -e "s|@INCLUDEDIR_FROM_LIBDIR@|$(realpath -ms --relative-to="$libdir" "$includedir")|" \
        -e "s|@VERSION@|$version|" -e "s|@VERSION_MAJOR@|$version_major|" -e "s|@ABI_MAJOR@|$abi_major|" -e "s|@ABI_MINOR@|$abi_minor|" \
        "packaging/$1.in" >"$2/$1"
    chmod 644 "$2/$1"
}

install_all() {
    [ -f "$built/libld_dynamo_store.so" ] && [ -f "$built/libld_dynamo_store.a" ] || fail "there are no libraries in $built: run make library"
    install -d "$headers" "$libraries/pkgconfig" "$libraries/cmake/LdDynamoStore"
    install -m 644 include/*.h* "$headers/"
    install -m 755 "$built/libld_dynamo_store.so" "$libraries/$shared"
    # ldconfig points the name that programs look for to the highest number that it finds.
    find "$libraries" -maxdepth 1 -name "libld_dynamo_store.so.$abi_major.*" ! -name "$shared" -delete
    # Programs are linked to the last of these names, and look for the one in the middle when they start.
    ln -sf "$shared" "$libraries/libld_dynamo_store.so.$abi_major"
    ln -sf "libld_dynamo_store.so.$abi_major" "$libraries/libld_dynamo_store.so"
    packaging/static_library.sh "$built/libld_dynamo_store.a" "$libraries/libld_dynamo_store.a"
    fill_in ld_dynamo_store.pc "$libraries/pkgconfig"
    fill_in ld_dynamo_store-static.pc "$libraries/pkgconfig"
    fill_in LdDynamoStoreConfig.cmake "$libraries/cmake/LdDynamoStore"
    fill_in LdDynamoStoreConfigVersion.cmake "$libraries/cmake/LdDynamoStore"
}

# Of other versions, too: their library has another name.
uninstall_all() {
    local name
    for name in include/*.h*; do
        rm -f "$headers/${name#include/}"
    done
    rm -f "$libraries"/libld_dynamo_store.{a,so} "$libraries/libld_dynamo_store.so.$abi_major"{,.*} "$libraries"/pkgconfig/ld_dynamo_store{,-static}.pc
    rm -rf "$libraries/cmake/LdDynamoStore"
}

for folder in "$prefix/" "$libdir" "$includedir"; do
    [ "${folder#/}" != "$folder" ] || fail "PREFIX, LIBDIR and INCLUDEDIR begin with a slash; \"$folder\" does not"
    case $folder in
        # What sed, the pkg-config files or CMake would take for something else.
        *[[:space:]]* | *[\\\&\|\"\'\`\$\#\;]*)
            fail "PREFIX, LIBDIR and INCLUDEDIR hold neither white space nor \\ & | \" ' \` \$ # ;; \"$folder\" does"
            ;;
    esac
done
version=$(macro VERSION) version_major=$(macro VERSION_MAJOR) abi_major=$(macro ABI_MAJOR) abi_minor=$(macro ABI_MINOR)
readonly version version_major abi_major abi_minor shared=libld_dynamo_store.so.$abi_major.$abi_minor
case ${1:-} in
    install) install_all ;;
    uninstall) uninstall_all ;;
    *) fail "usage: packaging/install.sh install|uninstall" ;;
esac
