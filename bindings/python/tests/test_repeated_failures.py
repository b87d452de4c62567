"""What the adapters log of a failure that comes again with every call."""

from __future__ import annotations

import asyncio
import time

import pytest
from ldclient.versioned_data_kind import FEATURES

from engine import CREDENTIALS, Table
from ld_dynamo_store import _repeated_failures
from ld_dynamo_store.launchdarkly import async_feature_store, new_feature_store
from test_launchdarkly import UNCACHED, corrupt_rows_logged, feature_store


def unknown_states_logged(caplog: pytest.LogCaptureFixture) -> int:
    return sum("is initialized is unknown" in record.getMessage() for record in caplog.records)


UNREACHABLE = {"endpoint": "http://127.0.0.1:9", "region": "us-east-1", "credentials": CREDENTIALS, "max_attempts": 1}


def test_a_failure_that_repeats_is_logged_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_feature_store("table", caching=UNCACHED, options=UNREACHABLE)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for _ in range(20):
        assert store.initialized is False
    assert unknown_states_logged(caplog) == 1
    now += 59
    assert store.initialized is False
    assert unknown_states_logged(caplog) == 1
    now += 2
    assert store.initialized is False
    assert unknown_states_logged(caplog) == 2
    # Another failure is another message.
    store.close()
    assert store.initialized is False
    assert unknown_states_logged(caplog) == 3


def test_each_corrupt_row_is_logged_once_a_minute(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    store = feature_store(table)
    for key in ("first", "second"):
        table.put("features", key, version={"N": "1"}, item={"S": "[]"})
    for _ in range(5):
        assert store.get(FEATURES, "first", lambda item: item) is None
        assert store.get(FEATURES, "second", lambda item: item) is None
    assert len(corrupt_rows_logged(caplog)) == 2


def test_what_was_logged_is_not_remembered_without_bound() -> None:
    failures = _repeated_failures.RepeatedFailures()
    assert all(failures.is_due(str(number)) for number in range(5000))
    assert len(failures._logged) <= 1000


def test_the_asynchronous_store_does_so_too(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        store = async_feature_store("table", caching=UNCACHED, options=UNREACHABLE)
        for _ in range(5):
            assert await store.is_initialized() is False
        await store.close()

    asyncio.run(asyncio.wait_for(work(), 60))
    assert unknown_states_logged(caplog) == 1
