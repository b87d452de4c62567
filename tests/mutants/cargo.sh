#!/usr/bin/env bash
# cargo as cargo-mutants calls it, in a copy of the sources that holds one mistake. It builds the unit tests when it is told to; told to run
# them, it asks who sees the mistake, the nearest first: the unit tests of the file, those of its room, the shared cases, and suite after
# suite. Ends with another number than 0 as soon as one sees it, and says which.
#
# tests/mutants/core.sh says, by its environment, where the sources without the mistake are, the room, its features, and what to ask of it.
set -euo pipefail

# Longer is an end, too, which was seen.
readonly seconds_of_units=60 seconds_of_a_suite=300
# One schedule takes a minute without optimisation, and other builds need other stacks; DynamoDB Local says what the embedded engine says. Of the
# languages, C has all that is in the library; one test asks all of them.
readonly skipped=(--skip schedules::reads_beside_upserts --skip small_stack --skip amazon)
languages=(--skip whether_the_table_answers)
for language in python ruby php node go java; do
    languages+=(--skip "cases::$language" --skip "failures::$language")
done
readonly languages
readonly crate=(--locked --quiet --profile mutants --package ld-dynamo-store)

ask() {
    local who=$1 seconds=$2
    shift 2
    timeout --kill-after=5 "$seconds" cargo test "${crate[@]}" "$@" || {
        echo "seen by $who"
        exit 1
    }
}

ask_units() {
    ask "$1" "$seconds_of_units" --lib "${features[@]}" -- "$2" "${skipped[@]}"
}

ask_suite() {
    local who=$1 suite=$2
    shift 2
    # Of the suites, the operator's command alone is not there without a feature.
    local features=()
    [ "$suite" != command ] || features=(--features cli)
    cargo test "${crate[@]}" --no-run --test "$suite" "${features[@]}"
    ask "$who" "$seconds_of_a_suite" --test "$suite" "${features[@]}" -- "$@"
}

if [ "$1" != test ] || [[ " $* " == *" --no-run "* ]]; then
    exec cargo "$@"
fi
# There is what `make setup` fetched, too.
mkdir -p target
ln -sfn "$LD_DYNAMO_MUTANTS_SOURCES/target/dynamodb-local" target/dynamodb-local
features=()
[ -z "$LD_DYNAMO_MUTANTS_FEATURES" ] || features=(--features "$LD_DYNAMO_MUTANTS_FEATURES")

# diff ends with 1 where there is a difference.
mistaken=$({ diff -rq src "$LD_DYNAMO_MUTANTS_SOURCES/src" || true; } | sed -n 's/^Files src\/\(.*\)\.rs and .*/\1/p')
if [ -n "$mistaken" ]; then
    module=${mistaken//\//::}::
    ask_units "the unit tests of $module" "${module/%::mod::/::tests::}"
fi
ask_units "the room's unit tests" "$LD_DYNAMO_MUTANTS_ROOM::"
# Programs load the library.
cargo build --locked --quiet --profile mutants --package ld-dynamo-store-c
ask_suite "the shared cases" behaviour --exact $LD_DYNAMO_MUTANTS_CASES
for suite in $LD_DYNAMO_MUTANTS_SUITES; do
    ask_suite "the suite $suite" "$suite" "${skipped[@]}" "${languages[@]}"
done
