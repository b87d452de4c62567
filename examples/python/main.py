"""Reads and changes a data set in a DynamoDB table through ld-dynamo-store.

    ENDPOINT=http://127.0.0.1:8000 TABLE=my-table python main.py [../flags.json]

With a file, writes its data set first. Without ENDPOINT it uses the table in AWS, with the usual AWS settings.
PREFIX goes before the namespace of every row.
"""

import logging
import os
import sys
from pathlib import Path

from ld_dynamo_store import Credentials, Store, StoreError


def open_store() -> Store:
    """The store on the table that the environment names."""
    table, prefix, endpoint = os.environ["TABLE"], os.environ.get("PREFIX"), os.environ.get("ENDPOINT")
    if endpoint is None or "AWS_ACCESS_KEY_ID" in os.environ:
        return Store(table, prefix=prefix, endpoint=endpoint)
    # A local engine takes any credentials and any region.
    local = Credentials(access_key_id="local", secret_access_key="local")
    return Store(table, prefix=prefix, endpoint=endpoint, region="us-east-1", credentials=local)


def main(data_set: Path | None) -> None:
    """Shows what each call of the store does."""
    with open_store() as store:
        print(f"library {store.library.version}, table {os.environ['TABLE']}")
        if data_set is not None:
            print(f"initialized before: {store.initialized()}")
            store.init(data_set.read_bytes())
            print(f"init wrote {data_set.name}; initialized now: {store.initialized()}")

        flags, segments = store.all("features"), store.all("segments")
        print(f"all: {len(flags)} flags and {len(segments)} segments")

        key = next((key for key, flag in flags.items() if not flag.get("deleted")), None)
        if key is None:
            sys.exit("there is no flag: load some, by naming a file")
        flag = store.get("features", key)
        assert flag is not None
        print(f"get {key}: version {flag['version']}, on: {flag['on']}")
        print(f"get no-such-flag: {store.get('features', 'no-such-flag')}")

        newer = {**flag, "on": not flag["on"], "version": flag["version"] + 1}
        print(f"upsert version {newer['version']}: {store.upsert('features', key, newer).outcome.value}")

        refused = store.upsert("features", key, flag)
        assert refused.stored is not None
        print(f"upsert version {flag['version']}: {refused.outcome.value}, version {refused.stored['version']} stays")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    if len(sys.argv) > 2 or "TABLE" not in os.environ:
        sys.exit(__doc__)
    try:
        main(Path(sys.argv[1]) if len(sys.argv) == 2 else None)
    except StoreError as failure:
        sys.exit(f"status {failure.status}, retriable: {failure.retriable}: {failure}")
