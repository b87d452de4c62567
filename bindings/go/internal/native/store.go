package native

import (
	"errors"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// ErrClosed is the failure of a call after Close.
var ErrClosed = errors.New("the store is closed")

// closed is the bit of Store.state that Close sets; the bits below it count the calls that are under way.
const closed = 1 << 62

// Store owns one native store, which is freed once and never while a call is using it.
type Store struct {
	library *Library
	pointer unsafe.Pointer
	state   atomic.Int64
}

// Function is one that takes a store.
type Function func(*Library) uintptr

// The functions that Call and CallForText take.
var (
	Init                  Function = func(l *Library) uintptr { return l.functions.init }
	Get                   Function = func(l *Library) uintptr { return l.functions.get }
	GetCached             Function = func(l *Library) uintptr { return l.functions.getCached }
	All                   Function = func(l *Library) uintptr { return l.functions.all }
	AllCached             Function = func(l *Library) uintptr { return l.functions.allCached }
	Upsert                Function = func(l *Library) uintptr { return l.functions.upsert }
	Initialized           Function = func(l *Library) uintptr { return l.functions.initialized }
	InitializedCached     Function = func(l *Library) uintptr { return l.functions.initializedCached }
	Available             Function = func(l *Library) uintptr { return l.functions.available }
	BigSegmentsMetadata   Function = func(l *Library) uintptr { return l.functions.bigSegmentsMetadata }
	BigSegmentsCursor     Function = func(l *Library) uintptr { return l.functions.bigSegmentsCursor }
	BigSegmentsMembership Function = func(l *Library) uintptr { return l.functions.bigSegmentsMembership }
	BigSegmentsApplyPatch Function = func(l *Library) uintptr { return l.functions.bigSegmentsApplyPatch }
	Stats                 Function = func(l *Library) uintptr { return l.functions.stats }
	SetCredentials        Function = func(l *Library) uintptr { return l.functions.setCredentials }
)

// NewStore makes a native store from its configuration; on failure the status is negative.
func (library *Library) NewStore(configuration string) (*Store, int32, *Failure) {
	frame := newFrame()
	defer frame.release()
	status := frame.call(library.functions.storeNew, nil, true, configuration)
	if status < 0 {
		return nil, status, frame.takeFailure(library)
	}
	return &Store{library: library, pointer: frame.result}, status, nil
}

// ContextHash calls ld_dynamo_context_hash.
func (library *Library) ContextHash(key string) ([]byte, int32, *Failure) {
	frame := newFrame()
	defer frame.release()
	status := frame.call(library.functions.contextHash, nil, true, key)
	if status < 0 {
		return nil, status, frame.takeFailure(library)
	}
	return frame.takeText(library), status, nil
}

// Library is the native library that the store belongs to.
func (store *Store) Library() *Library { return store.library }

// Call calls a function that has no result but its status. Texts must hold no NUL.
func (store *Store) Call(function Function, texts ...string) (int32, *Failure, error) {
	if !store.enter() {
		return 0, nil, ErrClosed
	}
	defer store.leave()
	frame := newFrame()
	defer frame.release()
	status := frame.call(function(store.library), store.pointer, false, texts...)
	return status, frame.takeFailure(store.library), nil
}

// CallForText calls a function that has a text as its result.
func (store *Store) CallForText(function Function, texts ...string) ([]byte, int32, *Failure, error) {
	if !store.enter() {
		return nil, 0, nil, ErrClosed
	}
	defer store.leave()
	frame := newFrame()
	defer frame.release()
	status := frame.call(function(store.library), store.pointer, true, texts...)
	return frame.takeText(store.library), status, frame.takeFailure(store.library), nil
}

// CallForMembers calls a function that has a JSON object as its result, and takes the object apart.
func (store *Store) CallForMembers(function Function, texts ...string) ([]Member, int32, *Failure, error) {
	if !store.enter() {
		return nil, 0, nil, ErrClosed
	}
	defer store.leave()
	frame := newFrame()
	defer frame.release()
	status := frame.call(function(store.library), store.pointer, true, texts...)
	if status != 0 {
		return nil, status, frame.takeFailure(store.library), nil
	}
	members, status, failure := store.library.members(frame.result)
	call(store.library.functions.stringFree, uintptr(frame.result))
	return members, status, failure, nil
}

// CallWithPayload calls a function that has one text as its argument, which ends with a NUL and is not copied.
func (store *Store) CallWithPayload(function Function, payload []byte) (int32, *Failure, error) {
	if !store.enter() {
		return 0, nil, ErrClosed
	}
	defer store.leave()
	frame := newFrame()
	defer frame.release()
	frame.failure = nil
	status := int32(call(function(store.library), uintptr(store.pointer), uintptr(unsafe.Pointer(&payload[0])),
		uintptr(unsafe.Pointer(&frame.failure))))
	runtime.KeepAlive(payload)
	return status, frame.takeFailure(store.library), nil
}

// SetSynchronized calls ld_dynamo_store_big_segments_set_synchronized.
func (store *Store) SetSynchronized(unixMilliseconds int64) (int32, *Failure, error) {
	if !store.enter() {
		return 0, nil, ErrClosed
	}
	defer store.leave()
	frame := newFrame()
	defer frame.release()
	frame.failure = nil
	status := int32(call(store.library.functions.bigSegmentsSetSynchronized, uintptr(store.pointer), uintptr(unixMilliseconds),
		uintptr(unsafe.Pointer(&frame.failure))))
	return status, frame.takeFailure(store.library), nil
}

// Close refuses further calls, and frees the native store now or when the last call that is under way ends. It never waits.
func (store *Store) Close() {
	for {
		state := store.state.Load()
		if state&closed != 0 {
			return
		}
		if store.state.CompareAndSwap(state, state|closed) {
			if state == 0 {
				store.free()
			}
			return
		}
	}
}

// Closed says whether Close was called.
func (store *Store) Closed() bool { return store.state.Load()&closed != 0 }

func (store *Store) enter() bool {
	for {
		state := store.state.Load()
		if state&closed != 0 {
			return false
		}
		if store.state.CompareAndSwap(state, state+1) {
			return true
		}
	}
}

func (store *Store) leave() {
	if store.state.Add(-1) == closed {
		store.free()
	}
}

func (store *Store) free() { call(store.library.functions.storeFree, uintptr(store.pointer)) }
