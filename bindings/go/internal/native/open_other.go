//go:build !((linux || darwin) && !android && !ios)

package native

import (
	"errors"
	"unsafe"
)

var systemNames = []string{"ld_dynamo_store"}

func cLibrary() string { return "" }

func openLibrary(string) (uintptr, error) {
	return 0, errors.New("this operating system is not supported: use Linux")
}

func openPackaged() (uintptr, error)     { return openLibrary("") }
func findSymbol(uintptr, string) uintptr { return 0 }
func call(uintptr, ...uintptr) uintptr   { return 0 }
func newCallback(any) uintptr            { return 0 }
func textAt(uintptr) string              { return "" }
func pointerAt(uintptr) unsafe.Pointer   { return nil }
