#!/bin/sh
# cargo as cargo-mutants calls it, in the copy of the sources: there is what make setup fetched, too, and where programs of the tests load the
# library, it is built beside the tests.
set -eu
mkdir -p target
ln -sfn "${CARGO_TARGET_DIR%/mutants/build}/dynamodb-local" target/dynamodb-local
cargo "$@"
case "${LD_DYNAMO_MUTANTS_LIBRARY:-} $* " in
    1*" --no-run "*) exec cargo build --locked --profile mutants -p ld-dynamo-store-c ;;
esac
