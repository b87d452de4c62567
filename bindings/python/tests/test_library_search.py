"""Which native library is loaded, and what is said when none fits."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ld_dynamo_store
from conftest import Stub, StubCompiler
from ld_dynamo_store import LibraryMismatchError, LibraryNotFoundError, Store, _native, _platform, load


def run_python(program: str, environment: dict[str, str]) -> str:
    """The output of a program in a fresh interpreter with only this environment."""
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


PRINT_PATH = "import ld_dynamo_store; print(ld_dynamo_store.load().path)"


@pytest.fixture
def package_copy(tmp_path: Path) -> Path:
    """A folder with a copy of the package, into which a library can be packaged."""
    shutil.copytree(Path(ld_dynamo_store.__file__).parent, tmp_path / "ld_dynamo_store")
    return tmp_path


def test_the_argument_goes_before_the_environment(stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LD_DYNAMO_STORE_LIBRARY", str(tmp_path / "absent.so"))
    with Store("table", library=stub.path) as store:
        assert store.library.path == str(stub.path)


def test_the_environment_goes_before_the_packaged_file(stub: Stub, package_copy: Path) -> None:
    shutil.copy(stub.path, package_copy / "ld_dynamo_store" / _native.FILE_NAME)
    environment = {"PYTHONPATH": str(package_copy), "LD_DYNAMO_STORE_LIBRARY": str(stub.path)}
    assert run_python(PRINT_PATH, environment) == str(stub.path)


def test_the_packaged_file_goes_before_the_system_loader(stub: Stub, package_copy: Path, tmp_path: Path) -> None:
    packaged = package_copy / "ld_dynamo_store" / _native.FILE_NAME
    shutil.copy(stub.path, packaged)
    system = tmp_path / "system"
    system.mkdir()
    shutil.copy(stub.path, system / _native.SYSTEM_NAMES[0])
    environment = {"PYTHONPATH": str(package_copy), "LD_LIBRARY_PATH": str(system)}
    assert run_python(PRINT_PATH, environment) == str(packaged)


@pytest.mark.parametrize("name", _native.SYSTEM_NAMES)
def test_the_system_loader_comes_last(stub: Stub, package_copy: Path, tmp_path: Path, name: str) -> None:
    system = tmp_path / "system"
    system.mkdir()
    shutil.copy(stub.path, system / name)
    environment = {"PYTHONPATH": str(package_copy), "LD_LIBRARY_PATH": str(system)}
    assert run_python(PRINT_PATH, environment) == name


def test_nothing_found_lists_where_it_was_looked_for(package_copy: Path) -> None:
    program = """
import ld_dynamo_store
try:
    ld_dynamo_store.Store("table")
except ld_dynamo_store.LibraryNotFoundError as failure:
    print(failure)
"""
    message = run_python(program, {"PYTHONPATH": str(package_copy)})
    for place in ["argument", "LD_DYNAMO_STORE_LIBRARY", str(package_copy), *_native.SYSTEM_NAMES]:
        assert place in message


def test_a_missing_file_is_not_replaced_by_the_next_place(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = stub.path.with_name("absent.so")
    monkeypatch.setenv("LD_DYNAMO_STORE_LIBRARY", str(stub.path))
    with pytest.raises(LibraryNotFoundError, match=r"argument library names .*absent\.so"):
        load(absent)
    monkeypatch.setenv("LD_DYNAMO_STORE_LIBRARY", str(absent))
    with pytest.raises(LibraryNotFoundError, match=r"LD_DYNAMO_STORE_LIBRARY names .*absent\.so"):
        load()


def test_a_file_that_is_no_library(tmp_path: Path) -> None:
    path = tmp_path / "text.so"
    path.write_text("not a library")
    with pytest.raises(LibraryNotFoundError, match="cannot be loaded"):
        load(path)


def test_a_library_for_another_processor(stub: Stub, tmp_path: Path) -> None:
    library = bytearray(stub.path.read_bytes())
    library[18:20] = (243).to_bytes(2, "little")  # e_machine: RISC-V
    path = tmp_path / "riscv.so"
    path.write_bytes(library)
    with pytest.raises(
        LibraryNotFoundError, match=r"cannot be loaded: .*; this is \w+-linux-(gnu|musl), and needs"
    ) as raised:
        load(path)
    assert _platform.name() in str(raised.value)


def test_a_library_for_another_c_library(tmp_path: Path) -> None:
    """As a library for musl, it needs a file of which there is none."""
    for name, needed in (("libc.musl-x86_64.so.1", []), ("musl.so", ["-Wl,--no-as-needed", "libc.musl-x86_64.so.1"])):
        command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", name, "-x", "c", "/dev/null", "-x", "none"]
        subprocess.run([*command, *needed], check=True, cwd=tmp_path, timeout=60)
    (tmp_path / "libc.musl-x86_64.so.1").unlink()
    with pytest.raises(LibraryNotFoundError, match=r"libc\.musl.*; this is .*not for another processor or C library"):
        load(tmp_path / "musl.so")


def test_an_old_glibc_is_told_from_another_platform() -> None:
    words = "/lib/libc.so.6: version `GLIBC_2.34' not found (required by libld_dynamo_store.so)"
    assert "glibc is older than the library needs" in _platform.advice(words)
    assert _platform.name() not in _platform.advice(words)


@pytest.mark.parametrize(
    ("machine", "system", "has_glibc", "name"),
    [
        ("x86_64", "linux", True, "x86_64-linux-gnu"),
        ("aarch64", "linux", False, "aarch64-linux-musl"),
        ("arm64", "linux", True, "aarch64-linux-gnu"),
        ("arm64", "darwin", False, "aarch64-macos"),
        ("AMD64", "win32", False, "x86_64-win32"),
    ],
)
def test_platforms_have_the_names_of_the_packages(
    monkeypatch: pytest.MonkeyPatch, machine: str, system: str, has_glibc: bool, name: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(_platform, "_has_glibc", lambda: has_glibc)
    assert _platform.name() == name


@pytest.mark.parametrize(
    ("version", "advice"),
    [("0 << 16", "upgrade the native library"), ("2 << 16", "upgrade the Python package")],
)
def test_another_abi_major_is_refused(compile_stub: StubCompiler, version: str, advice: str) -> None:
    path = compile_stub(f"ABI_VERSION=({version})")
    with pytest.raises(LibraryMismatchError) as raised:
        Store("table", library=path)
    message = str(raised.value)
    assert str(path) in message
    assert f"has ABI version {version[0]}.0" in message
    assert f"needs {_native.ABI_MAJOR}.{_native.ABI_MINOR}" in message
    assert message.endswith(advice)


def test_an_older_abi_minor_is_refused(compile_stub: StubCompiler, monkeypatch: pytest.MonkeyPatch) -> None:
    path = compile_stub("ABI_VERSION=((1 << 16) | 2)")
    monkeypatch.setattr(_native, "ABI_MINOR", 3)
    with pytest.raises(LibraryMismatchError, match=r"has ABI version 1\.2.* needs 1\.3"):
        load(path)


def test_a_newer_abi_minor_is_accepted(compile_stub: StubCompiler) -> None:
    assert load(compile_stub("ABI_VERSION=((1 << 16) | 7)")).abi == (1, 7)


def test_another_library_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "other.c"
    source.write_text("int other;")
    path = tmp_path / "other.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", path, source], check=True, timeout=60)
    with pytest.raises(LibraryMismatchError, match="ld_dynamo_abi_version"):
        load(path)


def test_a_library_is_loaded_once(stub: Stub) -> None:
    assert load(stub.path) is load(str(stub.path))
