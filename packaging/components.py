"""Prints what a library or a program is made of, as CycloneDX, from what cargo-cyclonedx found for every system there is.

Run as ``components.py FOUND.json PACKAGE [OPTIONS OF CARGO…] -- TARGET…``. What cargo does not build for one of the targets goes; what cargo does not build itself comes: Rust's
standard library, the unwinder that zig links, and the C library where programs have it in them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import ziglang

LIBRARY = "ld-dynamo-store-c"


def printed(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def built(package: list[str], target: str) -> set[tuple[str, str]]:
    """Names and versions of the crates that cargo builds for a target."""
    tree = ["tree", "--locked", "-p", *package, "-e", "normal", "--prefix", "none", "--target", target]
    lines = (line.split() for line in printed("cargo", *tree).splitlines())
    return {(name, version.removeprefix("v")) for name, version, *_ in lines}


def component(name: str, version: str, licence: str, description: str) -> dict[str, Any]:
    reference = f"pkg:generic/{name}@{version}"
    described = {"name": name, "version": version, "description": description, "purl": reference}
    return {"type": "library", "bom-ref": reference, **described, "scope": "required", "licenses": [{"expression": licence}]}


def main(found: Path, package: list[str], targets: list[str]) -> None:
    text = found.read_text().replace(Path.cwd().as_uri(), "file://")
    # Where our own packages lie is of no interest.
    listed = json.loads(re.sub(r"\?download_url=[^\"#]*", "", text))
    wanted = set().union(*(built(package, target) for target in targets))
    components = [entry for entry in listed["components"] if (entry["name"], entry["version"]) in wanted]
    kept = {listed["metadata"]["component"]["bom-ref"], *(entry["bom-ref"] for entry in components)}
    dependencies = [entry for entry in listed["dependencies"] if entry["ref"] in kept]
    for entry in dependencies:
        entry["dependsOn"] = [reference for reference in entry.get("dependsOn", []) if reference in kept]
    (rust,) = re.findall(r"^release: (.+)$", printed("rustc", "-vV"), re.MULTILINE)
    (llvm,) = re.findall(r"clang version ([0-9.]+)", printed(sys.executable, "-m", "ziglang", "cc", "--version"))
    components.append(component("rust-std", rust, "MIT OR Apache-2.0", "The standard library of Rust"))
    components.append(component("llvm-libunwind", llvm, "Apache-2.0 WITH LLVM-exception", "The unwinder of LLVM"))
    if package[0] != LIBRARY and any(target.endswith("musl") for target in targets):
        header = Path(ziglang.__file__).parent / "lib/libc/musl/src/internal/version.h"
        (musl,) = re.findall(r'"([0-9.]+)"', header.read_text())
        components.append(component("musl", musl, "MIT", "The C library musl"))
    listed |= {"components": components, "dependencies": dependencies}
    print(json.dumps(listed, indent=2, ensure_ascii=False))


separator = sys.argv.index("--")
main(Path(sys.argv[1]), sys.argv[2:separator], sys.argv[separator + 1 :])
