#!/usr/bin/env bash
# Runs programs in C under the address, leak and undefined-behaviour sanitizers: what the library gives them is theirs to free,
# and they free all of it.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly build=target/release
readonly programs=target/sanitize

compile() {
    gcc -std=c11 -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
        "$1" -I include -L "$build" -l ld_dynamo_store "-Wl,-rpath,\$ORIGIN" -o "$2"
}

mkdir -p "$programs"
ln -sf ../release/libld_dynamo_store.so "$programs/libld_dynamo_store.so.1"
compile tests/c/misuse.c "$programs/misuse"

coproc engine { exec "$build/local-dynamodb" --exit-with-stdin --create-table sanitize; }
# shellcheck disable=SC2154
read -r -t 20 endpoint <&"${engine[0]}"
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
timeout 300 "$programs/misuse" "$endpoint" sanitize
