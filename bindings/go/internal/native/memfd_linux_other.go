//go:build linux && !amd64 && !arm64

package native

// No libraries are packaged for other processors: this number is of no system call.
const memfdCreate = ^uintptr(0)
