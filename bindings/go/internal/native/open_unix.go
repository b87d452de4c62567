//go:build (linux || darwin) && !android && !ios

package native

import (
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

func openLibrary(path string) (uintptr, error) {
	// What dlerror says belongs to the thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

func findSymbol(handle uintptr, name string) uintptr {
	address, err := purego.Dlsym(handle, name)
	if err != nil {
		return 0
	}
	return address
}

// call calls a C function. Arguments that are addresses must be of memory that neither moves nor is freed until it returns: a callback
// from C may move the stack, so it must be on the heap, which the directive sees to, and the caller must keep it alive.
//
//go:uintptrescapes
func call(function uintptr, arguments ...uintptr) uintptr {
	result, _, _ := purego.SyscallN(function, arguments...)
	return result
}

func newCallback(function any) uintptr { return purego.NewCallback(function) }

// textAt copies a C string.
func textAt(address uintptr) string {
	return string(bytesAt(pointerAt(address)))
}

// pointerAt is the pointer of an address in C's memory, which the garbage collector does not know.
func pointerAt(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}
