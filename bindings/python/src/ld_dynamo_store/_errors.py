"""Status numbers of the native library, and one exception class for each cause of failure."""

from __future__ import annotations

STATUSES: dict[str, int] = {
    "OK": 0,
    "NOT_FOUND": 1,
    "NOT_NEWER": 2,
    "TOO_LARGE": 3,
    "NOT_CACHED": 4,
    "OUT_OF_ORDER": 5,
    "NULL_ARGUMENT": -1,
    "INVALID_UTF8": -2,
    "INVALID_JSON": -3,
    "INVALID_ITEM": -4,
    "INVALID_KIND": -5,
    "INVALID_KEY": -6,
    "INVALID_DATA_SET": -7,
    "INVALID_BIG_SEGMENTS": -8,
    "INVALID_CONFIGURATION": -100,
    "UNSUPPORTED_CREDENTIALS": -101,
    "NO_REGION": -102,
    "TABLE_NOT_FOUND": -200,
    "TABLE_MISMATCH": -201,
    "ACCESS_DENIED": -202,
    "NO_CREDENTIALS": -203,
    "SERVICE_ERROR": -204,
    "THROTTLED": -300,
    "TIMED_OUT": -400,
    "UNREACHABLE": -401,
    "INVALID_RESPONSE": -402,
    "CORRUPT_ITEM": -500,
    "READ_ONLY": -600,
    "INTERNAL": -900,
    "PANIC": -901,
}
"""Every status of the C header, by its name without ``LD_DYNAMO_``."""

OK = STATUSES["OK"]
NOT_FOUND = STATUSES["NOT_FOUND"]
NOT_NEWER = STATUSES["NOT_NEWER"]
TOO_LARGE = STATUSES["TOO_LARGE"]
NOT_CACHED = STATUSES["NOT_CACHED"]
OUT_OF_ORDER = STATUSES["OUT_OF_ORDER"]


class Error(Exception):
    """Base of every exception this package raises on purpose."""


class LibraryError(Error, ImportError):
    """The native library could not be used."""


class LibraryNotFoundError(LibraryError):
    """No native library where it was looked for; the message lists the places."""


class LibraryMismatchError(LibraryError):
    """The file is not this library, or its ABI version does not fit this package."""


class StoreClosedError(Error, ValueError):
    """A call on a store after ``close``."""


class StoreError(Error):
    """A call failed.

    Attributes:
        status: the status number of the C header, always negative.
        retriable: whether the same call may succeed later.
        service_code: the error code AWS answered with, such as ``ResourceNotFoundException``, or None.
    """

    def __init__(self, message: str, status: int, retriable: bool = False, service_code: str | None = None) -> None:
        # All four are passed on so that the exception survives pickling, as between processes of multiprocessing.
        super().__init__(message, status, retriable, service_code)
        self.message = message
        self.status = status
        self.retriable = retriable
        self.service_code = service_code

    def __str__(self) -> str:
        return self.message


class InvalidArgumentError(StoreError, ValueError):
    """The caller's mistake: nothing was sent."""


class InvalidUtf8Error(InvalidArgumentError):
    """An argument is not UTF-8; the message has its name and the offset of the first wrong byte."""


class InvalidJsonError(InvalidArgumentError):
    """A payload is not JSON."""


class InvalidItemError(InvalidArgumentError):
    """An item is not an object, or has no integer ``version`` from 0 to 2**63-1."""


class InvalidKindError(InvalidArgumentError):
    """A kind that cannot be stored: empty, with a colon, beginning with ``$``, or a Big Segments namespace."""


class InvalidKeyError(InvalidArgumentError):
    """A key that DynamoDB cannot hold: empty or longer than 1,024 bytes."""


class InvalidDataSetError(InvalidArgumentError):
    """Not an object of objects, a key twice in one kind, or ``flags`` and ``features`` at once."""


class InvalidBigSegmentsError(InvalidArgumentError):
    """A patch of Big Segments of the wrong shape, which the message describes, or a time that cannot be stored."""


class ConfigurationError(StoreError, ValueError):
    """A configuration key is unknown, mistyped, or contradicts another."""


class UnsupportedCredentialsError(ConfigurationError):
    """The AWS profile needs ``credential_process``, SSO or a sign-in; the message says what to do instead."""


class NoRegionError(ConfigurationError):
    """No AWS region was found; the message says where it was looked for."""


class ServiceError(StoreError):
    """AWS refused the request; ``service_code`` says why."""


class TableNotFoundError(ServiceError):
    """The table does not exist in this region and account."""


class TableMismatchError(ServiceError):
    """The table has other keys than ``namespace`` and ``key``."""


class AccessDeniedError(ServiceError):
    """AWS does not accept these credentials, or they lack a permission."""


class NoCredentialsError(ServiceError):
    """No credentials were found in the configuration or the AWS chain."""


class ThrottledError(StoreError):
    """DynamoDB asked for fewer requests, and went on asking until the attempts were used up."""


class ConnectivityError(StoreError):
    """The table could not be asked."""


class TimedOutError(ConnectivityError):
    """A call did not end within its timeouts."""


class UnreachableError(ConnectivityError):
    """The endpoint could not be connected to."""


class InvalidResponseError(ConnectivityError):
    """What answered does not speak DynamoDB, or the answer was cut or damaged."""


class CorruptItemError(StoreError):
    """The row's ``item`` is not a string with a JSON object."""


class ReadOnlyError(StoreError):
    """A write on a store that is configured ``read_only``; nothing was sent."""


class InternalError(StoreError):
    """A defect of the library."""


class PanicError(InternalError):
    """The native code panicked; the message says where."""


_CLASS_OF_STATUS: dict[int, type[StoreError]] = {
    STATUSES["NULL_ARGUMENT"]: InvalidArgumentError,
    STATUSES["INVALID_UTF8"]: InvalidUtf8Error,
    STATUSES["INVALID_JSON"]: InvalidJsonError,
    STATUSES["INVALID_ITEM"]: InvalidItemError,
    STATUSES["INVALID_KIND"]: InvalidKindError,
    STATUSES["INVALID_KEY"]: InvalidKeyError,
    STATUSES["INVALID_DATA_SET"]: InvalidDataSetError,
    STATUSES["INVALID_BIG_SEGMENTS"]: InvalidBigSegmentsError,
    STATUSES["INVALID_CONFIGURATION"]: ConfigurationError,
    STATUSES["UNSUPPORTED_CREDENTIALS"]: UnsupportedCredentialsError,
    STATUSES["NO_REGION"]: NoRegionError,
    STATUSES["TABLE_NOT_FOUND"]: TableNotFoundError,
    STATUSES["TABLE_MISMATCH"]: TableMismatchError,
    STATUSES["ACCESS_DENIED"]: AccessDeniedError,
    STATUSES["NO_CREDENTIALS"]: NoCredentialsError,
    STATUSES["SERVICE_ERROR"]: ServiceError,
    STATUSES["THROTTLED"]: ThrottledError,
    STATUSES["TIMED_OUT"]: TimedOutError,
    STATUSES["UNREACHABLE"]: UnreachableError,
    STATUSES["INVALID_RESPONSE"]: InvalidResponseError,
    STATUSES["CORRUPT_ITEM"]: CorruptItemError,
    STATUSES["READ_ONLY"]: ReadOnlyError,
    STATUSES["INTERNAL"]: InternalError,
    STATUSES["PANIC"]: PanicError,
}

# Statuses are grouped by hundred, so a status that a newer library added still gets the class of its cause.
_CLASS_OF_GROUP: dict[int, type[StoreError]] = {
    0: InvalidArgumentError,
    1: ConfigurationError,
    2: ServiceError,
    3: ThrottledError,
    4: ConnectivityError,
    5: CorruptItemError,
    6: ReadOnlyError,
    9: InternalError,
}


def error_class(status: int) -> type[StoreError]:
    """The exception class of a failure's status, also of one this package does not know yet."""
    return _CLASS_OF_STATUS.get(status) or _CLASS_OF_GROUP.get(-status // 100, StoreError)


def refused(name: str, message: str) -> StoreError:
    """The exception for an argument that cannot even be handed to the library, by the status name it deserves."""
    status = STATUSES[name]
    return error_class(status)(message, status)
