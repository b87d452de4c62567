"""Answers the requests of the shared cases through this package; tests/cases/README.md has the protocol.

Run with ``LD_DYNAMO_STORE_LIBRARY`` set; reads standard input until its end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

from ld_dynamo_store import (
    STATUSES,
    InvalidArgumentError,
    PatchOutcome,
    Store,
    StoreError,
    UpsertOutcome,
    context_hash,
)


class Answer(NamedTuple):
    """The five fields of an answer."""

    status: int
    result: str | None = None
    message: str | None = None
    service_code: str | None = None
    retriable: str | None = None


OK = Answer(STATUSES["OK"])
UPSERT_STATUSES = {
    UpsertOutcome.UPDATED: STATUSES["OK"],
    UpsertOutcome.NOT_NEWER: STATUSES["NOT_NEWER"],
    UpsertOutcome.TOO_LARGE: STATUSES["TOO_LARGE"],
}
PATCH_STATUSES = {
    PatchOutcome.APPLIED: STATUSES["OK"],
    PatchOutcome.OUT_OF_ORDER: STATUSES["OUT_OF_ORDER"],
}


def found(text: str | None) -> Answer:
    return Answer(STATUSES["NOT_FOUND"]) if text is None else Answer(STATUSES["OK"], text)


def found_value(value: object) -> Answer:
    return found(None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def upsert(store: Store, kind: str, key: str, item: str) -> Answer:
    result = store.upsert(kind, key, item)
    return Answer(UPSERT_STATUSES[result.outcome], result.stored_text)


def initialized(store: Store) -> Answer:
    return OK if store.initialized() else Answer(STATUSES["NOT_FOUND"])


def is_available(store: Store) -> Answer:
    return OK if store.available() else Answer(STATUSES["NOT_FOUND"])


def available(store: Store) -> Answer:
    store.check_available()
    return OK


def init(store: Store, data: str) -> Answer:
    store.init(data)
    return OK


def set_synchronized(store: Store, milliseconds: str) -> Answer:
    store.big_segments_set_synchronized(int(milliseconds))
    return OK


def set_credentials(store: Store, credentials: str) -> Answer:
    store.set_credentials(json.loads(credentials))
    return OK


def free(store: Store) -> Answer:
    store.close()
    return OK


CALLS: dict[str, Callable[..., Answer]] = {
    "get": lambda store, kind, key: found(store.get_text(kind, key)),
    "all": lambda store, kind: found(store.all_text(kind)),
    "init": init,
    "upsert": upsert,
    "initialized": initialized,
    "is_available": is_available,
    "available": available,
    "big_segments_metadata": lambda store: found_value(store.big_segments_metadata()),
    "big_segments_cursor": lambda store: found(store.big_segments_cursor()),
    "big_segments_membership": lambda store, context: found_value(store.big_segments_membership(context)),
    "big_segments_apply_patch": lambda store, patch: Answer(PATCH_STATUSES[store.big_segments_apply_patch(patch)]),
    "big_segments_set_synchronized": set_synchronized,
    "context_hash": lambda key: found(context_hash(key)),
    "set_credentials": set_credentials,
    "stats": lambda store: found_value(store.stats()),
    "free": free,
}


def answer(stores: dict[str, Store], call: str, name: str, arguments: list[str | None]) -> Answer:
    try:
        if call == "new":
            if name in stores:
                stores.pop(name).close()
            if arguments[0] is None:
                raise InvalidArgumentError("configuration is NULL", STATUSES["NULL_ARGUMENT"])
            stores[name] = Store.from_json(arguments[0])
            return OK
        if None in arguments:
            # This package has no NULL: None is a TypeError before any call.
            raise InvalidArgumentError("an argument is NULL", STATUSES["NULL_ARGUMENT"])
        if call == "context_hash":
            # Asks no table, and so needs no store.
            return CALLS[call](*arguments)
        store = stores.pop(name) if call == "free" else stores[name]
        return CALLS[call](store, *arguments)
    except StoreError as failure:
        return Answer(failure.status, None, failure.message, failure.service_code, "1" if failure.retriable else "0")


def read_line(stream: BinaryIO) -> int | None:
    line = stream.readline()
    return int(line) if line else None


def read_fields(stream: BinaryIO) -> list[str | None] | None:
    count = read_line(stream)
    if count is None:
        return None
    fields: list[str | None] = []
    for _ in range(count):
        length = read_line(stream)
        if length is None:
            raise EOFError("the input ended inside a frame")
        if length < 0:
            fields.append(None)
        else:
            fields.append(stream.read(length).decode())
            stream.read(1)
    return fields


def write_fields(stream: BinaryIO, fields: Answer) -> None:
    frame = b"%d\n" % len(fields)
    for field in fields:
        if field is None:
            frame += b"-1\n"
        else:
            encoded = str(field).encode()
            frame += b"%d\n%s\n" % (len(encoded), encoded)
    stream.write(frame)
    stream.flush()


def main() -> None:
    stores: dict[str, Store] = {}
    while (request := read_fields(sys.stdin.buffer)) is not None:
        call, name, *arguments = request
        if call is None or name is None:
            sys.exit("case_driver: the call and the store name cannot be NULL")
        write_fields(sys.stdout.buffer, answer(stores, call, name, arguments))


if __name__ == "__main__":
    main()
