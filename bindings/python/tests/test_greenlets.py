"""Processes that gevent or eventlet has monkey-patched: a call that waits stops no other greenlet."""

from __future__ import annotations

import json

import pytest

from conftest import Stub
from engine import CREDENTIALS, REGION, FakeEngine, Table
from greenlet_programs import LIBRARIES, OURS, TICKS, both_libraries, run, with_stub, with_table


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
answers = results([spawn(store.get, "features", str(number)) for number in range(10)])
print(json.dumps([answers, ticks]))
""",
    )
    answers, ticks = json.loads(printed)
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
store.big_segments_apply_patch({"segmentId": "s.g1", "version": "v1"})
store.big_segments_set_synchronized(1)
assert len(submitted) == 4
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


@pytest.mark.parametrize(
    "patch",
    [
        "from gevent import monkey, sleep; monkey.patch_socket()",
        "from gevent import monkey, sleep; monkey.patch_thread()",
        "from eventlet import monkey_patch, sleep; monkey_patch(socket=True)",
        "from eventlet import monkey_patch, sleep; monkey_patch(thread=True)",
    ],
)
def test_sockets_or_threads_alone_are_patched(patch: str, stub: Stub) -> None:
    run(
        patch,
        OURS,
        with_stub(stub),
        """
sleep(0)
assert store.get("features", "cached thread")["version"] == os.getpid()
assert store.get("features", "thread")["version"] != os.getpid()
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
