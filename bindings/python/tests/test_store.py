"""The store on a real engine: what goes in comes out, and failures have their causes."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

import pytest

from engine import REGION, FakeEngine, Table, repository
from ld_dynamo_store import (
    ConfigurationError,
    ConnectivityError,
    CorruptItemError,
    Credentials,
    InvalidDataSetError,
    InvalidItemError,
    InvalidJsonError,
    InvalidKeyError,
    InvalidKindError,
    ReadOnlyError,
    Store,
    TableMismatchError,
    TableNotFoundError,
    ThrottledError,
    UpsertOutcome,
)

DATA_SET: dict[str, dict[str, dict[str, Any]]] = json.loads((repository / "examples/flags.json").read_text())


def test_a_full_data_set(table: Table) -> None:
    with table.store() as store:
        assert store.initialized() is False
        store.init(DATA_SET)
        assert store.initialized() is True
        assert store.available() is True
        flags = store.all("features")
        assert flags.keys() == DATA_SET["flags"].keys()
        for key, flag in DATA_SET["flags"].items():
            if not flag.get("deleted"):
                assert flags[key] == flag
                assert store.get("features", key) == flag
        assert store.all("segments") == DATA_SET["segments"]
        assert store.all("flags") == flags


def test_init_takes_text(table: Table) -> None:
    text = (repository / "examples/flags.json").read_text()
    with table.store() as store:
        store.init(text)
        assert store.all("segments") == DATA_SET["segments"]
        store.init(text.encode())
        assert store.all("segments") == DATA_SET["segments"]


def test_items_are_kept_byte_for_byte(table: Table) -> None:
    text = '{ "version" : 7,\n "name":"Grüße 🎉", "number": 1.0e2, "escaped":"\\u00e9" }'
    with table.store() as store:
        assert store.upsert("features", "a", text)
        assert store.get_text("features", "a") == text
        assert store.all_text("features") == f'{{"a":{text}}}'


def test_absent_items(table: Table) -> None:
    with table.store() as store:
        assert store.get("features", "a") is None
        assert store.get_text("features", "a") is None
        assert store.get("features", "") is None
        assert store.get("features", "x" * 2000) is None
        assert store.all("features") == {}


def test_upsert_outcomes(table: Table) -> None:
    with table.store() as store:
        assert store.upsert("features", "a", {"version": 2, "n": 1}).outcome is UpsertOutcome.UPDATED
        older = store.upsert("features", "a", {"version": 1})
        assert (older.outcome, older.stored) == (UpsertOutcome.NOT_NEWER, {"version": 2, "n": 1})
        assert store.upsert("features", "a", {"version": 3}).outcome is UpsertOutcome.UPDATED
        too_large = store.upsert("features", "a", {"version": 4, "filler": "x" * 400_000})
        assert (too_large.outcome, too_large.stored) == (UpsertOutcome.TOO_LARGE, None)
        assert store.get("features", "a") == {"version": 3}


def test_prefixes_are_apart(table: Table) -> None:
    with table.store(prefix="one") as one, table.store(prefix="two") as two:
        one.init({"features": {"a": {"version": 1}}})
        assert one.initialized()
        assert not two.initialized()
        assert two.get("features", "a") is None


@pytest.mark.parametrize(
    ("expected", "call"),
    [
        (InvalidJsonError, lambda store: store.upsert("features", "a", "{")),
        (InvalidItemError, lambda store: store.upsert("features", "a", {"no": "version"})),
        (InvalidItemError, lambda store: store.upsert("features", "a", "[]")),
        (InvalidKindError, lambda store: store.upsert("a:b", "a", {"version": 1})),
        (InvalidKindError, lambda store: store.get("", "a")),
        (InvalidKeyError, lambda store: store.upsert("features", "", {"version": 1})),
        (InvalidDataSetError, lambda store: store.init({"flags": {}, "features": {}})),
        (InvalidJsonError, lambda store: store.init("nonsense")),
    ],
)
def test_mistakes_of_the_caller(table: Table, expected: type[Exception], call: Any) -> None:
    with table.store() as store:
        with pytest.raises(expected) as raised:
            call(store)
        assert isinstance(raised.value, ValueError)
        assert store.all("features") == {}


def test_a_key_twice_in_a_data_set(table: Table) -> None:
    with table.store() as store, pytest.raises(InvalidDataSetError, match="twice-given"):
        store.init('{"features": {"twice-given": {"version": 1}, "twice-given": {"version": 2}}}')


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"max_attempts": "3"}, "max_attempts"),
        ({"credentials": {"access_key": "a"}}, "credentials"),
        ({"retry_mode": "eager"}, "retry_mode"),
        ({"read_only": True, "cache_ttl_ms": -1}, "cache_ttl_ms"),
    ],
)
def test_mistakes_in_the_configuration(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Store("table", **settings)
    with pytest.raises(ConfigurationError, match="no_such_key"):
        Store.from_json('{"table": "flags", "no_such_key": 1}')


def test_a_missing_table(table: Table) -> None:
    with Store("no-such-table", **table.settings) as store:
        with pytest.raises(TableNotFoundError, match="no-such-table") as raised:
            store.get("features", "a")
        assert raised.value.service_code == "ResourceNotFoundException"
        assert not raised.value.retriable
        assert store.available() is False
        with pytest.raises(TableNotFoundError):
            store.check_available()


def test_a_table_with_other_keys(table: Table) -> None:
    table.engine.client.create_table(
        TableName="other-keys",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    with Store("other-keys", **table.settings) as store, pytest.raises(TableMismatchError):
        store.get("features", "a")


def test_a_read_only_store(table: Table) -> None:
    with table.store(read_only=True) as store:
        for call in (lambda: store.init({}), lambda: store.upsert("features", "a", {"version": 1})):
            with pytest.raises(ReadOnlyError):
                call()
        assert store.get("features", "a") is None


def test_a_corrupt_row(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    table.put("features", "bad", version={"N": "1"}, item={"S": "not json"})
    table.put("features", "good", version={"N": "1"}, item={"S": '{"version":1}'})
    with table.store() as store:
        with pytest.raises(CorruptItemError, match="bad"):
            store.get("features", "bad")
        assert store.all("features") == {"good": {"version": 1}}
    assert [record.levelname for record in caplog.records if "bad" in record.getMessage()] == ["ERROR"]


def test_an_item_that_python_cannot_decode(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    deep = '{"version":1,"deep":' + "[" * 100_000 + "]" * 100_000 + "}"
    table.put("features", "bad", version={"N": "1"}, item={"S": deep})
    good = 'so "\\ called \u00e9\n'
    table.put("features", good, version={"N": "1"}, item={"S": '{"version":1}'})
    with table.store() as store:
        with pytest.raises(CorruptItemError, match='item "bad" of kind "features" is corrupt: RecursionError'):
            store.get("features", "bad")
        assert store.get_text("features", "bad") == deep
        assert store.all("features") == {good: {"version": 1}}
        assert [record.levelname for record in caplog.records if "bad" in record.getMessage()] == ["ERROR"]
        result = store.upsert("features", "bad", {"version": 1})
        assert result.stored_text == deep
        with pytest.raises(CorruptItemError, match='item "bad"'):
            _ = result.stored
        endless: dict[str, object] = {"version": 2}
        inner = endless
        for _ in range(100_000):
            inner["deeper"] = inner = {}
        with pytest.raises(InvalidJsonError, match="item is not JSON"):
            store.upsert("features", "bad", endless)


def test_an_item_over_the_size_limit_is_logged(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with table.store() as store:
        store.init({"features": {"large": {"version": 1, "filler": "x" * 400_000}, "small": {"version": 1}}})
        assert store.all("features").keys() == {"small"}
        assert store.stats()["requests"] > 0
    message = 'The item "large" in "features" was too large to store in DynamoDB and was dropped'
    assert ("ld_dynamo_store", "ERROR", message) in [(r.name, r.levelname, r.getMessage()) for r in caplog.records]


def test_an_unreachable_endpoint() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    credentials = Credentials(access_key_id="a", secret_access_key="b")
    with Store("flags", endpoint=f"http://127.0.0.1:{port}", region=REGION, credentials=credentials) as store:
        with pytest.raises(ConnectivityError) as raised:
            store.get("features", "a")
        assert raised.value.retriable
        assert store.available() is False


def test_an_endpoint_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        credentials = Credentials(access_key_id="a", secret_access_key="b")
        with Store(
            "flags",
            endpoint=endpoint,
            region=REGION,
            credentials=credentials,
            attempt_timeout_ms=200,
            operation_timeout_ms=500,
        ) as store:
            begun = time.monotonic()
            with pytest.raises(ConnectivityError) as raised:
                store.get("features", "a")
            assert time.monotonic() - begun < 3
            assert raised.value.retriable


def test_throttling(fake: FakeEngine, fake_table: Table) -> None:
    fake.rule(action={"throttle": True})
    with fake_table.store(max_attempts=1) as store, pytest.raises(ThrottledError) as raised:
        store.get("features", "a")
    assert raised.value.retriable
    assert raised.value.service_code == "ProvisionedThroughputExceededException"


def test_a_refused_upsert_is_one_request(fake: FakeEngine, fake_table: Table) -> None:
    with fake_table.store() as store:
        store.upsert("features", "a", {"version": 2})
        assert not store.upsert("features", "a", {"version": 1})
    assert fake.requests("PutItem") == 2
    assert fake.requests("GetItem") == 0


def test_many_threads(table: Table) -> None:
    with table.store() as store:
        store.init({"features": {str(number): {"version": 1, "number": number} for number in range(50)}})
        failures: list[BaseException] = []

        def work(seed: int) -> None:
            try:
                for number in range(seed, seed + 50):
                    item = store.get("features", str(number % 50))
                    assert item is not None
                    assert item["number"] == number % 50
                    store.upsert("features", "shared", {"version": number})
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.get("features", "shared") == {"version": 64}
