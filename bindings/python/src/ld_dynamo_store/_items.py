"""Stored JSON texts as dicts, where Python's JSON module takes them.

It takes fewer than the native library does: not hundreds of levels (``RecursionError``), and no integer of thousands
of digits (``ValueError``).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

from ._errors import CorruptItemError, refused
from ._logs import LOGGER_NAME

Item = dict[str, Any]

_log = logging.getLogger(LOGGER_NAME)

_REFUSALS = (RecursionError, ValueError)
# What structures a JSON text: strings, which may hold anything, and brackets.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)


def decode(text: str, kind: str, key: str) -> Item:
    """One item.

    Raises:
        CorruptItemError: Python's JSON module does not take it.
    """
    try:
        item: Item = json.loads(text)
    except _REFUSALS as failure:
        reason = f"{type(failure).__name__}: {failure}"[:150]
        # As the native library says it.
        name = f"item {json.dumps(key[:100], ensure_ascii=False)} of kind {json.dumps(kind, ensure_ascii=False)}"
        raise refused("CORRUPT_ITEM", f"{name} is corrupt: {reason}") from None
    return item


def decode_all(text: str, kind: str) -> dict[str, Item]:
    """Every item in the text of one object; those that Python's JSON module does not take are left out and logged."""
    try:
        items: dict[str, Item] = json.loads(text)
    except _REFUSALS:
        # One of them fails alone as well, and the others are to be had all the same.
        items = {}
        for key, item in _split(text):
            try:
                items[key] = decode(item, kind, key)
            except CorruptItemError as failure:
                _log.error("%s", failure)
    return items


def _split(text: str) -> Iterator[tuple[str, str]]:
    """The texts of the items by key, in what is known to be JSON: an object of objects."""
    levels, start, key = 0, 0, ""
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token in "{[":
            levels += 1
            if levels == 2:
                start = found.start()
        elif token in "}]":
            levels -= 1
            if levels == 1:
                yield key, text[start : found.end()]
        elif levels == 1:
            key = json.loads(token)
