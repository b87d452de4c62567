package testengine

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ebitengine/purego"
)

// Stub is a library with the exported functions of the native one and no database, which counts what it gives and gets back.
type Stub struct {
	Path   string
	test   testing.TB
	handle uintptr
}

// NewStub compiles a stub of an ABI version, 1.3 for example.
func NewStub(test testing.TB, major, minor int) *Stub {
	test.Helper()
	path := filepath.Join(test.TempDir(), "libstub.so")
	source := filepath.Join(Repository(), "bindings/go/internal/native/testdata/stub.c")
	compile := exec.Command("cc", "-shared", "-fPIC", "-O1", fmt.Sprintf("-DABI_MAJOR=%d", major), fmt.Sprintf("-DABI_MINOR=%d", minor),
		"-o", path, source)
	if output, err := compile.CombinedOutput(); err != nil {
		test.Fatalf("the stub does not compile: %v\n%s", err, output)
	}
	return &Stub{Path: path, test: test}
}

// Count is one of the stub's counters: "live_stores", "live_strings", "live_errors", "freed_in_a_call", "pushes".
func (stub *Stub) Count(name string) int { return int(int32(stub.call("stub_" + name))) }

func (stub *Stub) call(name string) uintptr {
	stub.test.Helper()
	if stub.handle == 0 {
		handle, err := purego.Dlopen(stub.Path, purego.RTLD_NOW)
		if err != nil {
			stub.test.Fatal(err)
		}
		stub.handle = handle
	}
	function, err := purego.Dlsym(stub.handle, name)
	if err != nil {
		stub.test.Fatal(err)
	}
	result, _, _ := purego.SyscallN(function)
	return result
}
