#!/bin/sh
# Builds what the benchmarks need and runs them; see benches/README.md. Arguments go to benches/init/compare.py.
set -eu

cd "$(dirname "$0")/.."
folder=target/benches
mkdir -p "$folder"

cargo build --quiet --profile dist
cargo build --quiet --release
cargo build --quiet --release -p fake-dynamodb

# A program asks for the library by its SONAME.
for profile in dist release; do
    mkdir -p "$folder/$profile"
    ln -sf "../../$profile/libld_dynamo_store.so" "$folder/$profile/libld_dynamo_store.so.1"
    cc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude benches/init/ours.c -o "$folder/ours-$profile" \
        "target/$profile/libld_dynamo_store.so" -Wl,-rpath,"\$ORIGIN/$profile"
done

(cd benches/init/go && go build -o "../../../$folder/official-go" .)

if ! target/python/bin/python -c 'import boto3, ldclient' 2>/dev/null; then
    python3 -m venv target/python
    target/python/bin/pip install --quiet boto3==1.44.5 launchdarkly-server-sdk==9.18.2
fi

generate() { python3 examples/generate_flags.py --levels 3 "$@"; }
generate 10000 >"$folder/flags.json"
generate 10000 --change-percent 1 >"$folder/changed.json"
generate 9000 --change-percent 1 >"$folder/dropped.json"

exec python3 benches/init/compare.py "$folder" "$@"
