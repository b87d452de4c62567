"""Blocking calls for an asyncio event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ._daemon_threads import DaemonThreads

Result = TypeVar("Result")


async def run_in_thread(threads: DaemonThreads, function: Callable[..., Result], *arguments: Any) -> Result:
    """What the function returns or raises in one of the threads."""
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

    threads.submit(call)
    return await answer


def _give(answer: asyncio.Future[Result], result: Result) -> None:
    if not answer.cancelled():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Any], failure: BaseException) -> None:
    if not answer.cancelled():
        answer.set_exception(failure)
        # Looked at, so that asyncio prints nothing where a task is cancelled before it sees this.
        answer.exception()
