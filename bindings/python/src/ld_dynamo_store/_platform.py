"""Which native library this process needs, for what is said when another one does not load."""

from __future__ import annotations

import ctypes
import platform
import sys

_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64"}


def name() -> str:
    """The platform as our packages call it, such as ``x86_64-linux-gnu``."""
    machine = platform.machine().lower()
    processor = _PROCESSORS.get(machine, machine)
    if sys.platform == "darwin":
        return f"{processor}-macos"
    if sys.platform != "linux":
        return f"{processor}-{sys.platform}"
    return f"{processor}-linux-{'gnu' if _has_glibc() else 'musl'}"


def _has_glibc() -> bool:
    return hasattr(ctypes.CDLL(None), "gnu_get_libc_version")


def advice(loader_says: str) -> str:
    """What to do about a library that is there and does not load."""
    if "GLIBC_" in loader_says:
        return "; this glibc is older than the library needs: take a package's, for glibc 2.17, or build it here"
    if "Permission denied" in loader_says:
        return ""
    return f"; this is {name()}, and needs the package for it, not for another processor or C library"
