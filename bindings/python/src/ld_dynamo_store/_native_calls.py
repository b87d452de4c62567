"""How calls reach one native store: from threads and greenlets, with credentials and logs."""

from __future__ import annotations

import os
import weakref
from ctypes import byref, c_char_p, c_void_p
from functools import partial

from . import _credentials, _logs
from ._arguments import text_argument
from ._daemon_threads import DaemonThreads
from ._errors import NOT_CACHED
from ._greenlets import run as run_for_greenlet
from ._greenlets import wait_of_this_greenlet
from ._handle import Handle
from ._native import NativeFunction, load


class NativeCalls:
    """One native store, and the ways to call it."""

    def _open(
        self,
        configuration: str,
        library: str | os.PathLike[str] | None,
        renewal: _credentials.Renewal | None = None,
    ) -> None:
        native = load(library)
        pointer, error = c_void_p(), c_void_p()
        status = native.new(text_argument(configuration, "INVALID_JSON", "configuration"), byref(pointer), byref(error))
        if status < 0:
            raise native.take_error(status, error)
        self._library = native
        self._renewal = renewal
        self._handle = Handle(native, pointer)
        self._threads = DaemonThreads()
        finalizer = weakref.finalize(self, self._handle.close)
        # At exit the memory goes with the process, and a daemon thread may still be in a call.
        finalizer.atexit = False
        _logs.attach(self._handle)

    def _call(self, function: NativeFunction, *arguments: object, cached: NativeFunction | None = None) -> int:
        """The status of a call that may wait; ``cached`` is the same from the cache alone."""
        wait = wait_of_this_greenlet()
        if wait is None:
            self._renew()
            return self._native_call(function, *arguments)
        if cached is not None and (status := self._native_call(cached, *arguments)) != NOT_CACHED:
            return status
        self._renew()
        return run_for_greenlet(self._threads, wait, self._native_call, function, *arguments)

    def _call_for_text(
        self, function: NativeFunction, *arguments: object, cached: NativeFunction | None = None
    ) -> tuple[int, bytes | None]:
        """As ``_call``, with the text that the call gives."""
        wait = wait_of_this_greenlet()
        if wait is None:
            self._renew()
            return self._native_call_for_text(function, *arguments)
        if cached is not None and (answer := self._native_call_for_text(cached, *arguments))[0] != NOT_CACHED:
            return answer
        self._renew()
        return run_for_greenlet(self._threads, wait, self._native_call_for_text, function, *arguments)

    def _renew(self) -> None:
        """Asks whoever finds the credentials, on the caller's own thread or greenlet."""
        if self._renewal is None:
            return
        handle = self._handle
        pointer = handle.enter()
        try:
            self._renewal.renew(partial(self._push, pointer))
        finally:
            handle.leave()

    def _push(self, pointer: c_void_p, credentials: bytes) -> None:
        error = c_void_p()
        status = self._library.set_credentials(pointer, credentials, byref(error))
        if status < 0:
            raise self._library.take_error(status, error)

    def _native_call(self, function: NativeFunction, *arguments: object) -> int:
        error = c_void_p()
        handle = self._handle
        pointer = handle.enter()
        try:
            status: int = function(pointer, *arguments, byref(error))
            if status < 0:
                raise self._library.take_error(status, error)
            return status
        finally:
            # Before the call is over: an exit waits for it, but not for a thread that logs afterwards.
            try:
                if _logs.collected:
                    _logs.deliver()
            finally:
                handle.leave()

    def _native_call_for_text(self, function: NativeFunction, *arguments: object) -> tuple[int, bytes | None]:
        text, error = c_char_p(), c_void_p()
        handle = self._handle
        pointer = handle.enter()
        try:
            status: int = function(pointer, *arguments, byref(text), byref(error))
            if status < 0:
                raise self._library.take_error(status, error)
            return status, text.value
        finally:
            if text:
                self._library.string_free(text)
            try:
                if _logs.collected:
                    _logs.deliver()
            finally:
                handle.leave()
