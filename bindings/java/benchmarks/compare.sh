#!/usr/bin/env bash
# Compares this package with LaunchDarkly's own store, whose classes or jar LAUNCHDARKLY_JAVA_DYNAMODB_STORE names.
#
#   LAUNCHDARKLY_JAVA_DYNAMODB_STORE=official.jar bindings/java/benchmarks/compare.sh [-Dflags=2000] [-Drounds=9]
#
# Needs target/release, with fake-dynamodb in it, or the library that LD_DYNAMO_STORE_LIBRARY names.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -n "${LAUNCHDARKLY_JAVA_DYNAMODB_STORE:-}" ] || {
    echo "compare.sh: LAUNCHDARKLY_JAVA_DYNAMODB_STORE must name the classes or the jar of LaunchDarkly's own store" >&2
    exit 1
}
mvn -o -B -q test-compile dependency:build-classpath -Dmdep.outputFile=target/classpath.txt -Dmdep.includeScope=test
exec java "$@" -cp "target/classes:target/test-classes:target/native:$(cat target/classpath.txt):$LAUNCHDARKLY_JAVA_DYNAMODB_STORE" \
    benchmarks/Compare.java
