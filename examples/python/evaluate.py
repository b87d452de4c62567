"""Evaluates flags with LaunchDarkly's Python SDK, which reads them from a DynamoDB table through ld-dynamo-store.

    ENDPOINT=http://127.0.0.1:8000 TABLE=my-table python evaluate.py

The SDK runs in daemon mode: it never connects to LaunchDarkly, and takes what some other program wrote into the table.
Without ENDPOINT it uses the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.
"""

import json
import logging
import os
import sys
from typing import Any

from ldclient.client import LDClient
from ldclient.config import Config
from ldclient.context import Context

from ld_dynamo_store.launchdarkly import DynamoDB

VISITOR = Context.builder("user-5150").name("a visitor from Greece").set("country", "GR").build()
EMPLOYEE = Context.builder("zoë.müller").name("an employee in Austria").set("country", "AT").build()
CUSTOMER = (
    Context.builder("user-0007").name("a gold customer").set("country", "DE").set("loyalty", {"tier": "gold"}).build()
)

QUESTIONS: list[tuple[str, Context, Any]] = [
    ("home-greeting", VISITOR, "Hello!"),
    ("home-greeting", EMPLOYEE, "Hello!"),
    ("checkout-redesign", VISITOR, "control"),
    ("checkout-redesign", EMPLOYEE, "control"),
    ("pricing-loyalty-discount", VISITOR, 0),
    ("pricing-loyalty-discount", CUSTOMER, 0),
    ("account-deletion-flow", VISITOR, False),
    ("guest-checkout", VISITOR, False),
    ("seasonal-gift-wrap", VISITOR, "the default"),
]


def open_client() -> LDClient:
    """The SDK's client on the table that the environment names."""
    endpoint = os.environ.get("ENDPOINT")
    store = DynamoDB.new_feature_store(
        os.environ["TABLE"],
        prefix=os.environ.get("PREFIX"),
        dynamodb_opts={} if endpoint is None else {"endpoint_url": endpoint},
        # A service in daemon mode needs no more than GetItem and Query.
        options={"read_only": True},
    )
    return LDClient(Config("no-sdk-key", feature_store=store, use_ldd=True, send_events=False))


def reason(detail: dict[str, Any]) -> str:
    """Why the SDK came to a value, in one word or two."""
    extra = detail.get("errorKind") or detail.get("prerequisiteKey") or detail.get("ruleIndex")
    return detail["kind"] if extra is None else f"{detail['kind']} {extra}"


def main() -> None:
    """Prints what each context gets, and why."""
    client = open_client()
    try:
        for flag, context, default in QUESTIONS:
            detail = client.variation_detail(flag, context, default)
            value = json.dumps(detail.value, ensure_ascii=False)
            print(f"{flag} for {context.name}: {value} ({reason(detail.reason)})")
    finally:
        client.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    if len(sys.argv) != 1 or "TABLE" not in os.environ:
        sys.exit(__doc__)
    main()
