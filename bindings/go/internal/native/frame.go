package native

import (
	"runtime"
	"sync"
	"unsafe"
)

// frame holds what one call hands to C and gets back. It lies on the heap, because a callback may move the stack during the call.
type frame struct {
	result  unsafe.Pointer // char **
	failure unsafe.Pointer // ld_dynamo_error **
	text    []byte         // the arguments, each with its NUL
	words   [6]uintptr
}

var frames = sync.Pool{New: func() any { return new(frame) }}

// Larger buffers of arguments are left to the garbage collector.
const mostKept = 64 * 1024

func newFrame() *frame { return frames.Get().(*frame) }

func (f *frame) release() {
	f.result, f.failure = nil, nil
	if cap(f.text) > mostKept {
		f.text = nil
	}
	frames.Put(f)
}

// call calls a function with a store (or none), texts, a place for a result (or none) and one for the error.
func (f *frame) call(function uintptr, store unsafe.Pointer, hasResult bool, texts ...string) int32 {
	f.result, f.failure = nil, nil
	words := f.words[:0]
	if store != nil {
		words = append(words, uintptr(store))
	}
	words = f.addTexts(words, texts)
	if hasResult {
		words = append(words, uintptr(unsafe.Pointer(&f.result)))
	}
	words = append(words, uintptr(unsafe.Pointer(&f.failure)))
	status := int32(call(function, words...))
	runtime.KeepAlive(f)
	return status
}

func (f *frame) addTexts(words []uintptr, texts []string) []uintptr {
	size := 0
	for _, text := range texts {
		size += len(text) + 1
	}
	if cap(f.text) < size {
		f.text = make([]byte, 0, size)
	}
	buffer := f.text[:0]
	for _, text := range texts {
		begin := len(buffer)
		buffer = append(append(buffer, text...), 0)
		words = append(words, uintptr(unsafe.Pointer(&buffer[begin])))
	}
	f.text = buffer
	return words
}

// takeText copies the result and frees it.
func (f *frame) takeText(library *Library) []byte {
	if f.result == nil {
		return nil
	}
	native := bytesAt(f.result)
	text := make([]byte, len(native))
	copy(text, native)
	call(library.functions.stringFree, uintptr(f.result))
	f.result = nil
	return text
}

// takeFailure copies the error of a failed call and frees it; nil where the library gave none.
func (f *frame) takeFailure(library *Library) *Failure {
	if f.failure == nil {
		return nil
	}
	failure, functions := uintptr(f.failure), &library.functions
	taken := &Failure{
		Message:     textAt(call(functions.errorMessage, failure)),
		ServiceCode: textAt(call(functions.errorServiceCode, failure)),
		Retriable:   int32(call(functions.errorIsRetriable, failure)) != 0,
	}
	call(functions.errorFree, failure)
	f.failure = nil
	return taken
}
