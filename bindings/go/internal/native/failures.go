package native

import "errors"

// Causes for which a library cannot be used.
var (
	ErrLibraryNotFound = errors.New("the native library was not found")
	ErrLibraryMismatch = errors.New("the native library does not fit")
)

// LibraryError says why the native library cannot be used.
type LibraryError struct {
	message string
	cause   error
}

func (failure *LibraryError) Error() string { return failure.message }

// Unwrap returns ErrLibraryNotFound or ErrLibraryMismatch.
func (failure *LibraryError) Unwrap() error { return failure.cause }

func notFound(message string) error { return &LibraryError{message, ErrLibraryNotFound} }
func mismatch(message string) error { return &LibraryError{message, ErrLibraryMismatch} }

func isNotFound(err error) bool { return errors.Is(err, ErrLibraryNotFound) }

// Failure is what the library says about a call that failed.
type Failure struct {
	Message     string
	ServiceCode string
	Retriable   bool
}
