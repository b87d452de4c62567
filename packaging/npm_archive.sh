#!/usr/bin/env bash
# Makes the archive of the npm package, with the native libraries of all platforms: FOLDER/PLATFORM/libld_dynamo_store.so, for each of which zig
# compiles the addon.
#
#   packaging/npm_archive.sh FOLDER OUT.tgz
#
# npm installs it as a file. Two builds are equal byte for byte. SOURCE_DATE_EPOCH dates the files in it, or else the last commit does. Needs what
# `npm ci` installs in bindings/node, and target/packaging, or the Python with zig that ZIG_PYTHON names.
set -euo pipefail

[ $# = 2 ] || {
    echo "usage: packaging/npm_archive.sh FOLDER_OF_LIBRARIES OUT.tgz" >&2
    exit 2
}
libraries=$(realpath "$1")
out=$(realpath -m "$2")
cd "$(dirname "$0")/.."
. packaging/platforms.sh
SOURCE_DATE_EPOCH=$(source_date)
zig=$(realpath -s "${ZIG_PYTHON:-target/packaging/bin/python}")
readonly source=bindings/node
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
readonly package=$stage/package

mkdir -p "$package"
"$source/node_modules/.bin/tsc" --project "$source" --outDir "$package/dist"
cp -r "$source/esm" "$source/README.md" "$source/LICENSE" "$package/"
# Nothing that only a checkout can do.
python3 - "$source/package.json" "$package/package.json" <<'PYTHON'
import json
import sys
from pathlib import Path

description = json.loads(Path(sys.argv[1]).read_text())
for name in ("scripts", "devDependencies"):
    description.pop(name, None)
Path(sys.argv[2]).write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n")
PYTHON

found=0
for platform in $(all_platforms); do
    library=$libraries/$platform/libld_dynamo_store.so
    [ -f "$library" ] || continue
    found=1
    CC="$zig -m ziglang cc -target $(platform_zig_target "$platform")" CFLAGS='-s -Wl,--build-id=none' \
        "$source/native/compile.sh" "$package/native/$platform/ld_dynamo_store.node"
    cp "$library" "$package/native/$platform/"
    licences=$libraries/$platform/THIRD-PARTY-LICENSES.txt
    [ ! -f "$licences" ] || cp "$licences" "$package/"
done
[ "$found" = 1 ] || platforms_fail "there is no $libraries/PLATFORM/libld_dynamo_store.so"

chmod -R u=rwX,go=rX "$package"
find "$package" -type f -exec chmod 644 {} +
LC_ALL=C tar -C "$stage" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=ustar -cf - package |
    gzip -9 --no-name >"$out"
