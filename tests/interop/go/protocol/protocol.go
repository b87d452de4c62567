// Package protocol is the driver protocol of tests/cases/README.md, over standard input and output.
package protocol

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Statuses of an answer; a failure of an official store has no status of its own.
const (
	OK       = 0
	NotFound = 1
	NotNewer = 2
	failed   = -1
)

// Configuration is what a store is made of.
type Configuration struct {
	Table    string `json:"table"`
	Prefix   string `json:"prefix"`
	Endpoint string `json:"endpoint"`
}

// Evaluator is a store with an SDK's client.
type Evaluator interface {
	// Evaluate gives what a client in daemon mode makes of each flag for each context, in this order.
	Evaluate(keys []string, contexts []byte) (string, error)
}

// Serve answers requests until there are no more.
func Serve(open func(Configuration) (Store, error)) {
	input, output := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	stores := map[string]Store{}
	for {
		fields, err := readFields(input)
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		status, result, err := answer(stores, open, fields)
		if err != nil {
			writeFields(output, []*string{text(strconv.Itoa(failed)), nil, text(err.Error()), nil, nil})
		} else {
			writeFields(output, []*string{text(strconv.Itoa(status)), optional(result), nil, nil, nil})
		}
	}
}

func answer(
	stores map[string]Store, open func(Configuration) (Store, error), fields []string,
) (status int, result string, err error) {
	// A store that panics has failed like one that returns an error.
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	call, name, arguments := fields[0], fields[1], fields[2:]
	if call == "new" {
		var configuration Configuration
		if err := json.Unmarshal([]byte(arguments[0]), &configuration); err != nil {
			return 0, "", err
		}
		store, err := open(configuration)
		stores[name] = store
		return OK, "", err
	}
	store := stores[name]
	switch call {
	case "get":
		return get(store, arguments[0], arguments[1])
	case "all":
		return all(store, arguments[0])
	case "init":
		return OK, "", initialize(store, []byte(arguments[0]))
	case "upsert":
		status, err := upsert(store, arguments[0], arguments[1], []byte(arguments[2]))
		return status, "", err
	case "initialized":
		if store.IsInitialized() {
			return OK, "", nil
		}
		return NotFound, "", nil
	case "big_segments_metadata":
		return metadata(store)
	case "big_segments_membership":
		// An official store tells of a reference whether it is in or out, and does not list them.
		return membership(store, arguments[0], arguments[1:])
	}
	if evaluator, ok := store.(Evaluator); ok && call == "evaluate" {
		var keys []string
		if err := json.Unmarshal([]byte(arguments[0]), &keys); err != nil {
			return 0, "", err
		}
		result, err := evaluator.Evaluate(keys, []byte(arguments[1]))
		return OK, result, err
	}
	return 0, "", fmt.Errorf("there is no call %q", call)
}

func readFields(input *bufio.Reader) ([]string, error) {
	count, err := readNumber(input)
	if err != nil {
		return nil, err
	}
	fields := make([]string, 0, count)
	for len(fields) < count {
		length, err := readNumber(input)
		if err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		field := make([]byte, max(length, 0)+1)
		if length >= 0 {
			if _, err := io.ReadFull(input, field); err != nil {
				return nil, io.ErrUnexpectedEOF
			}
		}
		fields = append(fields, string(field[:max(length, 0)]))
	}
	return fields, nil
}

func readNumber(input *bufio.Reader) (int, error) {
	line, err := input.ReadString('\n')
	if err != nil {
		return 0, io.EOF
	}
	return strconv.Atoi(strings.TrimSuffix(line, "\n"))
}

func writeFields(output *bufio.Writer, fields []*string) {
	fmt.Fprintf(output, "%d\n", len(fields))
	for _, field := range fields {
		if field == nil {
			fmt.Fprint(output, "-1\n")
		} else {
			fmt.Fprintf(output, "%d\n%s\n", len(*field), *field)
		}
	}
	output.Flush()
}

func text(value string) *string {
	return &value
}

func optional(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}
