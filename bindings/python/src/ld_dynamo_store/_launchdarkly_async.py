"""The SDK's asynchronous store interfaces: each call runs in a thread, which waits outside the interpreter lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ldclient.interfaces import (
    AsyncBigSegmentStore,
    AsyncFeatureStoreCore,
    BigSegmentStoreMetadata,
    DiagnosticDescription,
)
from ldclient.versioned_data_kind import VersionedDataKind

from ._daemon_threads import DaemonThreads
from ._event_loop import run_in_thread
from ._items import Item
from ._launchdarkly_core import DynamoDBBigSegmentStore, DynamoDBFeatureStoreCore
from .store import Store


class AsyncDynamoDBFeatureStoreCore(AsyncFeatureStoreCore, DiagnosticDescription):
    """The SDK's asynchronous uncached store interface over one ``Store``."""

    def __init__(self, store: Store) -> None:
        self._core = DynamoDBFeatureStoreCore(store)
        self._threads = DaemonThreads()

    async def get_internal(self, kind: VersionedDataKind, key: str) -> Item | None:
        """One item as stored, tombstones included, or None."""
        return await run_in_thread(self._threads, self._core.get_internal, kind, key)

    async def get_all_internal(self, kind: VersionedDataKind) -> Mapping[str, Item]:
        """Every item of a kind by the key it is stored under, tombstones included."""
        return await run_in_thread(self._threads, self._core.get_all_internal, kind)

    async def init_internal(self, all_data: Mapping[VersionedDataKind, Mapping[str, Item]]) -> None:
        """Replaces the full data set."""
        await run_in_thread(self._threads, self._core.init_internal, all_data)

    async def upsert_internal(self, kind: VersionedDataKind, item: Item) -> Item:
        """Stores the item if it is newer; returns what is stored afterwards."""
        return await run_in_thread(self._threads, self._core.upsert_internal, kind, item)

    async def initialized_internal(self) -> bool:
        """Whether the table holds a full data set; False if it cannot be asked."""
        return await run_in_thread(self._threads, self._core.initialized_internal)

    async def is_available(self) -> bool:
        """Whether the table answers now."""
        return await run_in_thread(self._threads, self._core.is_available)

    async def close(self) -> None:
        """Closes the store."""
        self._core.close()

    def describe_configuration(self, config: Any) -> str:
        """The name of this kind of store in the SDK's diagnostic events."""
        return self._core.describe_configuration(config)


class AsyncDynamoDBBigSegmentStore(AsyncBigSegmentStore):
    """The SDK's asynchronous Big Segments interface over one ``Store``."""

    def __init__(self, store: Store) -> None:
        self._segments = DynamoDBBigSegmentStore(store)
        self._threads = DaemonThreads()

    async def get_metadata(self) -> BigSegmentStoreMetadata:
        """When the Big Segments data was last brought up to date."""
        return await run_in_thread(self._threads, self._segments.get_metadata)

    async def get_membership(self, context_hash: str) -> dict[str, bool] | None:
        """Whether a context is included in (True) or excluded from (False) segments, by segment reference."""
        return await run_in_thread(self._threads, self._segments.get_membership, context_hash)

    async def stop(self) -> None:
        """Closes the store."""
        self._segments.stop()
