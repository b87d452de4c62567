#!/usr/bin/env bash
# Builds the last commit's packages once more, in another folder and from nothing, and compares them with those in target/packages.
#
#   packaging/reproduce.sh [PLATFORM…]     those that target/packages was made for, all by default
set -euo pipefail
cd "$(dirname "$0")/.."

[ -z "$(git status --porcelain)" ] || {
    echo "reproduce.sh: what is built again is the last commit, and there are changes since" >&2
    exit 1
}
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
git archive HEAD | tar -x -C "$again"
mkdir "$again/target"
# The tools, and nothing that was built with them.
ln -s "$PWD/target/packaging" "$PWD/target/python" "$again/target/"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
env -u CARGO_TARGET_DIR "$again/packaging/packages.sh" "$@" >/dev/null
diff "$again/target/packages/SHA256SUMS" target/packages/SHA256SUMS || {
    echo "reproduce.sh: these packages differ" >&2
    exit 1
}
echo "the same bytes: $(wc -l <target/packages/SHA256SUMS) packages"
