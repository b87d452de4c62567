#!/usr/bin/env bash
# Whether tests see the mistakes that cargo-mutants puts into the core, one at a time. First the room's own unit tests are asked; then, of
# what those did not see, the shared cases, and of the rest the suites that could. Works on a copy of the sources; what it builds and finds lies in target/mutants.
#
#   tests/mutants/core.sh [ROOM…]     table config cache store client ffi; all of them without arguments
#
# SHARD=K/N takes every N-th mistake only, from the K-th on. Needs what `make native` built. Ends with 1 where a mistake went unseen that
# docs/testing.md does not list.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly version=27.1.0
# Longer is an end, too, which was seen.
readonly seconds_of_units=30 seconds_of_a_suite=300
export CARGO_TARGET_DIR=$PWD/target/mutants/build
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

# The shared cases through what is nearest to a room.
cases_of() {
    case $1 in
        ffi) echo cases::c failures::c ;;
        *) echo cases::rust_on_the_embedded_engine ;;
    esac
}

# One schedule takes a minute without optimisation, and other builds need other stacks; DynamoDB Local says what the embedded engine says. Of the
# languages, C has all that is in the library; one test asks all of them.
readonly skipped=(--skip schedules::reads_beside_upserts --skip small_stack --skip amazon)
languages=(--skip whether_the_table_answers)
for language in python ruby php node go java; do
    languages+=(--skip "cases::$language" --skip "failures::$language")
done
readonly languages

# Of one room, into one folder.
mutants() {
    local room=$1 output=$2 seconds=$3
    shift 3
    local files=()
    while read -r file; do
        files+=(--file "$file")
    done < <(files_of "$room")
    mkdir -p "$output"
    # 2 and 3 say that something was missed or ran out of time, which is judged below.
    CARGO=$PWD/tests/mutants/cargo.sh "$tool/bin/cargo-mutants" mutants "${files[@]}" --output "$output" --profile mutants \
        --features c-abi,cli --build-timeout 600 --timeout "$seconds" --cargo-arg=--locked "$@" || (($? == 2 || $? == 3))
}

# What one step of a room missed, asked of the next step.
mutants_missed() {
    local room=$1 output=$2 before=$3 missed=()
    shift 3
    while read -r mistake; do
        missed+=(--re "^$mistake\$")
    done < <(sed 's/[][\.^$*+?(){}|]/\\&/g' "$before/mutants.out/missed.txt")
    ((${#missed[@]})) || return 0
    LD_DYNAMO_MUTANTS_LIBRARY=1 mutants "$room" "$output" "$seconds_of_a_suite" "${missed[@]}" "$@"
}

try_room() {
    local room=$1 found=target/mutants/$1 suites=() suite
    rm -rf "$found"
    mutants "$room" "$found/units" "$seconds_of_units" ${SHARD:+--shard "$SHARD" --sharding round-robin} --cargo-arg=--lib \
        -- -- "$room::" "${skipped[@]}"
    mutants_missed "$room" "$found/cases" "$found/units" --cargo-arg=--test=behaviour -- -- --exact $(cases_of "$room")
    [ -d "$found/cases" ] || return 0
    for suite in $(suites_of "$room"); do
        suites+=(--cargo-arg="--test=$suite")
    done
    mutants_missed "$room" "$found/suites" "$found/cases" "${suites[@]}" -- -- "${skipped[@]}" "${languages[@]}"
}

# Names hold the line, which moves.
unlisted() {
    find "${rooms[@]/#/target/mutants/}" -path '*/suites/mutants.out/missed.txt' -exec cat {} + | sed -E 's/^([^:]*):[0-9]+:[0-9]+:/\1:/' | sort -u | while read -r mistake; do
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
