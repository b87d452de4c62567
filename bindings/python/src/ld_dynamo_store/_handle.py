"""The native handle of one store: freed once, and never while a call is using it.

No lock is taken, because a lock that another thread holds at a fork stays held in the child for ever. What is relied on
instead is that adding to and removing from a list is indivisible. A call first announces itself in ``calls`` and then
looks whether the handle is closed; ``close`` first marks the handle closed and then looks whether calls are announced.
So one of the two always sees the other, and the last one out frees.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from ctypes import c_void_p

from ._errors import StoreClosedError
from ._monkey_patching import unpatched
from ._native import Library

# A thread, not a greenlet: which calls a forked child goes on with is a matter of threads.
get_ident: Callable[[], int] = unpatched("_thread", "get_ident")
_sleep: Callable[[float], None] = unpatched("time", "sleep")


class Handle:
    """Owns one native store."""

    def __init__(self, library: Library, pointer: c_void_p) -> None:
        self.library = library
        self.closed = False
        self.calls: list[int] = []
        self._awaited: set[int] = set()
        self._unfreed = [pointer]
        self._pointer = pointer
        _unfreed_handles.add(self)

    def enter(self) -> c_void_p:
        """Announces a call of this thread; every successful ``enter`` needs one ``leave``."""
        self.calls.append(get_ident())
        if self.closed:
            self.leave()
            raise StoreClosedError("the store is closed")
        return self._pointer

    def leave(self) -> None:
        """Ends a call of this thread; the last one of a closed handle frees it."""
        thread = get_ident()
        self.calls.remove(thread)
        if self._awaited:
            self._awaited.discard(thread)
        if self.closed and not self.calls:
            self._free()

    def close(self) -> None:
        """Refuses further calls, and frees now or when the last running call ends. Never waits."""
        self.closed = True
        if not self.calls:
            self._free()

    def wait_for_running_calls(self, deadline: float) -> None:
        """Waits until the calls that run now have ended, however many begin meanwhile, or until the deadline."""
        self._awaited = set(self.calls)
        while self._awaited and time.monotonic() < deadline:
            _sleep(0.005)

    def _free(self) -> None:
        try:
            pointer = self._unfreed.pop()
        except IndexError:
            return
        _unfreed_handles.discard(self)
        self.library.free(pointer)


_unfreed_handles: set[Handle] = set()


def unfreed_handles() -> list[Handle]:
    """The handles that are open, or closed while calls still run."""
    return list(_unfreed_handles)


def _forget_calls_of_other_threads() -> None:
    # Only the thread that forked lives on in the child, perhaps in a call of its own: a logger may fork.
    this_thread = get_ident()
    for handle in _unfreed_handles:
        handle.calls[:] = [thread for thread in handle.calls if thread == this_thread]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_calls_of_other_threads)
