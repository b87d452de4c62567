#!/usr/bin/env bash
# Makes the archive of the PHP package for Composer, with the native libraries of all platforms: FOLDER/PLATFORM/libld_dynamo_store.so.
#
#   packaging/composer_archive.sh FOLDER OUT.zip
#
# A Composer repository of the type "artifact" takes it. Two builds are equal byte for byte. SOURCE_DATE_EPOCH dates the files in it, or else the last
# commit does: PHP's opcache tells the files of two versions by their dates.
set -euo pipefail

[ $# = 2 ] || {
    echo "usage: packaging/composer_archive.sh FOLDER_OF_LIBRARIES OUT.zip" >&2
    exit 2
}
libraries=$(realpath "$1")
out=$(realpath -m "$2")
cd "$(dirname "$0")/.."
. packaging/platforms.sh
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH
PYTHONPATH=packaging PYTHONDONTWRITEBYTECODE=1 python3 - "$libraries" "$out" <<'PYTHON'
import json
import sys
from pathlib import Path

from archive import files, repository, version, write_zip

libraries, out = map(Path, sys.argv[1:])
package = repository / "bindings/php"
description = json.loads((package / "composer.json").read_text())

# Composer's own exclusions, what is ignored in a checkout, and what this script writes itself.
excluded = {name.strip("/") for name in description["archive"]["exclude"]}
excluded |= {"vendor", "composer.lock", "composer.json", ".gitignore", "src/native"}


def is_excluded(name: str) -> bool:
    parts = Path(name).parts
    return any("/".join(parts[:count]) in excluded for count in range(1, len(parts) + 1)) or name.startswith("src/libld_dynamo_store.")


contents = {name: (package / name).read_bytes() for name in files(package) if not is_excluded(name)}

# Without a version, Composer takes no archive.
description = {"name": description.pop("name"), "version": version, **description}
contents["composer.json"] = (json.dumps(description, indent=4, ensure_ascii=False) + "\n").encode()

found = sorted(file for file in libraries.glob("*/*") if file.name in ("libld_dynamo_store.so", "libld_dynamo_store.dylib"))
if not found:
    sys.exit(f"composer_archive.sh: there is no {libraries}/PLATFORM/libld_dynamo_store.so")
licences = libraries / "THIRD-PARTY-LICENSES.txt"
if licences.is_file():
    contents[licences.name] = licences.read_bytes()
for file in found:
    contents[f"src/native/{file.parent.name}/{file.name}"] = file.read_bytes()

write_zip(out, dict(sorted(contents.items())), executables="bin")
PYTHON
