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
	"time"

	"benchmarks/official"

	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoreimpl"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoretypes"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: init-benchmark ENDPOINT TABLE DATA_SET")
	}
	dataSet := readDataSet(os.Args[3])
	store := official.OpenStore(os.Args[1], os.Args[2])
	defer store.Close()

	// What reading the data set left behind is not the store's.
	debug.FreeOSMemory()
	official.Check(os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200))
	began, cpuBefore := time.Now(), official.CPUSeconds()
	official.Check(store.Init(dataSet))
	seconds, cpu := time.Since(began).Seconds(), official.CPUSeconds()-cpuBefore
	fmt.Printf("{\"seconds\": %f, \"cpu_seconds\": %f, \"peak_kilobytes\": %d}\n", seconds, cpu, peakKilobytes())
}

// readDataSet gives the collections as the SDK hands them to a store: segments first, items serialized, none decoded.
func readDataSet(path string) []ldstoretypes.SerializedCollection {
	text, err := os.ReadFile(path)
	official.Check(err)
	var items map[string]json.RawMessage
	official.Check(json.Unmarshal(text, &items))
	return []ldstoretypes.SerializedCollection{
		{Kind: ldstoreimpl.Segments(), Items: serialized(items["segments"])},
		{Kind: ldstoreimpl.Features(), Items: serialized(items["flags"])},
	}
}

// serialized keeps the order of the text, in which prerequisites stand before the flags that need them.
func serialized(object json.RawMessage) []ldstoretypes.KeyedSerializedItemDescriptor {
	decoder := json.NewDecoder(strings.NewReader(string(object)))
	_, err := decoder.Token()
	official.Check(err)
	var items []ldstoretypes.KeyedSerializedItemDescriptor
	for decoder.More() {
		key, err := decoder.Token()
		official.Check(err)
		var item json.RawMessage
		official.Check(decoder.Decode(&item))
		var outline struct{ Version int }
		official.Check(json.Unmarshal(item, &outline))
		items = append(items, ldstoretypes.KeyedSerializedItemDescriptor{
			Key:  key.(string),
			Item: ldstoretypes.SerializedItemDescriptor{Version: outline.Version, SerializedItem: item},
		})
	}
	return items
}

func peakKilobytes() int {
	status, err := os.ReadFile("/proc/self/status")
	official.Check(err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	official.Check(err)
	return kilobytes
}
