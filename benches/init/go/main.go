// Command init-benchmark measures one init of LaunchDarkly's own DynamoDB store for Go; see benches/README.md.
//
//	init-benchmark ENDPOINT TABLE DATA_SET
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	lddynamodb "github.com/launchdarkly/go-server-sdk-dynamodb/v4"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoreimpl"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoretypes"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: init-benchmark ENDPOINT TABLE DATA_SET")
	}
	dataSet := readDataSet(os.Args[3])
	config := aws.Config{
		BaseEndpoint: aws.String(os.Args[1]),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("benchmark", "benchmark", ""),
	}
	context := subsystems.BasicClientContext{
		Logging: subsystems.LoggingConfiguration{Loggers: ldlog.NewDisabledLoggers()},
	}
	store, err := lddynamodb.DataStore(os.Args[2]).ClientConfig(config).Build(context)
	check(err)
	defer store.Close()

	// What reading the data set left behind is not the store's.
	debug.FreeOSMemory()
	check(os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200))
	began, cpuBefore := time.Now(), cpuSeconds()
	check(store.Init(dataSet))
	seconds, cpu := time.Since(began).Seconds(), cpuSeconds()-cpuBefore
	fmt.Printf("{\"seconds\": %f, \"cpu_seconds\": %f, \"peak_kilobytes\": %d}\n", seconds, cpu, peakKilobytes())
}

// readDataSet gives the collections as the SDK hands them to a store: segments first, items serialized, none decoded.
func readDataSet(path string) []ldstoretypes.SerializedCollection {
	text, err := os.ReadFile(path)
	check(err)
	var items map[string]json.RawMessage
	check(json.Unmarshal(text, &items))
	return []ldstoretypes.SerializedCollection{
		{Kind: ldstoreimpl.Segments(), Items: serialized(items["segments"])},
		{Kind: ldstoreimpl.Features(), Items: serialized(items["flags"])},
	}
}

// serialized keeps the order of the text, in which prerequisites stand before the flags that need them.
func serialized(object json.RawMessage) []ldstoretypes.KeyedSerializedItemDescriptor {
	decoder := json.NewDecoder(strings.NewReader(string(object)))
	_, err := decoder.Token()
	check(err)
	var items []ldstoretypes.KeyedSerializedItemDescriptor
	for decoder.More() {
		key, err := decoder.Token()
		check(err)
		var item json.RawMessage
		check(decoder.Decode(&item))
		var outline struct{ Version int }
		check(json.Unmarshal(item, &outline))
		items = append(items, ldstoretypes.KeyedSerializedItemDescriptor{
			Key:  key.(string),
			Item: ldstoretypes.SerializedItemDescriptor{Version: outline.Version, SerializedItem: item},
		})
	}
	return items
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func peakKilobytes() int {
	status, err := os.ReadFile("/proc/self/status")
	check(err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	check(err)
	return kilobytes
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
