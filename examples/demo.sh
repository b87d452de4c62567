#!/usr/bin/env bash
# One table, seven languages: what one writes, the next one reads. `make demo` builds everything and runs this.
#
# Without settings it starts an engine in memory and needs neither network nor AWS. With TABLE it uses that table, under a prefix of
# its own: in AWS with the usual AWS settings, or at ENDPOINT.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly build=target/release
readonly programs=target/demo
readonly example=account-deletion-flow
readonly switched=guest-checkout

fail() {
    echo "demo: $*" >&2
    exit 1
}

bold='' plain=''
if [ -t 1 ]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi

say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# Shows a command, then runs it.
show() {
    printf '  $ %s\n' "$*"
    "$@" | sed 's/^/    /'
}

compile_c() {
    mkdir -p "$programs"
    # Programs look for the library under the name that its ABI has.
    ln -sf "../release/libld_dynamo_store.so" "$programs/libld_dynamo_store.so.1"
    cc -std=c11 -Wall -Wextra examples/c/main.c -I include -L "$build" -l ld_dynamo_store "-Wl,-rpath,\$ORIGIN" -o "$programs/flags"
}

# As a program that has the package installed.
install_for_node() {
    mkdir -p "$programs/node_modules"
    ln -sfn "$PWD/bindings/node" "$programs/node_modules/ld-dynamo-store"
    export NODE_PATH=$PWD/$programs/node_modules:$PWD/bindings/node/node_modules
}

is_go_new_enough() {
    local found
    found=$(command -v go >/dev/null && GOTOOLCHAIN=local go env GOVERSION)
    [ -n "$found" ] && [ "$(printf '%s\n' 1.21 "${found#go}" | sort -V | head -n 1)" = 1.21 ]
}

# Go fetches what it needs. Fails where it cannot.
build_go() {
    local program
    # In a shell of its own: the settings are for Go alone.
    (
        . tests/interop/go/environment.sh
        for program in main evaluate; do
            go build -C examples/go -buildvcs=false -o "$PWD/$programs/go-$program" "./$program" || exit
        done
    )
}

start_engine() {
    export TABLE=launchdarkly-flags AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
    unset AWS_PROFILE AWS_SESSION_TOKEN
    # It ends when its standard input does, which is when this script ends.
    coproc engine { exec "$build/local-dynamodb" --exit-with-stdin --create-table "$TABLE"; }
    # shellcheck disable=SC2154
    read -r -t 20 ENDPOINT <&"${engine[0]}" || fail "the engine did not start"
    export ENDPOINT NO_PROXY=127.0.0.1
    say "A DynamoDB in memory runs at $ENDPOINT. Its table \"$TABLE\" is empty."
    echo "  Set TABLE, and AWS_REGION or ENDPOINT, to run this on a table of yours."
}

use_real_table() {
    [ -n "${TABLE:-}" ] || fail "ENDPOINT is set, but no TABLE"
    export TABLE PREFIX=${PREFIX:-ld-dynamo-store-demo}
    if [ -z "${ENDPOINT:-}" ]; then
        unset ENDPOINT
    else
        export ENDPOINT AWS_REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}
        case $ENDPOINT in
            http://127.* | http://localhost[:/]* | http://localhost)
                # A local engine takes any credentials.
                export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-local} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-local}
                ;;
        esac
    fi
    say "The table is \"$TABLE\" at ${ENDPOINT:-AWS}. All rows go under the prefix \"$PREFIX\"; others are not touched."
}

[ -f "$build/libld_dynamo_store.so" ] && [ -x "$build/local-dynamodb" ] || fail "run make demo, which builds what is needed"
compile_c
install_for_node
without_go=
if ! is_go_new_enough; then
    without_go="there is no go of version 1.21 or later here"
elif ! build_go; then
    without_go="its program could not be built"
fi
CLASSPATH=bindings/java/target/classes:bindings/java/target/native:$(cat bindings/java/target/class-path)
export CLASSPATH LD_DYNAMO_STORE_LIBRARY=$PWD/$build/libld_dynamo_store.so PYTHONPATH=$PWD/bindings/python/src PYTHONDONTWRITEBYTECODE=1
if [ -n "${TABLE:-}${ENDPOINT:-}" ]; then
    is_real_table=yes
    use_real_table
else
    is_real_table=
    start_engine
fi

say "1. C writes a data set of LaunchDarkly's with 38 flags and 8 segments (init), and reads a flag back (get)."
show "$programs/flags" load examples/flags.json
show "$programs/flags" show features home-greeting

say "2. Python reads what C wrote (all, get), writes the next version of a flag (upsert), and is refused an older one."
show target/python/bin/python examples/python/main.py

say "3. Ruby reads what Python wrote, and switches another flag on."
show ruby examples/ruby/main.rb show "$example"
show ruby examples/ruby/main.rb switch "$switched"

say "4. PHP reads what Ruby wrote. Its own change carries version 3, which is older than what is there: the table stays as it is."
show php -d ffi.enable=1 examples/php/main.php show "$switched"
show php -d ffi.enable=1 examples/php/main.php switch "$switched" 3

say "5. Node, Go and Java read what PHP has left, write the next version of a flag in turn, and are refused an older one."
show node examples/node/main.js
if [ -z "$without_go" ]; then
    show "$programs/go-main"
else
    echo "  Go is left out here and below: $without_go."
fi
show java examples/java/Main.java

say "6. LaunchDarkly's SDKs for Python, Node, Go and Java evaluate the flags in the table, in daemon mode: they do not connect to LaunchDarkly."
show target/python/bin/python examples/python/evaluate.py
show node examples/node/evaluate.js
if [ -z "$without_go" ]; then
    show "$programs/go-evaluate"
fi
show java examples/java/Evaluate.java

# The SDKs for Ruby and PHP are no packages of Debian's. Without them the adapters answer what an SDK would ask, over stand-ins for its interfaces.
ruby=(ruby ${LAUNCHDARKLY_RUBY_SDK:+-I "$LAUNCHDARKLY_RUBY_SDK/lib"})
if "${ruby[@]}" -e 'require "ldclient-rb"' 2>/dev/null; then
    say "7. LaunchDarkly's Ruby SDK evaluates the flags in the table, too."
    show "${ruby[@]}" examples/ruby/evaluate.rb
else
    say "7. What LaunchDarkly's Ruby SDK would ask of its feature store. With LAUNCHDARKLY_RUBY_SDK, a checkout, the SDK itself evaluates."
    show ruby -I bindings/ruby/test/sdk_stand_in examples/ruby/adapter.rb
fi

if [ -n "${LAUNCHDARKLY_PHP_SDK:-}" ]; then
    say "8. LaunchDarkly's PHP SDK, of the checkout that LAUNCHDARKLY_PHP_SDK names, evaluates flags of the same table."
    show php -d ffi.enable=1 examples/php/evaluate.php
else
    say "8. What LaunchDarkly's PHP SDK would ask of its feature requester. With LAUNCHDARKLY_PHP_SDK, a checkout, the SDK itself evaluates."
    show env LAUNCHDARKLY_PHP_SDK=bindings/php/tests php -d ffi.enable=1 examples/php/adapter.php
fi

say "Done: every program used one library and one table."
if [ -n "$is_real_table" ]; then
    echo "  The rows stay in the table, under the prefix \"$PREFIX\"."
fi
