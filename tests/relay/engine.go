package relay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	region    = "us-east-1"
	accessKey = "local"
	secretKey = "local"
)

// Engine is a DynamoDB engine, as a process that ends with the test.
type Engine struct {
	URL string

	t testing.TB
}

// A Row is one of a table's, without its keys.
type Row struct {
	Version string
	Item    any
	// Attributes are all that it has, in DynamoDB's own JSON.
	Attributes map[string]map[string]any
}

// A Place is the two keys of a row.
type Place struct {
	Namespace, Key string
}

// LocalDynamoDB is the engine with real data types and conditions; it has no faults. Its answers are delayed: the AWS SDK for Go breaks
// connections whose answers come at once, as tests/fake-dynamodb/README.md says.
func LocalDynamoDB(t testing.TB) *Engine {
	t.Helper()
	engine := startEngine(t, "local-dynamodb")
	address, err := url.Parse(engine.URL)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(address)
	forward.ModifyResponse = func(*http.Response) error {
		time.Sleep(2 * time.Millisecond)
		return nil
	}
	server := httptest.NewServer(forward)
	t.Cleanup(server.Close)
	return &Engine{URL: server.URL, t: t}
}

// FakeDynamoDB is the engine that is scripted.
func FakeDynamoDB(t testing.TB, arguments ...string) *Engine {
	return startEngine(t, "fake-dynamodb", arguments...)
}

func startEngine(t testing.TB, name string, arguments ...string) *Engine {
	t.Helper()
	program := filepath.Join(repository(), "target", "release", name)
	command := exec.Command(program, append([]string{"--exit-with-stdin"}, arguments...)...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("%v: run make build", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		command.Process.Kill()
		command.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%s did not start: %v", name, err)
	}
	return &Engine{URL: strings.TrimSpace(address), t: t}
}

// Call asks the service; only that there is a signature matters to the engines.
func (e *Engine) Call(operation string, body, answer any) {
	e.t.Helper()
	e.post("/", map[string]string{
		"X-Amz-Target": "DynamoDB_20120810." + operation,
		"Content-Type": "application/x-amz-json-1.0",
		"X-Amz-Date":   time.Now().UTC().Format("20060102T150405Z"),
		"Authorization": fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s/%s/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
			accessKey, time.Now().UTC().Format("20060102"), region),
	}, body, answer)
}

// Control sends a request of tests/fake-dynamodb's script.
func (e *Engine) Control(command string, body, answer any) {
	e.t.Helper()
	e.post("/_control/"+command, nil, body, answer)
}

// Ask reads what tests/fake-dynamodb knows.
func (e *Engine) Ask(command string, answer any) {
	e.t.Helper()
	request, err := http.NewRequest(http.MethodGet, e.URL+"/_control/"+command, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	e.answer(request, answer)
}

func (e *Engine) post(path string, headers map[string]string, body, answer any) {
	e.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		e.t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, e.URL+path, bytes.NewReader(text))
	if err != nil {
		e.t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	e.answer(request, answer)
}

func (e *Engine) answer(request *http.Request, answer any) {
	e.t.Helper()
	status, content := fetch(e.t, request)
	if status != http.StatusOK {
		e.t.Fatalf("%s: %d %s", request.URL, status, content)
	}
	if answer != nil {
		if err := json.Unmarshal(content, answer); err != nil {
			e.t.Fatal(err)
		}
	}
}

// NewTable makes a table with the keys of a flag store.
func (e *Engine) NewTable(name string) {
	e.t.Helper()
	named := func(name, attribute, value string) map[string]string {
		return map[string]string{"AttributeName": name, attribute: value}
	}
	e.Call("CreateTable", map[string]any{
		"TableName":            name,
		"BillingMode":          "PAY_PER_REQUEST",
		"KeySchema":            []any{named("namespace", "KeyType", "HASH"), named("key", "KeyType", "RANGE")},
		"AttributeDefinitions": []any{named("namespace", "AttributeType", "S"), named("key", "AttributeType", "S")},
	}, nil)
}

// Rows gives all rows of a table.
func (e *Engine) Rows(table string) map[Place]Row {
	e.t.Helper()
	rows := map[Place]Row{}
	request := map[string]any{"TableName": table, "ConsistentRead": true}
	for {
		var page struct {
			Items            []map[string]map[string]any
			LastEvaluatedKey map[string]any
		}
		e.Call("Scan", request, &page)
		for _, attributes := range page.Items {
			place := Place{attributes["namespace"]["S"].(string), attributes["key"]["S"].(string)}
			row := Row{Attributes: attributes}
			row.Version, _ = attributes["version"]["N"].(string)
			if item, found := attributes["item"]["S"].(string); found {
				if err := json.Unmarshal([]byte(item), &row.Item); err != nil {
					e.t.Fatalf("the item of %v is no JSON: %v", place, err)
				}
			}
			rows[place] = row
		}
		if page.LastEvaluatedKey == nil {
			return rows
		}
		request["ExclusiveStartKey"] = page.LastEvaluatedKey
	}
}
