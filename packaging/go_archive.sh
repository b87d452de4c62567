#!/usr/bin/env bash
# Makes the archive of the Go module, with the native libraries of all platforms: FOLDER/PLATFORM/libld_dynamo_store.so.
#
#   packaging/go_archive.sh FOLDER OUT.zip
#
# It is unpacked, and a go.mod names its folder with `replace`. Programs that are built with it have the library for their platform in them. Two builds
# are equal byte for byte. SOURCE_DATE_EPOCH dates the files in it, or else the last commit does.
set -euo pipefail

[ $# = 2 ] || {
    echo "usage: packaging/go_archive.sh FOLDER_OF_LIBRARIES OUT.zip" >&2
    exit 2
}
libraries=$(realpath "$1")
out=$(realpath -m "$2")
cd "$(dirname "$0")/.."
. packaging/platforms.sh
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH
PYTHONPATH=packaging PYTHONDONTWRITEBYTECODE=1 python3 - "$libraries" "$out" <<'PYTHON'
import re
import sys
from pathlib import Path

from archive import files, repository, version, write_zip

libraries, out = map(Path, sys.argv[1:])
module = repository / "bindings/go"

# What only tests, benchmarks and this repository need, and what this script writes itself.
EXCLUDED = re.compile(r"benchmarks/|newest\.|internal/(casedriver|testengine)/|internal/native/(packaged/|packaged_|testdata/)|\.gitignore$|.*_test\.go$")
PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64"}
SOURCE = """//go:build linux && {processor} && {musl}musl

package native

import _ "embed"

//go:embed packaged/{platform}/libld_dynamo_store.so
var embedded string

func init() {{ packaged, packagedPlatform = embedded, "{platform}" }}
"""


contents = {name: (module / name).read_bytes() for name in files(module) if not EXCLUDED.match(name)}
found = sorted(libraries.glob("*/libld_dynamo_store.so"))
if not found:
    sys.exit(f"go_archive.sh: there is no {libraries}/PLATFORM/libld_dynamo_store.so")
for library in found:
    platform = library.parent.name
    processor, _, c_library = platform.split("-")
    folder = f"internal/native/packaged/{platform}"
    contents[f"{folder}/{library.name}"] = library.read_bytes()
    contents[f"internal/native/packaged_{platform.replace('-', '_')}.go"] = SOURCE.format(
        platform=platform, processor=PROCESSORS[processor], musl="" if c_library == "musl" else "!"
    ).encode()
    licences = library.with_name("THIRD-PARTY-LICENSES.txt")
    if licences.is_file():
        contents[f"{folder}/{licences.name}"] = licences.read_bytes()

folder = f"go-ld-dynamo-store-{version}"
write_zip(out, {f"{folder}/{name}": contents[name] for name in sorted(contents)})
PYTHON
