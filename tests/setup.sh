#!/usr/bin/env bash
# Installs what the demo and the tests need beside a Rust toolchain.
#
#   tests/setup.sh demo    for `make demo`
#   tests/setup.sh test    for `make test` and everything else
#
# Debian packages are installed as root; anybody else is told which are missing. The rest goes into target/. A second run
# finds everything there and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly scope=${1:-test}
readonly stamp=target/setup-$scope.stamp
readonly python=target/python
readonly dynamodb_local=target/dynamodb-local

commands=(gcc g++ nm cmake ruby php python3)
if [ "$scope" = test ]; then
    commands+=(pkg-config rake bundle puma yard phpunit java mvn valgrind)
fi

fail() {
    echo "setup: $*" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null
}

require_rust() {
    local needed found
    needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    has cargo || fail "a Rust toolchain is missing: install Rust $needed or later from https://rustup.rs, with cargo in PATH"
    found=$(cargo --version | cut -d ' ' -f 2)
    if [ "$(printf '%s\n' "$needed" "${found%%-*}" | sort -V | head -n 1)" != "$needed" ]; then
        fail "Rust $found is too old, $needed or later is needed: rustup update"
    fi
}

# What everything was installed from: after a change of one of these, it is installed again.
inputs() {
    cat tests/setup.sh tests/requirements.txt tests/dynamodb-local/pom.xml | sha256sum
}

is_done() {
    local command
    for command in "${commands[@]}"; do
        has "$command" || return 1
    done
    [ -x "$python/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(inputs)" ]
}

# Adds a Debian package to the list unless a command of it succeeds.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

list_missing_packages() {
    missing=()
    need gcc has gcc
    need g++ has g++
    need binutils has nm
    need cmake has cmake
    need ruby has ruby
    need ruby-ffi ruby -e 'require "ffi"'
    need php-cli php -r 'exit((int) !(extension_loaded("FFI") && extension_loaded("pcntl")));'
    need python3-venv python3 -c 'import ensurepip, venv'
    if [ "$scope" = test ]; then
        need pkg-config has pkg-config
        need rake has rake
        need bundler has bundle
        need puma has puma
        need yard has yard
        need ruby-minitest ruby -e 'require "minitest"'
        need phpunit has phpunit
        # shellcheck disable=SC2016
        need php-fpm bash -c 'test -x "/usr/sbin/php-fpm$(php -r "echo PHP_MAJOR_VERSION, \".\", PHP_MINOR_VERSION;")"'
        need php-apcu php -r 'exit((int) !extension_loaded("apcu"));'
        need php-psr-cache php -r 'exit((int) (stream_resolve_include_path("Psr/Cache/CacheItemPoolInterface.php") === false));'
        need php-psr-log php -r 'exit((int) (stream_resolve_include_path("Psr/Log/LoggerInterface.php") === false));'
        need default-jre-headless has java
        need maven has mvn
        need valgrind has valgrind
    fi
}

install_packages() {
    list_missing_packages
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
        fail "missing, by the names of Debian's packages: ${missing[*]}; on Debian and Ubuntu: sudo apt-get install ${missing[*]}"
    fi
    echo "setup: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    list_missing_packages
    [ ${#missing[@]} -eq 0 ] || fail "installed, but not usable: ${missing[*]}"
}

make_python() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || fail "$(python3 --version) is too old, 3.10 or later is needed"
    if ! "$python/bin/python" -c '' 2>/dev/null; then
        echo "setup: making a Python environment in $python"
        python3 -m venv --clear "$python"
    fi
    echo "setup: installing tests/requirements.txt into $python"
    "$python/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
}

fetch_dynamodb_local() {
    local version
    version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "${version:-0}" -ge 17 ] || fail "Amazon DynamoDB Local needs Java 17 or later, and java is ${version:-unknown}"
    echo "setup: fetching Amazon DynamoDB Local into $dynamodb_local"
    mvn -q -B -Dstyle.color=never -f tests/dynamodb-local/pom.xml \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$PWD/$dynamodb_local" -DincludeScope=runtime
}

case $scope in
    demo | test) ;;
    *) fail "usage: tests/setup.sh demo|test" ;;
esac
require_rust
if is_done; then
    exit 0
fi
install_packages
mkdir -p target
make_python
if [ "$scope" = test ]; then
    fetch_dynamodb_local
fi
inputs >"$stamp"
echo "setup: everything that \`make $scope\` needs is there"
