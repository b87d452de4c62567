"""Compares this package with LaunchDarkly's own Python store, call by call, in one run on one engine.

    python benchmarks/compare.py [--calls 2000] [--flags 10000]

Needs boto3, launchdarkly-server-sdk and the built fake-dynamodb. Times are wall clock and CPU of this process; the
engine runs in another one and is the same for both.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("src", "tests")]

from ldclient.feature_store import CacheConfig
from ldclient.integrations import DynamoDB as OfficialDynamoDB
from ldclient.versioned_data_kind import FEATURES

from engine import FakeEngine, Table
from ld_dynamo_store import Store, launchdarkly

ROUNDS = 5


class Cost(NamedTuple):
    """What one call takes, in microseconds."""

    wall: float
    cpu: float


def measure(call: Callable[[], object], calls: int) -> Cost:
    """The median of some rounds of calls, after a warm-up."""
    for _ in range(max(1, calls // 10)):
        call()
    rounds = []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(calls):
            call()
        rounds.append(Cost((time.perf_counter() - wall) / calls * 1e6, (time.process_time() - cpu) / calls * 1e6))
    return sorted(rounds)[ROUNDS // 2]


def flag(number: int) -> dict[str, Any]:
    """A flag of about 1 KB."""
    clause = {"attribute": "country", "op": "in", "values": [f"value-{n}" for n in range(40)], "negate": False}
    return {
        "key": f"flag-{number}",
        "version": 1,
        "on": True,
        "prerequisites": [],
        "targets": [],
        "rules": [{"id": f"rule-{number}", "variation": 0, "clauses": [clause], "trackEvents": False}],
        "fallthrough": {
            "rollout": {"variations": [{"variation": 0, "weight": 50000}, {"variation": 1, "weight": 50000}]}
        },
        "offVariation": 1,
        "variations": [True, False],
        "salt": "0123456789abcdef0123456789abcdef",
        "trackEvents": False,
        "debugEventsUntilDate": None,
    }


def print_table(title: str, columns: tuple[str, str], rows: list[tuple[str, Cost, Cost]]) -> None:
    print(f"\n{title}\n")
    print(f"| call | {columns[0]}: µs, µs CPU | {columns[1]}: µs, µs CPU | ratio, CPU ratio |")
    print("| --- | ---: | ---: | ---: |")
    for name, ours, other in rows:
        print(
            f"| {name} | {ours.wall:,.1f}, {ours.cpu:,.1f} | {other.wall:,.1f}, {other.cpu:,.1f} "
            f"| {ours.wall / other.wall:.2f}, {ours.cpu / other.cpu:.2f} |"
        )


def compare_stores(table: Table, calls: int, flags: int) -> None:
    """The two stores as the SDK calls them, without and with the SDK's cache."""
    uncached, cached = CacheConfig.disabled(), CacheConfig(expiration=3600)
    opts = table.engine.dynamodb_opts
    names = ("this package", "official store")
    makers: list[Any] = [launchdarkly.new_feature_store, OfficialDynamoDB.new_feature_store]
    stores = [make(table.name, dynamodb_opts=opts, caching=uncached) for make in makers]
    cached_stores = [make(table.name, dynamodb_opts=opts, caching=cached) for make in makers]

    def pair(make: Callable[[Any], Callable[[], object]], of: list[Any], count: int) -> tuple[Cost, Cost]:
        ours, other = (measure(make(store), count) for store in of)
        return ours, other

    old = {**flag(0), "version": 0}
    rows = [
        ("get, 1 KB", *pair(lambda store: lambda: store.get(FEATURES, "flag-0"), stores, calls)),
        ("get, absent", *pair(lambda store: lambda: store.get(FEATURES, "absent"), stores, calls)),
        (f"all, {flags:,} flags", *pair(lambda store: lambda: store.all(FEATURES), stores, 3)),
        ("the same, not decoded", *pair(lambda store: lambda: store._core.get_all_internal(FEATURES), stores, 3)),
        ("upsert, refused", *pair(lambda store: lambda: store.upsert(FEATURES, old), stores, calls)),
        (
            "get, cached by the SDK",
            *pair(lambda store: lambda: store.get(FEATURES, "flag-0"), cached_stores, calls * 10),
        ),
    ]
    print_table("As LaunchDarkly's SDK calls them", names, rows)


def measure_binding(table: Table, calls: int) -> None:
    """What a call costs that asks nothing: the way into the library and back."""
    with table.store(cache_ttl_ms=3_600_000) as cached, table.store() as uncached:
        cached.get("features", "flag-0")
        rows = [
            ("get, cached by the library", lambda: cached.get("features", "flag-0")),
            ("get_text, cached by the library", lambda: cached.get_text("features", "flag-0")),
            ("get of a key that no row can have", lambda: uncached.get_text("features", "")),
            ("stats", cached.stats),
        ]
        text = cached.get_text("features", "flag-0") or ""
        rows.append((f"json.loads of its {len(text):,} bytes, for comparison", lambda: json.loads(text)))
        print("\nThe binding's own cost\n\n| call | µs | µs CPU |\n| --- | ---: | ---: |")
        for name, call in rows:
            cost = measure(call, calls * 10)
            print(f"| {name} | {cost.wall:.2f} | {cost.cpu:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000, help="calls of each round (default 2000)")
    parser.add_argument("--flags", type=int, default=10_000, help="flags in the table (default 10000)")
    arguments = parser.parse_args()
    with FakeEngine() as engine:
        engine.control("logging", {"enabled": False})
        table = engine.new_table()
        with Store(table.name, **table.settings) as store:
            store.init({"features": {f"flag-{number}": flag(number) for number in range(arguments.flags)}})
            print(f"library {store.library.version}, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds")
        compare_stores(table, arguments.calls, arguments.flags)
        measure_binding(table, arguments.calls)


if __name__ == "__main__":
    main()
