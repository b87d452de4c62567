package native

import (
	"bytes"
	"sync"
	"unsafe"
)

// The smallest page of any system: reading to the end of one is safe where its first byte is.
const page = 4096

// bytesAt is a C string where it stands, without its NUL. It ends with the memory's owner. What is read beyond it may belong to others, which
// the checks that come with the race detector would refuse.
//
//go:nocheckptr
func bytesAt(text unsafe.Pointer) []byte {
	if text == nil {
		return nil
	}
	length := 0
	for {
		start := unsafe.Add(text, length)
		readable := int(page - uintptr(start)%page)
		if end := bytes.IndexByte(unsafe.Slice((*byte)(start), readable), 0); end >= 0 {
			return unsafe.Slice((*byte)(text), length+end)
		}
		length += readable
	}
}

// registry gives numbers to Go values, which C hands back: C must hold no Go pointers.
type registry[Value any] struct {
	mutex   sync.RWMutex
	last    uintptr
	entries map[uintptr]Value
}

func (r *registry[Value]) add(value Value) uintptr {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.entries == nil {
		r.entries = map[uintptr]Value{}
	}
	r.last++
	r.entries[r.last] = value
	return r.last
}

func (r *registry[Value]) find(number uintptr) (value Value, found bool) {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	value, found = r.entries[number]
	return
}

func (r *registry[Value]) remove(number uintptr) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.entries, number)
}
