// Package lddynamostore reads and writes LaunchDarkly's flags and segments in a DynamoDB table, through the native library
// ld-dynamo-store. To plug the store into LaunchDarkly's SDK, use the package lddynamodb in this module's root.
//
// The package needs no cgo. It is for Linux; what is said about other systems is for development.
//
// # Goroutines, threads and processes
//
// A store serves any number of goroutines. A call that asks the table holds a thread of the operating system, and
// Options.MaxConcurrentCalls bounds them. What is answered from memory waits for nobody. A program that forks without exec is not
// possible in Go; os/exec is.
package lddynamostore
