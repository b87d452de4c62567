"""What the archives of the packages have in common."""

import os
import re
import subprocess
import time
import zipfile
from pathlib import Path

repository = Path(__file__).resolve().parents[1]
version = re.search(r'^version = "(.+)"$', (repository / "Cargo.toml").read_text(), re.MULTILINE)[1]
# A zip begins in 1980.
_date = time.gmtime(max(int(os.environ["SOURCE_DATE_EPOCH"]), 315532800))[:6]


def files(package: Path) -> list[str]:
    """The package's own; in a checkout, what an editor or a run left beside them is none."""
    if (repository / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=package, check=True, capture_output=True, text=True).stdout
        return [name for name in listed.split("\0") if name]
    return [file.relative_to(package).as_posix() for file in package.rglob("*") if file.is_file()]


def write_zip(path: Path, contents: dict[str, bytes], executables: str = "") -> None:
    """The same bytes for the same contents, in their order; with a folder `executables`, what lies in it can be run."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, _date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            is_executable = executables and name.startswith(f"{executables}/")
            entry.external_attr = (0o100755 if is_executable else 0o100644) << 16
            archive.writestr(entry, data)
