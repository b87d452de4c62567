"""Log events of the native library in Python's logging."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading

import pytest

from conftest import Stub
from ld_dynamo_store import Store, _logs


@pytest.fixture
def store(stub: Stub) -> Store:
    return Store("table", library=stub.path)


@pytest.mark.parametrize(
    ("level", "expected"),
    [(1, "ERROR"), (2, "WARNING"), (3, "INFO"), (4, "DEBUG"), (5, "DEBUG"), (9, "DEBUG")],
)
def test_levels(store: Store, caplog: pytest.LogCaptureFixture, level: int, expected: str) -> None:
    caplog.set_level(logging.DEBUG, "ld_dynamo_store")
    store.get("features", f"log:{level}:100 % Grüße")
    logged = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    assert logged == [("ld_dynamo_store", expected, "100 % Grüße")]


def test_nothing_is_printed_without_logging(stub: Stub) -> None:
    program = f"""
from ld_dynamo_store import Store
Store("table", library={str(stub.path)!r}).get("features", "log:1:unheard")
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_freed_store_releases_its_logger(stub: Stub) -> None:
    before = dict(_logs._loggers)
    store = Store("table", library=stub.path)
    assert len(_logs._loggers) == len(before) + 1
    store.close()
    assert _logs._loggers == before


def test_a_logger_outlives_collection_of_everything_else(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ld_dynamo_store")
    for number in range(100):
        gc.collect(0)
        store.get("features", f"log:3:{number}")
    assert len(caplog.records) == 100


class Raising(logging.Filter):
    def __init__(self, failure: BaseException) -> None:
        super().__init__()
        self.failure = failure

    def filter(self, record: logging.LogRecord) -> bool:
        raise self.failure


@pytest.mark.parametrize("failure", [ValueError("filter"), KeyboardInterrupt(), SystemExit(3)])
def test_what_a_logger_raises_comes_out_of_the_call(
    stub: Stub, store: Store, capfd: pytest.CaptureFixture[str], failure: BaseException
) -> None:
    logger = logging.getLogger("ld_dynamo_store")
    filter_ = Raising(failure)
    logger.addFilter(filter_)
    try:
        with pytest.raises(type(failure)) as raised:
            store.get("features", "log:1:text")
        assert raised.value is failure
    finally:
        logger.removeFilter(filter_)
    assert _logs.collected == {}
    assert stub.count("live_strings") == 0
    assert capfd.readouterr() == ("", "")
    assert store.get("features", "log:1:text") is not None


def test_what_a_logger_raises_comes_out_in_its_own_thread(store: Store) -> None:
    logger = logging.getLogger("ld_dynamo_store")
    seen: list[type[BaseException] | None] = []

    class OnlyInThread(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            if threading.current_thread() is not threading.main_thread():
                raise ValueError
            return False

    def call() -> None:
        try:
            store.get("features", "log:1:text")
            seen.append(None)
        except ValueError as failure:
            seen.append(type(failure))

    filter_ = OnlyInThread()
    logger.addFilter(filter_)
    try:
        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(100):
            store.get("features", "log:1:text")
        for thread in threads:
            thread.join()
    finally:
        logger.removeFilter(filter_)
    assert seen == [ValueError] * 8


class Calling(logging.Handler):
    """Does something with the store from inside a log callback."""

    def __init__(self, action: str, store: Store) -> None:
        super().__init__()
        self.action = action
        self.store = store
        self.statuses: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        if self.action == "call":
            assert self.store.get("features", "inner") is not None
        elif self.action == "close":
            self.store.close()
        else:
            child = os.fork()
            if child == 0:
                ok = self.store.get("features", "inner") is not None
                self.store.close()
                os._exit(0 if ok else 1)
            self.statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


@pytest.mark.parametrize("action", ["call", "close", "fork"])
def test_a_logger_may_use_the_store(stub: Stub, store: Store, action: str) -> None:
    logger = logging.getLogger("ld_dynamo_store")
    handler = Calling(action, store)
    logger.addHandler(handler)
    try:
        assert store.get("features", "log:1:outer") is not None
    finally:
        logger.removeHandler(handler)
    assert store.closed == (action == "close")
    assert stub.count("live_stores") == (0 if action == "close" else 1)
    assert stub.count("freed_in_a_call") == 0
    assert handler.statuses == ([0] if action == "fork" else [])


def test_a_handler_whose_calls_log_ends(store: Store) -> None:
    logger = logging.getLogger("ld_dynamo_store")
    seen: list[str] = []
    depth = 0

    class Circular(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            nonlocal depth
            depth += 1
            assert depth == 1  # Not in the middle of the message before.
            seen.append(record.getMessage())
            store.get("features", f"log:1:{len(seen)}")
            depth -= 1

    handler = Circular()
    logger.addHandler(handler)
    try:
        store.get("features", "log:1:0")
    finally:
        logger.removeHandler(handler)
    assert seen == [str(number) for number in range(257)]
    assert _logs.collected == {}
