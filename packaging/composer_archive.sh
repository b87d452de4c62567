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
SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH python3 - "$PWD" "$libraries" "$out" <<'PYTHON'
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

repository, libraries, out = map(Path, sys.argv[1:])
package = repository / "bindings/php"
description = json.loads((package / "composer.json").read_text())

# Composer's own exclusions, what is ignored in a checkout, and what this script writes itself.
excluded = {name.strip("/") for name in description["archive"]["exclude"]}
excluded |= {"vendor", "composer.lock", "composer.json", ".gitignore", "src/native"}


def is_excluded(name: str) -> bool:
    parts = Path(name).parts
    return any("/".join(parts[:count]) in excluded for count in range(1, len(parts) + 1)) or name.startswith("src/libld_dynamo_store.")


def files() -> list[str]:
    """The package's own; in a checkout, what an editor or a run left beside them is none."""
    if (repository / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=package, check=True, capture_output=True, text=True).stdout
        return [name for name in listed.split("\0") if name]
    return [file.relative_to(package).as_posix() for file in package.rglob("*") if file.is_file()]


contents = {name: (package / name).read_bytes() for name in files() if not is_excluded(name)}

version = re.search(r'^version = "(.+)"$', (repository / "Cargo.toml").read_text(), re.MULTILINE)
# Without a version, Composer takes no archive.
description = {"name": description.pop("name"), "version": version[1], **description}
contents["composer.json"] = (json.dumps(description, indent=4, ensure_ascii=False) + "\n").encode()

found = sorted(file for file in libraries.glob("*/*") if file.name in ("libld_dynamo_store.so", "libld_dynamo_store.dylib"))
if not found:
    sys.exit(f"composer_archive.sh: there is no {libraries}/PLATFORM/libld_dynamo_store.so")
licences = libraries / "THIRD-PARTY-LICENSES.txt"
if licences.is_file():
    contents[licences.name] = licences.read_bytes()
for file in found:
    contents[f"src/native/{file.parent.name}/{file.name}"] = file.read_bytes()

# A zip begins in 1980.
date = time.gmtime(max(int(os.environ["SOURCE_DATE_EPOCH"]), 315532800))[:6]
with zipfile.ZipFile(out, "w") as archive:
    for name in sorted(contents):
        entry = zipfile.ZipInfo(name, date)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3
        entry.external_attr = (0o100755 if name.startswith("bin/") else 0o100644) << 16
        archive.writestr(entry, contents[name])
PYTHON
