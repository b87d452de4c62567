"""Puts the native library into the wheel and gives the wheel its platform tag.

``LD_DYNAMO_STORE_BUILD_LIBRARY`` is the absolute path of a library that is already built. Without it the library is
built with ``cargo build --release -p ld-dynamo-store-c`` from the repository this package lies in.
``LD_DYNAMO_STORE_BUILD_PLATFORM`` replaces the platform part of the tag, for a library whose symbols were checked. It
may be several, as ``manylinux_2_17_x86_64.manylinux2014_x86_64``: pip before 20.3 knows only the second.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY_SUFFIXES = (".so", ".dylib", ".dll")
LICENCES = "THIRD-PARTY-LICENSES.txt"


class NativeLibraryHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the native library to the files of a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a wheel is made."""
        # An editable install imports from the source tree, where no library lies: the environment names one there.
        if version == "editable":
            return
        library = self._library()
        platforms = os.environ.get("LD_DYNAMO_STORE_BUILD_PLATFORM")
        if not platforms:
            platforms = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        # Cargo makes libraries executable, and other ways to get one do not: the wheel's is the same whatever the way.
        self._folder = tempfile.TemporaryDirectory(prefix="ld-dynamo-store-")
        packaged = Path(self._folder.name, library.name)
        shutil.copyfile(library, packaged)
        packaged.chmod(0o644)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platforms}"
        build_data["force_include"][str(packaged)] = f"ld_dynamo_store/{library.name}"
        # Those of what is in the library, where they lie beside it.
        licences = library.with_name(LICENCES)
        if licences.is_file():
            build_data["force_include"][str(licences)] = f"ld_dynamo_store/{LICENCES}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called by hatchling after a wheel was made."""
        if version != "editable":
            self._folder.cleanup()

    def _library(self) -> Path:
        given = os.environ.get("LD_DYNAMO_STORE_BUILD_LIBRARY")
        if not given:
            return self._build_library()
        library = Path(given)
        # pip builds in another folder than the one it was called from: a relative path could name another file.
        if not library.is_absolute():
            raise ValueError(f"LD_DYNAMO_STORE_BUILD_LIBRARY must be an absolute path, such as $PWD/{given}")
        if not library.is_file():
            raise FileNotFoundError(f"LD_DYNAMO_STORE_BUILD_LIBRARY names {library}, which is not a file")
        return library

    def _build_library(self) -> Path:
        manifest = Path(self.root).resolve().parents[1] / "Cargo.toml"
        if not manifest.is_file():
            raise FileNotFoundError(
                "there is no Rust source beside this package to build the native library from; build the library "
                "elsewhere and name it in the environment variable LD_DYNAMO_STORE_BUILD_LIBRARY"
            )
        command = ["cargo", "build", "--release", "--package", "ld-dynamo-store-c", "--manifest-path", str(manifest)]
        # Cargo's own report says where the library is, whatever the target folder of this machine.
        report = subprocess.run(
            [*command, "--message-format", "json-render-diagnostics"], check=True, stdout=subprocess.PIPE, text=True
        )
        for line in report.stdout.splitlines():
            message = json.loads(line)
            if message.get("reason") != "compiler-artifact" or "cdylib" not in message["target"]["crate_types"]:
                continue
            for name in message["filenames"]:
                if name.endswith(LIBRARY_SUFFIXES):
                    return Path(name)
        raise RuntimeError("cargo built no shared library")
