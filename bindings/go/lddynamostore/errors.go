package lddynamostore

import (
	"errors"
	"fmt"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
)

// Causes of an [Error], for [errors.Is]. Those of a group are also its first.
var (
	// ErrInvalidArgument is the group of the caller's mistakes; nothing was sent.
	ErrInvalidArgument = errors.New("invalid argument")
	// ErrInvalidUTF8 is an argument that is not UTF-8; the message has the offset of the first wrong byte.
	ErrInvalidUTF8 = errors.New("invalid UTF-8")
	// ErrInvalidJSON is a payload that is not JSON.
	ErrInvalidJSON = errors.New("invalid JSON")
	// ErrInvalidItem is an item that is not an object, or has no integer "version" from 0 to 2^63-1.
	ErrInvalidItem = errors.New("invalid item")
	// ErrInvalidKind is a kind that cannot be stored: empty, with a colon, beginning with "$", or a Big Segments namespace.
	ErrInvalidKind = errors.New("invalid kind")
	// ErrInvalidKey is a key that DynamoDB cannot hold: empty, or longer than 1,024 bytes.
	ErrInvalidKey = errors.New("invalid key")
	// ErrInvalidDataSet is no object of objects, a key twice in one kind, or "flags" and "features" at once.
	ErrInvalidDataSet = errors.New("invalid data set")
	// ErrInvalidBigSegments is a patch of the wrong shape, which the message describes, or a time before 1970.
	ErrInvalidBigSegments = errors.New("invalid Big Segments")

	// ErrConfiguration is the group of mistakes in the options; the message names the key.
	ErrConfiguration = errors.New("invalid configuration")
	// ErrUnsupportedCredentials is an AWS profile that needs credential_process, SSO or a sign-in.
	ErrUnsupportedCredentials = errors.New("unsupported credentials")
	// ErrNoRegion says that no AWS region was found; the message says where it was looked for.
	ErrNoRegion = errors.New("no region")

	// ErrService is the group of what AWS refused; Error.ServiceCode says why.
	ErrService = errors.New("refused by the service")
	// ErrTableNotFound says that there is no such table in this region and account.
	ErrTableNotFound = errors.New("table not found")
	// ErrTableMismatch says that the table has other keys than "namespace" and "key".
	ErrTableMismatch = errors.New("table mismatch")
	// ErrAccessDenied says that AWS refused the credentials, or that they lack a permission.
	ErrAccessDenied = errors.New("access denied")
	// ErrNoCredentials says that no credentials were found; or that none were pushed, or have expired.
	ErrNoCredentials = errors.New("no credentials")

	// ErrThrottled says that DynamoDB throttled every attempt. Retriable.
	ErrThrottled = errors.New("throttled")

	// ErrConnectivity is the group of what kept the table from being asked. Retriable.
	ErrConnectivity = errors.New("the table could not be asked")
	// ErrTimedOut says that a call ran out of its time.
	ErrTimedOut = errors.New("timed out")
	// ErrUnreachable says that no connection could be made, or that it broke.
	ErrUnreachable = errors.New("unreachable")
	// ErrInvalidResponse says that what came back was no answer of DynamoDB's.
	ErrInvalidResponse = errors.New("invalid response")

	// ErrCorruptItem says that a row's "item" is not a string with a JSON object.
	ErrCorruptItem = errors.New("corrupt item")
	// ErrReadOnly is a write on a store with Options.ReadOnly; nothing was sent.
	ErrReadOnly = errors.New("read-only")

	// ErrInternal is the group of the library's own failures.
	ErrInternal = errors.New("internal error")
	// ErrPanic is a defect of the library; the message says where. The store stays usable.
	ErrPanic = errors.New("panic")
)

// Errors that are no [Error], because no native call was made.
var (
	// ErrClosed is a call on a store after Close.
	ErrClosed = native.ErrClosed
	// ErrLibraryNotFound is a [LibraryError]: there is no native library where it was looked for, or it does not load.
	ErrLibraryNotFound = native.ErrLibraryNotFound
	// ErrLibraryMismatch is a [LibraryError]: the file is another library, or its ABI version does not fit this module.
	ErrLibraryMismatch = native.ErrLibraryMismatch
)

// LibraryError says why the native library cannot be used; its cause is [ErrLibraryNotFound] or [ErrLibraryMismatch].
type LibraryError = native.LibraryError

// Error is the failure of a call. [errors.Is] tells its cause: errors.Is(err, lddynamostore.ErrThrottled).
type Error struct {
	// Status is the number of the C header, always negative.
	Status Status
	// Message is one line that says what is wrong and what to do; never a secret.
	Message string
	// Retriable says whether the same call may succeed later without any change.
	Retriable bool
	// ServiceCode is the error code that AWS answered with, such as "ResourceNotFoundException", or "".
	ServiceCode string

	cause error
}

func (failure *Error) Error() string { return failure.Message }

// Unwrap returns what Go knows of the cause, for example the error of a credentials provider, or nil.
func (failure *Error) Unwrap() error { return failure.cause }

// Is says whether target is the failure's cause or the group of its cause.
func (failure *Error) Is(target error) bool {
	return target == causes[failure.Status] || target == groups[-failure.Status/100]
}

var causes = map[Status]error{
	StatusNullArgument:           ErrInvalidArgument,
	StatusInvalidUTF8:            ErrInvalidUTF8,
	StatusInvalidJSON:            ErrInvalidJSON,
	StatusInvalidItem:            ErrInvalidItem,
	StatusInvalidKind:            ErrInvalidKind,
	StatusInvalidKey:             ErrInvalidKey,
	StatusInvalidDataSet:         ErrInvalidDataSet,
	StatusInvalidBigSegments:     ErrInvalidBigSegments,
	StatusInvalidConfiguration:   ErrConfiguration,
	StatusUnsupportedCredentials: ErrUnsupportedCredentials,
	StatusNoRegion:               ErrNoRegion,
	StatusTableNotFound:          ErrTableNotFound,
	StatusTableMismatch:          ErrTableMismatch,
	StatusAccessDenied:           ErrAccessDenied,
	StatusNoCredentials:          ErrNoCredentials,
	StatusServiceError:           ErrService,
	StatusThrottled:              ErrThrottled,
	StatusTimedOut:               ErrTimedOut,
	StatusUnreachable:            ErrUnreachable,
	StatusInvalidResponse:        ErrInvalidResponse,
	StatusCorruptItem:            ErrCorruptItem,
	StatusReadOnly:               ErrReadOnly,
	StatusInternal:               ErrInternal,
	StatusPanic:                  ErrPanic,
}

// Statuses are grouped by hundred, so that one which a newer library added still has the cause of its group.
var groups = map[Status]error{
	0: ErrInvalidArgument,
	1: ErrConfiguration,
	2: ErrService,
	3: ErrThrottled,
	4: ErrConnectivity,
	5: ErrCorruptItem,
	6: ErrReadOnly,
	9: ErrInternal,
}

// failed is the error of a native call with a negative status.
func failed(status int32, failure *native.Failure) error {
	if failure == nil {
		return &Error{Status: Status(status), Message: fmt.Sprintf("the native library failed with status %d", status)}
	}
	return &Error{
		Status:      Status(status),
		Message:     failure.Message,
		Retriable:   failure.Retriable,
		ServiceCode: failure.ServiceCode,
	}
}

// refused is the error of an argument that cannot even be handed to the library.
func refused(status Status, format string, arguments ...any) error {
	return &Error{Status: status, Message: fmt.Sprintf(format, arguments...)}
}
