package relay

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

const measuredFlags = 2000

// A cost is what one step takes of time, of the Relay Proxy's processor time, and of the table.
type cost struct {
	Wall, CPU  time.Duration
	Requests   int
	ReadUnits  float64
	WriteUnits float64
}

// An entry is one request in the engine's log.
type entry struct {
	Operation string
	Rows      [][]string
	Answered  string
	Started   float64 `json:"started_ms"`
	Finished  float64 `json:"finished_ms"`
}

var steps = []string{"first put", "the same put again", "a put with one change", "200 patches"}

// BenchmarkRelay compares both, in turns, and prints medians: go test -v -run '^$' -bench Relay -benchtime 5x
func BenchmarkRelay(b *testing.B) {
	for _, latency := range []string{"5", "1"} {
		b.Run(latency+"ms", func(b *testing.B) {
			costs := map[string][]cost{}
			memory := map[string][]int{}
			for b.Loop() {
				for _, build := range []*Build{Official, Ours} {
					for step, one := range measureRelay(b, build, latency, memory) {
						name := build.Name + " " + steps[step]
						costs[name] = append(costs[name], one)
					}
				}
			}
			for _, build := range []*Build{Official, Ours} {
				for _, step := range steps {
					report(b, build, step, costs[build.Name+" "+step])
				}
				b.Logf("%-8s MB resident: %.1f at the start, %.1f at the end", build.Name,
					float64(middle(memory[build.Name+" start"]))/1024, float64(middle(memory[build.Name+" end"]))/1024)
			}
		})
	}
}

func report(b *testing.B, build *Build, step string, rounds []cost) {
	wall, cpu := make([]time.Duration, len(rounds)), make([]time.Duration, len(rounds))
	for number, one := range rounds {
		wall[number], cpu[number] = one.Wall, one.CPU
	}
	b.Logf("%-8s %-22s %7.1f ms, CPU %4d ms, %4d requests, %7.1f read units, %6.1f write units", build.Name, step,
		float64(middle(wall).Microseconds())/1000, middle(cpu).Milliseconds(), rounds[0].Requests, rounds[0].ReadUnits, rounds[0].WriteUnits)
}

func middle[T int | time.Duration](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

func measureRelay(b *testing.B, build *Build, latency string, memory map[string][]int) []cost {
	build.Program(b)
	engine := FakeDynamoDB(b, "--create-table", table, "--latency-ms", latency)
	launchDarkly := NewLaunchDarkly(b, Items{}, Items{})
	relay := Start(b, build, Settings{LaunchDarkly: launchDarkly, Engine: engine, Table: table})
	defer relay.Stop()
	relay.WaitUntilHealthy()
	memory[build.Name+" start"] = append(memory[build.Name+" start"], relay.residentKilobytes())
	flags := ManyFlags(measuredFlags)
	put := func() { launchDarkly.Replace(flags, Items{}) }
	costs := []cost{relay.measure(engine, launchDarkly, put), relay.measure(engine, launchDarkly, put)}
	flags["flag-0001"] = Flag("flag-0001", 2)
	costs = append(costs, relay.measure(engine, launchDarkly, put), relay.measure(engine, launchDarkly, func() {
		for number := range 200 {
			key := fmt.Sprintf("flag-%04d", number)
			launchDarkly.Patch(Flags, key, Flag(key, 3))
		}
	}))
	memory[build.Name+" end"] = append(memory[build.Name+" end"], relay.residentKilobytes())
	return costs
}

var markers = 0

// measure takes the time between the first request and the answer to the last, and knows the last by the patch behind it.
func (r *Relay) measure(engine *Engine, launchDarkly *LaunchDarkly, step func()) cost {
	r.t.Helper()
	engine.Control("reset", nil, nil)
	before := r.processorTime()
	step()
	markers++
	launchDarkly.Patch(Segments, "marker", Segment("marker", markers, "nobody"))
	var log []entry
	eventually(r.t, limit, "the step is through", func() bool {
		engine.Ask("log", &log)
		last := len(log) - 1
		return last > 0 && log[last].Answered == "ok" && slices.ContainsFunc(log[last].Rows, func(row []string) bool {
			return log[last].Operation == "PutItem" && row[2] == "marker"
		})
	})
	cpu := r.processorTime() - before
	log = log[:len(log)-1]
	var counters struct {
		Read  float64 `json:"consumed_read_units"`
		Write float64 `json:"consumed_write_units"`
	}
	engine.Ask("counters", &counters)
	end := 0.0
	for _, one := range log {
		end = max(end, one.Finished)
	}
	return cost{
		Wall:     time.Duration((end - log[0].Started) * float64(time.Millisecond)),
		CPU:      cpu,
		Requests: len(log),
		// Without the one for the marker.
		ReadUnits: counters.Read, WriteUnits: counters.Write - 1,
	}
}

// processorTime reads the time of user and system, in ticks of 10 ms: on Linux that is what they are for programs.
func (r *Relay) processorTime() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.command.Process.Pid))
	if err != nil {
		r.t.Fatal(err)
	}
	// The name before may hold spaces. user is field 14, system 15, counted from 1.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+2:])
	user, _ := strconv.Atoi(string(fields[11]))
	system, _ := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * 10 * time.Millisecond
}

func (r *Relay) residentKilobytes() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.command.Process.Pid))
	if err != nil {
		r.t.Fatal(err)
	}
	var kilobytes int
	_, rest, _ := bytes.Cut(text, []byte("VmRSS:"))
	if _, err := fmt.Sscan(string(rest), &kilobytes); err != nil {
		r.t.Fatal(err)
	}
	return kilobytes
}
