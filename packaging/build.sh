#!/usr/bin/env bash
# Builds the shared and the static library for one platform of packaging/platforms.txt, and two programs: the operator's command, and the local
# engine that it starts.
#
#   packaging/build.sh PLATFORM
#
# They are put where cargo puts them, in TARGET/dist; the last line of the output says where that is.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/platforms.sh

[ $# -eq 1 ] || platforms_fail "usage: packaging/build.sh PLATFORM"
readonly platform=$1
require_platforms "$platform"
target=$(platform_target "$platform")
readonly target
targets=$(realpath -m "${CARGO_TARGET_DIR:-target}")
readonly targets

cargo fetch --locked --quiet --target "$target"
# Paths of this machine stand in messages of panics, and would differ on the next one.
flags=(--remap-path-prefix="$PWD=.")
for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    flags+=(--remap-path-prefix="$sources=/crates")
done
# Libraries hold no time; with another one each time, what is written in C would be built anew.
export SOURCE_DATE_EPOCH=0
# Builds a package with further flags of rustc: build PACKAGE [OPTIONS OF CARGO…] -- [FLAGS…]
build() {
    local options=() separated
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    separated=$(printf '%s\x1f' "${flags[@]}" "$@")
    PATH=$PWD/target/packaging/bin:$PATH CARGO_ENCODED_RUSTFLAGS=${separated%$'\x1f'} CARGO_TARGET_DIR=$targets \
        cargo zigbuild --profile dist --locked --target "$(platform_column "$platform" 2)" -p "${options[@]}"
}

case $target in
    # Where the C library is linked into everything there is no shared library; programs that have it in them run everywhere.
    *-musl) for_libraries=(-C target-feature=-crt-static) ;;
    *) for_libraries=() ;;
esac
# Alone: without the crate as a library of its own, the whole of it is optimized at the link.
build ld-dynamo-store-c -- "${for_libraries[@]}"
build ld-dynamo-store --features cli --bin ld-dynamo-store --
build local-dynamodb --
echo "$targets/$target/dist"
