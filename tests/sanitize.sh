#!/usr/bin/env bash
# Looks for what ordinary tests cannot see: wrong accesses to memory, leaks, data races, undefined behaviour. Each part says what
# it covers, and at the end stands what none of them does.
#
#   tests/sanitize.sh [address] [memcheck] [miri] [thread]     all of them by default
#
# Miri and ThreadSanitizer need a nightly toolchain with rust-src and miri; what is missing of it is installed. The first run takes
# long: both compile the dependencies for themselves.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly build=target/release
readonly programs=target/sanitize
readonly host=x86_64-unknown-linux-gnu

begin() {
    printf '\n== %s\n' "$*"
}

fail() {
    echo "sanitize: $*" >&2
    exit 1
}

require_nightly() {
    rustup toolchain list | grep -q ^nightly || rustup toolchain install nightly --profile minimal
    for component in rust-src miri; do
        rustup +nightly component list --installed | grep -q "^$component" || rustup +nightly component add "$component" ||
            fail "$component cannot be installed for the nightly toolchain, so this part was not run"
    done
}

# Starts an engine of this name that ends with this script; its address comes in `endpoint`.
start_engine() {
    rm -f "$programs/life" "$programs/address"
    mkfifo -m 600 "$programs/life"
    "$build/$1" --exit-with-stdin --create-table "$2" <"$programs/life" >"$programs/address" &
    exec 9>"$programs/life"
    rm "$programs/life"
    for _ in $(seq 200); do
        if [ -s "$programs/address" ] && read -r endpoint <"$programs/address"; then
            return
        fi
        sleep 0.1
    done
    fail "$1 does not start"
}

# Compiles the programs in C for one part, with further options of the compiler's.
compile_programs() {
    local part=$1 source
    shift
    for source in tests/c/{misuse,json_members,logger,logger_ending}.c examples/c/*.c; do
        gcc -std=c11 -g -O1 "$@" "$source" -I include -L "$build" -l ld_dynamo_store "-Wl,-rpath,\$ORIGIN" -o "$programs/$part-$(basename "$source" .c)"
    done
}

# Runs them on an engine, by way of `valgrind` where that is not empty. `leaks` is what has it look for leaks: not in programs that fork, as a
# child leaves what it inherited alone, nor in destructors of ending threads, whose variables glibc notes for nobody.
run_programs() {
    local part=$1 number program mode configuration
    start_engine local-dynamodb sanitize
    export TABLE=sanitize ENDPOINT=$endpoint AWS_REGION=local AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
    timeout 600 "${valgrind[@]}" "${leaks[@]}" "$programs/$part-misuse" "$endpoint" sanitize
    for program in errors loggers threads; do
        timeout 300 "${valgrind[@]}" "${leaks[@]}" "$programs/$part-$program" >/dev/null
    done
    timeout 300 "${valgrind[@]}" "$programs/$part-fork" >/dev/null
    timeout 300 "${valgrind[@]}" "$programs/$part-json_members"
    for number in $(seq 0 7); do
        "${valgrind[@]}" "${leaks[@]}" "$programs/$part-main" upsert features "flag-$number" "{\"key\":\"flag-$number\",\"version\":1}" >/dev/null
    done
    configuration="{\"table\":\"sanitize\",\"endpoint\":\"$endpoint\",\"cache_ttl_ms\":0,\"log_level\":\"trace\",\"transport\":\"sdk\"}"
    timeout 300 "${valgrind[@]}" "$programs/$part-logger_ending" "$configuration"
    timeout 300 "${valgrind[@]}" "$programs/$part-logger" "$configuration" fork
    # The last one replaces the flags. Not here: jumps, which loses memory by what it does, and coroutines, which AddressSanitizer does not know.
    for mode in calls two_stores replace free late bounded; do
        timeout 300 "${valgrind[@]}" "${leaks[@]}" "$programs/$part-logger" "$configuration" "$mode"
    done
}

address() {
    begin "AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer: programs in C that abuse the library, examples, and loggers"
    local valgrind=() leaks=()
    compile_programs address -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
    echo leak:__cxa_thread_atexit_impl >"$programs/leaks"
    export ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$PWD/$programs/leaks:print_suppressions=0 UBSAN_OPTIONS=print_stacktrace=1
    run_programs address
}

memcheck() {
    begin "Valgrind: the same programs, and every access to memory inside the library too, the cryptography's included"
    local valgrind=(valgrind --quiet --error-exitcode=1) leaks=(--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite)
    compile_programs memcheck
    run_programs memcheck
}

miri() {
    begin "Miri: the C ABI, the slot of the live state, the fork gate and the striped lock, in several orders of their threads"
    require_nightly
    # The panic hook compares with the machine's environment, and a time-out with its clock.
    export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-many-seeds=0..4"
    timeout 1800 cargo +nightly miri test --locked -p ld-dynamo-store --target-dir target/miri --lib -- ffi::tests striped_lock:: fork_gate:: inside::
    # What is inherited over a fork is leaked on purpose.
    MIRIFLAGS="$MIRIFLAGS -Zmiri-ignore-leaks" timeout 1800 cargo +nightly miri test --locked -p ld-dynamo-store --target-dir target/miri --lib -- process::slot:: process::page::
}

thread() {
    begin "ThreadSanitizer: the unit tests, and the tests that use one store from many threads, with std and all crates instrumented"
    require_nightly
    export RUSTFLAGS="-Zsanitizer=thread"
    export CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
    export TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/tests/sanitize.suppressions"
    local folder=target/thread
    mkdir -p "$folder/$host/release"
    # The engines are ordinary programs in processes of their own.
    ln -sf "$PWD/$build/fake-dynamodb" "$PWD/$build/local-dynamodb" "$folder/$host/release/"
    local arguments=(+nightly test --release --locked -p ld-dynamo-store -Zbuild-std --target "$host" --target-dir "$folder")
    # The schedules of the cache are gone through one after the other, by one thread at a time.
    timeout 3600 cargo "${arguments[@]}" --lib -- --skip cache::schedules
    # Programs in C cannot load an instrumented library; and a hundred connections at once take longer than their time-outs in this slowness,
    # so that the retries which that test rules out are seen.
    timeout 3600 cargo "${arguments[@]}" --test hosts -- process:: --skip signals_threads_and_output --skip a_child_may --skip the_library_stays \
        --skip connections_that_the_server_closed
    timeout 3600 cargo "${arguments[@]}" --test caching -- reads::
}

mkdir -p "$programs"
ln -sf ../release/libld_dynamo_store.so "$programs/libld_dynamo_store.so.1"
if [ $# -eq 0 ]; then
    set -- address memcheck miri thread
fi
for part in "$@"; do
    # In a process of its own, so that engines and settings end with it.
    ("$part")
done
cat <<'END'

== None of these sees
AddressSanitizer: the inside of the library, which it only watches through malloc and free; Valgrind looks there.
Valgrind: races, and code that these calls do not reach.
Miri: requests, as it has no network, no epoll, no forks and no foreign code; so nothing of tokio's driver, the AWS SDK's client or TLS.
ThreadSanitizer: forks, and memory that is accessed by AWS-LC and glibc, which are not instrumented (their locks are seen).
END
