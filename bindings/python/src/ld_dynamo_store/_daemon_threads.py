"""Threads that make blocking calls for an event loop or greenlets, and that the exit of the process does not wait for.

The threads of ``concurrent.futures`` are joined at exit, for as long as a call lasts. What an exit waits for instead, a
second at most, is that calls leave the native library: see ``_logs``. They are threads of the system's and share locks
of the system's, also where gevent or eventlet has made greenlets of the standard library's.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from threading import Thread
from typing import Any

from ._monkey_patching import patched_by_eventlet, patched_by_gevent, unpatched

_MAXIMUM_THREADS = 16
_IDLE_SECONDS = 10.0


class DaemonThreads:
    """The threads of one store, so that a slow table does not use up those of others. They end when idle."""

    def __init__(self) -> None:
        self._threads = _ThreadsOfOneProcess()

    def submit(self, call: Callable[[], None]) -> None:
        """Has one of the threads make a call, which must not raise.

        Raises:
            RuntimeError: no thread can be started.
        """
        # Threads do not survive a fork, and their lock may have been held: the child's first call begins anew.
        if self._threads.process != os.getpid():
            self._threads = _ThreadsOfOneProcess()
        self._threads.submit(call)


class _ThreadsOfOneProcess:
    def __init__(self) -> None:
        self.process = os.getpid()
        self._new_lock = unpatched("_thread", "allocate_lock")
        self._lock = self._new_lock()
        self._waiting: deque[Callable[[], None]] = deque()
        self._idle: list[_IdleThread] = []
        self._threads = 0

    def submit(self, call: Callable[[], None]) -> None:
        with self._lock:
            if self._idle:
                self._idle.pop().wake(call)
                return
            self._waiting.append(call)
            if self._threads < _MAXIMUM_THREADS:
                try:
                    _start(self._work)
                except BaseException:
                    self._waiting.pop()
                    raise
                self._threads += 1

    def _work(self) -> None:
        while (call := self._next()) is not None:
            call()
            # What it holds must not live until the next one.
            del call

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            idle = _IdleThread(self._new_lock())
            self._idle.append(idle)
        idle.wait()
        with self._lock:
            if idle.call is None:
                self._idle.remove(idle)
                self._threads -= 1
            call, idle.call = idle.call, None
            return call


class _IdleThread:
    """A thread that waits for a call; its lock is free when it has one."""

    def __init__(self, lock: Any) -> None:
        self.call: Callable[[], None] | None = None
        self._lock = lock
        lock.acquire()

    def wake(self, call: Callable[[], None]) -> None:
        self.call = call
        self._lock.release()

    def wait(self) -> None:
        self._lock.acquire(timeout=_IDLE_SECONDS)


def _start(function: Callable[[], None]) -> None:
    if patched_by_gevent() or patched_by_eventlet():
        unpatched("_thread", "start_new_thread")(function, ())
    else:
        Thread(target=function, name="ld_dynamo_store", daemon=True).start()
