// Package testengine starts DynamoDB engines on a loopback port, for tests and benchmarks, and makes tables in them.
package testengine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// Region is that of every engine.
const Region = "us-east-1"

// Repository is the root of the repository.
func Repository() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../../..")
}

func init() {
	// The library that cargo built here, unless another one is named.
	if os.Getenv("LD_DYNAMO_STORE_LIBRARY") == "" {
		library := filepath.Join(Repository(), "target/release/libld_dynamo_store.so")
		said, err := exec.Command(filepath.Join(Repository(), "tests/require_current.sh"), library).CombinedOutput()
		if err != nil {
			panic(fmt.Sprintf("%v: %s", err, said))
		}
		os.Setenv("LD_DYNAMO_STORE_LIBRARY", library)
	}
	os.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// Engine is one engine process, which ends with the test.
type Engine struct {
	Endpoint string
	Client   *dynamodb.Client
	test     testing.TB
	command  *exec.Cmd
}

// Local starts the embedded engine.
func Local(test testing.TB) *Engine { return start(test, "local-dynamodb") }

// Fake starts the scripted endpoint, which counts requests and fails on demand.
func Fake(test testing.TB, arguments ...string) *Engine {
	return start(test, "fake-dynamodb", arguments...)
}

func start(test testing.TB, program string, arguments ...string) *Engine {
	test.Helper()
	path := filepath.Join(Repository(), "target/release", program)
	command := exec.Command(path, append([]string{"--exit-with-stdin"}, arguments...)...)
	// The process ends when this one does, however it ends.
	if _, err := command.StdinPipe(); err != nil {
		test.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		test.Fatal(err)
	}
	if err := command.Start(); err != nil {
		test.Fatalf("%v: run cargo build --release -p %s", err, program)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		test.Fatalf("%s did not start: %v", program, err)
	}
	engine := &Engine{Endpoint: strings.TrimSpace(line), test: test, command: command}
	engine.Client = dynamodb.New(engine.Options())
	test.Cleanup(engine.Stop)
	return engine
}

// Stop ends the process; again does nothing.
func (engine *Engine) Stop() {
	_ = engine.command.Process.Kill()
	_ = engine.command.Wait()
}

// Options are the options of an AWS client for the engine.
func (engine *Engine) Options() dynamodb.Options {
	return dynamodb.Options{
		BaseEndpoint: aws.String(engine.Endpoint),
		Region:       Region,
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
}

// StoreOptions are the options of a store that does not cache.
func (engine *Engine) StoreOptions() lddynamostore.Options {
	return lddynamostore.Options{
		Endpoint:    engine.Endpoint,
		Region:      Region,
		Credentials: &lddynamostore.Credentials{AccessKeyID: "local", SecretAccessKey: "local"},
		CacheTTL:    lddynamostore.Value(time.Duration(0)),
	}
}

var tables atomic.Int64

// NewTable makes a table with the store's keys.
func (engine *Engine) NewTable() Table {
	engine.test.Helper()
	name := fmt.Sprintf("table-%d", tables.Add(1))
	key := func(name string, use types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: use}
	}
	attribute := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	_, err := engine.Client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName:            aws.String(name),
		BillingMode:          types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{key("namespace", types.KeyTypeHash), key("key", types.KeyTypeRange)},
		AttributeDefinitions: []types.AttributeDefinition{attribute("namespace"), attribute("key")},
	})
	if err != nil {
		engine.test.Fatal(err)
	}
	return Table{engine, name}
}

// Control sends a control request to the scripted endpoint: POST with a body, else GET.
func (engine *Engine) Control(command string, body any) map[string]any {
	engine.test.Helper()
	address := engine.Endpoint + "/_control/" + command
	var answer *http.Response
	var err error
	if body == nil {
		answer, err = http.Get(address)
	} else {
		text, _ := json.Marshal(body)
		answer, err = http.Post(address, "application/json", bytes.NewReader(text))
	}
	if err != nil {
		engine.test.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		engine.test.Fatalf("%s: %s %s %v", command, answer.Status, text, err)
	}
	var value map[string]any
	_ = json.Unmarshal(text, &value)
	return value
}

// Rule adds a rule to the script.
func (engine *Engine) Rule(rule string) { engine.Control("rules", json.RawMessage(rule)) }

// Requests counts the requests of an operation.
func (engine *Engine) Requests(operation string) int {
	requests := engine.Control("counters", nil)["requests"].(map[string]any)
	count, _ := requests[operation].(float64)
	return int(count)
}

// Table is one table of an engine.
type Table struct {
	Engine *Engine
	Name   string
}

// Open opens a store that does not cache, unless changed, and is closed with the test.
func (table Table) Open(change ...func(*lddynamostore.Options)) *lddynamostore.Store {
	test := table.Engine.test
	test.Helper()
	options := table.Engine.StoreOptions()
	for _, change := range change {
		change(&options)
	}
	store, err := lddynamostore.Open(table.Name, options)
	if err != nil {
		test.Fatal(err)
	}
	test.Cleanup(func() { _ = store.Close() })
	return store
}

// Put puts a row as another writer would; a nil item leaves the attribute out.
func (table Table) Put(namespace, key string, item types.AttributeValue) {
	table.Engine.test.Helper()
	row := map[string]types.AttributeValue{
		"namespace": &types.AttributeValueMemberS{Value: namespace},
		"key":       &types.AttributeValueMemberS{Value: key},
		"version":   &types.AttributeValueMemberN{Value: "1"},
	}
	if item != nil {
		row["item"] = item
	}
	_, err := table.Engine.Client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String(table.Name), Item: row})
	if err != nil {
		table.Engine.test.Fatal(err)
	}
}
