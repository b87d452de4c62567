#!/bin/sh
# cargo as cargo-mutants calls it: where programs of the tests load the library, it is built beside the tests.
set -eu
cargo "$@"
case "${LD_DYNAMO_MUTANTS_LIBRARY:-} $* " in
    1*" --no-run "*) exec cargo build --locked --profile mutants -p ld-dynamo-store-c ;;
esac
