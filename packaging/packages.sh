#!/usr/bin/env bash
# Makes what is published, in target/packages, for the platforms named, by default all of packaging/platforms.txt: an archive for C and C++, a
# Python wheel and a Ruby gem for each, one Composer archive for all of them, a list of what the libraries are made of, and everything's SHA-256.
#
#   packaging/packages.sh [PLATFORM…]
#
# Two runs make the same bytes of the same libraries. SOURCE_DATE_EPOCH is the time that files in packages have, by default that of the last commit.
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
    # Not as the wheel is called: pip would take it for Python's sources.
    name=libld_dynamo_store-$version-$platform
    tools=${platform%%-*}-linux-gnu-
    # shellcheck disable=SC2016
    DESTDIR=$packages PREFIX=/$name LIBDIR='' INCLUDEDIR='' PC_PREFIX='${pcfiledir}/../..' BUILT=$built \
        LD=${tools}ld OBJCOPY=${tools}objcopy AR=${tools}ar packaging/install.sh install
    cp -r README.md LICENSE CHANGELOG.md SECURITY.md ARCHITECTURE.md CONTRIBUTING.md docs "$libraries/$licences" "$packages/$name/"
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

# What the libraries are made of, on any of the platforms. The tool writes a list into the folder of every package of the workspace.
list_components() {
    local name=components-of-packages platform targets=()
    # shellcheck disable=SC2064
    trap "rm -rf '$libraries'; find . -path ./target -prune -o -name '$name.json' -exec rm {} +" EXIT
    for platform in "${platforms[@]}"; do
        targets+=("$(platform_target "$platform")")
    done
    cargo cyclonedx --quiet --manifest-path c-library/Cargo.toml --format json --spec-version 1.5 --target all --no-build-deps --override-filename "$name"
    target/packaging/bin/python packaging/components.py "c-library/$name.json" "${targets[@]}" >"$packages/ld-dynamo-store-$version.cdx.json"
}

# The licences of all that, with their texts.
collect_licences() {
    cargo about generate --locked --offline --fail --manifest-path c-library/Cargo.toml --config packaging/licences.toml \
        --output-file "$libraries/$licences" packaging/licences.hbs
    {
        printf '%s\n\n' 'LLVM libunwind (Apache-2.0 WITH LLVM-exception)'
        cat target/packaging/lib/python*/site-packages/ziglang/lib/libunwind/LICENSE.TXT
    } >>"$libraries/$licences"
    chmod 644 "$libraries/$licences"
}

rm -rf "$packages"
mkdir -p "$packages"
libraries=$(mktemp -d)
readonly libraries
trap 'rm -rf "$libraries"' EXIT
readonly licences=THIRD-PARTY-LICENSES.txt
PATH=$PWD/target/packaging/bin:$PATH
collect_licences
for platform in "${platforms[@]}"; do
    built=$(packaging/build.sh "$platform" | tail -n 1)
    make_archive "$platform" "$built"
    library=$libraries/$platform/libld_dynamo_store.so
    install -D -m 644 "$built/libld_dynamo_store.so" "$library"
    cp "$libraries/$licences" "$libraries/$platform/"
    make_wheel "$platform" "$library"
    make_gem "$platform" "$library"
done
packaging/composer_archive.sh "$libraries" "$packages/php-ld-dynamo-store-$version.zip"
list_components
(cd "$packages" && LC_ALL=C sha256sum -- * >SHA256SUMS)

echo "made in $packages:"
cat "$packages/SHA256SUMS"
