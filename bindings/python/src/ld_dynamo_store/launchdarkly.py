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

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ldclient.feature_store import CacheConfig
from ldclient.feature_store_helpers import CachingStoreWrapper

from ._dynamodb_options import UnsupportedOptionError
from ._launchdarkly_core import DynamoDBBigSegmentStore, DynamoDBFeatureStoreCore, open_store

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

_DEFAULT_CACHING = CacheConfig.default()
_FIRST_SDK_WITH_ASYNC_STORES = "9.18"


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
        DynamoDBFeatureStoreCore(open_store(table_name, prefix, dynamodb_opts, options, library)), caching
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
    return DynamoDBBigSegmentStore(open_store(table_name, prefix, dynamodb_opts, options, library))


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

    store = open_store(table_name, prefix, dynamodb_opts, options, library)
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

    return AsyncDynamoDBBigSegmentStore(open_store(table_name, prefix, dynamodb_opts, options, library))


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
