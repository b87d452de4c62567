#!/usr/bin/env bash
# Builds the shared and the static library for one platform of packaging/platforms.txt, the same bytes on every machine.
#
#   packaging/build.sh PLATFORM
#
# They are put where cargo puts them, in TARGET/dist; the last line of the output says where that is.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly platform=$1
target=$(awk -v platform="$platform" '$1 == platform { print $2 }' packaging/platforms.txt)
readonly target
[ -n "$target" ] || {
    echo "build.sh: packaging/platforms.txt has no platform \"$platform\"" >&2
    exit 1
}
# Without the version of glibc, as cargo calls its folder.
readonly triple=${target%%.*}
readonly targets=${CARGO_TARGET_DIR:-$PWD/target}

cargo fetch --locked --quiet --target "$triple"
# Paths of this machine stand in messages of panics, and would differ on the next one.
flags=(--remap-path-prefix="$PWD=.")
for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    flags+=(--remap-path-prefix="$sources=/crates")
done
case $triple in
    # Where the C library is linked into everything there is no shared library.
    *-musl) flags+=(-C target-feature=-crt-static) ;;
esac
separated=$(printf '%s\x1f' "${flags[@]}")
# Alone: without the crate as a library of its own, the whole of it is optimized at the link.
PATH=$PWD/target/packaging/bin:$PATH CARGO_ENCODED_RUSTFLAGS=${separated%$'\x1f'} \
    cargo zigbuild --profile dist --locked -p ld-dynamo-store-c --target "$target"
echo "$targets/$triple/dist"
