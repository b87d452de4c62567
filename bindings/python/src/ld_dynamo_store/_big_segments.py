"""Big Segments beside the store: hashes of contexts, outcomes of patches, times of synchronization."""

from __future__ import annotations

import enum
import os
from ctypes import byref, c_char_p, c_void_p
from datetime import datetime, timedelta, timezone

from ._arguments import text_argument
from ._errors import refused
from ._native import load

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)


class PatchOutcome(enum.Enum):
    """What became of a patch of Big Segments that did not fail; true if it is applied."""

    APPLIED = "applied"
    """All of it is stored, and the table's cursor is the patch's ``version``."""

    OUT_OF_ORDER = "out of order"
    """The table's cursor is not the patch's ``previousVersion``; a patch of one transaction has changed nothing."""

    def __bool__(self) -> bool:
        return self is PatchOutcome.APPLIED


def context_hash(key: str, *, library: str | os.PathLike[str] | None = None) -> str:
    """The key under which Big Segments know a context: the SHA-256 of the context's key, in padded standard base64.

    LaunchDarkly's SDKs compute it themselves; this is for users without one. Asks no table.

    Args:
        key: the context's key; of a context of several kinds, that of the kind which the segment is about.
        library: path of the native library; see ``ld_dynamo_store.load``.

    Raises:
        InvalidKeyError: the key has a NUL character or half of a surrogate pair.
        LibraryError: the native library was not found or does not fit.
    """
    native_key = text_argument(key, "INVALID_KEY", "key")
    native = load(library)
    text, error = c_char_p(), c_void_p()
    status: int = native.context_hash(native_key, byref(text), byref(error))
    if status < 0:
        raise native.take_error(status, error)
    try:
        return (text.value or b"").decode()
    finally:
        native.string_free(text)


def milliseconds_argument(when: int | datetime, name: str) -> int:
    """A point of time in milliseconds since 1970, which fits into 64 bits."""
    if isinstance(when, datetime):
        if when.utcoffset() is None:
            raise refused("INVALID_BIG_SEGMENTS", f"{name} is a datetime without a time zone: give one with a tzinfo")
        return (when - _EPOCH) // _MILLISECOND
    # True and False are integers, too, but no points of time.
    if not isinstance(when, int) or isinstance(when, bool):
        raise TypeError(f"{name} must be int or datetime, not {type(when).__name__}")
    if not -(2**63) <= when < 2**63:
        raise refused("INVALID_BIG_SEGMENTS", f"{name} must be in milliseconds since 1970 and fit into 64 bits")
    return when
