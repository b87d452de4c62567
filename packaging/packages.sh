#!/usr/bin/env bash
# Makes what is published, in target/packages, for the platforms named, by default all of packaging/platforms.txt: an archive for C and C++ with
# the operator's command, a Python wheel and a Ruby gem for each; for all of them one Composer archive, npm package, Go module and Maven repository;
# lists of what libraries and programs are made of, and everything's SHA-256.
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
    install -D -m 755 "$built/ld-dynamo-store" "$packages/$name/bin/ld-dynamo-store"
    install -D -m 755 "$built/local-dynamodb" "$packages/$name/libexec/local-dynamodb"
    cp -r README.md LICENSE CHANGELOG.md SECURITY.md ARCHITECTURE.md CONTRIBUTING.md docs "$libraries/share" "$packages/$name/"
    cat "$libraries/$licences" "$libraries/$licences_of_programs" >"$packages/$name/$licences"
    cp -r --parents examples/{c,cpp,python,ruby,php,node,go,java}/* examples/flags.json benches/README.md "$packages/$name/"
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

# What a person reads and a shell completes with, told by a command that runs here.
make_pages() {
    local command=${CARGO_TARGET_DIR:-target}/release/ld-dynamo-store share=$libraries/share
    cargo build --release --locked --quiet -p ld-dynamo-store --features cli --bin ld-dynamo-store
    mkdir -p "$share"/man/man1 "$share"/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
    "$command" man --directory "$share/man/man1" 2>/dev/null
    "$command" completions bash >"$share/bash-completion/completions/ld-dynamo-store"
    "$command" completions zsh >"$share/zsh/site-functions/_ld-dynamo-store"
    "$command" completions fish >"$share/fish/vendor_completions.d/ld-dynamo-store.fish"
}

# What something is made of, on any of the platforms: list_components FILE FOLDER PACKAGE [OPTIONS OF CARGO…]. The tool writes a list into the
# folder of every package of the workspace.
list_components() {
    local file=$1 folder=$2 package=$3 name=components-of-packages platform targets=()
    for platform in "${platforms[@]}"; do
        targets+=("$(platform_target "$platform")")
    done
    cargo cyclonedx --quiet --manifest-path "$folder/Cargo.toml" "${@:4}" --format json --spec-version 1.5 --target all --no-build-deps \
        --override-filename "$name"
    target/packaging/bin/python packaging/components.py "$folder/$name.json" "$package" "${@:4}" -- "${targets[@]}" \
        >"$packages/$file-$version.cdx.json"
    find . -path ./target -prune -o -name "$name.json" -exec rm {} +
}

# The licences of all that, with their texts: list_licences WHAT FOLDER [OPTIONS OF CARGO…]
list_licences() {
    cargo about generate --locked --offline --fail --manifest-path "$2/Cargo.toml" "${@:3}" --config packaging/licences.toml \
        packaging/licences.hbs | sed "1s/^/$1 /"
}

# The licence of what zig brings: print_licence TITLE FILE
print_licence() {
    printf '%s\n\n' "$1"
    cat target/packaging/lib/python*/site-packages/ziglang/lib/"$2"
}

collect_licences() {
    {
        list_licences 'The native library libld_dynamo_store' c-library
        print_licence 'LLVM libunwind (Apache-2.0 WITH LLVM-exception)' libunwind/LICENSE.TXT
    } >"$libraries/$licences"
    {
        list_licences 'The program ld-dynamo-store' . --features cli
        list_licences 'The program local-dynamodb' examples/local-dynamodb
        print_licence 'musl, in the programs for it (MIT)' libc/musl/COPYRIGHT
    } >"$libraries/$licences_of_programs"
    chmod 644 "$libraries"/THIRD-PARTY-LICENSES*
}

rm -rf "$packages"
mkdir -p "$packages"
libraries=$(mktemp -d)
readonly libraries
trap 'rm -rf "$libraries"; find . -path ./target -prune -o -name components-of-packages.json -exec rm {} +' EXIT
readonly licences=THIRD-PARTY-LICENSES.txt licences_of_programs=THIRD-PARTY-LICENSES-of-programs.txt
PATH=$PWD/target/packaging/bin:$PATH
# The tools below look at what is built for other systems, too, and fetch nothing.
cargo fetch --locked --quiet
collect_licences
make_pages
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
# Not as npm calls it: pip would take it for Python's sources.
packaging/npm_archive.sh "$libraries" "$packages/node-ld-dynamo-store-$version.tgz"
packaging/go_archive.sh "$libraries" "$packages/go-ld-dynamo-store-$version.zip"
packaging/maven_archive.sh "$libraries" "$packages/java-ld-dynamo-store-$version.zip"
list_components ld-dynamo-store c-library ld-dynamo-store-c
list_components ld-dynamo-store-command . ld-dynamo-store --features cli
list_components local-dynamodb examples/local-dynamodb local-dynamodb
(cd "$packages" && LC_ALL=C sha256sum -- * >SHA256SUMS)

echo "made in $packages:"
cat "$packages/SHA256SUMS"
