"""Memory stays where it is over many calls."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from engine import FakeEngine, Table
from ld_dynamo_store import InvalidItemError, Store

KILOBYTES_OF_NOISE = 2048


def resident_kilobytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("/proc/self/status has no VmRSS")


def calls(store: Store, count: int) -> None:
    """Calls of which each returns a string, an error or both kinds of nothing."""
    for number in range(count // 5):
        assert store.get("features", "a") is not None
        assert store.get("features", "absent") is None
        assert not store.upsert("features", "a", {"version": 0, "number": number})
        with pytest.raises(InvalidItemError):
            store.upsert("features", "a", {})
        assert store.all("segments") == {}


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.stress)], ids=["10,000", "100,000"])
def test_flat_memory(fake: FakeEngine, fake_table: Table, count: int) -> None:
    # The engine's own log of requests would fill memory, though not ours, and slow it down.
    fake.control("logging", {"enabled": False})
    with fake_table.store() as store:
        store.upsert("features", "a", {"version": 1, "filler": "x" * 10_000})
        calls(store, 2_000)
        gc.collect()
        before = resident_kilobytes()
        calls(store, count)
        gc.collect()
        grown = resident_kilobytes() - before
    fake.control("logging", {"enabled": True})
    # One leaked string a call would be 20 MB at the least.
    assert grown < KILOBYTES_OF_NOISE


@pytest.mark.parametrize("count", [200, pytest.param(5_000, marks=pytest.mark.stress)], ids=["200", "5,000"])
def test_flat_memory_over_many_stores(fake_table: Table, count: int) -> None:
    def make_and_use(times: int) -> None:
        for _ in range(times):
            with fake_table.store() as store:
                store.get("features", "a")

    make_and_use(100)
    gc.collect()
    before = resident_kilobytes()
    make_and_use(count)
    gc.collect()
    assert resident_kilobytes() - before < 2 * KILOBYTES_OF_NOISE
