"""The adapters inside LaunchDarkly's asynchronous client."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from ldclient.async_client import AsyncLDClient
from ldclient.async_config import AsyncConfig
from ldclient.context import Context
from ldclient.feature_store import CacheConfig
from ldclient.versioned_data_kind import FEATURES, SEGMENTS

from engine import FakeEngine, Table
from ld_dynamo_store import StoreClosedError, launchdarkly
from ld_dynamo_store.launchdarkly import async_big_segment_store, async_feature_store
from test_fork import assert_children_succeed, in_child
from test_launchdarkly import (
    DATA_SET,
    UNCACHED,
    corrupt_rows_logged,
    flag,
    put_corrupt_big_segments,
    segment,
)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def feature_store(table: Table, caching: CacheConfig = UNCACHED) -> Any:
    return async_feature_store(table.name, dynamodb_opts=table.engine.dynamodb_opts, caching=caching)


@pytest.mark.parametrize("caching", [CacheConfig.default(), UNCACHED], ids=["cached", "uncached"])
def test_the_whole_interface(table: Table, caching: CacheConfig) -> None:
    async def work() -> None:
        store = feature_store(table, caching)
        assert await store.is_available()
        await store.init({FEATURES: {"a": flag("a", 2)}, SEGMENTS: {"s": segment("s", 1)}})
        assert await store.is_initialized()
        assert (await store.get(FEATURES, "a")).version == 2
        assert (await store.all(SEGMENTS)).keys() == {"s"}
        assert await store.upsert(FEATURES, flag("a", 1)) is False
        assert await store.upsert(FEATURES, flag("a", 3)) is True
        assert await store.upsert(FEATURES, {**flag("a", 4), "filler": "x" * 400_000}) is False
        assert (await store.get(FEATURES, "a")).version == 3
        assert await store.delete(FEATURES, "a", 4) is True
        assert await store.get(FEATURES, "a") is None
        assert store.describe_configuration(None) == "DynamoDB"
        await store.close()
        await store.close()
        with pytest.raises(StoreClosedError):
            await store.get(FEATURES, "b")

    run(work())


def test_before_init(table: Table) -> None:
    async def work() -> None:
        store = feature_store(table)
        assert await store.is_initialized() is False
        await store.close()

    run(work())


def test_the_event_loop_goes_on_and_calls_run_at_the_same_time(fake: FakeEngine, fake_table: Table) -> None:
    async def work() -> None:
        store = feature_store(fake_table)
        await store.get(FEATURES, "warm")
        fake.rule(action={"delay_ms": 300})
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        ticking = asyncio.create_task(tick())
        begun = time.monotonic()
        await asyncio.gather(*(store.get(FEATURES, str(number)) for number in range(12)))
        elapsed = time.monotonic() - begun
        ticking.cancel()
        assert elapsed < 1.5  # One after the other would take 3.6 s.
        assert ticks > 10
        await store.close()

    run(work())


def test_a_client_in_daemon_mode(table: Table) -> None:
    async def work() -> None:
        with table.store() as writer:
            writer.init(DATA_SET)
        config = AsyncConfig(
            "sdk-key",
            use_ldd=True,
            send_events=False,
            diagnostic_opt_out=True,
            feature_store=feature_store(table, CacheConfig.default()),
        )
        async with AsyncLDClient(config) as client:
            state = await client.all_flags_state(Context.create("user"))
            assert state.valid
            alive = {key for key, each in DATA_SET["flags"].items() if not each.get("deleted")}
            assert state.to_values_map().keys() == alive
            for key in alive:
                assert await client.variation(key, Context.create("user"), "default") != "default"

    run(work())


def test_a_store_used_before_a_fork(table: Table) -> None:
    store = feature_store(table)

    async def work() -> None:
        await store.upsert(FEATURES, flag(f"pid-{os.getpid()}", 1))
        assert (await store.get(FEATURES, f"pid-{os.getpid()}")).version == 1

    run(work())
    assert_children_succeed([in_child(lambda: run(work())) for _ in range(4)])
    run(work())


def test_big_segments(table: Table) -> None:
    async def work() -> None:
        store = async_big_segment_store(table.name, dynamodb_opts=table.engine.dynamodb_opts)
        assert (await store.get_metadata()).last_up_to_date is None
        assert await store.get_membership("hash") is None
        table.put("big_segments_metadata", "big_segments_metadata", synchronizedOn={"N": "5"})
        table.put("big_segments_user", "hash", included={"SS": ["a.g1"]})
        assert (await store.get_metadata()).last_up_to_date == 5
        assert await store.get_membership("hash") == {"a.g1": True}
        await store.stop()

    run(work())


def test_a_corrupt_row_of_big_segments_counts_as_absent(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        store = async_big_segment_store(table.name, dynamodb_opts=table.engine.dynamodb_opts)
        put_corrupt_big_segments(table, "hash")
        assert (await store.get_metadata()).last_up_to_date is None
        assert await store.get_membership("hash") is None
        await store.stop()

    run(work())
    assert len(corrupt_rows_logged(caplog)) == 2


EXITS = {
    "after a time-out": "asyncio.run(asyncio.wait_for(call(), 0.2))",
    "after the task was cancelled": """
async def main():
    task = asyncio.create_task(call())
    await asyncio.sleep(0.2)
    task.cancel()
asyncio.run(main())
""",
    "while tasks wait": """
async def main():
    tasks = [asyncio.create_task(call()) for _ in range(40)]
    await asyncio.sleep(0.2)
asyncio.run(main())
""",
    "by an interrupt": """
import os, signal, threading
# A job in the background inherits that it is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
asyncio.run(call())
""",
}


@pytest.mark.parametrize("name", EXITS)
def test_the_exit_of_the_process_waits_a_second_at_most(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = {"attempt_timeout_ms": 20_000, "operation_timeout_ms": 20_000, "max_attempts": 1}
        program = f"""
import asyncio, atexit, contextlib, time
from ldclient.versioned_data_kind import FEATURES
from ld_dynamo_store.launchdarkly import async_feature_store
opts = {{"endpoint_url": {endpoint!r}, "region_name": "x", "aws_access_key_id": "x", "aws_secret_access_key": "x"}}
store = async_feature_store("table", dynamodb_opts=opts, options={options!r})
async def call():
    await asyncio.gather(store.get(FEATURES, "flag"), store.init({{FEATURES: {{}}}}))
with contextlib.suppress(asyncio.TimeoutError, KeyboardInterrupt):
{textwrap.indent(EXITS[name].strip(), "    ")}
print(time.monotonic())
"""
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        ended = time.monotonic()
    assert (result.returncode, result.stderr) == (0, "")
    assert ended - float(result.stdout) < 3


def test_an_answer_that_nobody_waits_for_any_more_is_dropped_quietly(fake: FakeEngine, fake_table: Table) -> None:
    fake.rule(action={"delay_ms": 500})
    program = f"""
import asyncio, time
from ldclient.versioned_data_kind import FEATURES
from ld_dynamo_store.launchdarkly import async_feature_store
store = async_feature_store({fake_table.name!r}, dynamodb_opts={fake.dynamodb_opts!r})
async def cancelled():
    task = asyncio.create_task(store.get(FEATURES, "a"))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.sleep(0.8)
asyncio.run(cancelled(), debug=True)
async def left_behind():
    asyncio.create_task(store.get(FEATURES, "b"))
    await asyncio.sleep(0.1)
asyncio.run(left_behind(), debug=True)
time.sleep(0.8)
"""
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_threads_are_started_on_demand_and_bounded(fake: FakeEngine, fake_table: Table) -> None:
    # Threads of other tests' stores end meanwhile.
    others = set(threading.enumerate())

    def own_threads() -> int:
        return sum(thread.name == "ld_dynamo_store" for thread in set(threading.enumerate()) - others)

    async def work() -> None:
        store = feature_store(fake_table)
        for number in range(5):
            await store.get(FEATURES, str(number))
        # A thread may not have become idle before the next call comes.
        assert own_threads() <= 2
        fake.rule(action={"delay_ms": 100})
        calls = asyncio.gather(*(store.get(FEATURES, str(number)) for number in range(40)))
        await asyncio.sleep(0.05)
        assert own_threads() == 16
        assert await calls == [None] * 40
        await store.close()

    run(work())


def test_an_sdk_without_asynchronous_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ldclient.async_feature_store_helpers", None)
    for make in (launchdarkly.async_feature_store, launchdarkly.async_big_segment_store):
        with pytest.raises(NotImplementedError, match=r"launchdarkly-server-sdk 9\.18 or later"):
            make("table")


def test_items_are_plain_json(table: Table) -> None:
    async def work() -> None:
        store = feature_store(table)
        await store.upsert(FEATURES, flag("a", 1))
        row = table.row("features", "a")
        assert row is not None
        assert json.loads(row["item"]["S"]) == flag("a", 1)
        await store.close()

    run(work())
