"""Whether gevent or eventlet has monkey-patched this process, and what the standard library was before.

Neither is imported here: a process that is patched has imported it.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def patched_by_gevent() -> bool:
    """Whether gevent has replaced the sockets or the threads of this process."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("socket") or monkey.is_module_patched("threading"))


def patched_by_eventlet() -> bool:
    """Whether eventlet has replaced the sockets or the threads of this process."""
    patcher = sys.modules.get("eventlet.patcher")
    return patcher is not None and bool(patcher.is_monkey_patched("socket") or patcher.is_monkey_patched("thread"))


def unpatched(module: str, name: str) -> Any:
    """What stood in a module before it was patched: for what threads of the system's touch."""
    if patched_by_gevent():
        return sys.modules["gevent.monkey"].get_original(module, name)
    if patched_by_eventlet():
        return getattr(sys.modules["eventlet.patcher"].original(module), name)
    return getattr(importlib.import_module(module), name)
