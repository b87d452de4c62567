"""Arguments as the native library takes them: UTF-8 that ends with a NUL character."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._errors import refused


def text_argument(value: str, refusal: str, name: str) -> bytes:
    """The UTF-8 of an argument; a C string can hold neither a NUL character nor half of a surrogate pair."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    try:
        encoded = value.encode()
    except UnicodeEncodeError as failure:
        raise refused(refusal, f"{name} is not valid Unicode text: {failure}") from None
    if b"\0" in encoded:
        raise refused(refusal, f"{name} has a NUL character at byte {encoded.index(0)}")
    return encoded


def payload_argument(value: Mapping[str, Any] | str | bytes, name: str) -> bytes:
    """The JSON text of an argument, in the encoding that takes the least room in the table."""
    if isinstance(value, bytes):
        if b"\0" in value:
            raise refused("INVALID_JSON", f"{name} has a NUL character at byte {value.index(0)}")
        return value
    if isinstance(value, str):
        return text_argument(value, "INVALID_JSON", name)
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError) as failure:
        raise refused("INVALID_JSON", f"{name} is not JSON: {failure}") from failure
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair has no UTF-8, but JSON has an escape for it.
        return json.dumps(value, separators=(",", ":")).encode()
