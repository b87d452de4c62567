package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

func readNumber(input *bufio.Reader) (int, error) {
	line, err := input.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSuffix(line, "\n"))
}

// readFields reads a frame; io.EOF where the input ends before it.
func readFields(input *bufio.Reader) ([]*string, error) {
	count, err := readNumber(input)
	if err != nil {
		return nil, err
	}
	fields := make([]*string, count)
	for index := range fields {
		length, err := readNumber(input)
		if err != nil {
			return nil, fmt.Errorf("the input ended inside a frame: %v", err)
		}
		if length < 0 {
			continue
		}
		bytes := make([]byte, length+1)
		if _, err := io.ReadFull(input, bytes); err != nil {
			return nil, fmt.Errorf("the input ended inside a frame: %v", err)
		}
		text := string(bytes[:length])
		fields[index] = &text
	}
	return fields, nil
}

func writeAnswer(output *bufio.Writer, answer answer) {
	status := strconv.Itoa(int(answer.status))
	fmt.Fprintf(output, "5\n")
	for _, field := range []*string{&status, answer.result, answer.message, answer.serviceCode, answer.retriable} {
		if field == nil {
			fmt.Fprintf(output, "-1\n")
		} else {
			fmt.Fprintf(output, "%d\n%s\n", len(*field), *field)
		}
	}
}
