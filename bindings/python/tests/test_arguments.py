"""How arguments reach the library and results come back, on the stub."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Stub
from ld_dynamo_store import (
    InvalidArgumentError,
    InvalidJsonError,
    InvalidKeyError,
    InvalidKindError,
    Store,
    UpsertOutcome,
)


@pytest.fixture
def store(stub: Stub) -> Store:
    return Store("table", library=stub.path)


def test_only_given_settings_are_passed_on(stub: Stub) -> None:
    Store("table", library=stub.path).close()
    assert json.loads(stub.last("configuration")) == {"table": "table"}


def test_every_setting_is_passed_on(stub: Stub) -> None:
    settings = {
        "prefix": "prefix",
        "region": "eu-west-1",
        "endpoint": "http://127.0.0.1:1",
        "profile": "profile",
        "credentials": {"access_key_id": "a", "secret_access_key": "b", "session_token": "c"},
        "consistent_reads": False,
        "read_only": True,
        "connect_timeout_ms": 1,
        "attempt_timeout_ms": 2,
        "operation_timeout_ms": 3,
        "init_timeout_ms": 4,
        "max_attempts": 5,
        "retry_mode": "adaptive",
        "max_concurrency": 6,
        "cache_ttl_ms": -1,
        "context_cache_ttl_ms": 7,
        "context_cache_size": 8,
        "stale_on_error": True,
        "share": True,
        "ca_bundle": Path("/ca.pem"),
        "proxy": "http://127.0.0.1:2",
        "log_level": "off",
    }
    Store("table", library=stub.path, **settings).close()  # type: ignore[arg-type]
    assert json.loads(stub.last("configuration")) == {**settings, "ca_bundle": "/ca.pem", "table": "table"}


def test_a_whole_configuration_is_passed_on_as_it_is(stub: Stub) -> None:
    text = '{"table": "flags",  "a_newer_key": 1}'
    Store.from_json(text, library=stub.path).close()
    assert stub.last("configuration") == text


def test_results_are_parsed_or_left_alone(store: Store) -> None:
    assert store.get("features", "a") == {"key": "a", "version": 1}
    assert store.get_text("features", "a") == '{"key":"a","version":1}'
    assert store.all("features") == {}
    assert store.all_text("features") == "{}"
    assert store.initialized() is False
    assert store.available() is False
    assert store.stats() == {"requests": 0}


def test_no_result_leaks(stub: Stub, store: Store) -> None:
    for _ in range(10):
        store.get("features", "a")
        store.upsert("features", "not-newer", {"version": 1})
    assert stub.count("live_strings") == 0


def test_upsert_outcomes(store: Store) -> None:
    updated = store.upsert("features", "a", {"version": 1})
    assert updated
    assert (updated.outcome, updated.stored_text, updated.stored) == (UpsertOutcome.UPDATED, None, None)
    not_newer = store.upsert("features", "not-newer", {"version": 1})
    assert not not_newer
    assert not_newer.outcome is UpsertOutcome.NOT_NEWER
    assert (not_newer.stored_text, not_newer.stored) == ('{"version":9}', {"version": 9})
    too_large = store.upsert("features", "too-large", {"version": 1})
    assert not too_large
    assert (too_large.outcome, too_large.stored) == (UpsertOutcome.TOO_LARGE, None)


def test_objects_are_written_in_the_fewest_bytes(stub: Stub, store: Store) -> None:
    store.upsert("features", "a", {"version": 1, "name": "Grüße 🎉"})
    assert stub.last("payload") == '{"version":1,"name":"Grüße 🎉"}'


def test_half_a_surrogate_pair_is_escaped(stub: Stub, store: Store) -> None:
    store.upsert("features", "a", {"version": 1, "name": "\ud83d"})
    assert stub.last("payload") == '{"version":1,"name":"\\ud83d"}'


@pytest.mark.parametrize("payload", ['{ "version": 1 }', b'{ "version": 1 }'])
def test_text_is_written_as_it_is(stub: Stub, store: Store, payload: str | bytes) -> None:
    store.upsert("features", "a", payload)
    assert stub.last("payload") == '{ "version": 1 }'
    store.init(payload)
    assert stub.last("payload") == '{ "version": 1 }'


@pytest.mark.parametrize("key", ["a\0b", "\ud800"])
def test_a_key_that_no_row_can_have(store: Store, key: str) -> None:
    assert store.get("features", key) is None
    assert store.get_text("features", key) is None
    assert store.big_segments_membership(key) is None
    with pytest.raises(InvalidKeyError):
        store.upsert("features", key, {"version": 1})


def test_a_kind_that_no_row_can_have(store: Store) -> None:
    for call in (lambda: store.get("a\0b", "key"), lambda: store.all("a\0b")):
        with pytest.raises(InvalidKindError, match="kind has a NUL character at byte 1"):
            call()


@pytest.mark.parametrize("payload", ['{"version":1}\0', b"\0", "\ud800", {"version": math.nan}])
def test_a_payload_that_is_not_json(store: Store, payload: str | bytes | dict[str, float]) -> None:
    with pytest.raises(InvalidJsonError):
        store.upsert("features", "a", payload)


def test_a_nul_is_told_with_the_name_of_its_argument(store: Store) -> None:
    calls: dict[str, Callable[[], object]] = {
        "kind": lambda: store.upsert("\0", "\0", "{}"),
        "key": lambda: store.upsert("features", "\0", "\0"),
        "item": lambda: store.upsert("features", "a", "\0"),
        "data": lambda: store.init("\0"),
        "patch": lambda: store.big_segments_apply_patch("\0"),
        "credentials": lambda: store.set_credentials("\0"),
        "configuration": lambda: Store.from_json("\0"),
    }
    for name, call in calls.items():
        with pytest.raises(InvalidArgumentError, match=f"^{name} has a NUL character at byte 0$"):
            call()


def test_wrong_types_are_type_errors(store: Store) -> None:
    with pytest.raises(TypeError, match="key must be str, not int"):
        store.get("features", 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="kind must be str, not NoneType"):
        store.all(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        store.upsert("features", "a", {"version": object()})


def test_a_store_is_not_pickled(store: Store) -> None:
    with pytest.raises(TypeError, match="make one in the other process"):
        pickle.dumps(store)
