"""The adapters inside LaunchDarkly's SDK."""

from __future__ import annotations

import inspect
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from ldclient.client import LDClient
from ldclient.config import BigSegmentsConfig, Config
from ldclient.context import Context
from ldclient.feature_store import CacheConfig
from ldclient.feature_store_helpers import CachingStoreWrapper
from ldclient.integrations import DynamoDB as OfficialDynamoDB
from ldclient.integrations.test_data import TestData
from ldclient.interfaces import BigSegmentStore, DataStoreStatus, FeatureStore, UpdateProcessor
from ldclient.versioned_data_kind import FEATURES, SEGMENTS, VersionedDataKind

from engine import FakeEngine, Table, repository
from ld_dynamo_store import Store, StoreClosedError, ThrottledError
from ld_dynamo_store.launchdarkly import DynamoDB, DynamoDBFeatureStoreCore, new_big_segment_store, new_feature_store

DATA_SET: dict[str, dict[str, dict[str, Any]]] = json.loads((repository / "examples/flags.json").read_text())
UNCACHED = CacheConfig.disabled()


def feature_store(table: Table, caching: CacheConfig = UNCACHED, **options: Any) -> CachingStoreWrapper:
    return new_feature_store(table.name, dynamodb_opts=table.engine.dynamodb_opts, caching=caching, options=options)


@pytest.fixture
def core(table: Table) -> DynamoDBFeatureStoreCore:
    return DynamoDBFeatureStoreCore(table.store())


@pytest.fixture(params=["cached", "uncached"])
def wrapper(table: Table, request: pytest.FixtureRequest) -> CachingStoreWrapper:
    return feature_store(table, CacheConfig.default() if request.param == "cached" else UNCACHED)


class FileData(UpdateProcessor):
    """A data source that writes one data set and is ready."""

    def __init__(self, config: Config, store: FeatureStore, ready: threading.Event) -> None:
        self._store = store
        self._ready = ready

    def start(self) -> None:
        self._store.init({FEATURES: DATA_SET["flags"], SEGMENTS: DATA_SET["segments"]})
        self._ready.set()

    def initialized(self) -> bool:
        return self._ready.is_set()


def offline_config(store: FeatureStore | None = None, **settings: Any) -> Config:
    """A client that talks to nothing but its store."""
    return Config("sdk-key", feature_store=store, send_events=False, diagnostic_opt_out=True, **settings)


def eventually(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# Contexts that take different ways through the targets, rules, segments and rollouts of the example.
CONTEXTS = [
    *(Context.create(f"user-{number}") for number in range(20)),
    Context.builder("anonymous").anonymous(True).build(),
    Context.builder("beta").set("email", "someone@example.com").set("country", "de").set("beta", True).build(),
    Context.builder("vip").set("plan", "enterprise").set("groups", ["employees", "vip"]).name("Zoë").build(),
    Context.create("organization-1", "organization"),
    Context.create("device-7", "device"),
    Context.create_multi(Context.create("user-1"), Context.create("organization-1", "organization")),
]


def test_daemon_mode_evaluates_like_data_in_memory(table: Table) -> None:
    with table.store() as store:
        store.init(DATA_SET)
    daemon = LDClient(offline_config(feature_store(table, CacheConfig.default(), read_only=True), use_ldd=True))
    memory = LDClient(offline_config(update_processor_class=FileData))
    try:
        assert daemon.is_initialized()
        values = set()
        for context in CONTEXTS:
            for key in DATA_SET["flags"]:
                expected = memory.variation_detail(key, context, "default")
                actual = daemon.variation_detail(key, context, "default")
                assert (actual.value, actual.variation_index, actual.reason) == (
                    expected.value,
                    expected.variation_index,
                    expected.reason,
                )
                values.add((key, json.dumps(actual.value)))
            state = daemon.all_flags_state(context)
            assert state.valid
            assert state.to_json_dict() == memory.all_flags_state(context).to_json_dict()
        assert len(values) > len(DATA_SET["flags"])  # The contexts do get different values.
    finally:
        daemon.close()
        memory.close()


def test_a_data_source_writes_through_the_store(table: Table) -> None:
    source = TestData.data_source()
    source.update(source.flag("written").variation_for_all(True))
    client = LDClient(offline_config(feature_store(table), update_processor_class=source))
    reader = LDClient(offline_config(feature_store(table), use_ldd=True))
    context = Context.create("user")
    try:
        assert client.variation("written", context, None) is True
        assert reader.variation("written", context, None) is True
        source.update(source.flag("written").variation_for_all(False))
        assert reader.variation("written", context, None) is False
        with table.store() as store:
            assert store.initialized()
            written = store.get("features", "written")
            assert written is not None
            assert written["version"] == 2
    finally:
        client.close()
        reader.close()


def test_the_whole_interface(wrapper: CachingStoreWrapper) -> None:
    assert wrapper.initialized is False
    wrapper.init({FEATURES: {"a": flag("a", 2)}, SEGMENTS: {"s": segment("s", 1)}})
    assert wrapper.initialized is True
    assert wrapper.get(FEATURES, "a").version == 2
    assert wrapper.get(SEGMENTS, "s").version == 1
    assert wrapper.get(FEATURES, "s") is None
    assert wrapper.all(FEATURES).keys() == {"a"}
    wrapper.upsert(FEATURES, flag("a", 1))
    assert wrapper.get(FEATURES, "a").version == 2
    wrapper.upsert(FEATURES, flag("a", 3))
    assert wrapper.get(FEATURES, "a").version == 3
    wrapper.upsert(FEATURES, flag("b", 1))
    assert wrapper.all(FEATURES).keys() == {"a", "b"}
    wrapper.delete(FEATURES, "a", 2)
    assert wrapper.get(FEATURES, "a").version == 3
    wrapper.delete(FEATURES, "a", 4)
    assert wrapper.get(FEATURES, "a") is None
    assert wrapper.all(FEATURES).keys() == {"b"}
    wrapper.upsert(FEATURES, flag("a", 3))
    assert wrapper.get(FEATURES, "a") is None
    wrapper.delete(FEATURES, "unknown", 9)
    assert wrapper.get(FEATURES, "unknown") is None
    wrapper.init({FEATURES: {"c": flag("c", 1)}, SEGMENTS: {}})
    assert wrapper.all(FEATURES).keys() == {"c"}
    assert wrapper.all(SEGMENTS) == {}


def flag(key: str, version: int) -> dict[str, Any]:
    return {
        "key": key,
        "version": version,
        "on": True,
        "variations": [True, False],
        "fallthrough": {"variation": 0},
        "offVariation": 1,
        "salt": "salt",
    }


def segment(key: str, version: int) -> dict[str, Any]:
    return {"key": key, "version": version, "included": [], "excluded": [], "rules": [], "salt": "salt"}


def test_prefixes_are_apart(table: Table) -> None:
    one = new_feature_store(table.name, "one", table.engine.dynamodb_opts)
    two = new_feature_store(table.name, "two", table.engine.dynamodb_opts)
    one.init({FEATURES: {"a": flag("a", 1)}})
    two.init({FEATURES: {"b": flag("b", 1)}})
    assert one.all(FEATURES).keys() == {"a"}
    assert two.get(FEATURES, "a") is None


@pytest.mark.parametrize("empty", [None, ""])
def test_the_table_of_the_official_store(fake_table: Table, empty: str | None) -> None:
    official = OfficialDynamoDB.new_feature_store(fake_table.name, empty, fake_table.engine.dynamodb_opts, UNCACHED)
    ours = new_feature_store(fake_table.name, empty, fake_table.engine.dynamodb_opts, UNCACHED)
    official.init({FEATURES: {"a": flag("a", 1), "b": flag("b", 1)}, SEGMENTS: {}})
    official.delete(FEATURES, "b", 2)
    assert ours.initialized
    assert ours.get(FEATURES, "a").to_json_dict() == flag("a", 1)
    assert ours.all(FEATURES).keys() == {"a"}
    ours.upsert(FEATURES, flag("c", 1))
    ours.delete(FEATURES, "a", 2)
    assert official.all(FEATURES).keys() == {"c"}
    assert official.get(FEATURES, "a") is None
    ours.init({FEATURES: {"d": flag("d", 1)}, SEGMENTS: {}})
    assert official.all(FEATURES).keys() == {"d"}


GO_FLAG_TOMBSTONE = (
    '{"key":"$deleted","on":false,"prerequisites":[],"targets":[],"contextTargets":[],"rules":[],"fallthrough":{},'
    '"offVariation":null,"variations":[],"clientSideAvailability":{"usingMobileKey":false,"usingEnvironmentId":false},'
    '"clientSide":false,"salt":"","trackEvents":false,"trackEventsFallthrough":false,"debugEventsUntilDate":null,'
    '"version":7,"deleted":true}'
)
GO_SEGMENT_TOMBSTONE = (
    '{"key":"$deleted","included":[],"excluded":[],"includedContexts":[],"excludedContexts":[],"salt":"","rules":[],'
    '"version":7,"generation":null,"deleted":true}'
)
TOMBSTONES = {
    "go flag": GO_FLAG_TOMBSTONE,
    "go segment": GO_SEGMENT_TOMBSTONE,
    "node and ruby": '{"key":"dead","version":7,"deleted":true}',
    "python": '{"key": "dead", "version": 7, "deleted": true}',
    "java and .net": "null",
    "rust": '{"version":7,"key":"$deleted","deleted":true}',
    "haskell": '{"deleted":true,"version":7}',
}


@pytest.mark.parametrize("writer", TOMBSTONES)
@pytest.mark.parametrize("kind", [FEATURES, SEGMENTS], ids=["features", "segments"])
def test_tombstones_of_every_writer(wrapper: CachingStoreWrapper, table: Table, kind: Any, writer: str) -> None:
    table.put(kind.namespace, "dead", version={"N": "7"}, item={"S": TOMBSTONES[writer]})
    alive = flag("alive", 1) if kind is FEATURES else segment("alive", 1)
    table.put(kind.namespace, "alive", version={"N": "1"}, item={"S": json.dumps(alive)})
    assert wrapper.get(kind, "dead") is None
    assert wrapper.all(kind).keys() == {"alive"}
    resurrected = {**alive, "key": "dead", "version": 7}
    wrapper.upsert(kind, resurrected)
    assert wrapper.get(kind, "dead") is None
    wrapper.upsert(kind, {**resurrected, "version": 8})
    assert wrapper.get(kind, "dead").version == 8


def test_a_tombstone_without_a_key_gets_one(core: DynamoDBFeatureStoreCore, table: Table) -> None:
    # The data model of older SDKs insists on it.
    table.put("features", "dead", version={"N": "7"}, item={"S": TOMBSTONES["haskell"]})
    expected = {"key": "dead", "version": 7, "deleted": True}
    assert core.get_internal(FEATURES, "dead") == expected
    assert core.get_all_internal(FEATURES) == {"dead": expected}


def test_the_winner_is_cached_under_its_own_key(table: Table) -> None:
    table.put("features", "dead", version={"N": "7"}, item={"S": GO_FLAG_TOMBSTONE})
    store = feature_store(table, CacheConfig(expiration=60))
    store.upsert(FEATURES, flag("dead", 6))
    table.put("features", "dead", version={"N": "8"}, item={"S": json.dumps(flag("dead", 8))})
    assert store.get(FEATURES, "dead") is None  # Still the tombstone, from the cache.


@pytest.mark.parametrize("item", [{"S": "not json"}, {"S": "[]"}, {"N": "1"}, {"B": b"\x00"}])
def test_a_corrupt_row_counts_as_absent(
    wrapper: CachingStoreWrapper, table: Table, caplog: pytest.LogCaptureFixture, item: dict[str, Any]
) -> None:
    table.put("features", "corrupt", version={"N": "1"}, item=item)
    table.put("features", "good", version={"N": "1"}, item={"S": json.dumps(flag("good", 1))})
    assert wrapper.get(FEATURES, "corrupt") is None
    assert corrupt_rows_logged(caplog)
    assert wrapper.all(FEATURES).keys() == {"good"}
    wrapper.upsert(FEATURES, flag("corrupt", 2))
    assert wrapper.get(FEATURES, "corrupt").version == 2


# 100,000 levels, and an integer of 5,000 digits: JSON that Python's module does not take.
UNDECODABLE = {
    "deep": '{"key":"corrupt","version":5,"s":"]}\\"{","deep":' + '[{"a":' * 50_000 + "1" + "}]" * 50_000 + "}",
    "long": '{"key":"corrupt","version":5,"long":' + "9" * 5_000 + "}",
}


@pytest.mark.parametrize("item", UNDECODABLE.values(), ids=UNDECODABLE)
def test_an_item_that_python_cannot_decode_counts_as_absent(
    wrapper: CachingStoreWrapper, table: Table, caplog: pytest.LogCaptureFixture, item: str
) -> None:
    table.put("features", 'cor"]rupt', version={"N": "5"}, item={"S": item})
    for key in ("before", "go}od"):
        table.put("features", key, version={"N": "1"}, item={"S": json.dumps({**flag(key, 1), "name": '\\"[{'})})
    for _ in range(3):
        assert wrapper.get(FEATURES, 'cor"]rupt') is None
    assert len(corrupt_rows_logged(caplog)) == 1
    assert {key: each.key for key, each in wrapper.all(FEATURES).items()} == {"before": "before", "go}od": "go}od"}
    wrapper.upsert(FEATURES, flag('cor"]rupt', 4))
    assert wrapper.get(FEATURES, 'cor"]rupt') is None
    wrapper.upsert(FEATURES, flag('cor"]rupt', 6))
    assert wrapper.get(FEATURES, 'cor"]rupt').version == 6
    assert all(len(message) < 300 for message in corrupt_rows_logged(caplog))


@pytest.mark.parametrize("stored", [None, 1])
def test_an_item_over_the_size_limit(wrapper: CachingStoreWrapper, stored: int | None) -> None:
    if stored is not None:
        wrapper.upsert(FEATURES, flag("large", stored))
    wrapper.upsert(FEATURES, {**flag("large", 2), "filler": "x" * 400_000})
    found = wrapper.get(FEATURES, "large")
    assert (None if found is None else found.version) == stored


def test_the_core_returns_what_is_stored(core: DynamoDBFeatureStoreCore) -> None:
    item = flag("a", 2)
    assert core.upsert_internal(FEATURES, item) is item
    older = flag("a", 1)
    assert core.upsert_internal(FEATURES, older) == item
    assert core.get_internal(FEATURES, "a") == item
    assert core.get_internal(FEATURES, "absent") is None
    assert core.get_all_internal(FEATURES) == {"a": item}


def test_a_kind_that_the_sdk_has_not_yet(core: DynamoDBFeatureStoreCore, table: Table) -> None:
    things: Any = VersionedDataKind(namespace="things", request_api_path="", stream_api_path="")
    thing = {"key": "a", "version": 2}
    core.init_internal({FEATURES: {}, things: {"a": thing}})
    assert core.get_internal(things, "a") == thing
    assert core.get_all_internal(things) == {"a": thing}
    assert core.get_internal(FEATURES, "a") is None
    deleted = {"key": "a", "version": 3, "deleted": True}
    assert core.upsert_internal(things, deleted) is deleted
    assert core.get_internal(things, "a") == deleted
    row = table.row("things", "a")
    assert row is not None
    assert row["version"] == {"N": "3"}


def test_one_request_for_each_key_and_ttl(fake: FakeEngine, fake_table: Table) -> None:
    store = feature_store(fake_table, CacheConfig(expiration=0.5))
    store.init({FEATURES: {}, SEGMENTS: {}})
    fake_table.put("features", "a", version={"N": "1"}, item={"S": json.dumps(flag("a", 1))})
    time.sleep(0.6)
    fake.control("reset", {})
    for _ in range(100):
        assert store.get(FEATURES, "a").version == 1
        assert store.get(FEATURES, "absent") is None
    for _ in range(100):
        assert store.all(FEATURES).keys() == {"a"}
    assert fake.requests("GetItem") == 2
    assert fake.requests("Query") == 1
    # No second cache below hides the change for longer.
    fake_table.put("features", "a", version={"N": "2"}, item={"S": json.dumps(flag("a", 2))})
    time.sleep(0.6)
    fake.control("reset", {})
    assert store.get(FEATURES, "a").version == 2
    assert fake.requests("GetItem") == 1


def test_an_uncached_store_asks_every_time(fake: FakeEngine, fake_table: Table) -> None:
    store = feature_store(fake_table)
    for _ in range(5):
        store.get(FEATURES, "a")
    assert fake.requests("GetItem") == 5


def test_recovery_after_an_outage() -> None:
    engine = FakeEngine()
    table = engine.new_table("outage")
    port = engine.port
    settings: dict[str, Any] = {
        "connect_timeout_ms": 200,
        "attempt_timeout_ms": 200,
        "operation_timeout_ms": 500,
        "max_attempts": 1,
    }
    store = feature_store(table, **settings)
    client = LDClient(offline_config(store, use_ldd=True))
    statuses: list[DataStoreStatus] = []
    client.data_store_status_provider.add_listener(statuses.append)
    context = Context.create("user")
    try:
        store.init({FEATURES: {"a": flag("a", 1)}, SEGMENTS: {}})
        assert client.variation("a", context, None) is True
        assert store.is_available() is True
        engine.stop()
        begun = time.monotonic()
        assert client.variation("a", context, "default") == "default"
        assert time.monotonic() - begun < 3
        assert store.is_available() is False
        eventually(lambda: [status.available for status in statuses] == [False])
        assert not client.data_store_status_provider.status.available

        engine = FakeEngine(port=port)
        engine.new_table("outage")
        engine_table = Table(engine, "outage")
        engine_table.put("features", "a", version={"N": "2"}, item={"S": json.dumps(flag("a", 2))})
        eventually(lambda: [status.available for status in statuses] == [False, True])
        assert client.variation("a", context, "default") is True
        assert client.data_store_status_provider.status.available
    finally:
        client.close()
        engine.stop()


def test_a_failing_table_is_not_taken_for_an_absent_item(fake: FakeEngine, fake_table: Table) -> None:
    store = feature_store(fake_table, max_attempts=1)
    fake.rule(action={"throttle": True})
    with pytest.raises(ThrottledError):
        store.get(FEATURES, "a")
    with pytest.raises(ThrottledError):
        store.all(FEATURES)
    # An exception from here would leave ``variation`` and the client's constructor.
    assert store.initialized is False


def test_monitoring_and_description(wrapper: CachingStoreWrapper) -> None:
    assert wrapper.is_monitoring_enabled() is True
    assert wrapper.is_available() is True
    assert wrapper.describe_configuration(None) == "DynamoDB"
    assert wrapper.describe_configuration(None) == OfficialDynamoDB.new_feature_store(
        "flags", dynamodb_opts={"region_name": "us-east-1"}
    ).describe_configuration(None)


def test_a_missing_table_is_not_available(table: Table) -> None:
    store = new_feature_store("no-such-table", dynamodb_opts=table.engine.dynamodb_opts)
    assert store.is_available() is False


def test_close(wrapper: CachingStoreWrapper) -> None:
    wrapper.close()
    wrapper.close()
    assert wrapper.is_available() is False
    assert wrapper.initialized is False
    with pytest.raises(StoreClosedError):
        wrapper.get(FEATURES, "a")


@pytest.mark.parametrize("name", ["new_feature_store", "new_big_segment_store", "async_feature_store"])
def test_the_parameters_are_the_official_ones(name: str) -> None:
    official = inspect.signature(getattr(OfficialDynamoDB, name)).parameters
    ours = inspect.signature(getattr(DynamoDB, name)).parameters
    positional = [each for each in ours.values() if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert [each.name for each in positional] == list(official)
    for each in positional:
        expected = official[each.name].default
        if each.name == "caching":
            assert vars(each.default) == vars(expected)
            assert each.default.expiration == 15
        else:
            assert each.default == expected


def put_metadata(table: Table, milliseconds: int, prefix: str = "") -> None:
    name = f"{prefix}big_segments_metadata"
    table.put(name, name, synchronizedOn={"N": str(milliseconds)})


def test_big_segments(table: Table) -> None:
    store: BigSegmentStore = new_big_segment_store(table.name, "p", table.engine.dynamodb_opts)
    assert store.get_metadata().last_up_to_date is None
    assert store.get_membership("hash") is None
    put_metadata(table, 1234567890, "p:")
    table.put("p:big_segments_user", "included", included={"SS": ["a.g1", "b.g2"]})
    table.put("p:big_segments_user", "excluded", excluded={"SS": ["a.g1"]})
    table.put("p:big_segments_user", "both", included={"SS": ["a.g1"]}, excluded={"SS": ["a.g1", "b.g2"]})
    assert store.get_metadata().last_up_to_date == 1234567890
    assert store.get_membership("included") == {"a.g1": True, "b.g2": True}
    assert store.get_membership("excluded") == {"a.g1": False}
    assert store.get_membership("both") == {"a.g1": True, "b.g2": False}
    table.put("p:big_segments_user", "neither")
    assert store.get_membership("neither") == {}
    assert store.get_membership("unknown") is None
    put_metadata(table, 0, "p:")
    assert store.get_metadata().last_up_to_date == 0
    # The Relay Proxy writes its cursor before it has been in step for the first time.
    table.put("p:big_segments_metadata", "p:big_segments_metadata", lastVersion={"S": "v1"})
    assert store.get_metadata().last_up_to_date is None
    store.stop()


def put_corrupt_big_segments(table: Table, context_hash: str) -> None:
    """Rows that hold no number and no sets."""
    table.put("big_segments_metadata", "big_segments_metadata", synchronizedOn={"S": "yesterday"})
    table.put("big_segments_user", context_hash, included={"S": "a.g1"})


def corrupt_rows_logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    return [message for message in messages if "corrupt" in message]


def test_a_corrupt_row_of_big_segments_counts_as_absent(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    put_corrupt_big_segments(table, "hash")
    store = new_big_segment_store(table.name, dynamodb_opts=table.engine.dynamodb_opts)
    assert store.get_metadata().last_up_to_date is None
    assert store.get_membership("hash") is None
    assert len(corrupt_rows_logged(caplog)) == 2
    store.stop()


def test_big_segments_in_a_client(table: Table) -> None:
    with table.store() as writer:
        writer.init(DATA_SET)
        unbounded = [key for key, each in DATA_SET["segments"].items() if each.get("unbounded")]
        reference = f"{unbounded[0]}.g{DATA_SET['segments'][unbounded[0]]['generation']}"
    from ldclient.impl.big_segments_common import _hash_for_user_key

    put_metadata(table, int(time.time() * 1000))
    table.put("big_segments_user", _hash_for_user_key("member"), included={"SS": [reference]})
    clause = {"attribute": "", "op": "segmentMatch", "values": unbounded, "negate": False}
    rule = {"id": "rule", "variation": 0, "clauses": [clause]}
    with table.store() as writer:
        writer.upsert("features", "members", {**flag("members", 1), "fallthrough": {"variation": 1}, "rules": [rule]})
    segments = BigSegmentsConfig(new_big_segment_store(table.name, dynamodb_opts=table.engine.dynamodb_opts))
    client = LDClient(offline_config(feature_store(table), use_ldd=True, big_segments=segments))
    try:
        assert client.big_segment_store_status_provider.status.available
        assert not client.big_segment_store_status_provider.status.stale
        member = client.variation_detail("members", Context.create("member"), None)
        assert (member.value, member.reason["bigSegmentsStatus"]) == (True, "HEALTHY")
        other = client.variation_detail("members", Context.create("other"), None)
        assert (other.value, other.reason["bigSegmentsStatus"]) == (False, "HEALTHY")
    finally:
        client.close()


def test_a_store_may_be_wrapped_by_hand(table: Table) -> None:
    core = DynamoDBFeatureStoreCore(Store(table.name, **table.settings))
    wrapper = CachingStoreWrapper(core, UNCACHED)
    wrapper.init({FEATURES: {}})
    assert wrapper.initialized
