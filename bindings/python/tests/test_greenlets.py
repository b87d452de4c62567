"""Processes that gevent or eventlet has monkey-patched: a call that waits stops no other greenlet.

Each test is a program of its own, since what was patched stays patched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from conftest import Stub
from engine import CREDENTIALS, REGION, FakeEngine, Table

# The names that the programs use, from each library.
LIBRARIES = {
    "gevent": """
from gevent import monkey
monkey.patch_all()
import gevent
from greenlet import getcurrent
Timeout, spawn, sleep = gevent.Timeout, gevent.spawn, gevent.sleep
def results(greenlets):
    return [greenlet.get() for greenlet in greenlets]
def in_thread_of_the_pool(function, *arguments):
    return gevent.get_hub().threadpool.apply(function, arguments)
""",
    "eventlet": """
import eventlet
eventlet.monkey_patch()
import eventlet.tpool
from greenlet import getcurrent
Timeout, spawn, sleep = eventlet.Timeout, eventlet.spawn, eventlet.sleep
def results(greenlets):
    return [greenlet.wait() for greenlet in greenlets]
def in_thread_of_the_pool(function, *arguments):
    return eventlet.tpool.execute(function, *arguments)
""",
}
OURS = """
import json, logging, os, signal, sys, time
from ld_dynamo_store import Store
logging.getLogger("ld_dynamo_store").setLevel("DEBUG")
"""
# A greenlet beside the calls, which counts how often it runs.
TICKS = """
ticks = 0
def tick():
    global ticks
    while True:
        sleep(0.01)
        ticks += 1
spawn(tick)
sleep(0)
"""

both_libraries = pytest.mark.parametrize("library", LIBRARIES)


def run(*parts: str, errors: bool = False) -> str:
    """What the program printed; it must end well, and without a word of errors unless those are expected."""
    program = "\n".join(parts)
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60, env=os.environ
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert errors or result.stderr == ""
    return result.stdout


def with_stub(stub: Stub) -> str:
    return f"""
import ctypes
stub = ctypes.CDLL({str(stub.path)!r})
store = Store("table", library={str(stub.path)!r})
"""


def with_table(table: Table, **settings: Any) -> str:
    return f"store = Store({table.name!r}, **json.loads({json.dumps({**table.settings, **settings})!r}))\n"


def most_at_once(fake: FakeEngine, operation: str) -> int:
    """How many requests were under way at the same time, by the engine's log."""
    requests = [entry for entry in fake.control("log") if entry["operation"] == operation]
    most: int = max(
        sum(other["started_ms"] <= each["started_ms"] < other["finished_ms"] for other in requests) for each in requests
    )
    return most


@pytest.fixture
def slow(fake: FakeEngine, fake_table: Table) -> Table:
    """A table whose requests take half a second each."""
    for operation in ("GetItem", "Query"):
        fake.rule(match={"operation": operation}, action={"delay_ms": 500})
    return fake_table


@pytest.mark.parametrize("imported", ["before", "after"])
@both_libraries
def test_calls_of_greenlets_overlap(library: str, imported: str, fake: FakeEngine, slow: Table) -> None:
    first, second = (OURS, LIBRARIES[library]) if imported == "before" else (LIBRARIES[library], OURS)
    printed = run(
        first,
        second,
        with_table(slow),
        TICKS,
        """
print(results([spawn(store.get, "features", str(number)) for number in range(10)]), ticks)
""",
    )
    answers, ticks = json.loads(printed.replace("None", "null").replace("] ", "], ").join("[]"))
    assert answers == [None] * 10
    assert ticks >= 10
    assert most_at_once(fake, "GetItem") == 10


@both_libraries
def test_what_the_cache_knows_enters_no_thread(library: str, table: Table) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_table(table, cache_ttl_ms=600_000),
        TICKS,
        """
submitted = []
submit = store._threads.submit
store._threads.submit = lambda call: (submitted.append(call), submit(call))
store.init({"features": {"a": {"version": 1}}})
expected = {"version": 1}, None, {"a": {"version": 1}}, True
def read():
    return store.get("features", "a"), store.get("features", "b"), store.all("flags"), store.initialized()
assert read() == expected
assert len(submitted) > 1
submitted.clear()
for _ in range(100):
    assert read() == expected
    store.stats()
assert submitted == []
store.upsert("features", "a", {"version": 2})
store.available()
assert len(submitted) == 2
""",
    )


@both_libraries
def test_a_call_that_waits_is_in_another_thread(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
assert store.get("features", "cached thread")["version"] == os.getpid()
assert store.get("features", "thread")["version"] != os.getpid()
# A thread without greenlets stops nobody.
def in_this_thread():
    import ctypes
    return store.get("features", "thread")["version"] == ctypes.CDLL(None).gettid()
assert in_thread_of_the_pool(in_this_thread)
assert not in_this_thread()
""",
    )


@both_libraries
def test_more_calls_than_threads(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
sleeps = [f"sleep:{50 + number}" for number in range(50)]
assert [item["key"] for item in results([spawn(store.get, "features", each) for each in sleeps])] == sleeps
assert len({item["version"] for item in results([spawn(store.get, "features", "thread") for _ in range(50)])}) <= 16
assert ticks >= 10
""",
    )


@both_libraries
def test_errors_are_raised_in_the_greenlet(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
from ld_dynamo_store import StoreClosedError, TimedOutError
def failing():
    try:
        store.get("features", "status:-400")
    except TimedOutError as failure:
        return failure.status, failure.retriable
assert results([spawn(failing) for _ in range(20)]) == [(-400, True)] * 20
assert stub.stub_live_errors() == 0
store.close()
try:
    store.get("features", "a")
except StoreClosedError:
    sys.exit(0)
sys.exit("no error")
""",
    )


@both_libraries
def test_a_timeout_leaves_the_call_to_its_thread(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
def impatient():
    try:
        with Timeout(0.05):
            store.get("features", "sleep:400")
    except Timeout:
        return True
begun = time.monotonic()
assert results([spawn(impatient) for _ in range(5)]) == [True] * 5
assert time.monotonic() - begun < 0.35
assert len(store._handle.calls) == 5
store.close()
assert stub.stub_live_stores() == 1
while store._handle.calls:
    sleep(0.01)
sleep(0.05)
assert (stub.stub_live_stores(), stub.stub_freed_in_a_call(), stub.stub_live_strings()) == (0, 0, 0)
""",
    )


@both_libraries
def test_a_call_that_nobody_waited_for_until_it_began_is_not_made(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
greenlets = [spawn(store.get, "features", "sleep:300") for _ in range(16)]
sleep(0.05)
try:
    with Timeout(0.05):
        store.upsert("features", "not-newer", '{"version":7}')
except Timeout:
    pass
results(greenlets)
sleep(0.05)
stub.stub_last_payload.restype = ctypes.c_char_p
assert stub.stub_last_payload() is None
""",
    )


@both_libraries
def test_close_while_greenlets_are_in_calls(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
greenlets = [spawn(store.get, "features", "sleep:200") for _ in range(5)]
sleep(0.05)
store.close()
assert all(item["version"] == 1 for item in results(greenlets))
assert (stub.stub_live_stores(), stub.stub_freed_in_a_call()) == (0, 0)
""",
    )


@both_libraries
def test_logs_come_in_the_greenlet_that_called(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
class Handler(logging.Handler):
    def emit(self, record):
        # Switches to other greenlets, which make calls of their own.
        sleep(0.02)
        seen.append((record.getMessage(), getcurrent()))
seen = []
handler = Handler()
handler.createLock = lambda: None
handler.lock = None
logging.getLogger("ld_dynamo_store").addHandler(handler)
def call(number, prefix):
    store.get("features", f"{prefix}log:2:{number}")
    return str(number), getcurrent()
for prefix in ("", "cached"):
    callers = results([spawn(call, number, "") for number in range(20)])
    assert sorted(seen, key=lambda each: int(each[0])) == callers, seen
    seen.clear()
""",
    )


@both_libraries
def test_what_an_abandoned_call_logs_comes_with_the_next(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
seen = []
handler = logging.Handler()
handler.emit = lambda record: seen.append((record.getMessage(), getcurrent()))
logging.getLogger("ld_dynamo_store").addHandler(handler)
try:
    with Timeout(0.05):
        store.get("features", "log-after:200")
except Timeout:
    pass
sleep(0.3)
assert seen == []
store.get("features", "a")
assert seen == [("late", getcurrent())]
""",
    )


@both_libraries
def test_what_a_logger_raises_comes_out_of_the_call(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
class Raising(logging.Filter):
    def filter(self, record):
        raise ValueError("filter")
logging.getLogger("ld_dynamo_store").addFilter(Raising())
try:
    store.get("features", "log:1:text")
except ValueError as failure:
    assert str(failure) == "filter"
    assert stub.stub_live_strings() == 0
    sys.exit(0)
sys.exit("no error")
""",
    )


@both_libraries
def test_a_signal_interrupts_the_wait(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        """
sleep(0)
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.2)
begun = time.monotonic()
try:
    store.get("features", "sleep:3000")
except KeyboardInterrupt:
    assert time.monotonic() - begun < 2
    assert store.get("features", "a") is not None
    sys.exit(0)
sys.exit("no interrupt")
""",
        errors=True,  # gevent's own word about the interrupt.
    )


@both_libraries
def test_a_child_has_threads_of_its_own(library: str, table: Table) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_table(table),
        """
from ld_dynamo_store import UnreachableError
store.init({"features": {"a": {"version": 1}}})
results([spawn(store.get, "features", "a") for _ in range(10)])
def in_child():
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            assert results([spawn(store.get, "features", "a") for _ in range(10)]) == [{"version": 1}] * 10
            os._exit(0)
        finally:
            os._exit(1)
    return child
children = [in_child() for _ in range(3)]
# While calls are under way, which fail in the child.
def get():
    try:
        return store.get("features", "a")
    except UnreachableError:
        pass
greenlets = [spawn(get) for _ in range(10)]
sleep(0)
children += [in_child() for _ in range(3)]
assert results(greenlets) == [{"version": 1}] * 10
for child in children:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert results([spawn(store.get, "features", "a") for _ in range(10)]) == [{"version": 1}] * 10
""",
    )


@both_libraries
def test_a_call_under_way_at_a_fork_fails_in_the_child(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        """
from ld_dynamo_store import UnreachableError
def get():
    try:
        return store.get("features", "sleep:300")
    except UnreachableError as failure:
        return "forked" in str(failure) and failure.retriable
greenlets = [spawn(get) for _ in range(3)]
sleep(0.1)
child = os.fork()
if child == 0:
    signal.alarm(20)
    failed = results(greenlets)
    used = time.process_time()
    sleep(0.2)
    store.close()
    # None of them goes round and round, and none keeps the child's store.
    os._exit(0 if failed == [True] * 3 and time.process_time() - used < 0.1 and stub.stub_live_stores() == 0 else 1)
assert [item["version"] for item in results(greenlets)] == [1] * 3
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""",
    )


@both_libraries
def test_an_exit_waits_a_second_at_most(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        """
import atexit
signal.alarm(5)
spawn(store.get, "features", "sleep:60000")
sleep(0.1)
""",
    )


@both_libraries
def test_an_answer_without_descriptors_or_threads(library: str, stub: Stub) -> None:
    run(
        LIBRARIES[library],
        OURS,
        with_stub(stub),
        TICKS,
        """
from ld_dynamo_store import _daemon_threads, _greenlets
def fail(*arguments):
    raise RuntimeError("can't start new thread")
start, _daemon_threads._start = _daemon_threads._start, fail
assert store.get("features", "thread")["version"] == os.getpid()
_daemon_threads._start = start
def fail(*arguments):
    raise OSError(24, "Too many open files")
_greenlets.socketpair = fail
assert store.get("features", "thread")["version"] == os.getpid()
""",
    )


@both_libraries
def test_launchdarkly_s_client_and_big_segments(library: str, fake: FakeEngine, slow: Table) -> None:
    options = {**slow.settings, "credentials": dict(CREDENTIALS), "region": REGION}
    run(
        LIBRARIES[library],
        OURS,
        f"name, options = {slow.name!r}, {options!r}",
        TICKS,
        """
from ldclient import Config, Context, LDClient
from ldclient.feature_store import CacheConfig
from ld_dynamo_store.launchdarkly import DynamoDB
features = DynamoDB.new_feature_store(name, caching=CacheConfig.disabled(), options=options)
segments = DynamoDB.new_big_segment_store(name, options=options)
client = LDClient(Config("sdk-key", feature_store=features, use_ldd=True, send_events=False))
greenlets = [spawn(client.variation, str(number), Context.create("user"), "default") for number in range(5)]
greenlets += [spawn(segments.get_membership, str(number)) for number in range(5)]
assert results(greenlets) == ["default"] * 5 + [None] * 5
assert ticks >= 10
client.close()
segments.stop()
""",
    )
    assert most_at_once(fake, "GetItem") == 10


@pytest.mark.parametrize("imports", ["", "import gevent.monkey", "import eventlet.patcher"])
def test_a_process_that_is_not_patched_makes_its_calls_itself(imports: str, stub: Stub) -> None:
    run(
        imports,
        OURS,
        with_stub(stub),
        f"""
assert store.get("features", "thread")["version"] == os.getpid()
assert {bool(imports)} or not {{"gevent", "eventlet", "greenlet"}} & set(sys.modules)
""",
    )
