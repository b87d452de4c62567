"""What every test shares: the watchdog, the libraries, and an engine to talk to."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import Engine, FakeEngine, Table

SECONDS_PER_TEST = 120
SECONDS_PER_STRESS_TEST = 900


def pytest_configure(config: pytest.Config) -> None:
    # Programs that tests start import the same package.
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")
    # The user's AWS settings and network must not decide how a test ends.
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


@pytest.fixture(autouse=True)
def watchdog(request: pytest.FixtureRequest) -> Iterator[None]:
    """Turns a hang into a failure of the whole run that shows where every thread stood."""
    assert sys.__stderr__ is not None
    stress = request.node.get_closest_marker("stress") is not None
    faulthandler.dump_traceback_later(
        SECONDS_PER_STRESS_TEST if stress else SECONDS_PER_TEST, exit=True, file=sys.__stderr__
    )
    yield
    faulthandler.cancel_dump_traceback_later()


StubCompiler = Callable[..., Path]


@pytest.fixture(scope="session")
def compile_stub(tmp_path_factory: pytest.TempPathFactory) -> StubCompiler:
    """Compiles the stub library with the given preprocessor definitions."""

    def compile_(*definitions: str) -> Path:
        path = tmp_path_factory.mktemp("stub") / "libstub.so"
        source = Path(__file__).with_name("native_stub.c")
        command = ["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-shared", "-fPIC"]
        subprocess.run(
            [*command, *(f"-D{definition}" for definition in definitions), "-o", path, source], check=True, timeout=60
        )
        return path

    return compile_


class Stub:
    """The stub library: its path, and what it counted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._library = ctypes.CDLL(str(path))

    def count(self, name: str) -> int:
        value: int = self._library[f"stub_{name}"]()
        return value

    def last(self, name: str) -> str:
        function = self._library[f"stub_last_{name}"]
        function.restype = ctypes.c_char_p
        text: bytes = function()
        return text.decode()


@pytest.fixture
def stub(compile_stub: StubCompiler) -> Stub:
    """A stub library of this test's own, with its counters at zero."""
    return Stub(compile_stub())


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A DynamoDB in memory for the whole run."""
    with Engine() as running:
        yield running


@pytest.fixture
def table(engine: Engine) -> Table:
    """A fresh empty table."""
    return engine.new_table()


@pytest.fixture(scope="session")
def shared_fake() -> Iterator[FakeEngine]:
    with FakeEngine() as running:
        yield running


@pytest.fixture
def fake(shared_fake: FakeEngine) -> FakeEngine:
    """The scriptable engine without rules and with its counters at zero."""
    shared_fake.control("reset", {})
    return shared_fake


@pytest.fixture
def fake_table(fake: FakeEngine) -> Table:
    """A fresh empty table in the scriptable engine."""
    table = fake.new_table()
    fake.control("reset", {})
    return table
