#!/usr/bin/env bash
# Makes what is published, in target/packages, for the platforms named, by default all of packaging/platforms.txt: an archive for C and C++, a
# Python wheel and a Ruby gem for each, one Composer archive for all of them, a list of what the libraries are made of, and everything's SHA-256.
#
#   packaging/packages.sh [PLATFORM…]
#
# Two runs make the same bytes. SOURCE_DATE_EPOCH is the time that files in packages have, by default that of the last commit.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/platforms.sh

readonly packages=target/packages
version=$(packaging/version.sh)
readonly version
if [ $# -eq 0 ]; then
    mapfile -t platforms < <(all_platforms)
else
    platforms=("$@")
    require_platforms "${platforms[@]}"
fi
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH

# Laid out as an installation that may lie anywhere.
make_archive() {
    local platform=$1 built=$2 name tools
    name=ld-dynamo-store-$version-$platform
    tools=${platform%%-*}-linux-gnu-
    # shellcheck disable=SC2016
    DESTDIR=$packages PREFIX=/$name LIBDIR='' INCLUDEDIR='' PC_PREFIX='${pcfiledir}/../..' BUILT=$built \
        LD=${tools}ld OBJCOPY=${tools}objcopy AR=${tools}ar packaging/install.sh install
    cp -r README.md LICENSE CHANGELOG.md SECURITY.md ARCHITECTURE.md CONTRIBUTING.md docs "$packages/$name/"
    cp --parents examples/{c,cpp,python,ruby,php}/* examples/flags.json benches/README.md "$packages/$name/"
    chmod -R u=rwX,go=rX "$packages/$name"
    LC_ALL=C tar -C "$packages" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=ustar -cf - "$name" |
        gzip -9 --no-name >"$packages/$name.tar.gz"
    rm -r "${packages:?}/$name"
}

make_wheel() {
    LD_DYNAMO_STORE_BUILD_LIBRARY=$2 LD_DYNAMO_STORE_BUILD_PLATFORM=$(platform_column "$1" 3) \
        target/python/bin/python -m build --wheel --no-isolation --outdir "$packages" bindings/python >/dev/null
}

make_gem() {
    local gem
    gem=$(platform_column "$1" 4)
    (cd bindings/ruby && LD_DYNAMO_STORE_BUILD_LIBRARY=$2 LD_DYNAMO_STORE_BUILD_PLATFORM=$gem rake package >/dev/null)
    mv "bindings/ruby/pkg/ld_dynamo_store-$version-$gem.gem" "$packages/"
}

# What the libraries are made of, the same on every Linux. The tool writes a list into the folder of every package of the workspace.
list_components() {
    local name=components-of-packages
    # shellcheck disable=SC2064
    trap "rm -rf '$libraries'; find . -path ./target -prune -o -name '$name.json' -exec rm {} +" EXIT
    PATH=$PWD/target/packaging/bin:$PATH cargo cyclonedx --quiet --manifest-path c-library/Cargo.toml --format json --spec-version 1.5 \
        --target "$(platform_target "${platforms[0]}")" --no-build-deps --override-filename "$name"
    # Its names for our own packages are their folders.
    target/python/bin/python - "c-library/$name.json" <<'PYTHON' >"$packages/ld-dynamo-store-$version.cdx.json"
import sys
from pathlib import Path

print(Path(sys.argv[1]).read_text().replace(Path.cwd().as_uri(), "file://"), end="")
PYTHON
}

rm -rf "$packages"
mkdir -p "$packages"
libraries=$(mktemp -d)
readonly libraries
trap 'rm -rf "$libraries"' EXIT
for platform in "${platforms[@]}"; do
    built=$(packaging/build.sh "$platform" | tail -n 1)
    make_archive "$platform" "$built"
    make_wheel "$platform" "$built/libld_dynamo_store.so"
    make_gem "$platform" "$built/libld_dynamo_store.so"
    install -D -m 644 "$built/libld_dynamo_store.so" "$libraries/$platform/libld_dynamo_store.so"
done
packaging/composer_archive.sh "$libraries" "$packages/ld-dynamo-store-php-$version.zip"
list_components
(cd "$packages" && LC_ALL=C sha256sum -- * >SHA256SUMS)

echo "made in $packages:"
cat "$packages/SHA256SUMS"
