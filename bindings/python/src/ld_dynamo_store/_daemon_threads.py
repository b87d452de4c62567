"""Threads that make blocking calls for an event loop, and that the exit of the process does not wait for.

The threads of ``concurrent.futures`` are joined at exit, for as long as a call lasts. What an exit waits for instead, a
second at most, is that calls leave the native library: see ``_logs``.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Condition, Thread
from typing import Any, TypeVar

_MAXIMUM_THREADS = 16
_IDLE_SECONDS = 10.0

Result = TypeVar("Result")


class DaemonThreads:
    """The threads of one store, so that a slow table does not use up those of others. They end when idle."""

    def __init__(self) -> None:
        self._threads = _ThreadsOfOneProcess()

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What the function returns or raises in one of the threads."""
        # Threads do not survive a fork, and their lock may have been held: the child's first call begins anew.
        if self._threads.process != os.getpid():
            self._threads = _ThreadsOfOneProcess()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()

        def call() -> None:
            if answer.cancelled():
                return
            try:
                settle = partial(_give, answer, function(*arguments))
            except BaseException as failure:
                settle = partial(_fail, answer, failure)
            # A loop that was closed meanwhile refuses the answer, and nobody waits for it any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle)

        self._threads.submit(call)
        return await answer


def _give(answer: asyncio.Future[Result], result: Result) -> None:
    if not answer.cancelled():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Any], failure: BaseException) -> None:
    if not answer.cancelled():
        answer.set_exception(failure)
        # Looked at, so that asyncio prints nothing where a task is cancelled before it sees this.
        answer.exception()


class _ThreadsOfOneProcess:
    def __init__(self) -> None:
        self.process = os.getpid()
        self._changed = Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._threads = 0
        self._idle = 0

    def submit(self, call: Callable[[], None]) -> None:
        with self._changed:
            if self._idle <= len(self._waiting) and self._threads < _MAXIMUM_THREADS:
                Thread(target=self._work, name="ld_dynamo_store", daemon=True).start()
                self._threads += 1
            self._waiting.append(call)
            self._changed.notify()

    def _work(self) -> None:
        while (call := self._next()) is not None:
            call()
            # What it holds must not live until the next one.
            del call

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting, _IDLE_SECONDS)
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None
