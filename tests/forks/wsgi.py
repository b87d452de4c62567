"""A web application whose store is made and used in gunicorn's master, before its workers are forked."""

import json
import os

from ld_dynamo_store import Store

store = Store(**json.loads(os.environ["STORE_CONFIGURATION"]))
MASTER = os.getpid()
assert store.get_text("features", "flag-3") is not None


def application(environ, start_response):
    """Answers with the worker's process id and the item of flag-3."""
    assert os.getpid() != MASTER
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {store.get_text('features', 'flag-3')}".encode()]
