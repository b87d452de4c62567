"""The package as its users get it: the wheel, its types, its style, its example."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import ld_dynamo_store
from engine import Table, repository
from ld_dynamo_store import _native, load

package = Path(__file__).parents[1]
PIP_WHEEL = ["--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
EXAMPLE_LINES = [
    "initialized before: False",
    "initialized now: True",
    "version 5: updated",
    "version 4: not newer, version 5 stays",
]


def run(*command: str | Path, **environment: str) -> str:
    result = subprocess.run(
        command, cwd=package, env={**os.environ, **environment}, capture_output=True, text=True, timeout=110
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel around the library under test."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", *PIP_WHEEL, "--wheel-dir", str(folder), str(package)]
    run(*command, LD_DYNAMO_STORE_BUILD_LIBRARY=load().path)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_holds_the_library_and_the_types(wheel: Path) -> None:
    name, version, python, abi, platform = wheel.stem.split("-")
    assert (name, version, python, abi) == ("ld_dynamo_store", ld_dynamo_store.__version__, "py3", "none")
    assert platform.startswith("linux_")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read(f"ld_dynamo_store/{_native.FILE_NAME}") == Path(load().path).read_bytes()
        metadata = archive.read(f"ld_dynamo_store-{version}.dist-info/WHEEL").decode()
        licence = archive.read(f"ld_dynamo_store-{version}.dist-info/licenses/LICENSE")
    assert licence == (repository / "LICENSE").read_bytes()
    assert {"ld_dynamo_store/py.typed", "ld_dynamo_store/launchdarkly.py"} <= names
    assert "Root-Is-Purelib: false" in metadata


def test_wheels_of_one_library_are_equal(tmp_path: Path) -> None:
    """Whatever their umask is, and whether the library is executable."""
    wheels: list[Path] = []
    for umask, mode in (("022", 0o755), ("077", 0o600)):
        folder = tmp_path / umask
        folder.mkdir()
        library = folder / _native.FILE_NAME
        library.write_bytes(Path(load().path).read_bytes())
        library.chmod(mode)
        command = f'umask {umask} && exec "$@"'
        run(
            *("sh", "-c", command, "sh", sys.executable, "-m", "pip", "wheel", *PIP_WHEEL),
            *("--wheel-dir", folder, package),
            LD_DYNAMO_STORE_BUILD_LIBRARY=str(library),
            LD_DYNAMO_STORE_BUILD_PLATFORM="manylinux_2_17_x86_64.manylinux2014_x86_64",
            SOURCE_DATE_EPOCH="1700000000",
        )
        wheels.extend(folder.glob("*.whl"))
    one, other = wheels
    assert (
        one.name
        == other.name
        == (f"ld_dynamo_store-{ld_dynamo_store.__version__}-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
    )
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {info.external_attr >> 16 & 0o777 for info in archive.infolist()} == {0o644}
        assert {info.date_time for info in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        (metadata,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/WHEEL"))
    tags = [line for line in metadata.splitlines() if line.startswith("Tag:")]
    assert tags == ["Tag: py3-none-manylinux2014_x86_64", "Tag: py3-none-manylinux_2_17_x86_64"]


def test_an_installed_wheel_finds_its_library(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", tmp_path, wheel)
    program = "import ld_dynamo_store; print(ld_dynamo_store.load().path)"
    path = run(sys.executable, "-c", program, PYTHONPATH=str(tmp_path), LD_DYNAMO_STORE_LIBRARY="")
    assert path.strip() == str(tmp_path / "ld_dynamo_store" / _native.FILE_NAME)


CARGO = """#!{python}
import json, os, sys
assert sys.argv[1:5] == ["build", "--release", "--package", "ld-dynamo-store-c"], sys.argv
assert os.path.isfile(sys.argv[sys.argv.index("--manifest-path") + 1])
library = {library!r}
for name, types, files in [("ld_dynamo_store", ["lib"], ["/x.rlib"]),
                           ("ld_dynamo_store", ["cdylib", "staticlib"], [library, "/x.a"])]:
    target = {{"name": name, "crate_types": types}}
    print(json.dumps({{"reason": "compiler-artifact", "target": target, "filenames": files}}))
print(json.dumps({{"reason": "build-finished", "success": True}}))
"""


def test_a_wheel_is_built_with_cargo_where_no_library_is_named(tmp_path: Path) -> None:
    cargo = tmp_path / "cargo"
    cargo.write_text(CARGO.format(python=sys.executable, library=load().path))
    cargo.chmod(0o755)
    run(
        *(sys.executable, "-m", "pip", "wheel", *PIP_WHEEL, "--wheel-dir", str(tmp_path), str(package)),
        PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        LD_DYNAMO_STORE_BUILD_LIBRARY="",
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(f"ld_dynamo_store/{_native.FILE_NAME}") == Path(load().path).read_bytes()


@pytest.mark.parametrize(
    ("library", "reason"),
    [("/absent.so", "names /absent.so, which is not a file"), ("absent.so", "must be an absolute path")],
)
def test_a_wheel_around_a_missing_library_is_refused(tmp_path: Path, library: str, reason: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *PIP_WHEEL, "--wheel-dir", str(tmp_path), str(package)],
        env={**os.environ, "LD_DYNAMO_STORE_BUILD_LIBRARY": library},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert result.returncode != 0
    assert f"LD_DYNAMO_STORE_BUILD_LIBRARY {reason}" in result.stdout + result.stderr


def test_the_version_is_that_of_the_library() -> None:
    assert ld_dynamo_store.__version__ == load().version
    assert f'version = "{ld_dynamo_store.__version__}"' in (package / "pyproject.toml").read_text()


@pytest.mark.parametrize("language", ["php", "python", "ruby"])
def test_each_package_has_the_licence(language: str) -> None:
    assert (repository / "bindings" / language / "LICENSE").read_bytes() == (repository / "LICENSE").read_bytes()


def test_types() -> None:
    run(sys.executable, "-m", "mypy", "--no-incremental")


def test_style() -> None:
    run(sys.executable, "-m", "ruff", "check", "--no-cache", ".", repository / "examples/python")
    run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", ".", repository / "examples/python")


def test_importing_prints_nothing_and_needs_no_library() -> None:
    program = "import ld_dynamo_store, ld_dynamo_store.launchdarkly"
    assert run(sys.executable, "-W", "error", "-c", program, LD_DYNAMO_STORE_LIBRARY="/absent.so") == ""


def test_the_example(table: Table) -> None:
    example = repository / "examples/python/main.py"
    output = run(
        sys.executable,
        example,
        repository / "examples/flags.json",
        ENDPOINT=table.engine.endpoint,
        TABLE=table.name,
    )
    for line in (
        "initialized before: False",
        "initialized now: True",
        "version 5: updated",
        "not newer, version 5 stays",
    ):
        assert line in output
