"""Calls that wait, in a process that gevent or eventlet has monkey-patched.

A native call stops its thread, and with it every greenlet of that thread. There, a call that may wait runs in another
thread of the system's, while the greenlet that made it waits for a descriptor and so lets the others run.

The threads are ours and not those of the hub's pool. Gevent's also looks names up, which calls to a slow table would
stop; eventlet's hangs in a forked child, and the exit of the process waits for every call in it.
"""

from __future__ import annotations

import importlib
import os
import sys
from _socket import MSG_NOSIGNAL, socket, socketpair
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from . import _logs
from ._daemon_threads import DaemonThreads
from ._errors import STATUSES, UnreachableError
from ._monkey_patching import patched_by_eventlet, patched_by_gevent

Result = TypeVar("Result")
WaitUntilReadable = Callable[[int], object]

# Under eventlet a forked child shares its parent's epoll, and may take the parent's descriptors out of it.
_SECONDS_BETWEEN_LOOKS = 1.0


class _LookAgain(Exception):  # noqa: N818
    """The answer may have come unnoticed."""


def wait_of_this_greenlet() -> WaitUntilReadable | None:
    """How to wait for a descriptor while other greenlets of this thread run; None where there can be none."""
    # Each call comes here, and in most processes neither is there.
    modules = sys.modules
    if "gevent.monkey" in modules and patched_by_gevent():
        return _wait_of_gevent()
    if "eventlet.patcher" in modules and patched_by_eventlet():
        return _wait_of_eventlet()
    return None


def _wait_of_gevent() -> WaitUntilReadable | None:
    # A thread without a hub has no other greenlets, and asking for its hub in the usual way would make one.
    hub = sys.modules["gevent._hub_local"].get_hub_if_exists()
    if hub is None or sys.modules["greenlet"].getcurrent() is hub:
        return None
    # A process whose threads alone are patched may not have imported it yet.
    wait: WaitUntilReadable = importlib.import_module("gevent.socket").wait_read
    return wait


def _wait_of_eventlet() -> WaitUntilReadable | None:
    hubs: Any = sys.modules["eventlet.hubs"]
    hub = getattr(hubs._threadlocal, "hub", None)
    if hub is None or sys.modules["greenlet"].getcurrent() is hub.greenlet:
        return None

    def wait(descriptor: int) -> None:
        with suppress(_LookAgain):
            hubs.trampoline(descriptor, read=True, timeout=_SECONDS_BETWEEN_LOOKS, timeout_exc=_LookAgain)

    return wait


def run(threads: DaemonThreads, wait: WaitUntilReadable, function: Callable[..., Result], *arguments: object) -> Result:
    """What the function returns or raises in a thread, waited for in this greenlet.

    A greenlet that is thrown out of its wait, by a timeout for example, leaves the call to its thread.
    """
    try:
        answered, answer = socketpair()
    except OSError:
        # No descriptor is left: an answer that stops the other greenlets is better than none.
        return function(*arguments)
    call = _Call(function, arguments, answer)
    try:
        threads.submit(call.run)
    except RuntimeError:
        # Nor is a thread.
        answered.close()
        answer.close()
        return function(*arguments)
    try:
        while not call.finished:
            wait(answered.fileno())
            call.check_process()
    except BaseException:
        call.abandon()
        raise
    finally:
        answered.close()
    return call.result()


class _Call(Generic[Result]):
    """One call, between the greenlet that waits for it and the thread that makes it."""

    def __init__(self, function: Callable[..., Result], arguments: tuple[object, ...], answer: socket) -> None:
        self.finished = False
        self._abandoned = False
        self._process = os.getpid()
        self._function = function
        self._arguments = arguments
        self._answer = answer
        self._logged: deque[_logs.Event] = deque()
        self._results: list[Result] = []
        self._failures: list[BaseException] = []

    def run(self) -> None:
        """Makes the call, in the thread, unless it was abandoned before."""
        if not self._abandoned:
            with _logs.held(self._logged):
                try:
                    self._results.append(self._function(*self._arguments))
                except BaseException as failure:
                    self._failures.append(failure)
            self.finished = True
            if self._abandoned:
                _logs.leave_to_the_next_call(self._logged)
        with suppress(OSError):
            # A byte and not only the end: a child that was forked meanwhile keeps its copy of the descriptor open.
            self._answer.send(b"\0", MSG_NOSIGNAL)
        self._answer.close()

    def check_process(self) -> None:
        """Raises in a forked child, which has this greenlet but not the thread."""
        if not self.finished and self._process != os.getpid():
            message = "this process was forked in the middle of the call, which its parent goes on with"
            raise UnreachableError(message, STATUSES["UNREACHABLE"], retriable=True)

    def abandon(self) -> None:
        """Nobody waits any more; what the call logs is left to the next one."""
        self._abandoned = True
        if self.finished:
            _logs.leave_to_the_next_call(self._logged)

    def result(self) -> Result:
        """What the finished call returned; logs what it logged, and raises what it raised."""
        try:
            if self._failures:
                raise self._failures.pop()
            return self._results.pop()
        finally:
            _logs.log(_logs.taken_from_left_over() + self._logged)
