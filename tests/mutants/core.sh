#!/usr/bin/env bash
# Whether tests see the mistakes that cargo-mutants puts into the core, one at a time: tests/mutants/cargo.sh asks the unit tests first, then
# the shared cases and the suites named below. Works on a copy of the sources; what it builds and finds lies in target/mutants.
#
#   tests/mutants/core.sh [ROOM…]     table config cache store client ffi; all of them without arguments
#
# SHARD=K/N takes every N-th mistake only, from the K-th on. Needs what `make native` built. Ends with 1 where a mistake went unseen that
# docs/testing.md does not list.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly version=27.1.0
export CARGO_TARGET_DIR=$PWD/target/mutants/build LD_DYNAMO_MUTANTS_SOURCES=$PWD
readonly built=$CARGO_TARGET_DIR/mutants
readonly tool=$PWD/target/mutants/tool

# The client's failures, requests and direct path; where settings and credentials come from is tried by tests/environment/table.rs.
files_of() {
    case $1 in
        client) printf 'src/client/%s\n' failure.rs rows.rs sdk.rs sdk/patch.rs sent.rs answer.rs optional.rs 'direct/**' ;;
        *) printf 'src/%s\n' "$1.rs" "$1/**" ;;
    esac
}

suites_of() {
    case $1 in
        table) echo behaviour ;;
        config) echo behaviour environment ;;
        cache) echo caching ;;
        store) echo behaviour caching command faults ;;
        client) echo behaviour faults environment ;;
        ffi) echo behaviour caching hosts ;;
        *)
            echo "no room $1" >&2
            exit 2
            ;;
    esac
}

# Without which parts of a room are not there.
features_of() {
    case $1 in
        table | store | client) echo cli ;;
        ffi) echo c-abi ;;
    esac
}

# The shared cases through what is nearest to a room.
cases_of() {
    case $1 in
        ffi) echo cases::c failures::c ;;
        *) echo cases::rust_on_the_embedded_engine ;;
    esac
}

try_room() {
    local room=$1 files=()
    while read -r file; do
        files+=(--file "$file")
    done < <(files_of "$room")
    rm -rf "target/mutants/$room"
    mkdir -p "target/mutants/$room"
    export LD_DYNAMO_MUTANTS_ROOM=$room LD_DYNAMO_MUTANTS_FEATURES LD_DYNAMO_MUTANTS_CASES LD_DYNAMO_MUTANTS_SUITES
    LD_DYNAMO_MUTANTS_FEATURES=$(features_of "$room")
    LD_DYNAMO_MUTANTS_CASES=$(cases_of "$room")
    LD_DYNAMO_MUTANTS_SUITES=$(suites_of "$room")
    # 2 and 3 say that something was missed or ran out of time, which is judged below.
    CARGO=$PWD/tests/mutants/cargo.sh "$tool/bin/cargo-mutants" mutants "${files[@]}" --output "target/mutants/$room" --profile mutants \
        ${LD_DYNAMO_MUTANTS_FEATURES:+--features "$LD_DYNAMO_MUTANTS_FEATURES"} ${SHARD:+--shard "$SHARD" --sharding round-robin} \
        --build-timeout 600 --timeout 3600 --cargo-arg=--locked --cargo-arg=--lib || (($? == 2 || $? == 3))
    grep -rhs '^seen by' "target/mutants/$room/mutants.out/log" | sort | uniq -c | sort -rn || true
}

# Names hold the line, which moves.
unlisted() {
    find "${rooms[@]/#/target/mutants/}" -path '*/mutants.out/missed.txt' -exec cat {} + | sed -E 's/^([^:]*):[0-9]+:[0-9]+:/\1:/' | sort -u | while read -r mistake; do
        grep -qF -- "$mistake" docs/testing.md || echo "$mistake"
    done
}

"$tool/bin/cargo-mutants" mutants --version 2>/dev/null | grep -q " $version\$" ||
    CARGO_TARGET_DIR=$tool/build cargo install --locked --quiet --root "$tool" "cargo-mutants@$version"
mkdir -p "$built"
for engine in local-dynamodb fake-dynamodb; do
    cp "target/release/$engine" "$built/"
done
ln -sf libld_dynamo_store.so "$built/libld_dynamo_store.so.1"
# The suites wait more than they compute.
export RUST_TEST_THREADS=8
rooms=("$@")
((${#rooms[@]})) || rooms=(table config cache store client ffi)
for room in "${rooms[@]}"; do
    try_room "$room"
done
found=$(unlisted)
if [ -n "$found" ]; then
    printf 'unseen, and not listed in docs/testing.md:\n%s\n' "$found" >&2
    exit 1
fi
echo "what went unseen is listed in docs/testing.md"
