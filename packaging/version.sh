#!/usr/bin/env bash
# The version of all that is published.
#
#   packaging/version.sh            prints it
#   packaging/version.sh 0.2.0      sets it wherever it stands, and closes the part "Unreleased" of CHANGELOG.md
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -le 1 ] || {
    echo "usage: packaging/version.sh [VERSION]" >&2
    exit 2
}
exec python3 - "$@" <<'PYTHON'
import datetime
import re
import sys
from pathlib import Path


def refuse(reason: str) -> None:
    sys.exit(f"version.sh: {reason}")


def numbers(version: str) -> tuple[int, ...]:
    # No pre-releases: pip, RubyGems, Composer and cargo would write one and the same in four ways.
    if not re.fullmatch(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)", version):
        refuse(f'"{version}" is no version: it must be MAJOR.MINOR.PATCH, three numbers without leading zeros, such as 0.2.0')
    return tuple(map(int, version.split(".")))


old = re.search(r'^version = "(.+)"$', Path("Cargo.toml").read_text(), re.MULTILINE)[1]
if len(sys.argv) == 1:
    print(old)
    sys.exit()
new = sys.argv[1]
if numbers(new) <= numbers(old):
    refuse(f"{new} is not greater than the present version, {old}")
(old_major, old_minor, old_patch), (major, minor, patch) = old.split("."), new.split(".")

# Each file, and in what the version stands there; every such place is changed, and there must be one.
quoted = f'"{re.escape(old)}"', f'"{new}"'
archive = rf"(ld[-_]dynamo[-_]store-){re.escape(old)}(?![0-9])", rf"\g<1>{new}"
cmake = rf"(LdDynamoStore ){old_major}\.{old_minor}(?=[ .])", rf"\g<1>{major}.{minor}"
places = {
    "Cargo.toml": [(rf'(?m)^version = {quoted[0]}$', f"version = {quoted[1]}")],
    "Cargo.lock": [(rf'(name = "ld-dynamo-store(?:-c)?"\nversion = ){quoted[0]}', rf"\g<1>{quoted[1]}")],
    "bindings/python/pyproject.toml": [(rf'(?m)^version = {quoted[0]}$', f"version = {quoted[1]}")],
    "bindings/python/src/ld_dynamo_store/__init__.py": [quoted],
    "bindings/python/src/ld_dynamo_store/_native.py": [(rf"``{re.escape(old)}``", f"``{new}``")],
    "bindings/ruby/lib/ld_dynamo_store/version.rb": [quoted],
    "src/ffi/mod.rs": [quoted],
    "include/ld_dynamo_store.h": [
        quoted,
        (rf"(LD_DYNAMO_VERSION_MAJOR ){old_major}\n", rf"\g<1>{major}\n"),
        (rf"(LD_DYNAMO_VERSION_MINOR ){old_minor}\n", rf"\g<1>{minor}\n"),
        (rf"(LD_DYNAMO_VERSION_PATCH ){old_patch}\n", rf"\g<1>{patch}\n"),
    ],
    "include/ld_dynamo_store.hpp": [quoted],
    "bindings/java/pom.xml": [(rf"(<artifactId>ld-dynamo-store</artifactId>\n  <version>){re.escape(old)}<", rf"\g<1>{new}<")],
    "bindings/java/src/main/java/lddynamostore/Library.java": [(rf"{{@code {re.escape(old)}}}", f"{{@code {new}}}")],
    "bindings/go/internal/native/library.go": [quoted],
    "bindings/go/lddynamostore/library.go": [quoted],
    "bindings/node/package.json": [(rf'(?m)^  "version": {quoted[0]}', f'  "version": {quoted[1]}')],
    "bindings/node/package-lock.json": [(rf'("name": "ld-dynamo-store",\n *"version": ){quoted[0]}', rf"\g<1>{quoted[1]}")],
    "bindings/node/src/library.ts": [(rf"`{re.escape(old)}`", f"`{new}`")],
    "docs/c.md": [cmake],
    "docs/cpp.md": [cmake],
    "docs/go.md": [archive],
    "docs/java.md": [archive, (rf"(ld-dynamo-store:){re.escape(old)}:", rf"\g<1>{new}:"), (rf"<version>{re.escape(old)}<", f"<version>{new}<")],
    "docs/php.md": [archive],
    "docs/python.md": [archive],
    "docs/ruby.md": [archive],
}
texts = {}
for name, replacements in places.items():
    text = Path(name).read_text()
    for pattern, replacement in replacements:
        text, count = re.subn(pattern, replacement, text)
        if count == 0:
            refuse(f"{name} does not name the version {old} where it did ({pattern}): nothing was changed")
    texts[name] = text

changes = Path("CHANGELOG.md").read_text()
unreleased = re.search(r"^## Unreleased\n(.*?)(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL)
if unreleased is None or not re.search(r"^- ", unreleased[1], re.MULTILINE):
    refuse('CHANGELOG.md says nothing under "## Unreleased": what is the version for?')
today = datetime.datetime.now(datetime.timezone.utc).date()
released = f"## Unreleased\n\n## {new} - {today}\n{unreleased[1]}"
texts["CHANGELOG.md"] = changes[: unreleased.start()] + released + changes[unreleased.end() :]

for name, text in texts.items():
    Path(name).write_text(text)
print(f"{old} -> {new}: {len(texts)} files")
PYTHON
