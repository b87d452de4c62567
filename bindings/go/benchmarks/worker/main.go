// Command worker makes the calls that are compared, and says what they cost. It is built twice, with the official store and with ours,
// which have the same module path.
//
// It reads lines from standard input: "open PREFIX" opens another store, and "CALL COUNT" makes calls and is answered with the microseconds
// of one, on the wall and of the processor.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	lddynamodb "github.com/launchdarkly/go-server-sdk-dynamodb/v4"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoreimpl"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoretypes"
)

const flags = 2000

type worker struct {
	table, endpoint string
	store           subsystems.PersistentDataStore
	data            []ldstoretypes.SerializedCollection
	version         int
}

func main() {
	worker := &worker{table: os.Args[1], endpoint: os.Args[2], data: dataSet(), version: 1}
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var call, argument string
		if _, err := fmt.Sscan(input.Text(), &call, &argument); err != nil {
			fail(err)
		}
		if call == "open" {
			worker.open(argument)
			fmt.Println("0 0")
			continue
		}
		var count int
		if _, err := fmt.Sscan(argument, &count); err != nil {
			fail(err)
		}
		wall, processor := worker.measure(call, count)
		fmt.Println(wall, processor)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "worker:", err)
	os.Exit(1)
}

func (w *worker) open(prefix string) {
	if w.store != nil {
		_ = w.store.Close()
	}
	config := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	context := subsystems.BasicClientContext{}
	context.Logging.Loggers = ldlog.NewDisabledLoggers()
	store, err := lddynamodb.DataStore(w.table).Prefix(prefix).ClientConfig(config, func(options *dynamodb.Options) {
		options.BaseEndpoint = aws.String(w.endpoint)
	}).Build(context)
	if err != nil {
		fail(err)
	}
	w.store = store
}

func (w *worker) measure(call string, count int) (wall, processor float64) {
	begun, used := time.Now(), processorTime()
	for number := 0; number < count; number++ {
		w.call(call)
	}
	each := float64(count)
	return float64(time.Since(begun).Nanoseconds()) / each / 1000, float64((processorTime() - used).Nanoseconds()) / each / 1000
}

func (w *worker) call(name string) {
	features := ldstoreimpl.Features()
	var err error
	switch name {
	case "init":
		err = w.store.Init(w.data)
	case "getAll":
		var all []ldstoretypes.KeyedSerializedItemDescriptor
		if all, err = w.store.GetAll(features); err == nil && len(all) != flags {
			err = fmt.Errorf("%d flags", len(all))
		}
	case "get":
		_, err = w.store.Get(features, "flag-7")
	case "upsert":
		w.version++
		_, err = w.store.Upsert(features, "flag-8", flag(8, w.version))
	case "refused":
		_, err = w.store.Upsert(features, "flag-7", flag(7, 1))
	default:
		err = fmt.Errorf("there is no call %q", name)
	}
	if err != nil {
		fail(err)
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func dataSet() []ldstoretypes.SerializedCollection {
	items := make([]ldstoretypes.KeyedSerializedItemDescriptor, flags)
	for number := range items {
		items[number] = ldstoretypes.KeyedSerializedItemDescriptor{Key: fmt.Sprintf("flag-%d", number), Item: flag(number, 1)}
	}
	return []ldstoretypes.SerializedCollection{{Kind: ldstoreimpl.Features(), Items: items}, {Kind: ldstoreimpl.Segments()}}
}

// flag is one of 0.9 KB.
func flag(number, version int) ldstoretypes.SerializedItemDescriptor {
	values := make([]string, 40)
	for index := range values {
		values[index] = fmt.Sprintf(`"value-%d"`, index)
	}
	text := fmt.Sprintf(`{"key":"flag-%d","version":%d,"on":true,"prerequisites":[],"targets":[],"rules":[{"id":"rule-%d","variation":0,`+
		`"clauses":[{"attribute":"country","op":"in","values":[%s],"negate":false}],"trackEvents":false}],"fallthrough":{"rollout":`+
		`{"variations":[{"variation":0,"weight":50000},{"variation":1,"weight":50000}]}},"offVariation":1,"variations":[true,false],`+
		`"salt":"0123456789abcdef0123456789abcdef","trackEvents":false,"debugEventsUntilDate":null}`,
		number, version, number, strings.Join(values, ","))
	return ldstoretypes.SerializedItemDescriptor{Version: version, SerializedItem: []byte(text)}
}
