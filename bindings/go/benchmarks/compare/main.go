// Command compare makes the same calls through this module and through LaunchDarkly's own store, by turns, on one engine.
//
//	go -C bindings/go/benchmarks run ./compare
//
// It needs the built fake-dynamodb and the native library, as the tests do. Times are the wall's and those of the worker's processor; the
// engine runs in another process and is the same for both. Compare ratios, not times.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

const (
	rounds = 5
	table  = "benchmark"
)

// call is one of those that are compared.
type call struct {
	title, name string
	count       int
	freshPrefix bool
	// Of the official store's time, at the latency that a network has, and of its processor time, where nothing but the calls takes some: while
	// a native call waits, Go looks after it many times a millisecond. 0 where there is none.
	wallLimit, processorLimit float64
}

var calls = []call{
	{"init, empty table", "init", 1, true, 0, 0},
	{"init, unchanged", "init", 1, false, 0.1, 0},
	{"getAll, 2,000 flags", "getAll", 3, false, 1, 0},
	{"get", "get", 300, false, 0, 0.3},
	{"upsert", "upsert", 100, false, 0, 0},
	{"upsert, refused", "refused", 100, false, 0, 0},
}

type process struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
}

type cost struct{ wall, processor float64 }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run() error {
	_, file, _, _ := runtime.Caller(0)
	benchmarks := filepath.Dir(filepath.Dir(file))
	built := filepath.Join(benchmarks, "../../../target/release")
	if os.Getenv("LD_DYNAMO_STORE_LIBRARY") == "" {
		os.Setenv("LD_DYNAMO_STORE_LIBRARY", filepath.Join(built, "libld_dynamo_store.so"))
	}
	engine, err := start(exec.Command(filepath.Join(built, "fake-dynamodb"), "--exit-with-stdin", "--create-table", table))
	if err != nil {
		return err
	}
	defer engine.end()
	endpoint, err := engine.line()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "benchmark")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var workers [2]*process
	for index, modules := range []string{"ours.mod", "go.mod"} {
		program := filepath.Join(folder, modules)
		build := exec.Command("go", "build", "-modfile", modules, "-o", program, "./worker")
		build.Dir, build.Stderr = benchmarks, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("the worker with %s: %w", modules, err)
		}
		if workers[index], err = start(exec.Command(program, table, endpoint)); err != nil {
			return err
		}
		defer workers[index].end()
	}
	if err := control(endpoint, "logging", `{"enabled": false}`); err != nil {
		return err
	}
	for _, latency := range []int{5, 0} {
		if err := control(endpoint, "latency", fmt.Sprintf(`{"ms": %d}`, latency)); err != nil {
			return err
		}
		if err := compare(workers, latency); err != nil {
			return err
		}
	}
	return nil
}

func compare(workers [2]*process, latency int) error {
	fmt.Printf("\n2,000 flags of 0.9 KB at %d ms, medians of %d rounds by turns, for one call\n\n", latency, rounds)
	fmt.Println("| call | ours: µs, µs CPU | official: µs, µs CPU | ratio, CPU ratio | limit |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: |")
	for _, call := range calls {
		var costs [2][]cost
		for round := 0; round <= rounds; round++ {
			for index, worker := range workers {
				if call.freshPrefix {
					if _, err := worker.ask("open", fmt.Sprintf("p%d-%d-%d", latency, index, round)); err != nil {
						return err
					}
				}
				measured, err := worker.ask(call.name, fmt.Sprint(call.count))
				if err != nil {
					return err
				}
				// The first round warms up.
				if round > 0 {
					costs[index] = append(costs[index], measured)
				}
			}
		}
		print(call, latency > 0, median(costs[0]), median(costs[1]))
	}
	return nil
}

func print(call call, isNetwork bool, ours, official cost) {
	limit := ""
	if call.wallLimit > 0 && isNetwork {
		limit = fmt.Sprintf("%.2f", call.wallLimit)
	}
	if call.processorLimit > 0 && !isNetwork {
		limit = fmt.Sprintf("CPU %.2f", call.processorLimit)
	}
	fmt.Printf("| %s | %.0f, %.0f | %.0f, %.0f | %.2f, %.2f | %s |\n", call.title, ours.wall, ours.processor, official.wall,
		official.processor, ours.wall/official.wall, ours.processor/official.processor, limit)
}

func median(costs []cost) cost {
	of := func(value func(cost) float64) float64 {
		values := make([]float64, len(costs))
		for index, cost := range costs {
			values[index] = value(cost)
		}
		sort.Float64s(values)
		return values[len(values)/2]
	}
	return cost{of(func(c cost) float64 { return c.wall }), of(func(c cost) float64 { return c.processor })}
}

func control(endpoint, command, body string) error {
	answer, err := http.Post(endpoint+"/_control/"+command, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", command, answer.Status)
	}
	return nil
}

func start(command *exec.Cmd) (*process, error) {
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	command.Stderr = os.Stderr
	return &process{command, input, bufio.NewReader(output)}, command.Start()
}

func (p *process) end() {
	_ = p.input.Close()
	_ = p.command.Wait()
}

func (p *process) line() (string, error) {
	line, err := p.output.ReadString('\n')
	return strings.TrimSpace(line), err
}

func (p *process) ask(call, argument string) (cost, error) {
	if _, err := fmt.Fprintln(p.input, call, argument); err != nil {
		return cost{}, err
	}
	line, err := p.line()
	if err != nil {
		return cost{}, err
	}
	var measured cost
	_, err = fmt.Sscan(line, &measured.wall, &measured.processor)
	return measured, err
}
