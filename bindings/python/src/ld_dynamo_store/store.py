"""The store: LaunchDarkly's flags and segments in a DynamoDB table."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, NoReturn

from . import _credentials
from ._arguments import payload_argument, text_argument
from ._big_segments import PatchOutcome, milliseconds_argument
from ._credentials import Credentials, CredentialsProvider, CredentialsSession, ExpiringCredentials
from ._errors import NOT_FOUND, NOT_NEWER, OUT_OF_ORDER, TOO_LARGE, ConnectivityError, ServiceError, ThrottledError
from ._items import Item, decode, decode_all
from ._native import Library
from ._native_calls import NativeCalls
from ._upsert_result import UpsertOutcome, UpsertResult


class Store(NativeCalls):
    """A handle on one table and prefix, usable from many threads at once and after a fork.

    Making a store opens no connection and starts no thread; the first call connects. Use it as a context manager, or
    call ``close``. Every method that asks the table blocks until the answer or a timeout, lets other Python threads run
    meanwhile, and greenlets where gevent or eventlet has monkey-patched the process, and raises a ``StoreError`` of the
    class that fits the cause.

    A kind is ``"features"`` (or its alias ``"flags"``), ``"segments"``, or a name of your own. Items are JSON objects
    with an integer ``version``. Deleted items are tombstones: objects with ``"deleted": true``, returned as they are.

    Example:
        >>> with Store("my-table", prefix="my-environment", region="eu-west-1") as store:
        ...     flag = store.get("features", "my-flag")
    """

    def __init__(
        self,
        table: str,
        *,
        prefix: str | None = None,
        region: str | None = None,
        endpoint: str | None = None,
        profile: str | None = None,
        credentials: Credentials | Mapping[str, str] | CredentialsProvider | CredentialsSession | str | None = None,
        consistent_reads: bool | None = None,
        read_only: bool | None = None,
        connect_timeout_ms: int | None = None,
        attempt_timeout_ms: int | None = None,
        operation_timeout_ms: int | None = None,
        init_timeout_ms: int | None = None,
        max_attempts: int | None = None,
        retry_mode: str | None = None,
        transport: str | None = None,
        max_concurrency: int | None = None,
        cache_ttl_ms: int | None = None,
        context_cache_ttl_ms: int | None = None,
        context_cache_size: int | None = None,
        stale_on_error: bool | None = None,
        share: bool | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        proxy: str | None = None,
        log_level: str | None = None,
        library: str | os.PathLike[str] | None = None,
    ) -> None:
        """Opens a store. None leaves a setting at the library's default, which stands in parentheses.

        Args:
            table: name of the table; its partition key is ``namespace`` and its sort key ``key``, both strings.
            prefix: goes before every namespace with a colon, so that environments share a table ("" is none).
            region: the AWS region (environment, profile).
            endpoint: address of a local engine or a VPC endpoint (environment, profile, then the region's).
            profile: name of an AWS profile, which goes before the keys in the environment.
            credentials: static credentials (the AWS chain: environment, profile, web identity, ECS, IMDS). Or
                botocore's credentials, or a session of boto3 or botocore: it is asked on the calling thread before a
                call, at most once a second. The region is not taken from it, and ``share`` not possible. Or "pushed":
                ``set_credentials`` gives them.
            consistent_reads: strongly consistent reads, at twice the price of eventual ones (True).
            read_only: refuses writes before any request (False).
            connect_timeout_ms: for one connection (1000). A timeout of 0 means none, here and below.
            attempt_timeout_ms: for one HTTP attempt (2000).
            operation_timeout_ms: for a whole call with its retries (5000).
            init_timeout_ms: for a whole ``init`` or patch of Big Segments (300000).
            max_attempts: tries of one request (3).
            retry_mode: how AWS SDKs wait between tries ("standard").
            transport: "sdk" sends every request through the AWS SDK ("auto").
            max_concurrency: batches that ``init`` has under way at once (16).
            cache_ttl_ms: how long a read is answered from memory; 0 never, -1 for ever (15000).
            context_cache_ttl_ms: how long a context's membership in Big Segments is answered from memory; never where
                this, ``context_cache_size`` or ``cache_ttl_ms`` is 0 (5000).
            context_cache_size: how many contexts' memberships are kept (1000).
            stale_on_error: serves an expired value when the table cannot be asked (False).
            share: stores of equal configuration use one set of connections and one cache (False).
            ca_bundle: file of root certificates in PEM (``AWS_CA_BUNDLE``, then the system's).
            proxy: address of an HTTP proxy (the usual environment variables).
            log_level: "off", "error", "warn", "info", "debug" or "trace" ("info"). Events go to the logger
                ``ld_dynamo_store``.
            library: path of the native library; see ``ld_dynamo_store.load``.

        Raises:
            ConfigurationError: a setting is mistyped or contradicts another; the message names it.
            LibraryError: the native library was not found or does not fit.
        """
        given, renewal = _credentials.split(credentials)
        settings = {
            "table": table,
            "prefix": prefix,
            "region": region,
            "endpoint": endpoint,
            "profile": profile,
            "credentials": given,
            "consistent_reads": consistent_reads,
            "read_only": read_only,
            "connect_timeout_ms": connect_timeout_ms,
            "attempt_timeout_ms": attempt_timeout_ms,
            "operation_timeout_ms": operation_timeout_ms,
            "init_timeout_ms": init_timeout_ms,
            "max_attempts": max_attempts,
            "retry_mode": retry_mode,
            "transport": transport,
            "max_concurrency": max_concurrency,
            "cache_ttl_ms": cache_ttl_ms,
            "context_cache_ttl_ms": context_cache_ttl_ms,
            "context_cache_size": context_cache_size,
            "stale_on_error": stale_on_error,
            "share": share,
            "ca_bundle": None if ca_bundle is None else os.fspath(ca_bundle),
            "proxy": proxy,
            "log_level": log_level,
        }
        self._open(json.dumps({key: value for key, value in settings.items() if value is not None}), library, renewal)

    @classmethod
    def from_json(cls, configuration: str, *, library: str | os.PathLike[str] | None = None) -> Store:
        """Opens a store with the native library's own configuration text, also with keys this package does not know.

        Args:
            configuration: a JSON object; its keys are those of the constructor.
            library: path of the native library.
        """
        store = cls.__new__(cls)
        store._open(configuration, library)
        return store

    def get(self, kind: str, key: str) -> Item | None:
        """One item, or None if there is none. A deleted item is a tombstone with ``"deleted": true``.

        A key that DynamoDB cannot hold is not asked for: the answer is None.

        Raises:
            CorruptItemError: the row's ``item`` is not a JSON object, or one that Python's JSON module does not take.
            StoreError: the table could not be asked.
        """
        text = self.get_text(kind, key)
        return None if text is None else decode(text, kind, key)

    def get_text(self, kind: str, key: str) -> str | None:
        """As ``get``, but the JSON text as it is stored, byte for byte."""
        try:
            native_key = text_argument(key, "INVALID_KEY", "key")
        except ValueError:
            return None  # No row can have such a key.
        library, native_kind = self._library, text_argument(kind, "INVALID_KIND", "kind")
        status, text = self._call_for_text(library.get, native_kind, native_key, cached=library.get_cached)
        return None if status == NOT_FOUND or text is None else text.decode()

    def all(self, kind: str) -> dict[str, Item]:
        """Every item of a kind by key, tombstones included; corrupt rows are left out and logged.

        Raises:
            StoreError: the table could not be asked.
        """
        return decode_all(self.all_text(kind), kind)

    def all_text(self, kind: str) -> str:
        """As ``all``, but the text of one JSON object."""
        library, native_kind = self._library, text_argument(kind, "INVALID_KIND", "kind")
        _, text = self._call_for_text(library.all, native_kind, cached=library.all_cached)
        return "{}" if text is None else text.decode()

    def init(self, data: Mapping[str, Mapping[str, Any]] | str | bytes) -> None:
        """Replaces the full data set: of every kind in it, exactly these items are stored afterwards.

        A kind that is not in the data set is left alone; one that is there but empty is emptied. Rows that are already
        as they should be are not written. If it fails, the next ``init`` goes on where it stopped.

        Args:
            data: ``{"features": {key: item, …}, "segments": {…}}``, as a mapping or as JSON text. A payload from
                LaunchDarkly goes in as it is.

        Raises:
            InvalidArgumentError: the data set is wrong; nothing was written.
            StoreError: not everything could be written; the message counts the rows.
        """
        self._call(self._library.init, payload_argument(data, "data"))

    def upsert(self, kind: str, key: str, item: Mapping[str, Any] | str | bytes) -> UpsertResult:
        """Stores one item if it is newer than the stored one, in one request.

        Args:
            kind: the item's kind.
            key: the key it is stored under, whatever the item says.
            item: a JSON object with an integer ``version``, as a mapping or as JSON text; with ``"deleted": true`` it
                is a deletion.

        Raises:
            InvalidArgumentError: kind, key or item is wrong; nothing was sent.
            StoreError: the item may not be stored.
        """
        status, text = self._call_for_text(
            self._library.upsert,
            text_argument(kind, "INVALID_KIND", "kind"),
            text_argument(key, "INVALID_KEY", "key"),
            payload_argument(item, "item"),
        )
        if status == NOT_NEWER:
            return UpsertResult(UpsertOutcome.NOT_NEWER, None if text is None else text.decode(), (kind, key))
        return UpsertResult(UpsertOutcome.TOO_LARGE if status == TOO_LARGE else UpsertOutcome.UPDATED)

    def initialized(self) -> bool:
        """Whether the table holds a full data set of this prefix.

        Raises:
            StoreError: the table could not be asked.
        """
        return self._call(self._library.initialized, cached=self._library.initialized_cached) != NOT_FOUND

    def available(self) -> bool:
        """Whether the table answers now; asks the table, never the cache. ``check_available`` tells the reason."""
        try:
            self.check_available()
        except (ConnectivityError, ServiceError, ThrottledError):
            return False
        return True

    def check_available(self) -> None:
        """Returns if the table answers now; asks the table, never the cache.

        Raises:
            StoreError: why it does not.
        """
        self._call(self._library.available)

    def big_segments_metadata(self) -> Item | None:
        """The state of the Big Segments data, or None if there is none.

        ``synchronizedOn`` is when it was last brought up to date, in milliseconds since 1970. Never from memory.
        """
        status, text = self._call_for_text(self._library.big_segments_metadata)
        return None if status == NOT_FOUND or text is None else json.loads(text)

    def big_segments_cursor(self) -> str | None:
        """The version of the last patch that was applied, or None if there was none.

        LaunchDarkly is asked for the patches after it. Never from memory, and always strongly consistent.
        """
        status, text = self._call_for_text(self._library.big_segments_cursor)
        return None if status == NOT_FOUND or text is None else text.decode()

    def big_segments_membership(self, context_hash: str) -> dict[str, bool] | None:
        """Whether a context is included in (True) or excluded from (False) Big Segments, by segment reference.

        None if the table does not know the context. An answer is kept for ``context_cache_ttl_ms``.

        Args:
            context_hash: what ``ld_dynamo_store.context_hash`` makes of the context's key.
        """
        try:
            native_hash = text_argument(context_hash, "INVALID_KEY", "context_hash")
        except ValueError:
            return None  # No row can have such a key.
        status, text = self._call_for_text(self._library.big_segments_membership, native_hash)
        return None if status == NOT_FOUND or text is None else json.loads(text)

    def big_segments_apply_patch(self, patch: Mapping[str, Any] | str | bytes) -> PatchOutcome:
        """Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy.

        It is applied where the table's cursor is the patch's ``previousVersion`` (or there is none and that is empty),
        and moves the cursor to ``version``. Up to 99 contexts, whose rows have no more than
        4 MB together, are changed all at once or not at all; more in several
        transactions, of which the last moves the cursor, so that a patch which failed can be applied again.

        Args:
            patch: ``{"environmentId": text, "segmentId": "segment-key.g1", "version": text, "previousVersion": text,
                "changes": {"included": {"add": [context hash, …], "remove": […]}, "excluded": {…}}}``, as a mapping or
                as JSON text. A removal wins over an addition of the same context to the same set.

        Returns:
            ``PatchOutcome.APPLIED`` (true), or ``PatchOutcome.OUT_OF_ORDER`` where the cursor is another: ask
            LaunchDarkly for the patches since the table's.

        Raises:
            InvalidArgumentError: the patch is wrong; nothing was sent.
            StoreError: the patch is not known to be applied.
        """
        status = self._call(self._library.big_segments_apply_patch, payload_argument(patch, "patch"))
        return PatchOutcome.OUT_OF_ORDER if status == OUT_OF_ORDER else PatchOutcome.APPLIED

    def big_segments_set_synchronized(self, when: int | datetime) -> None:
        """Notes that Big Segments were in step with LaunchDarkly, whatever was noted before.

        SDKs take memberships for stale some time after it, 120 s by default; the Relay Proxy notes it every 30 s.

        Args:
            when: in milliseconds since 1970, or a datetime with a time zone, whose microseconds are cut off.

        Raises:
            InvalidBigSegmentsError: before 1970, beyond 64 bits, or a datetime without a time zone; nothing was sent.
            StoreError: the time may not be noted.
        """
        self._call(self._library.big_segments_set_synchronized, milliseconds_argument(when, "when"))

    def set_credentials(self, credentials: ExpiringCredentials | Mapping[str, Any] | str | bytes) -> None:
        """Signs requests with these from now on. For a store made with ``credentials="pushed"``.

        At any time, from any thread, also before the first call. A child of a fork has those that were there at the
        fork. Expired ones are never sent: until new ones come, calls that have to ask the table raise a retriable
        ``NoCredentialsError``.

        Args:
            credentials: ``access_key_id``, ``secret_access_key``, and where there are such ``session_token`` and
                ``expires_ms``, the time of expiry in milliseconds since 1970; as a mapping or as JSON text. An object
                that finds credentials goes to the constructor.

        Raises:
            ConfigurationError: a member is wrong, or the store was made otherwise; it keeps what it had.
            InvalidArgumentError: the text is not JSON.
        """
        handle = self._handle
        pointer = handle.enter()
        try:
            self._push(pointer, _credentials.to_json(credentials))
        finally:
            handle.leave()

    def stats(self) -> Item:
        """What this store counted since it was made; asks nothing."""
        _, text = self._native_call_for_text(self._library.stats)
        counted: Item = json.loads(text or b"{}")
        return counted

    @property
    def library(self) -> Library:
        """The native library in use, with its path and versions."""
        return self._library

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._handle.closed

    def close(self) -> None:
        """Closes the store; again does nothing.

        Never waits: a call that another thread is in goes on to its end, and the last one frees the native store. Calls
        after it raise ``StoreClosedError``.
        """
        self._handle.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Store cannot be pickled or copied: make one in the other process, or fork")
