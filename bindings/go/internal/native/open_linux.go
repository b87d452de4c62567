//go:build linux && !android

package native

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

var systemNames = []string{"libld_dynamo_store.so.1", "libld_dynamo_store.so"}

func cLibrary() string {
	if findSymbol(purego.RTLD_DEFAULT, "gnu_get_libc_version") != 0 {
		return "gnu"
	}
	return "musl"
}

// openPackaged loads the embedded library from a file in memory, so that no file system needs to be writable.
func openPackaged() (uintptr, error) {
	name := []byte("libld_dynamo_store.so\x00")
	descriptor, _, failure := syscall.Syscall(memfdCreate, uintptr(unsafe.Pointer(&name[0])), closeOnExec, 0)
	if failure != 0 {
		return 0, fmt.Errorf("no file in memory can be made for it (memfd_create: %w); unpack the library and name it in %s",
			failure, LibraryVariable)
	}
	file := os.NewFile(descriptor, "libld_dynamo_store.so")
	// What is mapped stays when the descriptor is closed.
	defer file.Close()
	if _, err := file.WriteString(packaged); err != nil {
		return 0, fmt.Errorf("the file in memory for it cannot be written: %w", err)
	}
	// glibc takes a library of the same name for the same one, and others may load theirs in this way: not the shortest name, then.
	return openLibrary(fmt.Sprintf("/proc/self/./fd/%d", descriptor))
}

const closeOnExec = 1 // MFD_CLOEXEC
