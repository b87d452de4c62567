#!/usr/bin/env bash
# Installs what the demo and the tests need beside a Rust toolchain.
#
#   tests/setup.sh demo       for `make demo`
#   tests/setup.sh test       for `make test` and everything else
#   tests/setup.sh packages [PLATFORM…]   for `make packages`, beside what the tests need
#
# Debian packages are installed as root; anybody else is told which are missing. The rest goes into target/. A second run
# finds everything there and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly scope=${1:-test}
readonly stamp=target/setup-$scope.stamp
readonly python=target/python
readonly dynamodb_local=target/dynamodb-local
# LaunchDarkly's own stores for Node and Go, beside which ours is tried.
readonly interop=target/interop
# What the packages for Node and Java are built and tested with; Go fetches into target/go.
readonly node_modules=bindings/node/node_modules
# The tools that packages are built with.
readonly packaging=target/packaging
readonly cyclonedx=0.5.9 about=0.9.3

# Where Go's own archive is unpacked, as its instructions say.
export PATH=$PATH:/usr/local/go/bin
commands=(gcc g++ nm cmake ruby php python3 node npm javac mvn)
files=("$node_modules/.package-lock.json")
if [ "$scope" = test ]; then
    commands+=(pkg-config rake bundle puma yard phpunit java valgrind go "$interop/go-v1" "$interop/go-v4")
    files+=("$interop/node/node_modules/launchdarkly-node-server-sdk-dynamodb/package.json")
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

# The platforms that packages are for, and the processor among theirs that is not this machine's: an emulator runs what is for it.
list_platforms() {
    local platform machine
    . packaging/platforms.sh
    require_platforms "$@"
    mapfile -t platforms < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else all_platforms; fi)
    other='' has_musl=''
    for platform in "${platforms[@]}"; do
        machine=${platform%%-*}
        [ "$machine" = "$(uname -m)" ] || other=$machine
        [ "${platform##*-}" != musl ] || has_musl=true
    done
    commands=(composer unzip "$packaging/bin/cargo-zigbuild" "$packaging/bin/cargo-"{cyclonedx,about})
    [ -z "$other" ] || commands+=("$other-linux-gnu-ld" "qemu-$other" "target/systems/$other/usr/bin/node")
}

# What everything was installed from: after a change of one of these, it is installed again.
inputs() {
    if [ "$scope" = packages ]; then
        echo "${platforms[*]}" "$(rustc --version)"
        cat tests/setup.sh packaging/{platforms,requirements}.txt packaging/system.sh
    else
        cat tests/setup.sh tests/requirements.txt tests/dynamodb-local/pom.xml {tests/interop,bindings}/node/package{,-lock}.json
        cat bindings/go/{,benchmarks/}*.mod examples/go/go.mod bindings/java/pom.xml
        find tests/interop/go -type f -print0 | sort -z | xargs -0 cat
    fi | sha256sum
}

is_done() {
    local command file
    for command in "${commands[@]}"; do
        has "$command" || return 1
    done
    for file in "${files[@]}"; do
        [ -e "$file" ] || return 1
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
    if [ "$scope" = packages ]; then
        need composer has composer
        need php-zip php -r 'exit((int) !extension_loaded("zip"));'
        need unzip has unzip
        if [ -n "$other" ]; then
            need "binutils-${other//_/-}-linux-gnu" has "$other-linux-gnu-ld"
            need qemu-user has "qemu-$other"
            need debootstrap has debootstrap
            need debian-archive-keyring test -e /usr/share/keyrings/debian-archive-keyring.gpg
        fi
        [ -z "$has_musl" ] || need musl test -e "/lib/ld-musl-$(uname -m).so.1"
        return
    fi
    need gcc has gcc
    need g++ has g++
    need binutils has nm
    need cmake has cmake
    need ruby has ruby
    need ruby-ffi ruby -e 'require "ffi"'
    need php-cli php -r 'exit((int) !(extension_loaded("FFI") && extension_loaded("pcntl")));'
    need python3-venv python3 -c 'import ensurepip, venv'
    need default-jdk-headless has javac
    need maven has mvn
    need nodejs has node
    need npm has npm
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

install_packaging_tools() {
    local platform targets=()
    for platform in "${platforms[@]}"; do
        targets+=("$(platform_target "$platform")")
    done
    echo "setup: installing Rust's libraries for ${targets[*]}"
    has rustup || fail "packages need Rust's libraries for ${targets[*]}, which rustup installs: https://rustup.rs"
    rustup --quiet target add "${targets[@]}"
    echo "setup: installing packaging/requirements.txt, cargo-cyclonedx and cargo-about into $packaging"
    python3 -m venv "$packaging"
    "$packaging/bin/python" -m pip install --quiet --disable-pip-version-check -r packaging/requirements.txt
    cargo install --quiet --locked --root "$packaging" --version "$cyclonedx" cargo-cyclonedx
    cargo install --quiet --locked --root "$packaging" --version "$about" --features cli cargo-about
    if [ -n "$other" ] && [ ! -x "target/systems/$other/usr/bin/node" ]; then
        echo "setup: fetching Debian's Python, Ruby, PHP and Node for $other into target/systems"
        packaging/system.sh "$other" "target/systems/$other"
    fi
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

# Fails unless one version is at least another.
require_version() {
    local name=$1 found=$2 needed=$3 how=$4
    if [ "$(printf '%s\n' "$needed" "${found:-0}" | sort -V | head -n 1)" != "$needed" ]; then
        fail "$name ${found:-of an unknown version} is too old, $needed or later is needed: $how"
    fi
}

# Debian 12's Go is too old, so that it is no package that is installed here.
require_go() {
    local how='install it from https://go.dev/dl, with go in PATH'
    has go || fail "Go is missing, 1.24 or later is needed: $how"
    # Not one that Go would fetch by itself.
    require_version Go "$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')" 1.24 "$how"
}

require_node() {
    require_version Node "$(node --version | sed 's/^v//')" 18 'install it from https://nodejs.org/en/download'
}

# What the packages for Node, Go and Java need, so that building and testing them asks no registry.
fetch_for_node() {
    echo "setup: fetching what the package for Node needs"
    npm ci --prefix bindings/node --cache "$PWD/$interop/npm" --loglevel=error --no-audit --no-fund
}

# Maven fetches a plugin with what it needs when it runs it: up to a phase, once, in a folder that is removed.
fetch_for_java() {
    local phase=$1 scratch
    echo "setup: fetching what the package for Java needs"
    scratch=$(mktemp -d)
    mvn -q -B -Dstyle.color=never -f bindings/java/pom.xml "$phase" dependency:build-classpath \
        -DskipTests -Dnative.skip=true -Doutput.directory="$scratch" -Dmdep.outputFile="$scratch/class-path"
    rm -r "$scratch"
}

fetch_for_go() {
    local file
    echo "setup: fetching what the module for Go needs"
    . tests/interop/go/environment.sh
    for file in bindings/go/{go,newest}.mod bindings/go/benchmarks/{go,ours}.mod examples/go/go.mod; do
        go list -C "$(dirname "$file")" -modfile="$(basename "$file")" -deps -test ./... >/dev/null
    done
}

install_official_stores() {
    local version
    echo "setup: installing LaunchDarkly's stores for Node and Go into $interop"
    mkdir -p "$interop/node"
    cp tests/interop/node/package{,-lock}.json "$interop/node"
    npm ci --prefix "$interop/node" --cache "$interop/npm" --loglevel=error --no-audit --no-fund
    . tests/interop/go/environment.sh
    for version in v1 v4; do
        go build -C "tests/interop/go/$version" -buildvcs=false -o "$PWD/$interop/go-$version" .
    done
}

case $scope in
    demo | test | packages) ;;
    *) fail "usage: tests/setup.sh demo|test|packages [PLATFORM…]" ;;
esac
if [ "$scope" = packages ]; then
    list_platforms "${@:2}"
fi
require_rust
if [ "$scope" = test ]; then
    require_go
fi
if is_done; then
    exit 0
fi
install_packages
mkdir -p target
if [ "$scope" = packages ]; then
    install_packaging_tools
else
    require_node
    make_python
    fetch_for_node
fi
if [ "$scope" = demo ]; then
    fetch_for_java compile
elif [ "$scope" = test ]; then
    fetch_dynamodb_local
    fetch_for_java package
    fetch_for_go
    install_official_stores
fi
inputs >"$stamp"
echo "setup: everything that \`make $scope\` needs is there"
