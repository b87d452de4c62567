"""Big Segments that a store writes, as it, the adapter and LaunchDarkly's own store read them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ldclient.client import LDClient
from ldclient.config import BigSegmentsConfig
from ldclient.context import Context
from ldclient.impl.big_segments_common import _hash_for_user_key
from ldclient.integrations import DynamoDB as OfficialDynamoDB
from ldclient.interfaces import BigSegmentStoreStatus

from conftest import Stub
from engine import FakeEngine, Table
from ld_dynamo_store import (
    CorruptItemError,
    InvalidBigSegmentsError,
    InvalidJsonError,
    InvalidKeyError,
    PatchOutcome,
    ReadOnlyError,
    Store,
    TableNotFoundError,
    ThrottledError,
    context_hash,
)
from ld_dynamo_store.launchdarkly import DynamoDBBigSegmentStore, new_big_segment_store
from test_launchdarkly import eventually, feature_store, flag, offline_config

REFERENCE = "members.g1"


def patch(
    version: str, previous: str = "", reference: str = REFERENCE, **changes: dict[str, list[str]]
) -> dict[str, Any]:
    """A patch as LaunchDarkly sends it."""
    return {
        "environmentId": "environment",
        "segmentId": reference,
        "version": version,
        "previousVersion": previous,
        "changes": {name: {"add": [], "remove": [], **changes.get(name, {})} for name in ("included", "excluded")},
    }


def now_in_milliseconds() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def stub_store(stub: Stub) -> Store:
    return Store("table", library=stub.path)


@pytest.fixture(params=["", "p"], ids=["no prefix", "prefix"])
def prefix(request: pytest.FixtureRequest) -> str:
    prefix: str = request.param
    return prefix


@pytest.mark.parametrize("key", ["user-5150", "", "ä€😀", "a b\n", "x" * 100_000])
def test_the_hash_of_a_context_is_launchdarkly_s(key: str) -> None:
    assert context_hash(key) == _hash_for_user_key(key)


@pytest.mark.parametrize("key", ["a\0b", "\ud800"])
def test_a_context_key_that_cannot_be_hashed(key: str) -> None:
    with pytest.raises(InvalidKeyError, match="key"):
        context_hash(key)


def test_a_hash_frees_what_it_was_given(stub: Stub) -> None:
    assert context_hash("key", library=stub.path) == "key"
    with pytest.raises(InvalidJsonError):
        context_hash("status:-3", library=stub.path)
    with pytest.raises(TypeError, match="key must be str, not bytes"):
        context_hash(b"key")  # type: ignore[arg-type]
    assert (stub.count("live_strings"), stub.count("live_errors")) == (0, 0)


def test_patches_are_passed_on_as_they_are(stub: Stub, stub_store: Store) -> None:
    assert stub_store.big_segments_apply_patch({"version": "Grüße"}) is PatchOutcome.APPLIED
    assert stub.last("payload") == '{"version":"Grüße"}'
    for text in ('{ "version": "out-of-order" }', b'{ "version": "out-of-order" }'):
        assert stub_store.big_segments_apply_patch(text) is PatchOutcome.OUT_OF_ORDER
        assert stub.last("payload") == '{ "version": "out-of-order" }'
    with pytest.raises(InvalidJsonError, match="patch has a NUL character"):
        stub_store.big_segments_apply_patch("{}\0")
    with pytest.raises(TypeError):
        stub_store.big_segments_apply_patch({"changes": {1, 2}})


def test_an_outcome_is_true_where_the_patch_is_applied() -> None:
    assert PatchOutcome.APPLIED
    assert not PatchOutcome.OUT_OF_ORDER


@pytest.mark.parametrize(
    ("when", "milliseconds"),
    [
        (0, 0),
        (-1, -1),
        (1700000000123, 1700000000123),
        (2**31, 2**31),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (datetime(2023, 11, 14, 22, 13, 20, 123999, timezone.utc), 1700000000123),
        (datetime(2023, 11, 15, 0, 13, 20, 123000, timezone(timedelta(hours=2))), 1700000000123),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, timezone.utc), -1),
    ],
)
def test_times_are_milliseconds_since_1970(
    stub: Stub, stub_store: Store, when: int | datetime, milliseconds: int
) -> None:
    stub_store.big_segments_set_synchronized(when)
    assert stub.last("payload") == str(milliseconds)


@pytest.mark.parametrize("when", [True, 1.0, 1700000000123.5, "1", None, timedelta(1)])
def test_what_is_no_time_is_a_type_error(stub_store: Store, when: Any) -> None:
    with pytest.raises(TypeError, match=f"when must be int or datetime, not {type(when).__name__}"):
        stub_store.big_segments_set_synchronized(when)


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (2**63, "fit into 64 bits"),
        (-(2**63) - 1, "fit into 64 bits"),
        (10**30, "fit into 64 bits"),
        (datetime(2023, 11, 14), "a datetime without a time zone"),
    ],
)
def test_a_time_that_cannot_be_passed_on(stub_store: Store, when: int | datetime, reason: str) -> None:
    with pytest.raises(InvalidBigSegmentsError, match=f"when .*{reason}"):
        stub_store.big_segments_set_synchronized(when)


def test_patches_in_order(table: Table, prefix: str) -> None:
    with table.store(prefix=prefix) as store:
        assert store.big_segments_membership("a") is None
        assert store.big_segments_metadata() is None
        first = patch("v1", included={"add": ["a", "b"]}, excluded={"add": ["c"]})
        assert store.big_segments_apply_patch(first) is PatchOutcome.APPLIED
        assert store.big_segments_apply_patch(first) is PatchOutcome.OUT_OF_ORDER
        assert (
            store.big_segments_apply_patch(patch("v3", "v2", included={"remove": ["a"]})) is PatchOutcome.OUT_OF_ORDER
        )
        assert store.big_segments_membership("a") == {REFERENCE: True}
        assert store.big_segments_membership("c") == {REFERENCE: False}
        second = patch("v2", "v1", included={"remove": ["a"]}, excluded={"add": ["b"]})
        assert store.big_segments_apply_patch(second) is PatchOutcome.APPLIED
        # The row stays, and has no list any more.
        assert store.big_segments_membership("a") == {}
        assert store.big_segments_membership("b") == {REFERENCE: True}
        assert store.big_segments_membership("unknown") is None
        store.big_segments_set_synchronized(5)
        assert store.big_segments_metadata() == {"synchronizedOn": 5}
        assert store.big_segments_apply_patch(patch("v3", "v2")) is PatchOutcome.APPLIED
    namespace = f"{prefix}:big_segments_metadata" if prefix else "big_segments_metadata"
    row = table.row(namespace, namespace)
    assert row is not None
    assert (row["synchronizedOn"], row["lastVersion"]) == ({"N": "5"}, {"S": "v3"})


def test_a_patch_of_many_contexts(table: Table) -> None:
    contexts = [context_hash(str(number)) for number in range(250)]
    with table.store() as store:
        assert store.big_segments_apply_patch(patch("v1", included={"add": contexts}))
        assert all(store.big_segments_membership(each) == {REFERENCE: True} for each in contexts)


def test_mistakes_are_refused_before_any_request(table: Table) -> None:
    with table.store() as store:
        for wrong, reason in (
            ({"segmentId": REFERENCE}, "version"),
            ({**patch("v1"), "unknown": 1}, "unknown"),
            (patch("v1", included={"add": [""]}), r"changes\.included\.add\[0\]"),
            ([], "object"),
        ):
            with pytest.raises(InvalidBigSegmentsError, match=reason):
                store.big_segments_apply_patch(wrong)  # type: ignore[arg-type]
        with pytest.raises(InvalidBigSegmentsError, match="1970"):
            store.big_segments_set_synchronized(-1)
        with pytest.raises(InvalidBigSegmentsError, match="1970"):
            store.big_segments_set_synchronized(datetime(1969, 12, 31, tzinfo=timezone.utc))
        assert store.stats()["requests"] == 0


def test_a_read_only_store_writes_no_big_segments(table: Table) -> None:
    with table.store(read_only=True) as store:
        with pytest.raises(ReadOnlyError):
            store.big_segments_apply_patch(patch("v1"))
        with pytest.raises(ReadOnlyError):
            store.big_segments_set_synchronized(1)
        assert store.stats()["requests"] == 0


def test_a_missing_table(table: Table) -> None:
    with Store("no-such-table", **table.settings) as store:
        with pytest.raises(TableNotFoundError, match=REFERENCE):
            store.big_segments_apply_patch(patch("v1"))
        with pytest.raises(TableNotFoundError, match="no-such-table"):
            store.big_segments_set_synchronized(1)


def test_memberships_are_cached_for_direct_users(fake: FakeEngine, fake_table: Table) -> None:
    with fake_table.store(cache_ttl_ms=60_000, context_cache_ttl_ms=60_000) as store:
        for _ in range(3):
            assert store.big_segments_membership("a") is None
            assert store.big_segments_membership("b") is None
            assert store.big_segments_metadata() is None
    assert fake.requests("GetItem") == 2 + 3


class Milliseconds(int):
    """As an IntEnum is: no exact int."""


def test_a_subclass_of_int_is_an_int(table: Table) -> None:
    with table.store() as store:
        store.big_segments_set_synchronized(Milliseconds(5))
        assert store.big_segments_metadata() == {"synchronizedOn": 5}
        with pytest.raises(InvalidBigSegmentsError, match="64 bits"):
            store.big_segments_set_synchronized(Milliseconds(2**63))


def test_the_cursor_is_the_version_of_the_last_patch(table: Table) -> None:
    with table.store() as store:
        assert store.big_segments_cursor() is None
        assert store.big_segments_apply_patch({"segmentId": "s.g1", "version": "v1"})
        assert store.big_segments_cursor() == "v1"


@pytest.mark.parametrize("settings", [{"context_cache_ttl_ms": 0}, {"context_cache_size": 0}, {"cache_ttl_ms": 0}])
def test_memberships_are_not_cached_where_one_setting_is_zero(
    fake: FakeEngine, fake_table: Table, settings: dict[str, int]
) -> None:
    with fake_table.store(**{"cache_ttl_ms": 60_000, **settings}) as store:
        for _ in range(3):
            assert store.big_segments_membership("a") is None
    assert fake.requests("GetItem") == 3


def adapter(table: Table, prefix: str | None = None, **options: Any) -> DynamoDBBigSegmentStore:
    return new_big_segment_store(table.name, prefix, table.engine.dynamodb_opts, options=options)


@pytest.mark.parametrize("options", [{}, {"context_cache_ttl_ms": 0}, {"context_cache_size": None}])
def test_the_adapter_never_caches(fake: FakeEngine, fake_table: Table, options: dict[str, Any]) -> None:
    store = adapter(fake_table, **options)
    for _ in range(3):
        assert store.get_membership("a") is None
        assert store.get_metadata().last_up_to_date is None
    assert fake.requests("GetItem") == 6
    store.stop()


@pytest.mark.parametrize("name", ["context_cache_ttl_ms", "context_cache_size"])
def test_the_adapter_refuses_a_cache(table: Table, name: str) -> None:
    options: dict[str, Any] = {name: 1}
    with pytest.raises(ValueError, match=f"{name} is not supported, because the SDK caches"):
        adapter(table, **options)


def test_the_adapter_raises_only_where_the_table_cannot_be_asked(fake: FakeEngine, fake_table: Table) -> None:
    store = adapter(fake_table, max_attempts=1)
    assert store.get_membership("unknown") is None
    assert store.get_membership("") is None
    assert store.get_membership("x" * 2000) is None
    fake_table.put("big_segments_user", "corrupt", included={"S": REFERENCE})
    assert store.get_membership("corrupt") is None
    with fake_table.store() as direct, pytest.raises(CorruptItemError):
        direct.big_segments_membership("corrupt")
    fake.rule(action={"throttle": True})
    with pytest.raises(ThrottledError):
        store.get_membership("unknown")
    with pytest.raises(ThrottledError):
        store.get_metadata()
    store.stop()


def test_what_a_store_writes_is_read_by_every_store(table: Table, prefix: str) -> None:
    ours = adapter(table, prefix)
    official = OfficialDynamoDB.new_big_segment_store(table.name, prefix, table.engine.dynamodb_opts)
    included, excluded, both = (context_hash(key) for key in ("included", "excluded", "both"))
    with table.store(prefix=prefix) as writer:
        writer.init({"features": {"a": {"version": 1}}, "segments": {}})
        for store in (ours, official):
            assert store.get_metadata().last_up_to_date is None
            assert store.get_membership(included) is None
        first = patch("v1", included={"add": [included, both]}, excluded={"add": [excluded, both]})
        assert writer.big_segments_apply_patch(first)
        assert writer.big_segments_apply_patch(patch("v2", "v1", "other.g7", excluded={"add": [included]}))
        writer.big_segments_set_synchronized(datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc))
        for store in (ours, official):
            assert store.get_membership(included) == {REFERENCE: True, "other.g7": False}
            assert store.get_membership(excluded) == {REFERENCE: False}
            assert store.get_membership(both) == {REFERENCE: True}
            assert store.get_membership(context_hash("unknown")) is None
            assert store.get_metadata().last_up_to_date == 1700000000000
        # Big Segments and flags share the table.
        assert writer.all("features") == {"a": {"version": 1}}
        writer.init({"features": {}, "segments": {}})
        assert ours.get_membership(excluded) == {REFERENCE: False}
    ours.stop()
    official.stop()


SEGMENT = {
    "key": "members",
    "version": 1,
    "unbounded": True,
    "generation": 1,
    "included": [],
    "excluded": [],
    "rules": [],
    "salt": "salt",
}
CLAUSE = {"attribute": "", "op": "segmentMatch", "values": ["members"], "negate": False}
FLAG = {
    **flag("members-only", 1),
    "fallthrough": {"variation": 1},
    "rules": [{"id": "rule", "variation": 0, "clauses": [CLAUSE]}],
}


@contextmanager
def daemon(table: Table, **options: Any) -> Iterator[LDClient]:
    """A client in daemon mode that polls often, and keeps memberships for no time."""
    segments = BigSegmentsConfig(adapter(table, **options), context_cache_time=0, status_poll_interval=0.05)
    client = LDClient(offline_config(feature_store(table), use_ldd=True, big_segments=segments))
    try:
        yield client
    finally:
        client.close()


def evaluated(client: LDClient, key: str) -> tuple[object, str]:
    detail = client.variation_detail("members-only", Context.create(key), None)
    return detail.value, detail.reason["bigSegmentsStatus"]


def test_staleness_is_the_sdk_s(table: Table) -> None:
    with table.store() as writer, daemon(table) as client:
        writer.init({"features": {"members-only": FLAG}, "segments": {"members": SEGMENT}})
        provider = client.big_segment_store_status_provider
        statuses: list[BigSegmentStoreStatus] = []
        provider.add_listener(statuses.append)
        assert provider.status.available
        assert provider.status.stale
        assert writer.big_segments_apply_patch(patch("v1", included={"add": [context_hash("member")]}))
        assert evaluated(client, "member") == (True, "STALE")

        writer.big_segments_set_synchronized(datetime.now(timezone.utc))
        eventually(lambda: not provider.status.stale)
        assert evaluated(client, "member") == (True, "HEALTHY")
        assert evaluated(client, "other") == (False, "HEALTHY")

        writer.big_segments_set_synchronized(now_in_milliseconds() - 121_000)
        eventually(lambda: provider.status.stale)
        assert evaluated(client, "member") == (True, "STALE")
        assert [(status.available, status.stale) for status in statuses] == [(True, False), (True, True)]


def test_an_outage_is_an_error_of_the_store() -> None:
    with FakeEngine() as engine:
        table = engine.new_table()
        table.put("features", "members-only", version={"N": "1"}, item={"S": json.dumps(FLAG)})
        table.put("segments", "members", version={"N": "1"}, item={"S": json.dumps(SEGMENT)})
        name = "big_segments_metadata"
        table.put(name, name, synchronizedOn={"N": str(now_in_milliseconds())})
        with daemon(table, max_attempts=1, operation_timeout_ms=500) as client:
            provider = client.big_segment_store_status_provider
            eventually(lambda: provider.status.available)
            assert evaluated(client, "other") == (False, "HEALTHY")
            engine.rule(match={"contains": "big_segments_user"}, action={"throttle": True})
            assert evaluated(client, "other") == (False, "STORE_ERROR")
            engine.stop()
            eventually(lambda: not provider.status.available)
