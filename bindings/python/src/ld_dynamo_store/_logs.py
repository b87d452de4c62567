"""Passes the native library's log events to ``logging.getLogger("ld_dynamo_store")``.

The two C callbacks exist once and live as long as this module, so no call can find one gone; what a store passes as
userdata is a number that names its logger in ``_loggers`` until the library releases it.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import logging
import os
import time
from ctypes import byref, c_void_p
from threading import get_ident

from ._errors import Error
from ._handle import Handle, unfreed_handles
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

raised: list[tuple[int, BaseException]] = []
"""What a callback raised, with its thread: a C callback must not raise, so the call that caused it does."""


def _deliver(userdata: int | None, level: int, message: bytes | None) -> None:
    try:
        logger = _loggers.get(userdata or 0)
        if logger is not None and message is not None:
            logger.log(_PYTHON_LEVELS.get(level, logging.DEBUG), "%s", message.decode("utf-8", "replace"))
    except BaseException as failure:  # Also the KeyboardInterrupt that waited for the native call to end.
        raised.append((get_ident(), failure))


def _release(userdata: int | None) -> None:
    _loggers.pop(userdata or 0, None)


_deliver_callback = LogCallback(_deliver)
_release_callback = LogRelease(_release)


def attach(handle: Handle) -> None:
    """Makes the handle's library log to Python until the handle is freed."""
    number = next(_numbers)
    _loggers[number] = logging.getLogger(LOGGER_NAME)
    _set_logger(handle, _deliver_callback, number, _release_callback)


def raise_what_a_callback_raised() -> None:
    """Raises, in the thread whose call delivered the event, what the logger raised."""
    this_thread = get_ident()
    for entry in raised:
        if entry[0] == this_thread:
            raised.remove(entry)
            raise entry[1]


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


def _forget_what_other_threads_raised() -> None:
    # A thread that the child starts may get the number of one that it lost.
    this_thread = get_ident()
    raised[:] = [entry for entry in raised if entry[0] == this_thread]


atexit.register(_detach_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_what_other_threads_raised)
