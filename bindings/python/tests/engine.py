"""DynamoDB engines on a loopback port, and tables in them."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import boto3

from ld_dynamo_store import Credentials, Store

repository = Path(__file__).parents[3]

# The library that cargo built here, unless another one is named.
library = repository / "target/release/libld_dynamo_store.so"
if os.environ.setdefault("LD_DYNAMO_STORE_LIBRARY", str(library)) == str(library):
    subprocess.run([repository / "tests/require_current.sh", library], check=True)

CREDENTIALS = Credentials(access_key_id="local", secret_access_key="local")
REGION = "us-east-1"

_numbers = itertools.count(1)

Started = TypeVar("Started", bound="Engine")


class Engine:
    """One engine process, which ends with this one."""

    def __init__(self, program: str = "local-dynamodb", *arguments: str, port: int = 0) -> None:
        path = repository / "target/release" / program
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: run cargo build --release -p {program}")
        command = [str(path), "--exit-with-stdin", *arguments]
        if port:
            command += ["--port", str(port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.endpoint = self._process.stdout.readline().strip()
        if not self.endpoint:
            raise RuntimeError(f"{program} did not start")
        self.client: Any = boto3.client("dynamodb", **self.dynamodb_opts)

    @property
    def port(self) -> int:
        return int(self.endpoint.rpartition(":")[2])

    @property
    def dynamodb_opts(self) -> dict[str, Any]:
        """The engine as options of boto3, and of the stores that take those."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": REGION,
            "aws_access_key_id": CREDENTIALS["access_key_id"],
            "aws_secret_access_key": CREDENTIALS["secret_access_key"],
        }

    def new_table(self, name: str | None = None) -> Table:
        name = name or f"table-{next(_numbers)}"
        self.client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "namespace", "KeyType": "HASH"},
                {"AttributeName": "key", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "namespace", "AttributeType": "S"},
                {"AttributeName": "key", "AttributeType": "S"},
            ],
        )
        return Table(self, name)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self.client.close()

    def __enter__(self: Started) -> Started:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class FakeEngine(Engine):
    """The scriptable endpoint: it also counts requests, and fails on demand."""

    def __init__(self, *arguments: str, port: int = 0) -> None:
        super().__init__("fake-dynamodb", *arguments, port=port)

    def control(self, command: str, body: object = None) -> Any:
        """Sends a control request: POST with a body, else GET."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.endpoint}/_control/{command}", data, timeout=10) as answer:
            return json.load(answer)

    def requests(self, operation: str) -> int:
        count: int = self.control("counters")["requests"][operation]
        return count

    def rule(self, **rule: Any) -> None:
        self.control("rules", rule)


class Table:
    """One table of an engine."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name

    @property
    def settings(self) -> dict[str, Any]:
        """The keyword arguments of a ``Store`` on this table that does not cache."""
        return {
            "endpoint": self.engine.endpoint,
            "region": REGION,
            "credentials": CREDENTIALS,
            "cache_ttl_ms": 0,
        }

    def store(self, **settings: Any) -> Store:
        return Store(self.name, **{**self.settings, **settings})

    def put(self, namespace: str, key: str, **attributes: dict[str, Any]) -> None:
        """Puts a row as another writer would."""
        row = {"namespace": {"S": namespace}, "key": {"S": key}, **attributes}
        self.engine.client.put_item(TableName=self.name, Item=row)

    def row(self, namespace: str, key: str) -> dict[str, Any] | None:
        answer = self.engine.client.get_item(
            TableName=self.name, Key={"namespace": {"S": namespace}, "key": {"S": key}}, ConsistentRead=True
        )
        item: dict[str, Any] | None = answer.get("Item")
        return item
