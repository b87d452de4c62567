#!/usr/bin/env bash
# Makes what is published, in target/packages: an archive with header and libraries, and a Python wheel and a Ruby gem around the library.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly packages=target/packages
readonly built=target/dist
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
readonly version
readonly name=ld-dynamo-store-$version-linux-$(uname -m)

# Alone: without the crate as a library of its own, the whole of it is optimized at the link.
cargo build --profile dist --locked -p ld-dynamo-store-c

rm -rf "$packages"
mkdir -p "$packages"
# Laid out as an installation that may lie anywhere.
# shellcheck disable=SC2016
DESTDIR=$packages PREFIX=/$name LIBDIR='' INCLUDEDIR='' PC_PREFIX='${pcfiledir}/../..' BUILT=$built packaging/install.sh install
cp -r README.md LICENSE CHANGELOG.md SECURITY.md ARCHITECTURE.md CONTRIBUTING.md docs "$packages/$name/"
cp --parents examples/{c,cpp,python,ruby,php}/* examples/flags.json "$packages/$name/"
tar -C "$packages" -czf "$packages/$name.tar.gz" "$name"
rm -r "${packages:?}/$name"

# The tests assert that the library needs no newer glibc than this platform has.
LD_DYNAMO_STORE_BUILD_LIBRARY=$PWD/$built/libld_dynamo_store.so \
    LD_DYNAMO_STORE_BUILD_PLATFORM=manylinux_2_34_$(uname -m) \
    target/python/bin/python -m build --wheel --no-isolation --outdir "$packages" bindings/python >/dev/null

(cd bindings/ruby && LD_DYNAMO_STORE_BUILD_LIBRARY=$OLDPWD/$built/libld_dynamo_store.so rake package >/dev/null)
mv bindings/ruby/pkg/ld_dynamo_store-"$version"-*.gem "$packages/"

echo "made in $packages:"
ls -l "$packages"
