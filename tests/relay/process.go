package relay

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Environment is the name of the environment that a Relay Proxy is started with.
const Environment = "test"

// Settings say what a Relay Proxy is started with.
type Settings struct {
	LaunchDarkly *LaunchDarkly
	Engine       *Engine
	Table        string
	Prefix       string
	// More are further variables of its environment, NAME=value.
	More []string
}

// Relay is a Relay Proxy, as a process that ends with the test.
type Relay struct {
	URL string

	t       testing.TB
	command *exec.Cmd
	log     *output
	ended   chan struct{}
	once    sync.Once
}

// Start starts one. What it logs is shown where the test fails.
func Start(t testing.TB, build *Build, settings Settings) *Relay {
	t.Helper()
	port := freePort(t)
	command := exec.Command(build.Program(t), "--from-env")
	command.Dir = t.TempDir()
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// Nothing of this machine's environment is handed on: no proxies, no profiles.
	command.Env = append([]string{
		"HOME=" + command.Dir,
		"PORT=" + strconv.Itoa(port),
		"LD_ENV_" + Environment + "=" + SDKKey,
		"STREAM_URI=" + settings.LaunchDarkly.URL(),
		"BASE_URI=" + settings.LaunchDarkly.URL(),
		"CLIENT_SIDE_BASE_URI=" + settings.LaunchDarkly.URL(),
		"EVENTS_HOST=" + settings.LaunchDarkly.URL(),
		"USE_DYNAMODB=1",
		"DYNAMODB_URL=" + settings.Engine.URL,
		"DYNAMODB_TABLE=" + settings.Table,
		"LD_PREFIX_" + Environment + "=" + settings.Prefix,
		"AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + accessKey,
		"AWS_SECRET_ACCESS_KEY=" + secretKey,
		"LD_DYNAMO_STORE_LIBRARY=" + library(),
	}, settings.More...)
	log := &output{}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	relay := &Relay{URL: fmt.Sprintf("http://127.0.0.1:%d", port), t: t, command: command, log: log, ended: make(chan struct{})}
	go func() {
		command.Wait()
		close(relay.ended)
	}()
	t.Cleanup(func() {
		relay.Stop()
		if t.Failed() {
			t.Logf("the %s Relay Proxy logged:\n%s", build.Name, log)
		}
	})
	eventually(t, limit, "the Relay Proxy answers", func() bool {
		select {
		case <-relay.ended:
			t.Fatalf("the Relay Proxy ended: %s", command.ProcessState)
		default:
		}
		answer, err := http.Get(relay.URL + "/status")
		if err == nil {
			answer.Body.Close()
		}
		return err == nil
	})
	return relay
}

// Stop ends it as a container's end does, and looks at its connections before.
func (r *Relay) Stop() {
	r.once.Do(func() {
		r.onlyLoopback()
		r.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-r.ended:
		case <-time.After(10 * time.Second):
			r.command.Process.Kill()
			<-r.ended
			r.t.Error("the Relay Proxy did not end in 10 s")
		}
	})
}

// Log gives what it has logged.
func (r *Relay) Log() string {
	return r.log.String()
}

// Status is what it says about itself.
type Status struct {
	Status       string
	Environments map[string]struct {
		Status           string
		ConnectionStatus struct{ State string }
		DataStoreStatus  struct{ State, Database, DBTable, DBPrefix string }
		BigSegmentStatus *struct {
			Available        bool
			PotentiallyStale bool
		}
	}
}

// Status asks for it.
func (r *Relay) Status() Status {
	r.t.Helper()
	var status Status
	r.get("/status", &status)
	return status
}

// WaitUntilHealthy waits for its own word for it.
func (r *Relay) WaitUntilHealthy() {
	r.t.Helper()
	eventually(r.t, limit, "the Relay Proxy is healthy", func() bool { return r.Status().Status == "healthy" })
}

// Flags gives all flags as it serves them to the PHP SDK.
func (r *Relay) Flags() Items {
	r.t.Helper()
	var flags Items
	r.get("/sdk/flags", &flags)
	return flags
}

// Evaluations gives what it evaluates all flags to, for this user.
func (r *Relay) Evaluations(user string) map[string]any {
	r.t.Helper()
	context, err := json.Marshal(map[string]string{"kind": "user", "key": user})
	if err != nil {
		r.t.Fatal(err)
	}
	var evaluations map[string]any
	r.get("/sdk/evalx/contexts/"+base64.URLEncoding.EncodeToString(context), &evaluations)
	return evaluations
}

// Streamed gives the flags of the first event on its stream, as it sends them to SDKs.
func (r *Relay) Streamed() Items {
	r.t.Helper()
	answer, err := client.Do(r.ask("/all"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 10_000_000)
	for lines.Scan() {
		text, isData := strings.CutPrefix(lines.Text(), "data:")
		if !isData {
			continue
		}
		var put struct{ Data struct{ Flags Items } }
		if err := json.Unmarshal([]byte(text), &put); err != nil {
			r.t.Fatal(err)
		}
		return put.Data.Flags
	}
	r.t.Fatalf("the stream ended: %v", lines.Err())
	return nil
}

// Answers says whether it serves a path, and not that it is not ready.
func (r *Relay) Answers(path string) bool {
	r.t.Helper()
	status, _ := r.request(path)
	return status == http.StatusOK
}

func (r *Relay) get(path string, answer any) {
	r.t.Helper()
	status, content := r.request(path)
	if status != http.StatusOK {
		r.t.Fatalf("%s: %d %s", path, status, content)
	}
	if err := json.Unmarshal(content, answer); err != nil {
		r.t.Fatalf("%s: %v in %s", path, err, content)
	}
}

func (r *Relay) request(path string) (int, []byte) {
	r.t.Helper()
	return fetch(r.t, r.ask(path))
}

func (r *Relay) ask(path string) *http.Request {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodGet, r.URL+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", SDKKey)
	return request
}

func library() string {
	if given := os.Getenv("LD_DYNAMO_STORE_LIBRARY"); given != "" {
		return given
	}
	return filepath.Join(repository(), "target", "release", "libld_dynamo_store.so")
}

func freePort(t testing.TB) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// No step of a test takes longer, on however busy a machine.
const limit = 30 * time.Second

var client = &http.Client{Timeout: limit}

func fetch(t testing.TB, request *http.Request) (int, []byte) {
	t.Helper()
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, content
}

func eventually(t testing.TB, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// output is a buffer that may be read while it is written.
type output struct {
	lock   sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.buffer.Write(text)
}

func (o *output) String() string {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.buffer.String()
}
