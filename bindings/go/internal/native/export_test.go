package native

import (
	"strings"
	"testing"
	"unsafe"
)

// SetPackaged makes the module one that was packaged with this library, until the test ends.
func SetPackaged(t *testing.T, library, platform string) {
	oldLibrary, oldPlatform := packaged, packagedPlatform
	packaged, packagedPlatform = library, platform
	t.Cleanup(func() { packaged, packagedPlatform = oldLibrary, oldPlatform })
}

// FunctionNames are those of the functions that are looked up.
func FunctionNames() []string {
	var names []string
	for name := range new(functions).names() {
		names = append(names, name)
	}
	return names
}

// CopyOf reads a text as a C string.
func CopyOf(text string) []byte {
	terminated := append([]byte(text), 0)
	return append([]byte(nil), bytesAt(unsafe.Pointer(&terminated[0]))...)
}

// LogSinks is how many stores log.
func LogSinks() int {
	sinks.mutex.RLock()
	defer sinks.mutex.RUnlock()
	return len(sinks.entries)
}

// BufferAfter is how many bytes are kept for the arguments of later calls, after one with so long an argument.
func BufferAfter(length int) int {
	frame := new(frame)
	frame.addTexts(frame.words[:0], []string{strings.Repeat("x", length)})
	kept := frame.text
	frame.release()
	if frame.text == nil {
		return 0
	}
	return cap(kept)
}
