"""Finds the native library, checks that it fits, and declares its functions.

Functions go through ``ctypes.CDLL``, which releases the interpreter lock while one runs. Only those that free memory
or read an error, which take less time than giving the lock away, go through ``ctypes.PyDLL``.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_uint32, c_void_p
from pathlib import Path
from typing import Any

from ._errors import LibraryMismatchError, LibraryNotFoundError, StoreError, error_class

ABI_MAJOR = 1
ABI_MINOR = 2

LIBRARY_VARIABLE = "LD_DYNAMO_STORE_LIBRARY"

if sys.platform == "darwin":
    FILE_NAME = "libld_dynamo_store.dylib"
    SYSTEM_NAMES = [f"libld_dynamo_store.{ABI_MAJOR}.dylib", FILE_NAME]
elif sys.platform == "win32":
    FILE_NAME = "ld_dynamo_store.dll"
    SYSTEM_NAMES = [FILE_NAME]
else:
    FILE_NAME = "libld_dynamo_store.so"
    SYSTEM_NAMES = [f"{FILE_NAME}.{ABI_MAJOR}", FILE_NAME]

LogCallback = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
LogRelease = ctypes.CFUNCTYPE(None, c_void_p)

_STORE = c_void_p
_ERROR = POINTER(c_void_p)
# A c_char_p given by reference keeps the address it was given, and its value is a copy: safe to read, then to free.
_TEXT = POINTER(c_char_p)

_BLOCKING_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "ld_dynamo_store_new": (c_int32, [c_char_p, POINTER(c_void_p), _ERROR]),
    "ld_dynamo_store_init": (c_int32, [_STORE, c_char_p, _ERROR]),
    "ld_dynamo_store_get": (c_int32, [_STORE, c_char_p, c_char_p, _TEXT, _ERROR]),
    "ld_dynamo_store_all": (c_int32, [_STORE, c_char_p, _TEXT, _ERROR]),
    "ld_dynamo_store_upsert": (c_int32, [_STORE, c_char_p, c_char_p, c_char_p, _TEXT, _ERROR]),
    "ld_dynamo_store_initialized": (c_int32, [_STORE, _ERROR]),
    "ld_dynamo_store_get_cached": (c_int32, [_STORE, c_char_p, c_char_p, _TEXT, _ERROR]),
    "ld_dynamo_store_all_cached": (c_int32, [_STORE, c_char_p, _TEXT, _ERROR]),
    "ld_dynamo_store_initialized_cached": (c_int32, [_STORE, _ERROR]),
    "ld_dynamo_store_available": (c_int32, [_STORE, _ERROR]),
    "ld_dynamo_store_big_segments_metadata": (c_int32, [_STORE, _TEXT, _ERROR]),
    "ld_dynamo_store_big_segments_cursor": (c_int32, [_STORE, _TEXT, _ERROR]),
    "ld_dynamo_store_big_segments_membership": (c_int32, [_STORE, c_char_p, _TEXT, _ERROR]),
    "ld_dynamo_store_big_segments_apply_patch": (c_int32, [_STORE, c_char_p, _ERROR]),
    "ld_dynamo_store_big_segments_set_synchronized": (c_int32, [_STORE, c_int64, _ERROR]),
    "ld_dynamo_store_stats": (c_int32, [_STORE, _TEXT, _ERROR]),
    "ld_dynamo_store_set_logger": (c_int32, [_STORE, LogCallback, c_void_p, LogRelease, _ERROR]),
    "ld_dynamo_store_set_credentials": (c_int32, [_STORE, c_char_p, _ERROR]),
    "ld_dynamo_store_free": (None, [_STORE]),
    "ld_dynamo_context_hash": (c_int32, [c_char_p, _TEXT, _ERROR]),
}
_QUICK_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "ld_dynamo_string_free": (None, [c_char_p]),
    "ld_dynamo_error_status": (c_int32, [c_void_p]),
    "ld_dynamo_error_is_retriable": (c_int32, [c_void_p]),
    "ld_dynamo_error_message": (c_char_p, [c_void_p]),
    "ld_dynamo_error_service_code": (c_char_p, [c_void_p]),
    "ld_dynamo_error_free": (None, [c_void_p]),
    "ld_dynamo_version": (c_char_p, []),
}

NativeFunction = Callable[..., Any]


class Library:
    """One loaded native library.

    Attributes:
        path: what the loader was given: a path, or a name it searches for.
        abi: the library's ABI version as (major, minor).
        version: the library's own version, such as ``0.1.0``.
    """

    def __init__(self, path: str) -> None:
        try:
            blocking = ctypes.CDLL(path)
        except OSError as failure:
            advice = _advice(str(failure)) if os.path.isfile(path) else ""
            raise LibraryNotFoundError(f"the native library {path} cannot be loaded: {failure}{advice}") from failure
        self.path = path
        self.abi = _checked_abi(path, blocking)
        # The same handle under the other calling rule: the library is not loaded twice.
        quick = ctypes.PyDLL(path, handle=blocking._handle)
        self._functions: dict[str, NativeFunction] = {}
        for library, prototypes in ((blocking, _BLOCKING_FUNCTIONS), (quick, _QUICK_FUNCTIONS)):
            for name, (result, arguments) in prototypes.items():
                self._functions[name] = _declared(path, library, name, result, arguments)
        self.new = self._functions["ld_dynamo_store_new"]
        self.init = self._functions["ld_dynamo_store_init"]
        self.get = self._functions["ld_dynamo_store_get"]
        self.all = self._functions["ld_dynamo_store_all"]
        self.upsert = self._functions["ld_dynamo_store_upsert"]
        self.initialized = self._functions["ld_dynamo_store_initialized"]
        self.get_cached = self._functions["ld_dynamo_store_get_cached"]
        self.all_cached = self._functions["ld_dynamo_store_all_cached"]
        self.initialized_cached = self._functions["ld_dynamo_store_initialized_cached"]
        self.available = self._functions["ld_dynamo_store_available"]
        self.big_segments_metadata = self._functions["ld_dynamo_store_big_segments_metadata"]
        self.big_segments_cursor = self._functions["ld_dynamo_store_big_segments_cursor"]
        self.big_segments_membership = self._functions["ld_dynamo_store_big_segments_membership"]
        self.big_segments_apply_patch = self._functions["ld_dynamo_store_big_segments_apply_patch"]
        self.big_segments_set_synchronized = self._functions["ld_dynamo_store_big_segments_set_synchronized"]
        self.stats = self._functions["ld_dynamo_store_stats"]
        self.set_logger = self._functions["ld_dynamo_store_set_logger"]
        self.set_credentials = self._functions["ld_dynamo_store_set_credentials"]
        self.context_hash = self._functions["ld_dynamo_context_hash"]
        self.free = self._functions["ld_dynamo_store_free"]
        self.string_free = self._functions["ld_dynamo_string_free"]
        self.version: str = self._functions["ld_dynamo_version"]().decode()

    def take_error(self, status: int, error: c_void_p) -> StoreError:
        """The exception for a failed call; frees the native error, which may be NULL."""
        if not error:
            return error_class(status)(f"the native library failed with status {status}", status)
        functions = self._functions
        try:
            message: bytes = functions["ld_dynamo_error_message"](error)
            service_code: bytes | None = functions["ld_dynamo_error_service_code"](error)
            return error_class(status)(
                message.decode("utf-8", "replace"),
                status,
                bool(functions["ld_dynamo_error_is_retriable"](error)),
                None if service_code is None else service_code.decode("utf-8", "replace"),
            )
        finally:
            functions["ld_dynamo_error_free"](error)

    def __repr__(self) -> str:
        return f"<Library {self.path} version {self.version} ABI {self.abi[0]}.{self.abi[1]}>"


def _advice(loader_says: str) -> str:
    # Imported here, since it takes a millisecond, which a start that goes well need not pay.
    from . import _platform

    return _platform.advice(loader_says)


def _checked_abi(path: str, library: ctypes.CDLL) -> tuple[int, int]:
    try:
        function = library.ld_dynamo_abi_version
    except AttributeError:
        raise LibraryMismatchError(f"{path} is another library: it has no function ld_dynamo_abi_version") from None
    function.restype, function.argtypes = c_uint32, []
    packed: int = function()
    major, minor = packed >> 16, packed & 0xFFFF
    if major != ABI_MAJOR or minor < ABI_MINOR:
        advice = "upgrade the Python package" if major > ABI_MAJOR else "upgrade the native library"
        raise LibraryMismatchError(
            f"{path} has ABI version {major}.{minor}, but this package needs {ABI_MAJOR}.{ABI_MINOR} "
            f"or a later {ABI_MAJOR}.x: {advice}"
        )
    return major, minor


def _declared(path: str, library: ctypes.CDLL, name: str, result: Any, arguments: list[Any]) -> NativeFunction:
    try:
        function: Any = getattr(library, name)
    except AttributeError:
        raise LibraryMismatchError(f"{path} has no function {name}: upgrade the native library") from None
    function.restype, function.argtypes = result, arguments
    declared: NativeFunction = function
    return declared


_loaded: dict[str, Library] = {}


def load(library: str | os.PathLike[str] | None = None) -> Library:
    """Loads the native library, once for each path.

    The first of these that is given or exists is used, and an error in it is not covered up by the next one: the
    argument, the environment variable ``LD_DYNAMO_STORE_LIBRARY``, the file packaged with this module, the system's
    loader.

    Raises:
        LibraryNotFoundError: there is no library there.
        LibraryMismatchError: it is another library or has another ABI version.
    """
    if library is not None:
        return _load_file(Path(library), "the argument library")
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        return _load_file(Path(named), f"the environment variable {LIBRARY_VARIABLE}")
    packaged = Path(__file__).with_name(FILE_NAME)
    if packaged.is_file():
        return _load_file(packaged, "this package")
    failures = []
    for name in SYSTEM_NAMES:
        try:
            return _load_name(name)
        except LibraryNotFoundError as failure:
            failures.append(str(failure.__cause__))
    raise LibraryNotFoundError(
        f"the native library was not found: no argument library, no variable {LIBRARY_VARIABLE}, no file {packaged}, "
        f"and the system's loader says: {'; '.join(failures)}"
    )


def _load_file(path: Path, source: str) -> Library:
    path = path.absolute()
    if not path.is_file():
        raise LibraryNotFoundError(f"{source} names {path} as the native library, but there is no such file")
    return _load_name(str(path))


def _load_name(name: str) -> Library:
    loaded = _loaded.get(name)
    if loaded is None:
        # Two threads may both come here; the system's loader gives both the same library.
        loaded = _loaded.setdefault(name, Library(name))
    return loaded
