"""Programs that gevent or eventlet monkey-patches: processes of their own, since what was patched stays patched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from conftest import Stub
from engine import Table

# The names that the programs use, from each library.
LIBRARIES = {
    "gevent": """
from gevent import monkey
monkey.patch_all()
import gevent
from greenlet import getcurrent
Timeout, spawn, sleep = gevent.Timeout, gevent.spawn, gevent.sleep
def results(greenlets):
    return [greenlet.get() for greenlet in greenlets]
def in_thread_of_the_pool(function, *arguments):
    return gevent.get_hub().threadpool.apply(function, arguments)
""",
    "eventlet": """
import eventlet
eventlet.monkey_patch()
import eventlet.tpool
from greenlet import getcurrent
Timeout, spawn, sleep = eventlet.Timeout, eventlet.spawn, eventlet.sleep
def results(greenlets):
    return [greenlet.wait() for greenlet in greenlets]
def in_thread_of_the_pool(function, *arguments):
    return eventlet.tpool.execute(function, *arguments)
""",
}
OURS = """
import json, logging, os, signal, sys, time
from ld_dynamo_store import Store
logging.getLogger("ld_dynamo_store").setLevel("DEBUG")
"""
# A greenlet beside the calls, which counts how often it runs.
TICKS = """
ticks = 0
def tick():
    global ticks
    while True:
        sleep(0.01)
        ticks += 1
spawn(tick)
sleep(0)
"""

both_libraries = pytest.mark.parametrize("library", LIBRARIES)


def run(*parts: str, errors: bool = False) -> str:
    """What the program printed; it must end well, and without a word of errors unless those are expected."""
    program = "\n".join(parts)
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60, env=os.environ
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert errors or result.stderr == ""
    return result.stdout


def with_stub(stub: Stub) -> str:
    return f"""
import ctypes
stub = ctypes.CDLL({str(stub.path)!r})
store = Store("table", library={str(stub.path)!r})
"""


def with_table(table: Table, **settings: Any) -> str:
    return f"store = Store({table.name!r}, **json.loads({json.dumps({**table.settings, **settings})!r}))\n"
