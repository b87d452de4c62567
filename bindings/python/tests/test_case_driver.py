"""The driver of the shared cases keeps their protocol."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from engine import Table
from ld_dynamo_store import STATUSES


def encoded(*fields: str) -> bytes:
    return b"%d\n" % len(fields) + b"".join(b"%d\n%s\n" % (len(each.encode()), each.encode()) for each in fields)


def test_protocol(table: Table) -> None:
    configuration = json.dumps({"table": table.name, **table.settings})
    requests = [
        (("new", "a", configuration), ("OK", None)),
        (("get", "a", "features", "Grüße"), ("NOT_FOUND", None)),
        (("upsert", "a", "features", "Grüße", '{"version": 2}'), ("OK", None)),
        (("get", "a", "features", "Grüße"), ("OK", '{"version": 2}')),
        (("upsert", "a", "features", "Grüße", '{"version": 1}'), ("NOT_NEWER", '{"version": 2}')),
        (("all", "a", "features"), ("OK", '{"Grüße":{"version": 2}}')),
        (("initialized", "a"), ("NOT_FOUND", None)),
        (("init", "a", '{"features": {}}'), ("OK", None)),
        (("initialized", "a"), ("OK", None)),
        (("available", "a"), ("OK", None)),
        (("get", "a", "", "key"), ("INVALID_KIND", None)),
        (("new", "a", "{}"), ("INVALID_CONFIGURATION", None)),
        (("new", "b", configuration), ("OK", None)),
        (("big_segments_apply_patch", "b", '{"segmentId":"s.g1","version":"v1"}'), ("OK", None)),
        (("big_segments_apply_patch", "b", '{"segmentId":"s.g1","version":"v1"}'), ("OUT_OF_ORDER", None)),
        (("big_segments_set_synchronized", "b", "5"), ("OK", None)),
        (("big_segments_metadata", "b"), ("OK", '{"synchronizedOn":5}')),
        (("free", "b"), ("OK", None)),
        (("context_hash", "b", "user-5150"), ("OK", "+ZGrrKe80pGIxpVmWm1E63Q8mDeFzw8sjc0pwd/XU/M=")),
    ]
    driver = Path(__file__).with_name("case_driver.py")
    result = subprocess.run(
        [sys.executable, driver],
        input=b"".join(encoded(*request) for request, _ in requests),
        capture_output=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr.decode()
    rest = result.stdout
    for request, (status, text) in requests:
        fields, rest = decoded(rest)
        assert len(fields) == 5
        assert (fields[0], fields[1]) == (str(STATUSES[status]), text), request
        is_failure = STATUSES[status] < 0
        assert (fields[2] is not None, fields[3], fields[4]) == (is_failure, None, "0" if is_failure else None)
    assert rest == b""


def decoded(stream: bytes) -> tuple[list[str | None], bytes]:
    count, _, stream = stream.partition(b"\n")
    fields: list[str | None] = []
    for _ in range(int(count)):
        length, _, stream = stream.partition(b"\n")
        if length == b"-1":
            fields.append(None)
        else:
            fields.append(stream[: int(length)].decode())
            assert stream[int(length) : int(length) + 1] == b"\n"
            stream = stream[int(length) + 1 :]
    return fields, stream
