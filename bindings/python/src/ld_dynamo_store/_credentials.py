"""AWS credentials that a store is handed while it lives: found by an object of botocore's kind, on the calling thread.

botocore renews its credentials by itself whenever it is asked for them, so it is asked before calls; what changed is
pushed into the native store. botocore is no dependency: any object with its methods will do.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypedDict, runtime_checkable

from ._arguments import payload_argument
from ._errors import STATUSES, NoCredentialsError, StoreError

_log = logging.getLogger("ld_dynamo_store")

_SECONDS_BETWEEN_LOOKS = 1.0
"""Between two looks for new credentials: botocore begins to renew minutes before the old ones expire."""

_SECONDS_BETWEEN_WARNINGS = 60.0


class _RequiredCredentials(TypedDict):
    access_key_id: str
    secret_access_key: str


class Credentials(_RequiredCredentials, total=False):
    """AWS credentials as they are."""

    session_token: str | None


class ExpiringCredentials(Credentials, total=False):
    """AWS credentials, and when they expire, in milliseconds since 1970."""

    expires_ms: int | None


class FrozenCredentials(Protocol):
    """What belongs together, as botocore's ``ReadOnlyCredentials`` has it."""

    @property
    def access_key(self) -> str:
        """The access key id."""

    @property
    def secret_key(self) -> str:
        """The secret access key."""

    @property
    def token(self) -> str | None:
        """The session token of temporary credentials."""


@runtime_checkable
class CredentialsProvider(Protocol):
    """An object that gives credentials and renews them, such as botocore's ``RefreshableCredentials``."""

    def get_frozen_credentials(self) -> FrozenCredentials:
        """The credentials to sign with now, renewed where that is due."""


@runtime_checkable
class CredentialsSession(Protocol):
    """An object that finds credentials, such as a ``boto3.Session`` or botocore's."""

    def get_credentials(self) -> Any:
        """A ``CredentialsProvider``, or None where there is none."""


Source = CredentialsProvider | CredentialsSession
Push = Callable[[bytes], None]


def split(
    credentials: Mapping[str, Any] | Source | str | None,
) -> tuple[dict[str, Any] | str | None, Renewal | None]:
    """The ``credentials`` of a configuration, and who renews them where an object finds them."""
    if credentials is None or isinstance(credentials, str):
        return credentials, None
    if isinstance(credentials, Mapping):
        return dict(credentials), None
    if isinstance(credentials, CredentialsProvider | CredentialsSession):
        return "pushed", Renewal(credentials)
    raise TypeError(
        f'credentials must be a mapping, "pushed", botocore credentials or a session, not {type(credentials).__name__}'
    )


def to_json(credentials: Mapping[str, Any] | str | bytes) -> bytes:
    """The text that the native library takes."""
    if isinstance(credentials, str | bytes):
        return payload_argument(credentials, "credentials")
    if isinstance(credentials, Mapping):
        return json.dumps(dict(credentials)).encode()
    message = f"set_credentials takes a mapping or JSON text, not {type(credentials).__name__}"
    if isinstance(credentials, CredentialsProvider | CredentialsSession):
        message += ": give the object to the constructor of the store, as credentials=, which asks it before calls"
    raise TypeError(message)


class Renewal:
    """Keeps one native store in credentials, on the threads that call it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pushed: bytes | None = None
        self._failure: Exception | None = None
        self._next_look = 0.0
        self._next_warning = 0.0
        self._locks: dict[int, threading.Lock] = {}

    def renew(self, push: Push) -> None:
        """Pushes what is new. Does nothing most of the time.

        Raises:
            NoCredentialsError: none were ever found.
        """
        if time.monotonic() < self._next_look and self._pushed is not None:
            return
        # One for each process: a child may inherit one that another thread of its parent held.
        lock = self._locks.setdefault(os.getpid(), threading.Lock())
        # Only the first credentials are worth waiting for.
        if not lock.acquire(blocking=self._pushed is None):
            return
        try:
            if time.monotonic() >= self._next_look:
                self._look(push)
            # Those who waited for the first credentials fail with whoever asked for them.
            if self._pushed is None and self._failure is not None:
                raise _refusal(self._failure) from self._failure
        finally:
            lock.release()

    def _look(self, push: Push) -> None:
        try:
            found = to_json(_frozen(self._source))
            if found != self._pushed:
                push(found)
                # After the push: a child that is forked in between pushes once more.
                self._pushed = found
                self._failure = None
        except Exception as failure:
            if self._pushed is None:
                self._failure = failure
            else:
                # What was pushed is used until it expires, which the native library sees to.
                self._warn(failure)
        self._next_look = time.monotonic() + _SECONDS_BETWEEN_LOOKS

    def _warn(self, failure: Exception) -> None:
        now = time.monotonic()
        if now >= self._next_warning:
            self._next_warning = now + _SECONDS_BETWEEN_WARNINGS
            _log.warning("the AWS credentials were not renewed, and those that are known are used: %s", _said(failure))


def _frozen(source: Source) -> ExpiringCredentials:
    provider = source if isinstance(source, CredentialsProvider) else source.get_credentials()
    if provider is None:
        raise LookupError(f"the {type(source).__name__} has none")
    frozen = provider.get_frozen_credentials()
    # botocore tells nobody when they expire. Where this is not there, AWS refuses those that have.
    expiry = getattr(provider, "_expiry_time", None)
    return {
        "access_key_id": frozen.access_key,
        "secret_access_key": frozen.secret_key,
        "session_token": frozen.token,
        "expires_ms": int(expiry.timestamp() * 1000) if isinstance(expiry, datetime) else None,
    }


def _refusal(failure: Exception) -> StoreError:
    if isinstance(failure, StoreError):
        return type(failure)(failure.message, failure.status, failure.retriable, failure.service_code)
    message = f"no AWS credentials came from the object given as credentials: {_said(failure)}"
    # Whoever hands them out may do so again later.
    return NoCredentialsError(message, STATUSES["NO_CREDENTIALS"], retriable=True)


def _said(failure: Exception) -> str:
    """One line of bounded length."""
    text = " ".join(f"{type(failure).__name__}: {failure}".split())
    return text if len(text) <= 200 else f"{text[:199]}…"
