package native

import (
	"sync"
	"unsafe"
)

// LogSink receives a log message on the thread of the call that it belongs to, below C's frames: it must only keep the message.
type LogSink func(level int32, message string)

// Member is one member of a JSON object: its name without escapes, and its value as it stands in the text.
type Member struct {
	Name  string
	Value []byte
}

// memberList is being filled by a call of ld_dynamo_json_members; all values lie in one buffer.
type memberList struct {
	values  []byte
	members []Member
}

var (
	sinks       registry[LogSink]
	memberLists registry[*memberList]
	callbacks   struct {
		once                     sync.Once
		collect, release, member uintptr
	}
)

// A callback is never freed, so there is one of each kind for the process, and a number says whom it is for.
func makeCallbacks() {
	callbacks.once.Do(func() {
		callbacks.collect = newCallback(collectMessage)
		callbacks.release = newCallback(releaseSink)
		callbacks.member = newCallback(addMember)
	})
}

func collectMessage(number, level, message uintptr) {
	// A panic must not go through C's frames.
	defer func() { _ = recover() }()
	if sink, found := sinks.find(number); found {
		sink(int32(level), textAt(message))
	}
}

func releaseSink(number uintptr) { sinks.remove(number) }

func addMember(number uintptr, name unsafe.Pointer, nameLength uintptr, value unsafe.Pointer, valueLength uintptr) {
	list, found := memberLists.find(number)
	if !found {
		return
	}
	begin := len(list.values)
	list.values = append(list.values, unsafe.Slice((*byte)(value), valueLength)...)
	end := len(list.values)
	list.members = append(list.members, Member{
		Name:  string(unsafe.Slice((*byte)(name), nameLength)),
		Value: list.values[begin:end:end],
	})
}

// SetLogSink makes the store log to a sink until it is freed.
func (store *Store) SetLogSink(sink LogSink) (int32, *Failure, error) {
	makeCallbacks()
	if !store.enter() {
		return 0, nil, ErrClosed
	}
	defer store.leave()
	frame := newFrame()
	defer frame.release()
	frame.failure = nil
	number := sinks.add(sink)
	status := int32(call(store.library.functions.setLogger, uintptr(store.pointer), callbacks.collect, number, callbacks.release,
		uintptr(unsafe.Pointer(&frame.failure))))
	if status < 0 {
		sinks.remove(number)
	}
	return status, frame.takeFailure(store.library), nil
}

// members takes a JSON object of the library's apart.
func (library *Library) members(object unsafe.Pointer) ([]Member, int32, *Failure) {
	makeCallbacks()
	list := &memberList{values: make([]byte, 0, len(bytesAt(object)))}
	number := memberLists.add(list)
	defer memberLists.remove(number)
	frame := newFrame()
	defer frame.release()
	frame.failure = nil
	const anyValue = 0
	status := int32(call(library.functions.jsonMembers, uintptr(object), anyValue, callbacks.member, number,
		uintptr(unsafe.Pointer(&frame.failure))))
	return list.members, status, frame.takeFailure(library)
}
