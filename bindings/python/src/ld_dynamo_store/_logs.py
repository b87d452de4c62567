"""Passes the native library's log events to ``logging.getLogger("ld_dynamo_store")``.

The two C callbacks exist once and live as long as this module, so no call can find one gone; what a store passes as
userdata is a number that names its logger in ``_loggers`` until the library releases it.

A callback only collects. The call that caused it logs, after its native part is over: a handler may switch to another
greenlet, raise, fork, or use the store, none of which may happen below native frames.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from ctypes import byref, c_void_p
from typing import NamedTuple

from ._errors import Error
from ._handle import Handle, get_ident, unfreed_handles
from ._native import LogCallback, LogRelease

LOGGER_NAME = "ld_dynamo_store"

# As libraries should: without logging set up by the program, nothing is printed.
logging.getLogger(LOGGER_NAME).addHandler(logging.NullHandler())

LEVELS: dict[str, int] = {"ERROR": 1, "WARN": 2, "INFO": 3, "DEBUG": 4, "TRACE": 5}
"""The log levels of the C header, by name without ``LD_DYNAMO_LOG_``."""

_PYTHON_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG, 5: logging.DEBUG}

# A call that is running at exit could still deliver a log event while the interpreter goes away.
_SECONDS_TO_WAIT_AT_EXIT = 1.0

_loggers: dict[int, logging.Logger] = {}
_numbers = itertools.count(1)

# What the calls of a log handler may have logged beyond the call that the handler logs for; a handler may go round.
_MOST_MESSAGES_OF_HANDLERS = 256


class Message(NamedTuple):
    """A log event of the native library's."""

    logger: logging.Logger
    level: int
    text: str


Event = Message | BaseException
"""A message, or what was raised where it was received: a C callback must not raise, so the call that caused it does."""

collected: dict[int, list[Event]] = {}
"""What the calls of each thread received and did not log yet."""

left_over: deque[Event] = deque()
"""What nobody waited for: the next call of a greenlet logs it."""

_being_logged: dict[int, deque[Event]] = {}


def _collect(userdata: int | None, level: int, message: bytes | None) -> None:
    try:
        logger = _loggers.get(userdata or 0)
        if logger is not None and message is not None:
            text = message.decode("utf-8", "replace")
            _add(Message(logger, _PYTHON_LEVELS.get(level, logging.DEBUG), text))
    except BaseException as failure:  # The KeyboardInterrupt that waited for the native call to end.
        _add(failure)


def _add(event: Event) -> None:
    collected.setdefault(get_ident(), []).append(event)


def _release(userdata: int | None) -> None:
    _loggers.pop(userdata or 0, None)


_collect_callback = LogCallback(_collect)
_release_callback = LogRelease(_release)


def attach(handle: Handle) -> None:
    """Makes the handle's library log to Python until the handle is freed."""
    number = next(_numbers)
    _loggers[number] = logging.getLogger(LOGGER_NAME)
    _set_logger(handle, _collect_callback, number, _release_callback)


def deliver() -> None:
    """Logs what this thread's call collected, and raises what a handler or filter raises."""
    events = collected.pop(get_ident(), None)
    if events is not None:
        log(deque(events))


def log(events: deque[Event]) -> None:
    """Logs these events, then raises the first failure among them or of a handler."""
    caller = _caller()
    outer = _being_logged.get(caller)
    if outer is not None:
        # A handler called the store: after what it handles now, so that one that always does cannot recurse.
        outer.extend(events)
        return
    failures: list[BaseException] = []
    most = len(events) + _MOST_MESSAGES_OF_HANDLERS
    _being_logged[caller] = events
    try:
        while events and most:
            most -= 1
            try:
                _log(events.popleft())
            except BaseException as failure:
                failures.append(failure)
    finally:
        _being_logged.pop(caller, None)
    if failures:
        try:
            raise failures[0]
        finally:
            # The traceback holds this frame.
            failures.clear()


def _log(event: Event) -> None:
    if isinstance(event, BaseException):
        raise event
    event.logger.log(event.level, "%s", event.text)


@contextlib.contextmanager
def held(events: deque[Event]) -> Iterator[None]:
    """Keeps what this thread would log in ``events``, for another thread to log."""
    caller = _caller()
    _being_logged[caller] = events
    try:
        yield
    finally:
        _being_logged.pop(caller, None)


def leave_to_the_next_call(events: deque[Event]) -> None:
    """Takes events whose caller waits no more; two threads may do so at once."""
    with contextlib.suppress(IndexError):
        while events:
            left_over.append(events.popleft())


def taken_from_left_over() -> deque[Event]:
    """What nobody waited for, for the caller to log."""
    events: deque[Event] = deque()
    with contextlib.suppress(IndexError):
        while left_over:
            events.append(left_over.popleft())
    return events


def _caller() -> int:
    # Looked up at each call: where threads are patched this is the greenlet, which a handler may switch.
    return threading.get_ident()


def _set_logger(handle: Handle, callback: object, number: int | None, release: object) -> None:
    error = c_void_p()
    pointer = handle.enter()
    try:
        status = handle.library.set_logger(pointer, callback, number, release, byref(error))
        if status < 0:
            raise handle.library.take_error(status, error)
    finally:
        handle.leave()


def _detach_at_exit() -> None:
    # A thread that enters Python while the interpreter is finalized is ended by it, which native frames cannot survive.
    handles = unfreed_handles()
    for handle in handles:
        with contextlib.suppress(Error):
            _set_logger(handle, LogCallback(), None, LogRelease())
    deadline = time.monotonic() + _SECONDS_TO_WAIT_AT_EXIT
    for handle in handles:
        handle.wait_for_running_calls(deadline)
    log(taken_from_left_over())


def _forget_what_other_threads_received() -> None:
    # A thread that the child starts may get the number of one that it lost.
    left_over.clear()
    for events, kept in ((collected, get_ident()), (_being_logged, _caller())):
        for thread in list(events):
            if thread != kept:
                del events[thread]


atexit.register(_detach_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_what_other_threads_received)
