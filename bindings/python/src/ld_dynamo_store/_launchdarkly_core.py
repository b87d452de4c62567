"""What the SDK's blocking and asynchronous stores share: its interfaces over one ``Store``, and how that is opened."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ldclient.interfaces import BigSegmentStore, BigSegmentStoreMetadata, DiagnosticDescription, FeatureStoreCore
from ldclient.versioned_data_kind import VersionedDataKind

from ._dynamodb_options import store_settings
from ._errors import CorruptItemError, Error
from ._items import Item
from ._logs import LOGGER_NAME
from ._repeated_failures import RepeatedFailures
from ._upsert_result import UpsertOutcome
from .store import Store

# Where users import these classes from, and so the name under which `repr` and `help` show them.
_PUBLIC_MODULE = "ld_dynamo_store.launchdarkly"

_log = logging.getLogger(LOGGER_NAME)

Result = TypeVar("Result")


class DynamoDBFeatureStoreCore(FeatureStoreCore, DiagnosticDescription):
    """The SDK's uncached store interface over one ``Store``; items are JSON objects as dicts."""

    __module__ = _PUBLIC_MODULE

    def __init__(self, store: Store) -> None:
        self._store = store
        self._failures = RepeatedFailures()

    def get_internal(self, kind: VersionedDataKind, key: str) -> Item | None:  # type: ignore[override]
        """One item as stored, tombstones included, or None."""
        item = _none_if_corrupt(self._failures, self._store.get, kind.namespace, key)
        return None if item is None else _with_key(item, key)

    def get_all_internal(self, kind: VersionedDataKind) -> Mapping[str, Item]:
        """Every item of a kind by the key it is stored under, tombstones included."""
        return {key: _with_key(item, key) for key, item in self._store.all(kind.namespace).items()}

    def init_internal(self, all_data: Mapping[VersionedDataKind, Mapping[str, Item]]) -> None:
        """Replaces the full data set."""
        self._store.init({kind.namespace: items for kind, items in all_data.items()})

    def upsert_internal(self, kind: VersionedDataKind, item: Item) -> Item:
        """Stores the item if it is newer; returns what is stored afterwards."""
        key = item["key"]
        result = self._store.upsert(kind.namespace, key, item)
        if result.outcome is UpsertOutcome.UPDATED:
            # The same object: the SDK's asynchronous wrapper takes its identity as the sign of an update.
            return item
        if result.outcome is UpsertOutcome.NOT_NEWER:
            stored = _none_if_corrupt(self._failures, lambda: result.stored)
        else:
            # Too large: the table keeps what it had.
            stored = self.get_internal(kind, key)
        # A tombstone is how the SDK caches absence.
        if stored is None:
            stored = {"version": item["version"], "deleted": True}
        # The SDK caches it by the key inside; some writers leave another one there in tombstones.
        return {**stored, "key": key}

    def initialized_internal(self) -> bool:
        """Whether the table holds a full data set.

        False if it cannot be asked: the SDK lets an exception from here out of ``variation``, and out of the client's
        constructor.
        """
        try:
            return self._store.initialized()
        except Error as failure:
            # By class, because the text of one and the same outage may name other addresses and times.
            if self._failures.is_due(type(failure).__name__):
                _log.warning("whether the table is initialized is unknown, taken as no: %s", failure)
            return False

    def is_available(self) -> bool:
        """Whether the table answers now; the SDK asks every 500 ms after a failure."""
        return not self._store.closed and self._store.available()

    def close(self) -> None:
        """Closes the store."""
        self._store.close()

    def describe_configuration(self, config: Any) -> str:
        """The name of this kind of store in the SDK's diagnostic events."""
        return "DynamoDB"


class DynamoDBBigSegmentStore(BigSegmentStore):
    """The SDK's Big Segments interface over one ``Store``."""

    __module__ = _PUBLIC_MODULE

    def __init__(self, store: Store) -> None:
        self._store = store
        self._failures = RepeatedFailures()

    def get_metadata(self) -> BigSegmentStoreMetadata:
        """When the Big Segments data was last brought up to date."""
        metadata = _none_if_corrupt(self._failures, self._store.big_segments_metadata)
        return BigSegmentStoreMetadata(None if metadata is None else metadata.get("synchronizedOn"))

    def get_membership(self, context_hash: str) -> dict[str, bool] | None:
        """Whether a context is included in (True) or excluded from (False) segments, by segment reference."""
        return _none_if_corrupt(self._failures, self._store.big_segments_membership, context_hash)

    def stop(self) -> None:
        """Closes the store."""
        self._store.close()


def _none_if_corrupt(failures: RepeatedFailures, read: Callable[..., Result | None], *arguments: str) -> Result | None:
    # The SDK takes any exception for an outage, and the table did answer.
    try:
        return read(*arguments)
    except CorruptItemError as failure:
        if failures.is_due(str(failure)):
            _log.error("%s", failure)
        return None


def _with_key(item: Item, key: str) -> Item:
    # Some writers leave the key out of tombstones, and the SDK's data model insists on one.
    item.setdefault("key", key)
    return item


def open_store(
    table_name: str,
    prefix: str | None,
    dynamodb_opts: Mapping[str, Any],
    options: Mapping[str, Any] | None,
    library: str | os.PathLike[str] | None,
) -> Store:
    """A store for the SDK, which does the caching."""
    settings = {**store_settings(dynamodb_opts), **(options or {})}
    if settings.get("cache_ttl_ms") not in (None, 0):
        raise ValueError("options: cache_ttl_ms is not supported, because the SDK caches: use caching")
    for name in ("context_cache_ttl_ms", "context_cache_size"):
        if settings.get(name) not in (None, 0):
            raise ValueError(f"options: {name} is not supported, because the SDK caches: BigSegmentsConfig says how")
    # Memberships are not kept either.
    settings["cache_ttl_ms"] = 0
    return Store(table_name, prefix=prefix, library=library, **settings)
