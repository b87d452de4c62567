#!/bin/sh
# Builds what the benchmarks need and runs them; see benches/README.md. Arguments go to both comparisons.
set -eu

cd "$(dirname "$0")/.."
folder=target/benches
mkdir -p "$folder/certificates"

cargo build --quiet --locked --profile dist -p ld-dynamo-store-c
cargo build --quiet --locked --profile dist -p floor
cargo build --quiet --locked --release -p ld-dynamo-store-c
cargo build --quiet --locked --release -p fake-dynamodb
cp target/dist/floor "$folder/floor"

# A program asks for the library by its SONAME.
for profile in dist release; do
    mkdir -p "$folder/$profile"
    ln -sf "../../$profile/libld_dynamo_store.so" "$folder/$profile/libld_dynamo_store.so.1"
    for comparison in init calls; do
        cc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude -Ibenches "benches/$comparison/ours.c" -o "$folder/$comparison-ours-$profile" \
            "target/$profile/libld_dynamo_store.so" -lpthread -Wl,-rpath,"\$ORIGIN/$profile"
    done
done

for comparison in init calls; do
    (cd benches && go build -o "../$folder/$comparison-go" "./$comparison/go")
done

if ! target/python/bin/python -c 'import boto3, ldclient' 2>/dev/null; then
    python3 -m venv target/python
    target/python/bin/pip install --quiet boto3==1.44.5 launchdarkly-server-sdk==9.18.2
fi

generate() { python3 examples/generate_flags.py --levels 3 "$@"; }
generate 10000 >"$folder/flags.json"
generate 10000 --change-percent 1 >"$folder/changed.json"
generate 9000 --change-percent 1 >"$folder/dropped.json"

certify() { (cd "$folder/certificates" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "$@" 2>/dev/null); }
certify -subj /CN=authority -keyout authority.key -out authority.pem \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
certify -subj /CN=localhost -keyout server.key -out server.pem -CA authority.pem -CAkey authority.key \
    -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1

# The second comparison is run whatever the first one finds.
export PYTHONPATH=benches
missed=0
python3 benches/init/compare.py "$folder" "$@" || missed=1
echo
python3 benches/calls/compare.py "$folder" "$@" || missed=1
exit "$missed"
