#!/usr/bin/env bash
# Compiles the sources for systems that there are no packages for: they build for macOS but for the link, which needs Apple's SDK, and everywhere else
# one message says that they do not.
#
#   packaging/elsewhere.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/platforms.sh

readonly apple=(aarch64-apple-darwin x86_64-apple-darwin) others=(x86_64-pc-windows-gnu x86_64-unknown-freebsd)
rustup --quiet target add "${apple[@]}" "${others[@]}"
for target in "${apple[@]}"; do
    PATH=$PWD/target/packaging/bin:$PATH cargo zigbuild --release --locked -p ld-dynamo-store --features c-abi --target "$target"
done
for target in "${others[@]}"; do
    said=$(cargo check --locked -p ld-dynamo-store --features c-abi --target "$target" 2>&1) && platforms_fail "$target is not refused"
    [ "$(grep -c '^error: ' <<<"$said")" -eq 2 ] && grep -q '^error: ld-dynamo-store' <<<"$said" ||
        platforms_fail "$target is not refused with one message alone: $said"
done
echo "built for ${apple[*]}; refused for ${others[*]}"
