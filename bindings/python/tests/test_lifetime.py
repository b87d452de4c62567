"""When the native store is freed: once, and never during a call."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time

import pytest

from conftest import Stub
from engine import Table
from ld_dynamo_store import Store, StoreClosedError


def test_close_frees_once(stub: Stub) -> None:
    store = Store("table", library=stub.path)
    assert stub.count("live_stores") == 1
    assert not store.closed
    store.close()
    store.close()
    assert store.closed
    assert stub.count("live_stores") == 0


def test_a_context_manager_closes(stub: Stub) -> None:
    with Store("table", library=stub.path) as store:
        store.get("features", "a")
    assert stub.count("live_stores") == 0


def test_a_forgotten_store_is_freed(stub: Stub) -> None:
    Store("table", library=stub.path).get("features", "a")
    gc.collect()
    assert stub.count("live_stores") == 0


def test_every_method_of_a_closed_store_says_so(stub: Stub) -> None:
    store = Store("table", library=stub.path)
    store.close()
    for call in (
        lambda: store.get("features", "a"),
        lambda: store.all("features"),
        lambda: store.init({}),
        lambda: store.upsert("features", "a", {"version": 1}),
        store.initialized,
        store.available,
        store.check_available,
        store.big_segments_metadata,
        store.big_segments_cursor,
        lambda: store.big_segments_membership("hash"),
        lambda: store.big_segments_apply_patch({}),
        lambda: store.big_segments_set_synchronized(1),
        store.stats,
    ):
        with pytest.raises(StoreClosedError, match="the store is closed"):
            call()


def test_close_during_a_call_frees_after_it(stub: Stub) -> None:
    store = Store("table", library=stub.path)
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(store.get("features", "sleep:300")))
    thread.start()
    while not store._handle.calls:
        time.sleep(0.001)
    begun = time.monotonic()
    store.close()
    assert time.monotonic() - begun < 0.2  # It does not wait for the call.
    assert stub.count("live_stores") == 1
    thread.join()
    assert results == [{"key": "sleep:300", "version": 1}]
    assert stub.count("live_stores") == 0
    assert stub.count("freed_in_a_call") == 0


def test_close_races_with_calls(stub: Stub) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(100):
            store = Store("table", library=stub.path)
            started = threading.Barrier(5)
            unexpected: list[BaseException] = []

            def call(store: Store, started: threading.Barrier, unexpected: list[BaseException]) -> None:
                started.wait()
                try:
                    while True:
                        store.get("features", "a")
                except StoreClosedError:
                    pass
                except BaseException as failure:
                    unexpected.append(failure)

            threads = [threading.Thread(target=call, args=(store, started, unexpected)) for _ in range(4)]
            for thread in threads:
                thread.start()
            started.wait()
            store.close()
            for thread in threads:
                thread.join()
            assert unexpected == []
            assert stub.count("live_stores") == 0
    finally:
        sys.setswitchinterval(interval)
    assert stub.count("freed_in_a_call") == 0
    assert stub.count("live_strings") == 0


def test_a_child_forgets_the_calls_of_threads_it_does_not_have(stub: Stub) -> None:
    store = Store("table", library=stub.path)
    thread = threading.Thread(target=lambda: store.get("features", "sleep:500"))
    thread.start()
    while not store._handle.calls:
        time.sleep(0.001)
    child = os.fork()
    if child == 0:
        store.close()
        os._exit(stub.count("live_stores"))
    _, status = os.waitpid(child, 0)
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert store.get("features", "a") is not None


EXIT_PROGRAMS = {
    "open": "",
    "closed": "store.close()",
    "in_a_global_cycle": "cycle = [store]; cycle.append(cycle)",
    "in_a_daemon_thread": """
import threading, time
threading.Thread(target=lambda: store.get("features", "sleep:300"), daemon=True).start()
time.sleep(0.05)
""",
    "logging_in_a_daemon_thread": """
import threading, time
def call():
    while True:
        store.get("features", "log-after:1")
for _ in range(4):
    threading.Thread(target=call, daemon=True).start()
time.sleep(0.05)
""",
    "used_by_an_earlier_exit_function": 'import atexit; atexit.register(store.get, "features", "log:1:bye")',
    "closed_by_an_exit_function": "import atexit; atexit.register(store.close)",
    "in_a_forked_child": """
import os, sys
child = os.fork()
if child == 0:
    store.get("features", "a")
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""",
    "with_an_exception": "raise SystemExit(0)",
}


@pytest.mark.parametrize("name", EXIT_PROGRAMS)
def test_interpreter_exit(stub: Stub, name: str) -> None:
    program = f"""
import logging
import ld_dynamo_store
logging.getLogger("ld_dynamo_store").addHandler(logging.NullHandler())
store = ld_dynamo_store.Store("table", library={str(stub.path)!r})
store.get("features", "a")
{EXIT_PROGRAMS[name]}
"""
    for _ in range(5):
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_interpreter_exit_while_daemon_threads_call_and_log(table: Table) -> None:
    program = f"""
import logging, threading, time
from ld_dynamo_store import Store
logging.getLogger("ld_dynamo_store").addHandler(logging.NullHandler())
logging.getLogger("ld_dynamo_store").setLevel("DEBUG")
store = Store({table.name!r}, log_level="trace", **{json.dumps(table.settings)})
def call():
    while True:
        store.get("features", "a")
for _ in range(8):
    threading.Thread(target=call, daemon=True).start()
time.sleep(0.1)
"""
    for _ in range(10):
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
