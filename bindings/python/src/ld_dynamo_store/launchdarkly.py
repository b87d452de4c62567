"""Plugs the store into LaunchDarkly's Python SDK, in place of ``ldclient.integrations.DynamoDB``.

Change one import, and the calls stay as they are::

    from ld_dynamo_store.launchdarkly import DynamoDB

    store = DynamoDB.new_feature_store("my-table", prefix="my-environment")
    client = LDClient(Config("sdk-key", feature_store=store))

The SDK's own ``CachingStoreWrapper`` caches; the store under it caches nothing, so that a value is never older than
``caching`` says. An exception reaches the SDK only if the table could not be asked, because the SDK takes any exception
for an outage: a row that is damaged is logged and counts as absent.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ldclient.feature_store import CacheConfig
from ldclient.feature_store_helpers import CachingStoreWrapper
from ldclient.interfaces import BigSegmentStore, BigSegmentStoreMetadata, DiagnosticDescription, FeatureStoreCore
from ldclient.versioned_data_kind import VersionedDataKind

from ._dynamodb_options import UnsupportedOptionError, store_settings
from ._errors import CorruptItemError, Error
from ._logs import LOGGER_NAME
from .store import Item, Store, UpsertOutcome

if TYPE_CHECKING:
    from ldclient.async_feature_store_helpers import AsyncCachingStoreWrapper
    from ldclient.interfaces import AsyncBigSegmentStore

__all__ = [
    "DynamoDB",
    "DynamoDBBigSegmentStore",
    "DynamoDBFeatureStoreCore",
    "UnsupportedOptionError",
    "async_big_segment_store",
    "async_feature_store",
    "new_big_segment_store",
    "new_feature_store",
]

_log = logging.getLogger(LOGGER_NAME)

_DEFAULT_CACHING = CacheConfig.default()
_FIRST_SDK_WITH_ASYNC_STORES = "9.18"


class DynamoDBFeatureStoreCore(FeatureStoreCore, DiagnosticDescription):
    """The SDK's uncached store interface over one ``Store``; items are JSON objects as dicts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get_internal(self, kind: VersionedDataKind, key: str) -> Item | None:  # type: ignore[override]
        """One item as stored, tombstones included, or None."""
        try:
            item = self._store.get(kind.namespace, key)
        except CorruptItemError as failure:
            _log.error("%s", failure)
            return None
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
        # Too large: the table keeps what it had, and if that was nothing, a tombstone is how the SDK caches absence.
        stored = result.stored or self.get_internal(kind, key)
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

    def __init__(self, store: Store) -> None:
        self._store = store

    def get_metadata(self) -> BigSegmentStoreMetadata:
        """When the Big Segments data was last brought up to date."""
        metadata = self._store.big_segments_metadata()
        return BigSegmentStoreMetadata(None if metadata is None else metadata.get("synchronizedOn"))

    def get_membership(self, context_hash: str) -> dict[str, bool] | None:
        """Whether a context is included in (True) or excluded from (False) segments, by segment reference."""
        return self._store.big_segments_membership(context_hash)

    def stop(self) -> None:
        """Closes the store."""
        self._store.close()


def _with_key(item: Item, key: str) -> Item:
    # Some writers leave the key out of tombstones, and the SDK's data model insists on one.
    item.setdefault("key", key)
    return item


def new_feature_store(
    table_name: str,
    prefix: str | None = None,
    dynamodb_opts: Mapping[str, Any] = {},
    caching: CacheConfig = _DEFAULT_CACHING,
    *,
    options: Mapping[str, Any] | None = None,
    library: str | os.PathLike[str] | None = None,
) -> CachingStoreWrapper:
    """A feature store for ``ldclient.config.Config(feature_store=…)``.

    Args:
        table_name: an existing table; its partition key is ``namespace`` and its sort key ``key``, both strings.
        prefix: goes before every namespace, so that environments share a table.
        dynamodb_opts: options as for ``boto3.client("dynamodb", …)``.
        caching: the SDK's local cache.
        options: further keyword arguments of ``Store``, such as ``{"read_only": True}``; they win over
            ``dynamodb_opts``.
        library: path of the native library.

    Raises:
        UnsupportedOptionError: an entry of ``dynamodb_opts`` has no counterpart here; the message says what to use.
        ConfigurationError: a setting is wrong; the message names it.
    """
    return CachingStoreWrapper(
        DynamoDBFeatureStoreCore(_open(table_name, prefix, dynamodb_opts, options, library)), caching
    )


def new_big_segment_store(
    table_name: str,
    prefix: str | None = None,
    dynamodb_opts: Mapping[str, Any] = {},
    *,
    options: Mapping[str, Any] | None = None,
    library: str | os.PathLike[str] | None = None,
) -> DynamoDBBigSegmentStore:
    """A Big Segments store for ``ldclient.config.BigSegmentsConfig(store=…)``; see ``new_feature_store``."""
    return DynamoDBBigSegmentStore(_open(table_name, prefix, dynamodb_opts, options, library))


def async_feature_store(
    table_name: str,
    prefix: str | None = None,
    dynamodb_opts: Mapping[str, Any] = {},
    caching: CacheConfig = _DEFAULT_CACHING,
    *,
    options: Mapping[str, Any] | None = None,
    library: str | os.PathLike[str] | None = None,
) -> AsyncCachingStoreWrapper:
    """A feature store for ``ldclient.async_config.AsyncConfig(feature_store=…)``; see ``new_feature_store``.

    Raises:
        NotImplementedError: the installed SDK has no asynchronous stores.
    """
    _require_async_stores()
    from ldclient.async_feature_store_helpers import AsyncCachingStoreWrapper

    from ._launchdarkly_async import AsyncDynamoDBFeatureStoreCore

    store = _open(table_name, prefix, dynamodb_opts, options, library)
    return AsyncCachingStoreWrapper(AsyncDynamoDBFeatureStoreCore(store), caching)


def async_big_segment_store(
    table_name: str,
    prefix: str | None = None,
    dynamodb_opts: Mapping[str, Any] = {},
    *,
    options: Mapping[str, Any] | None = None,
    library: str | os.PathLike[str] | None = None,
) -> AsyncBigSegmentStore:
    """A Big Segments store for ``ldclient.async_config.AsyncBigSegmentsConfig(store=…)``; see ``new_feature_store``.

    Raises:
        NotImplementedError: the installed SDK has no asynchronous stores.
    """
    _require_async_stores()
    from ._launchdarkly_async import AsyncDynamoDBBigSegmentStore

    return AsyncDynamoDBBigSegmentStore(_open(table_name, prefix, dynamodb_opts, options, library))


class DynamoDB:
    """The same functions under the name that ``ldclient.integrations`` gives them."""

    new_feature_store = staticmethod(new_feature_store)
    new_big_segment_store = staticmethod(new_big_segment_store)
    async_feature_store = staticmethod(async_feature_store)
    async_big_segment_store = staticmethod(async_big_segment_store)


def _require_async_stores() -> None:
    try:
        import ldclient.async_feature_store_helpers  # noqa: F401
    except ImportError:
        raise NotImplementedError(
            f"asynchronous stores need launchdarkly-server-sdk {_FIRST_SDK_WITH_ASYNC_STORES} or later"
        ) from None


def _open(
    table_name: str,
    prefix: str | None,
    dynamodb_opts: Mapping[str, Any],
    options: Mapping[str, Any] | None,
    library: str | os.PathLike[str] | None,
) -> Store:
    settings = {**store_settings(dynamodb_opts), **(options or {})}
    if settings.get("cache_ttl_ms", 0) != 0:
        raise ValueError("options: cache_ttl_ms is not supported, because the SDK caches: use caching")
    settings["cache_ttl_ms"] = 0
    return Store(table_name, prefix=prefix, library=library, **settings)
