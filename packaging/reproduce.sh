#!/usr/bin/env bash
# Builds the last commit's packages once more, in another folder and from nothing, and compares them with those in target/packages.
#
#   packaging/reproduce.sh [PLATFORM…]     those that target/packages was made for, all by default
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/platforms.sh

require_platforms "$@"
[ -z "$(git status --porcelain)" ] || platforms_fail "what is built again is the last commit, and there are changes since"
[ -f target/packages/SHA256SUMS ] || platforms_fail "there are no packages to compare with: run make packages"
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
git archive HEAD | tar -x -C "$again"
mkdir "$again/target"
# The tools, and nothing that was built with them.
ln -s "$PWD/target/packaging" "$PWD/target/python" "$again/target/"
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH
(umask 077 && env -u CARGO_TARGET_DIR "$again/packaging/packages.sh" "$@" >/dev/null)
diff "$again/target/packages/SHA256SUMS" target/packages/SHA256SUMS || platforms_fail "these packages differ"
echo "the same bytes: $(wc -l <target/packages/SHA256SUMS) packages"
