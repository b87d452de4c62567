package relay

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// SDKKey is the key of the one environment there is.
const SDKKey = "sdk-00000000-0000-4000-8000-000000000000"

// Kind is a kind of data as the stream names it.
type Kind string

// The kinds there are.
const (
	Flags    Kind = "flags"
	Segments Kind = "segments"
)

// Items are of one kind, by key.
type Items map[string]json.RawMessage

// LaunchDarkly stands in for what the Relay Proxy asks: the stream, the Big Segments and the events.
type LaunchDarkly struct {
	server *httptest.Server

	lock         sync.Mutex
	isDown       bool
	data         map[Kind]Items
	listeners    map[chan string]struct{}
	bigSegments  []json.RawMessage
	diagnostics  []json.RawMessage
	requests     map[string]int
	unknownPaths []string
}

// NewLaunchDarkly starts one with this data. A request that it does not know fails the test.
func NewLaunchDarkly(t testing.TB, flags, segments Items) *LaunchDarkly {
	l := &LaunchDarkly{
		data:      map[Kind]Items{Flags: maps.Clone(flags), Segments: maps.Clone(segments)},
		listeners: map[chan string]struct{}{},
		requests:  map[string]int{},
	}
	paths := http.NewServeMux()
	paths.HandleFunc("GET /all", l.stream)
	paths.HandleFunc("GET /big-segments", l.bigSegmentsStream)
	paths.HandleFunc("GET /sdk/big-segments/revisions", l.bigSegmentsRevisions)
	paths.HandleFunc("POST /bulk", l.accept)
	paths.HandleFunc("POST /diagnostic", l.accept)
	paths.HandleFunc("/", l.unknown)
	l.server = httptest.NewServer(paths)
	t.Cleanup(func() {
		l.Disconnect()
		l.server.CloseClientConnections()
		l.server.Close()
		if len(l.unknownPaths) > 0 {
			t.Errorf("the Relay Proxy asked LaunchDarkly for %q, which it has never done", l.unknownPaths)
		}
	})
	return l
}

// URL is where it listens.
func (l *LaunchDarkly) URL() string {
	return l.server.URL
}

// Items gives what it has now.
func (l *LaunchDarkly) Items(kind Kind) Items {
	l.lock.Lock()
	defer l.lock.Unlock()
	return maps.Clone(l.data[kind])
}

// Replace changes all the data and sends them to everybody who listens.
func (l *LaunchDarkly) Replace(flags, segments Items) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.data = map[Kind]Items{Flags: maps.Clone(flags), Segments: maps.Clone(segments)}
	l.send(l.put())
}

// Patch sends an item, and keeps it unless it is older than what there is.
func (l *LaunchDarkly) Patch(kind Kind, key string, item json.RawMessage) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if existing, found := l.data[kind][key]; !found || version(existing) < version(item) {
		l.data[kind][key] = item
	}
	l.send(event("patch", map[string]any{"path": fmt.Sprintf("/%s/%s", kind, key), "data": item}))
}

// Delete sends the deletion of an item.
func (l *LaunchDarkly) Delete(kind Kind, key string, version int) {
	l.lock.Lock()
	defer l.lock.Unlock()
	delete(l.data[kind], key)
	l.send(event("delete", map[string]any{"path": fmt.Sprintf("/%s/%s", kind, key), "version": version}))
}

// Down says whether it answers everything with 503 from now on.
func (l *LaunchDarkly) Down(isDown bool) {
	l.lock.Lock()
	l.isDown = isDown
	l.lock.Unlock()
	if isDown {
		l.Disconnect()
	}
}

// Disconnect ends all streams.
func (l *LaunchDarkly) Disconnect() {
	l.lock.Lock()
	defer l.lock.Unlock()
	for listener := range l.listeners {
		close(listener)
	}
	clear(l.listeners)
}

// AddBigSegmentPatch adds a patch to those that are given to who asks.
func (l *LaunchDarkly) AddBigSegmentPatch(patch json.RawMessage) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.bigSegments = append(l.bigSegments, patch)
}

// Diagnostics gives the diagnostic events that came.
func (l *LaunchDarkly) Diagnostics() []json.RawMessage {
	l.lock.Lock()
	defer l.lock.Unlock()
	return slices.Clone(l.diagnostics)
}

// Requests gives how often a path was asked for.
func (l *LaunchDarkly) Requests(path string) int {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.requests[path]
}

func (l *LaunchDarkly) put() string {
	return event("put", map[string]any{"path": "/", "data": l.data})
}

// send is called with the lock.
func (l *LaunchDarkly) send(event string) {
	for listener := range l.listeners {
		listener <- event
	}
}

func (l *LaunchDarkly) stream(writer http.ResponseWriter, request *http.Request) {
	l.lock.Lock()
	if !l.begin(writer, request) {
		l.lock.Unlock()
		return
	}
	// More than any test sends without waiting.
	listener := make(chan string, 10_000)
	l.listeners[listener] = struct{}{}
	listener <- l.put()
	l.lock.Unlock()

	writer.Header().Set("Content-Type", "text/event-stream")
	for {
		select {
		case event, open := <-listener:
			if !open {
				return
			}
			if _, err := io.WriteString(writer, event); err != nil {
				return
			}
			writer.(http.Flusher).Flush()
		case <-request.Context().Done():
			l.lock.Lock()
			delete(l.listeners, listener)
			l.lock.Unlock()
			return
		}
	}
}

// The Relay Proxy polls for patches before it listens here, and once more after.
func (l *LaunchDarkly) bigSegmentsStream(writer http.ResponseWriter, request *http.Request) {
	l.lock.Lock()
	isUp := l.begin(writer, request)
	l.lock.Unlock()
	if !isUp {
		return
	}
	writer.Header().Set("Content-Type", "text/event-stream")
	writer.WriteHeader(http.StatusOK)
	writer.(http.Flusher).Flush()
	<-request.Context().Done()
}

func (l *LaunchDarkly) bigSegmentsRevisions(writer http.ResponseWriter, request *http.Request) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if !l.begin(writer, request) {
		return
	}
	later := l.bigSegments
	for number, patch := range l.bigSegments {
		var of struct{ Version string }
		if json.Unmarshal(patch, &of) == nil && of.Version == request.URL.Query().Get("after") {
			later = l.bigSegments[number+1:]
		}
	}
	json.NewEncoder(writer).Encode(append([]json.RawMessage{}, later...))
}

func (l *LaunchDarkly) accept(writer http.ResponseWriter, request *http.Request) {
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			http.Error(writer, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	content, err := io.ReadAll(body)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if !l.begin(writer, request) {
		return
	}
	if request.URL.Path == "/diagnostic" {
		l.diagnostics = append(l.diagnostics, content)
	}
	writer.WriteHeader(http.StatusAccepted)
}

func (l *LaunchDarkly) unknown(writer http.ResponseWriter, request *http.Request) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.unknownPaths = append(l.unknownPaths, request.Method+" "+request.URL.Path)
	http.NotFound(writer, request)
}

// begin counts a request and answers it where that is all. It is called with the lock.
func (l *LaunchDarkly) begin(writer http.ResponseWriter, request *http.Request) bool {
	l.requests[request.URL.Path]++
	if l.isDown {
		http.Error(writer, "down", http.StatusServiceUnavailable)
	}
	return !l.isDown
}

func event(name string, data any) string {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("event: %s\ndata: %s\n\n", name, text)
}

func version(item json.RawMessage) int {
	var of struct{ Version int }
	if err := json.Unmarshal(item, &of); err != nil {
		panic(err)
	}
	return of.Version
}
