"""LaunchDarkly's own DynamoDB store for Python, as a driver of tests/cases/README.md's protocol.

With the argument `ours` it is this library's adapter. What it answers is what the SDK would get of it: an item that is
deleted is not found. A failure has the status -1 and the exception's text.
"""

# ruff: noqa: D102, D103

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any, BinaryIO

from ldclient import Config, Context, LDClient
from ldclient.config import BigSegmentsConfig
from ldclient.feature_store import CacheConfig
from ldclient.interfaces import BigSegmentStore
from ldclient.versioned_data_kind import FEATURES, SEGMENTS, VersionedDataKind

DynamoDB: Any = import_module(
    "ld_dynamo_store.launchdarkly" if sys.argv[1:] == ["ours"] else "ldclient.integrations"
).DynamoDB

OK, NOT_FOUND, FAILED = 0, 1, -1
KINDS: dict[str, VersionedDataKind] = {"features": FEATURES, "segments": SEGMENTS}

Fields = list[str | None]
Answer = tuple[int, Any]


class Stores:
    """The official stores of one table: the one for flags, and the one for Big Segments."""

    def __init__(self, configuration: str) -> None:
        given = json.loads(configuration)
        options = {
            "endpoint_url": given["endpoint"],
            "region_name": "us-east-1",
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
        }
        self.place: dict[str, Any] = {
            "table_name": given["table"],
            "prefix": given.get("prefix", ""),
            "dynamodb_opts": options,
        }
        self.flags = DynamoDB.new_feature_store(**self.place, caching=CacheConfig.disabled())

    @cached_property
    def big_segments(self) -> BigSegmentStore:
        store: BigSegmentStore = DynamoDB.new_big_segment_store(**self.place)
        return store

    def get(self, kind: str, key: str) -> Answer:
        return found(self.flags.get(KINDS[kind], key, encoded))

    def all(self, kind: str) -> Answer:
        return OK, self.flags.all(KINDS[kind], lambda items: {key: encoded(item) for key, item in items.items()})

    def init(self, data_set: str) -> Answer:
        self.flags.init({KINDS[kind]: items for kind, items in json.loads(data_set).items()})
        return OK, None

    def upsert(self, kind: str, key: str, text: str) -> Answer:
        item = json.loads(text)
        if item.get("deleted"):
            self.flags.delete(KINDS[kind], key, item["version"])
        else:
            self.flags.upsert(KINDS[kind], item)
        return OK, None

    def initialized(self) -> Answer:
        return (OK if self.flags.initialized else NOT_FOUND), None

    def big_segments_metadata(self) -> Answer:
        up_to_date = self.big_segments.get_metadata().last_up_to_date
        return found(None if up_to_date is None else {"synchronizedOn": int(up_to_date)})

    def big_segments_membership(self, context_hash: str) -> Answer:
        return found(self.big_segments.get_membership(context_hash))

    def evaluate(self, keys: str, contexts: str) -> Answer:
        """What a client in daemon mode makes of each flag for each context, in this order."""
        cached = DynamoDB.new_feature_store(**self.place, caching=CacheConfig(expiration=600))
        big_segments = BigSegmentsConfig(DynamoDB.new_big_segment_store(**self.place))
        config = Config("no-sdk-key", feature_store=cached, use_ldd=True, send_events=False, big_segments=big_segments)
        client = LDClient(config)
        visitors = [Context.from_dict(context) for context in json.loads(contexts)]
        details = {
            key: [client.variation_detail(key, visitor, None) for visitor in visitors] for key in json.loads(keys)
        }
        client.close()
        return OK, {
            key: [[detail.value, detail.variation_index, detail.reason] for detail in of_key]
            for key, of_key in details.items()
        }


def encoded(item: Any) -> Any:
    return item.to_json_dict() if hasattr(item, "to_json_dict") else item


def found(value: Any) -> Answer:
    return (NOT_FOUND, None) if value is None else (OK, value)


def answer(stores: dict[str, Stores], call: str, name: str, arguments: Fields) -> Fields:
    try:
        if call == "new":
            stores[name] = Stores(str(arguments[0]))
            status, value = OK, None
        else:
            method: Callable[..., Answer] = getattr(stores[name], call)
            status, value = method(*arguments)
    except Exception as failure:  # Whatever the official store throws is what is told.
        return [str(FAILED), None, f"{type(failure).__name__}: {failure}", None, None]
    return [str(status), None if value is None else json.dumps(value), None, None, None]


def read_fields(stream: BinaryIO) -> Fields | None:
    line = stream.readline()
    if not line:
        return None
    fields: Fields = []
    for _ in range(int(line)):
        length = int(stream.readline())
        fields.append(None if length < 0 else stream.read(length + 1)[:-1].decode())
    return fields


def write_fields(stream: BinaryIO, fields: Fields) -> None:
    stream.write(b"%d\n" % len(fields))
    for field in fields:
        text = None if field is None else field.encode()
        stream.write(b"-1\n" if text is None else b"%d\n%s\n" % (len(text), text))
    stream.flush()


def main() -> None:
    stores: dict[str, Stores] = {}
    while (request := read_fields(sys.stdin.buffer)) is not None:
        call, name, *arguments = request
        write_fields(sys.stdout.buffer, answer(stores, str(call), str(name), arguments))


if __name__ == "__main__":
    main()
