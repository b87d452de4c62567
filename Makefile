# Everything one does with this repository. A fresh machine needs a Rust toolchain, and then `make demo` or `make test`.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# One folder for everything that is built: tests of all languages look for the library in it.
export CARGO_TARGET_DIR := $(CURDIR)/target
PYTHON := $(CURDIR)/target/python/bin/python
# A hang ends as a failure. What a test starts is not of this make.
LIMITED := env -u MAKEFLAGS -u MFLAGS timeout --foreground --kill-after=10
# Those of `make test`, which run two at a time: most of their time they wait. The longest come first.
SUITES := test-core test-transport test-python test-ruby test-java test-node test-php test-go test-fake test-relay

.PHONY: help setup native build bindings demo test $(SUITES) header lint fmt stress mutants mutants-bindings sanitize bench library install uninstall packages check-packages elsewhere reproduce dist version clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do printf '  make %-14s %s\n' "$$target" "$$text"; done

setup: ## install what is missing: Debian packages (as root), what pip, npm, Go and Maven fetch, DynamoDB Local
	@tests/setup.sh test

# The packages are built one by one: together, cargo would give the library the features that the engines need. Programs are linked to
# the library's first name and look for the second, which its ABI has, when they start.
native:
	cargo build --release --locked
	@ln -sf libld_dynamo_store.so target/release/libld_dynamo_store.so.1
	cargo build --release --locked -p local-dynamodb
	cargo build --release --locked -p fake-dynamodb

build: native ## build the library, the operator's command and the two local engines
	cargo build --release --locked -p ld-dynamo-store --features cli --bin ld-dynamo-store

# Go's tools take the settings of tests/interop/go/environment.sh, and Maven asks no repository: setup has fetched what they need.
GO_SETTINGS = . tests/interop/go/environment.sh
MAVEN = mvn -B -q -o -f bindings/java/pom.xml
# The jars that tests and examples need, into a file.
CLASS_PATH = dependency:build-classpath -Dmdep.outputFile=target/class-path -Dmdep.includeScope=test
bindings: ## build the packages for Node and Java, and the programs that the tests need of Go's
	npm run --silent --prefix bindings/node build
	$(GO_SETTINGS) && go build -C bindings/go -buildvcs=false -o "$(CURDIR)/target/bindings/go-case-driver" ./internal/casedriver
	$(GO_SETTINGS) && go build -C tests/interop/go/v4 -modfile=ours.mod -buildvcs=false -o "$(CURDIR)/target/interop/go-ours" .
	$(MAVEN) test-compile $(CLASS_PATH)

demo: ## show the library at work; ENDPOINT=, TABLE= and the AWS settings choose a real table
	@tests/setup.sh demo
	cargo build --release --locked
	cargo build --release --locked -p local-dynamodb
	npm run --silent --prefix bindings/node build
	$(MAVEN) compile $(CLASS_PATH)
	@examples/demo.sh

# So the crate is compiled once for all of its tests; the operator's command is built beside them.
ALL_FEATURES = -p ld-dynamo-store --features c-abi,cli,launchdarkly
# More than processors, since most tests wait for an answer.
export RUST_TEST_THREADS ?= 4
# Where make can (4.0 or later), what a suite prints is printed in one piece.
IN_ONE_PIECE = $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
test: setup native bindings ## run all tests
	cargo test --release --locked $(ALL_FEATURES) --no-run
	cargo test --release --locked -p fake-dynamodb --no-run
	@$(MAKE) --no-print-directory --jobs=2 $(IN_ONE_PIECE) $(SUITES)

test-core:
	$(LIMITED) 1800 cargo test --release --locked $(ALL_FEATURES)

# What is sent directly where that is possible, sent through the AWS SDK.
test-transport:
	LD_DYNAMO_TEST_TRANSPORT=sdk $(LIMITED) 1800 cargo test --release --locked $(ALL_FEATURES) --test launchdarkly --test behaviour --test caching --test environment --test faults --test forks --test hosts

test-fake:
	$(LIMITED) 900 cargo test --release --locked -p fake-dynamodb

test-python:
	cd bindings/python && $(LIMITED) 900 $(PYTHON) -m pytest -q

test-ruby:
	cd bindings/ruby && $(LIMITED) 600 rake test

test-php:
	$(LIMITED) 600 php -d ffi.enable=1 "$$(command -v phpunit)" -c bindings/php/phpunit.xml

test-node:
	$(LIMITED) 900 npm test --silent --prefix bindings/node

# Go does not know of the library, and would tell of an earlier run.
test-go:
	$(GO_SETTINGS) && $(LIMITED) 900 go test -C bindings/go -count=1 ./... && $(LIMITED) 600 go test -C bindings/go -count=1 -modfile=newest.mod .

test-java:
	$(LIMITED) 900 $(MAVEN) test

test-relay:
	if [ -n "$${LAUNCHDARKLY_RELAY:-}" ]; then $(GO_SETTINGS) && $(LIMITED) 900 go test -C tests/relay -count=1 .; fi

header: ## write the C header, and PHP's, from the Rust sources
	UPDATE_HEADER=1 cargo test --release --locked $(ALL_FEATURES) --test abi the_checked_in_headers

lint: setup ## look for mistakes in the sources of all languages
	cargo fmt --all --check
	cargo clippy --release --locked --all-targets -- -D warnings
	cargo clippy --release --locked --all-targets $(ALL_FEATURES) -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps -p ld-dynamo-store --features launchdarkly
	cargo clippy --release --locked --all-targets -p local-dynamodb -- -D warnings
	cargo clippy --release --locked --all-targets -p fake-dynamodb -- -D warnings
	cargo clippy --release --locked --all-targets -p floor -- -D warnings
	cd bindings/python && $(PYTHON) -m ruff check . ../../examples ../../tests/interop/python && $(PYTHON) -m ruff format --check . ../../examples ../../tests/interop/python && $(PYTHON) -m mypy
	git ls-files -z '*.rb' | xargs -0 -n 1 ruby -wc >/dev/null
	git ls-files -z '*.php' | xargs -0 -n 1 php -l >/dev/null
	git ls-files -z 'tests/interop/*.js' | xargs -0 -n 1 node --check
	npm run --silent --prefix bindings/node lint
	$(MAVEN) package -DskipTests
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l) && test -z "$$unformatted" || { echo "gofmt: $$unformatted" >&2; exit 1; }
	@$(GO_SETTINGS) && for module in bindings/go{,/benchmarks} examples/go tests/relay tests/interop/go/{protocol,v1,v4}; do go vet -C "$$module" ./... || exit; done && CGO_ENABLED=1 go vet -C bindings/go -tags musl ./...

fmt: setup ## format the sources in Rust, Python, Go and Node's languages
	cargo fmt --all
	git ls-files -z '*.go' | xargs -0 gofmt -w
	npm run --silent --prefix bindings/node format
	cd bindings/python && $(PYTHON) -m ruff format . ../../examples ../../tests/interop/python && $(PYTHON) -m ruff check --fix . ../../examples ../../tests/interop/python

stress: setup native ## run the tests that take minutes
	LD_DYNAMO_STRESS=1 cargo test --release --locked $(ALL_FEATURES) --test forks -- programs::
	LD_DYNAMO_STRESS=1 cargo test --release --locked $(ALL_FEATURES) --test faults -- init:: killed_writer:: many_writers::
	cd bindings/python && $(PYTHON) -m pytest -q -m stress

# Every fiftieth of the core's, which takes under 20 minutes: before a release, the next K of K/50. All of them, with SHARD= , take hours.
SHARD ?= 0/50
mutants: setup native ## put small mistakes into the core, and see that tests fail; ROOMS=, SHARD=
	SHARD='$(SHARD)' tests/mutants/core.sh $(ROOMS)

mutants-bindings: setup native bindings ## put small mistakes into the packages, and see that their tests fail; LANGUAGES=
	tests/mutants/bindings.py $(LANGUAGES)

sanitize: setup build ## look for wrong memory accesses, leaks and races: sanitizers, Valgrind, Miri
	tests/sanitize.sh

# LaunchDarkly's store for Java is in no registry: LAUNCHDARKLY_JAVA_DYNAMODB_STORE names its classes or its jar.
WITH_DIST = LD_DYNAMO_STORE_LIBRARY='$(CARGO_TARGET_DIR)/dist/libld_dynamo_store.so'
bench: setup build bindings ## compare with the official stores
	benches/run.sh
	cargo bench --locked --profile dist --bench cached_get
	$(PYTHON) bindings/python/benchmarks/compare.py
	php -d ffi.enable=1 -d opcache.enable_cli=1 bindings/php/benchmarks/compare.php
	$(WITH_DIST) node --expose-gc bindings/node/benchmarks/compare.js
	$(GO_SETTINGS) && $(WITH_DIST) go run -C bindings/go/benchmarks ./compare
	if [ -n "$${LAUNCHDARKLY_JAVA_DYNAMODB_STORE:-}" ]; then $(WITH_DIST) bindings/java/benchmarks/compare.sh; fi

# What is published: `dist`, which takes minutes; `release` is what the tests load.
PROFILE ?= dist
# Where programs will find what is installed, and a folder to go before it, from where a package is made. Not exported: the demo has another PREFIX.
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
PLACES = BUILT='$(CARGO_TARGET_DIR)/$(PROFILE)' PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' INCLUDEDIR='$(INCLUDEDIR)' DESTDIR='$(DESTDIR)'

library: ## build what make install installs
	cargo build --profile $(PROFILE) --locked -p ld-dynamo-store-c

# Who becomes root for this may have no cargo there: then what was built before is installed.
CARGO = $(shell command -v cargo)
install: ## install library, headers, pkg-config files and CMake package; PREFIX=, LIBDIR=, INCLUDEDIR=, DESTDIR=
	@$(if $(CARGO),$(MAKE) --no-print-directory library)
	@$(PLACES) packaging/install.sh install

uninstall: ## remove what make install installed there
	@$(PLACES) packaging/install.sh uninstall

# Those of packaging/platforms.txt, unless some are named.
PLATFORMS =
packages: setup ## make what is published, in target/packages, for every platform, and try it; PLATFORMS=
	@tests/setup.sh packages $(PLATFORMS)
	packaging/packages.sh $(PLATFORMS)
	@$(MAKE) --no-print-directory check-packages PLATFORMS='$(PLATFORMS)'

check-packages: native ## install and run what make packages made
	LD_DYNAMO_PLATFORMS='$(PLATFORMS)' $(LIMITED) 3600 cargo test --release --locked $(ALL_FEATURES) --test packages -- --ignored --show-output

elsewhere: setup ## compile the sources for macOS, and see that other systems are refused
	@tests/setup.sh packages "$$(uname -m)-linux-gnu"
	packaging/elsewhere.sh

reproduce: ## build the packages again in another folder, and compare; PLATFORMS=
	packaging/reproduce.sh $(PLATFORMS)

version: ## set the version wherever it stands; VERSION=
	@packaging/version.sh $(VERSION)

dist: ## make what is published for machines like this one
	@$(MAKE) --no-print-directory packages PLATFORMS="$$(uname -m)-linux-gnu"

clean: ## remove everything that was built or fetched
	cargo clean
	rm -rf bindings/node/{node_modules,build,dist} bindings/java/target
